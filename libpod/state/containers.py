"""Owns: the queries on container records.

A record is stored whole, and a second time cut down to what lists need (`SUMMARY`): `ps` with a hundred
containers would otherwise spend its time on parsing members that it never shows.
"""

from __future__ import annotations

from libpod import errors
from libpod.state.lookup import prefix_range
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord
    from libpod.state.db import Db, Write

SUMMARY = (
    "schema",
    "id",
    "name",
    "created_ns",
    "image",
    "image_name",
    "image_id",
    "args",
    "labels",
    "mounts",
    "network",
    "namespaces",
    "remove",
    "made_by_run",
    "tty",
    "restart_policy",
    "healthcheck",
    "pod",
    "infra",
    "ports",
    "pidfile",
)
"""The members of a record that `summaries` returns, in the same shape as in the record."""


def insert(db: Db, record: ContainerRecord, *, durable: bool = True) -> None:
    """Store a new container, with its references to the image, the layers and the named volumes.

    Raises ConflictError naming the holder when the name (or the id) is taken, and NotFoundError when the
    image was removed since it was looked up: from here on the image cannot go. `durable=False` is for
    `--rm` containers: a power cut ends them.
    """
    with db.write(durable=durable) as tx:
        insert_into(tx, record)


def insert_into(tx: Write, record: ContainerRecord) -> None:
    """The same inside of a transaction."""
    refuse_taken(tx, record["name"], record["id"])
    image_id, pod_id = record["image_id"], record.get("pod", "")
    if image_id and tx.row("SELECT 1 FROM images WHERE id = ?", (image_id,)) is None:
        raise errors.NotFoundError(
            f'image "{record["image"]}" was removed in the meantime', name=record["image"]
        )
    if pod_id and tx.row("SELECT 1 FROM pods WHERE id = ?", (pod_id,)) is None:
        raise errors.NotFoundError(f'pod "{pod_id[:12]}" was removed in the meantime', name=pod_id)
    tx.run(
        "INSERT INTO containers (id, name, image_id, created_ns, layers, summary, record, pod) "
        "VALUES (?,?,?,?,?,?,?,?)",
        (
            record["id"],
            record["name"],
            image_id,
            record["created_ns"],
            _layers(record),
            _summary(record),
            jsonio.dumps(record),
            pod_id,
        ),
    )
    _write_volumes(tx, record)


def update(db: Db, record: ContainerRecord) -> None:
    """Replace the stored record of `record["id"]`. Raises NotFoundError, or ConflictError when a new name
    is taken.
    """
    with db.write(durable=not record["remove"]) as tx:
        refuse_taken(tx, record["name"], record["id"], own=record["id"])
        changed = tx.run(
            "UPDATE containers SET name = ?, image_id = ?, layers = ?, summary = ?, record = ? WHERE id = ?",
            (
                record["name"],
                record["image_id"],
                _layers(record),
                _summary(record),
                jsonio.dumps(record),
                record["id"],
            ),
        )
        if not changed:
            raise _no_such(record["id"])
        tx.run("DELETE FROM container_volumes WHERE container_id = ?", (record["id"],))
        _write_volumes(tx, record)


def delete(db: Db, cid: str, *, durable: bool = True) -> bool:
    """Forget a container; False if it was not there. `durable=False` is for `--rm` containers."""
    with db.write(durable=durable) as tx:
        tx.run("DELETE FROM container_volumes WHERE container_id = ?", (cid,))
        return tx.run("DELETE FROM containers WHERE id = ?", (cid,)) > 0


def get(db: Db, cid: str) -> ContainerRecord:
    """The record of a full id. Raises NotFoundError."""
    row = db.row("SELECT record FROM containers WHERE id = ?", (cid,))
    if row is None:
        raise _no_such(cid)
    return _parse(cid, row[0])


def lookup(db: Db, text: str) -> ContainerRecord:
    """The record of the container with this name, id or beginning of an id; an exact match comes first.

    Raises NotFoundError, or AmbiguousError when several ids begin so.
    """
    rows = db.rows(
        "SELECT id, record FROM containers WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC LIMIT 1", (text,)
    )
    bounds = prefix_range(text)
    if not rows and bounds:
        rows = db.rows("SELECT id, record FROM containers WHERE id >= ? AND id < ? LIMIT 2", bounds)
        if len(rows) > 1:
            raise errors.AmbiguousError(
                f'more than one container has an id that begins with "{text}"',
                remedy="give more digits of the id, or the name",
                name=text,
            )
    if not rows:
        raise _no_such(text)
    return _parse(*rows[0])


