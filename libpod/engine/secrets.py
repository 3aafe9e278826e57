"""Owns: the verbs of secrets: create, ls, inspect, rm, exists."""

from __future__ import annotations

import time

from libpod import errors
from libpod import secrets as service
from libpod.engine import names
from libpod.state import secrets as rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from libpod.engine.session import Session
    from libpod.model.secret import SecretRecord

    JsonDict = dict[str, object]

EXIT_MISSING = 1


def create(
    session: Session,
    name: str,
    data: bytes,
    *,
    driver: str = "file",
    options: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    replace: bool = False,
    ignore: bool = False,
) -> str:
    """Keep a new secret; its id. `replace`: in the place of one with this name, which goes; `ignore`: that
    one is fine."""
    names.check(name)
    service.check(driver, dict(options or {}), data)
    now_ns = time.time_ns()
    record: SecretRecord = {
        "schema": 1,
        "id": service.new_id(),
        "name": name,
        "created_ns": now_ns,
        "updated_ns": now_ns,
        "driver": driver,
        "options": dict(options or {}),
        "labels": dict(labels or {}),
    }
    session.ensure_store()
    old = _find(session, name)
    if old is not None and ignore and not replace:
        return old["id"]
    if old is not None and replace:
        record["created_ns"] = old["created_ns"]
    service.store(session.paths, record, data)
    try:
        rows.insert(session.db, record, replaces=old["id"] if old is not None and replace else "")
    except errors.ConflictError:
        service.forget(session.paths, record)
        raise
    if old is not None and replace:
        service.forget(session.paths, old)
    return record["id"]


def _find(session: Session, name: str) -> SecretRecord | None:
    try:
        found = rows.lookup(session.db, name)
    except errors.NotFoundError:
        return None
    return found if found["name"] == name else None


def ls(session: Session, filters: Sequence[str] = ()) -> list[SecretRecord]:
    """Every secret that fits. Filters are name= and id=, the beginning of it."""
    wanted: dict[str, list[str]] = {}
    for text in filters:
        key, sep, value = text.partition("=")
        if not sep or key not in ("id", "name"):
            raise errors.UsageError(f'invalid filter "{text}"', remedy="filters are name=NAME and id=ID")
        wanted.setdefault(key, []).append(value)
    return [
        record
        for record in rows.all_secrets(session.db)
        if all(
            any(record[key].startswith(value) if key == "id" else value in record["name"] for value in values)  # type: ignore[literal-required]
            for key, values in wanted.items()
        )
    ]


def inspect(session: Session, name: str, *, with_data: bool = False) -> JsonDict:
    """The JSON of one secret, with its data only if that is asked for. Raises NotFoundError."""
    from libpod.engine.inspect import rfc3339

    record = rows.lookup(session.db, name)
    found: JsonDict = {
        "ID": record["id"],
        "CreatedAt": rfc3339(record["created_ns"]),
        "UpdatedAt": rfc3339(record["updated_ns"]),
        "Spec": {
            "Name": record["name"],
            "Driver": {"Name": record["driver"], "Options": record["options"]},
            "Labels": record["labels"],
        },
    }
    if with_data:
        found["SecretData"] = service.read(session.paths, record).decode("utf-8", "replace")
    return found


def rm(
    session: Session,
    wanted: Sequence[str],
    say: Callable[[str], None],
    *,
    every: bool = False,
    ignore: bool = False,
) -> None:
    """Remove secrets; every one is tried, `say` takes the ids. Containers that were made with one can no
    longer be started."""
    found = [record["id"] for record in rows.all_secrets(session.db)] if every else list(wanted)
    failed: list[errors.PypodError] = []
    for name in found:
        try:
            record = rows.lookup(session.db, name)
            service.forget(session.paths, record)
            rows.delete(session.db, record["id"])
            say(record["id"])
        except errors.NotFoundError as e:
            if not ignore:
                e.exit_code = EXIT_MISSING
                failed.append(e)
        except errors.PypodError as e:
            failed.append(e)
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)
