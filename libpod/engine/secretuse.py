"""Owns: what a container gets of secrets when it starts.

Files go to the monitor in a memfd, which writes them into a tmpfs in its own mount namespace; variables go
the same way into a copy of the bundle there. So nothing of them is on disk, in arguments, or in `inspect`.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod import secrets as service
from libpod.spec import idmaps
from libpod.state import secrets as rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, SecretUse
    from libpod.model.secret import SecretRecord

_FOLDER = "secrets"


def resolved(session: Session, uses: list[SecretUse]) -> list[SecretUse]:
    """The uses with the ids that the names stand for now. Raises NotFoundError."""
    return [{**use, "id": rows.lookup(session.db, use["name"])["id"]} for use in uses]


def files(session: Session, record: ContainerRecord) -> dict[str, str]:
    """Container path -> where the monitor will have the file, for the bundle."""
    folder = f"{session.paths.container_dir(record['id'])}/{_FOLDER}"
    return {
        use["target"]: f"{folder}/{number}"
        for number, use in enumerate(record.get("secrets", ()))
        if use["type"] == "mount"
    }


def message(
    session: Session, record: ContainerRecord, kind: str = "", but: Sequence[str] = ()
) -> tuple[dict[str, object], list[int]]:
    """More for the monitor's `start` or `exec`, and the owned descriptor that goes with it; `kind`: only
    those of it; `but`: variables that are given otherwise."""
    entries, parts = [], []
    for number, use in enumerate(record.get("secrets", ())):
        if kind not in ("", use["type"]):
            continue
        data = service.read(session.paths, _record(session, record, use))
        entry: dict[str, object] = {"size": len(data)}
        if use["type"] == "env":
            _check_variable(use["name"], data)
            entry["env"] = use["target"]
        else:
            who = idmaps.outside(
                {"uid": use["uid"], "gid": use["gid"], "groups": [], "home": "", "name": ""},
                record["userns"],
            )
            entry.update({"file": str(number), "uid": who["uid"], "gid": who["gid"], "mode": use["mode"]})
        entries.append(entry)
        parts.append(data)
    if not entries:
        return {}, []
    folder = f"{session.paths.container_dir(record['id'])}/{_FOLDER}"
    return {"secrets": {"folder": folder, "entries": entries, "but": list(but)}}, [_memfd(b"".join(parts))]


def _memfd(data: bytes) -> int:
    fd = os.memfd_create("pypod-secrets", os.MFD_CLOEXEC)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
    except BaseException:
        os.close(fd)
        raise
    return fd


def _record(session: Session, record: ContainerRecord, use: SecretUse) -> SecretRecord:
    """The secret by its id: one that was replaced under the same name is meant too."""
    try:
        return rows.lookup(session.db, use["id"])
    except errors.NotFoundError:
        try:
            return rows.lookup(session.db, use["name"])
        except errors.NotFoundError as e:
            raise errors.NotFoundError(
                f'secret "{use["name"]}" of container "{record["name"]}" is no longer there',
                remedy=f'make it again with "pypod secret create {use["name"]} FILE"',
                name=use["name"],
            ) from e


def _check_variable(name: str, data: bytes) -> None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise errors.UsageError(
            f'secret "{name}" cannot be the value of a variable: it is not text',
            remedy="mount it instead: leave type=env out",
            name=name,
        )