def all_records(db: Db) -> list[ContainerRecord]:
    """Every whole record, oldest first. For lists `summaries` is several times faster."""
    rows = db.rows("SELECT id, record FROM containers ORDER BY created_ns, id")
    return [_parse(cid, text) for cid, text in rows]


def summaries(db: Db) -> list[ContainerRecord]:
    """Every record, oldest first, with only the members named in `SUMMARY`."""
    rows = db.rows("SELECT id, summary FROM containers ORDER BY created_ns, id")
    return [_parse(cid, text) for cid, text in rows]


def naming(db: Db, cid: str) -> list[ContainerRecord]:
    """The records of other containers that have this full id in them somewhere, oldest first."""
    rows = db.rows(
        "SELECT id, record FROM containers WHERE id <> ? AND instr(record, ?) ORDER BY created_ns, id",
        (cid, cid),
    )
    return [_parse(*row) for row in rows]


def latest(db: Db) -> ContainerRecord | None:
    """The record that was made last; None if there is none."""
    row = db.row("SELECT id, record FROM containers ORDER BY created_ns DESC, id DESC LIMIT 1")
    return None if row is None else _parse(*row)


def uses_image(db: Db, image_id: str) -> list[str]:
    """The ids of the containers made from an image."""
    return [
        row[0]
        for row in db.rows(
            "SELECT id FROM containers WHERE image_id = ? ORDER BY created_ns, id", (image_id,)
        )
    ]


def counts_by_image(db: Db) -> dict[str, int]:
    """How many containers each image has; images without any are absent."""
    return dict(db.rows("SELECT image_id, count(*) FROM containers GROUP BY image_id"))


def refuse_taken(tx: Write, name: str, new_id: str, *, own: str = "", kind: str = "container") -> None:
    """Raise ConflictError if a container or a pod other than `own` has the name (or the id)."""
    row = tx.row("SELECT id FROM containers WHERE (name = ? OR id = ?) AND id <> ?", (name, new_id, own))
    holder, verb = "container", "rm"
    if row is None:
        row = tx.row("SELECT id FROM pods WHERE (name = ? OR id = ?) AND id <> ?", (name, new_id, own))
        holder, verb = "pod", "pod rm"
    if row is None:
        return
    if row[0] == new_id:
        raise errors.ConflictError(f'the {holder} id "{row[0]}" is already in use', name=new_id)
    by = row[0] if holder == kind else f"{holder} {row[0]}"
    raise errors.ConflictError(
        f'the {kind} name "{name}" is already in use by {by}',
        remedy=f'remove that {holder} with "pypod {verb} {name}", or use '
        + ("--replace" if holder == kind else "another name"),
        name=name,
    )


def _layers(record: ContainerRecord) -> str:
    """All that must stay for it: its own, and those of images that it mounts."""
    found = dict.fromkeys(record["layers"])
    for mount in record["mounts"]:
        found.update(dict.fromkeys(mount.get("layers", ())))
    return " ".join(found)


def _write_volumes(tx: Write, record: ContainerRecord) -> None:
    for name in sorted({m["source"] for m in record["mounts"] if m["type"] == "volume"}):
        tx.run("INSERT INTO container_volumes (container_id, volume) VALUES (?, ?)", (record["id"], name))


def _summary(record: ContainerRecord) -> str:
    return jsonio.dumps({key: record[key] for key in SUMMARY if key in record})  # type: ignore[literal-required]


def _parse(cid: str, text: str) -> ContainerRecord:
    try:
        record: ContainerRecord = jsonio.loads(text)
    except ValueError as e:
        raise errors.StateDbError(
            f'the stored record of container "{cid[:12]}" is damaged: {e}',
            remedy=f'remove the container with "pypod rm -f {cid[:12]}"',
            name=cid,
        ) from e
    return record


def _no_such(text: str) -> errors.NotFoundError:
    return errors.NotFoundError(f'no such container "{text}"', name=text)
