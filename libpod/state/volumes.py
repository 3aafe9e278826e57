"""Owns: the queries on named volumes and on which containers use them."""

from __future__ import annotations

from libpod import errors
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.volume import VolumeRecord
    from libpod.state.db import Db


def insert(db: Db, record: VolumeRecord) -> None:
    """Store a new volume. Raises ConflictError when the name is taken."""
    with db.write() as tx:
        if tx.row("SELECT 1 FROM volumes WHERE name = ?", (record["name"],)) is not None:
            raise errors.ConflictError(
                f"volume with name {record['name']} already exists: volume already exists",
                name=record["name"],
            )
        tx.run(
            "INSERT INTO volumes (name, created_ns, record) VALUES (?, ?, ?)",
            (record["name"], record["created_ns"], jsonio.dumps(record)),
        )


def update(db: Db, record: VolumeRecord) -> None:
    """Replace the stored record. Raises NotFoundError."""
    with db.write() as tx:
        if not tx.run("UPDATE volumes SET record = ? WHERE name = ?", (jsonio.dumps(record), record["name"])):
            raise no_such(record["name"])


def get(db: Db, name: str) -> VolumeRecord:
    """The record of a volume. Raises NotFoundError."""
    row = db.row("SELECT record FROM volumes WHERE name = ?", (name,))
    if row is None:
        raise no_such(name)
    record: VolumeRecord = jsonio.loads(row[0])
    return record


def all_volumes(db: Db) -> list[VolumeRecord]:
    """Every volume, by name."""
    return [jsonio.loads(row[0]) for row in db.rows("SELECT record FROM volumes ORDER BY name")]


def delete(db: Db, name: str) -> None:
    """Forget a volume. Raises NotFoundError, or InUseError naming the containers that use it."""
    with db.write() as tx:
        users_ = [
            r[0] for r in tx.rows("SELECT container_id FROM container_volumes WHERE volume = ?", (name,))
        ]
        if users_:
            raise errors.InUseError(
                f"volume {name} is being used by the following container(s): {', '.join(users_)}: "
                "volume is being used",
                remedy="remove the container first, or remove both with --force",
                name=name,
            )
        if not tx.run("DELETE FROM volumes WHERE name = ?", (name,)):
            raise no_such(name)


def users(db: Db, name: str) -> list[str]:
    """The ids of the containers that use a volume."""
    rows = db.rows(
        "SELECT container_id FROM container_volumes WHERE volume = ? ORDER BY container_id", (name,)
    )
    return [row[0] for row in rows]


def no_such(name: str) -> errors.NotFoundError:
    """The error for a volume that does not exist."""
    return errors.NotFoundError(f'no such volume "{name}"', name=name)
