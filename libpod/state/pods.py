"""Owns: the queries on pods and on which containers belong to them."""

from __future__ import annotations

from libpod import errors
from libpod.state import containers
from libpod.state.lookup import prefix_range
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord
    from libpod.model.pod import PodRecord
    from libpod.state.db import Db


def insert(db: Db, pod: PodRecord, infra: ContainerRecord | None) -> None:
    """Store a new pod with its infra container. Raises ConflictError when a name is taken."""
    with db.write() as tx:
        containers.refuse_taken(tx, pod["name"], pod["id"], kind="pod")
        tx.run(
            "INSERT INTO pods (id, name, created_ns, record) VALUES (?, ?, ?, ?)",
            (pod["id"], pod["name"], pod["created_ns"], jsonio.dumps(pod)),
        )
        if infra is not None:
            containers.insert_into(tx, infra)


def update(db: Db, pod: PodRecord) -> None:
    """Replace the stored record. Raises NotFoundError."""
    with db.write() as tx:
        if not tx.run("UPDATE pods SET record = ? WHERE id = ?", (jsonio.dumps(pod), pod["id"])):
            raise no_such(pod["id"])


def get(db: Db, pod_id: str) -> PodRecord:
    """The record of a full id. Raises NotFoundError."""
    row = db.row("SELECT record FROM pods WHERE id = ?", (pod_id,))
    if row is None:
        raise no_such(pod_id)
    record: PodRecord = jsonio.loads(row[0])
    return record


def lookup(db: Db, text: str) -> PodRecord:
    """The record of the pod with this name, id or beginning of an id; an exact match comes first.

    Raises NotFoundError, or AmbiguousError when several ids begin so.
    """
    rows = db.rows(
        "SELECT record FROM pods WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC LIMIT 1", (text,)
    )
    bounds = prefix_range(text)
    if not rows and bounds:
        rows = db.rows("SELECT record FROM pods WHERE id >= ? AND id < ? LIMIT 2", bounds)
        if len(rows) > 1:
            raise errors.AmbiguousError(
                f'more than one pod has an id that begins with "{text}"',
                remedy="give more digits of the id, or the name",
                name=text,
            )
    if not rows:
        raise no_such(text)
    record: PodRecord = jsonio.loads(rows[0][0])
    return record


def all_pods(db: Db) -> list[PodRecord]:
    """Every pod, oldest first."""
    return [jsonio.loads(row[0]) for row in db.rows("SELECT record FROM pods ORDER BY created_ns, id")]


def latest(db: Db) -> PodRecord | None:
    """The pod that was made last; None if there is none."""
    row = db.row("SELECT record FROM pods ORDER BY created_ns DESC, id DESC LIMIT 1")
    return None if row is None else jsonio.loads(row[0])


def member_ids(db: Db, pod_id: str) -> list[str]:
    """The ids of the containers that belong to a pod, its infra container among them; oldest first."""
    rows = db.rows("SELECT id FROM containers WHERE pod = ? ORDER BY created_ns, id", (pod_id,))
    return [row[0] for row in rows]


def delete(db: Db, pod_id: str) -> bool:
    """Forget a pod; False if it was not there. Raises InUseError while containers belong to it."""
    with db.write() as tx:
        members = [row[0] for row in tx.rows("SELECT id FROM containers WHERE pod = ?", (pod_id,))]
        if members:
            raise errors.InUseError(
                f"pod {pod_id[:12]} has containers: {', '.join(cid[:12] for cid in members)}",
                remedy=f'remove them as well with "pypod pod rm -f {pod_id[:12]}"',
                name=pod_id,
            )
        return tx.run("DELETE FROM pods WHERE id = ?", (pod_id,)) > 0


def no_such(text: str) -> errors.NotFoundError:
    """The error for a pod that does not exist."""
    return errors.NotFoundError(f'no such pod "{text}"', name=text)
