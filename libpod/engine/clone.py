"""Owns: `container clone`: a new container made as another one was."""

from __future__ import annotations

import os
import time

from libpod import errors, volumes
from libpod.engine import create, names
from libpod.spec import cgroupfiles, resources, validate
from libpod.state import containers as rows
from libpod.util import eventlog, undo
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, MountRecord

_LATEST_SUFFIX = 1000


def clone(
    session: Session,
    source: ContainerRecord,
    name: str,
    image: str,
    limits: Mapping[str, object],
    command_line: list[str],
) -> ContainerRecord:
    """Make a container with the same settings, other limits and perhaps another image; it does not run.

    Its files are those of the image: what the source has written is not in it. An anonymous volume becomes a
    new one, and so do ids of `--userns=auto`. Without a name it is the source's with `-clone` behind. Raises
    ConflictError.
    """
    notes: list[str] = []
    record: ContainerRecord = {
        **source,
        "id": create.new_id(),
        "name": names.check(name) if name else _free_name(session, source["name"] + "-clone"),
        "created_ns": time.time_ns(),
        "create_command": command_line,
        "resources": cgroupfiles.changed(source["resources"], limits, notes),
        "mounts": [_mount(mount) for mount in source["mounts"]],
        "pidfile": "",
        "userns": source["userns"].get(
            "asked", source["userns"]
        ),  # ids that no other has: they are taken anew
    }
    record["log"] = {**record["log"], "path": ""}
    if source["hostname"] == source["id"][:12]:
        record["hostname"] = record["id"][:12]
    record.pop("made_by_run", None)
    if "conmon_pidfile" in record:
        record["conmon_pidfile"] = ""
    session.enter()
    if image:
        found = create.find_image(session, image, {})
        record["image"], record["image_id"], record["layers"] = image, found["id"], found["layers"]
        record["image_name"] = found["names"][0] if found["names"] else ""
    if record["cgroups"] != "disabled":
        host = session.host_facts(record["cgroups"])
        validate.controllers(resources.needed_controllers(record["resources"]), host)
    with session.locks.take(RANK_CONTAINER, record["id"]) as held, undo.Undo() as steps:
        steps.push(held.remove)
        create.make_dirs(session, record["id"], steps)
        record = create.insert(session, record, steps, replace_name=False)
        volumes.ensure(session.paths, session.db, record)
        eventlog.container(session.paths.events, record, "create")
        steps.dismiss()
    for note in notes:
        if session.notify is not None:
            session.notify(f"Warning: {note}")
    return record


def _mount(mount: MountRecord) -> MountRecord:
    return {**mount, "source": os.urandom(32).hex()} if mount.get("anonymous") else mount


def _free_name(session: Session, wanted: str) -> str:
    """The name, with a number behind if it is taken."""
    for number in range(_LATEST_SUFFIX):
        name = f"{wanted}{number or ''}"
        try:
            if rows.lookup(session.db, name)["name"] != name:
                return name
        except (errors.NotFoundError, errors.AmbiguousError):
            return name
    raise errors.ConflictError(f'"{wanted}" and {_LATEST_SUFFIX} names like it are taken', name=wanted)
