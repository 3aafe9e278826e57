"""Owns: the queries on secrets."""

from __future__ import annotations

from libpod import errors
from libpod.state.lookup import prefix_range
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.secret import SecretRecord
    from libpod.state.db import Db


def insert(db: Db, record: SecretRecord, *, replaces: str = "") -> None:
    """Store a new secret, in the place of the one with the id `replaces`. Raises ConflictError when the name
    is taken."""
    with db.write() as tx:
        if replaces:
            tx.run("DELETE FROM secrets WHERE id = ?", (replaces,))
        if tx.row("SELECT 1 FROM secrets WHERE name = ?", (record["name"],)) is not None:
            raise errors.ConflictError(
                f"{record['name']}: secret name in use",
                remedy=f'remove it with "pypod secret rm {record["name"]}", or use --replace',
                name=record["name"],
            )
        tx.run(
            "INSERT INTO secrets (id, name, created_ns, record) VALUES (?, ?, ?, ?)",
            (record["id"], record["name"], record["created_ns"], jsonio.dumps(record)),
        )


def lookup(db: Db, text: str) -> SecretRecord:
    """The secret with this name, id or beginning of an id; an exact match comes first. Raises NotFoundError,
    or AmbiguousError when several ids begin so."""
    rows = db.rows(
        "SELECT record FROM secrets WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC LIMIT 1", (text,)
    )
    bounds = prefix_range(text)
    if not rows and bounds:
        rows = db.rows("SELECT record FROM secrets WHERE id >= ? AND id < ? LIMIT 2", bounds)
        if len(rows) > 1:
            raise errors.AmbiguousError(
                f'more than one secret has an id that begins with "{text}"',
                remedy="give more digits of the id, or the name",
                name=text,
            )
    if not rows:
        raise errors.NotFoundError(
            f'no such secret "{text}"',
            remedy='"pypod secret ls" lists them, "pypod secret create" makes one',
            name=text,
        )
    record: SecretRecord = jsonio.loads(rows[0][0])
    return record


def all_secrets(db: Db) -> list[SecretRecord]:
    """Every secret, by name."""
    return [jsonio.loads(row[0]) for row in db.rows("SELECT record FROM secrets ORDER BY name")]


def delete(db: Db, secret_id: str) -> bool:
    """Forget a secret; False if it was not there."""
    with db.write() as tx:
        return tx.run("DELETE FROM secrets WHERE id = ?", (secret_id,)) > 0
