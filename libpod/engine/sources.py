"""Owns: the plan of what the monitor mounts for a container besides its root file system, and the files that
a pattern stands for.

    :O           an overlay of the source; what is written goes to a directory of the container's own, which
                 is empty at each start, or to `upperdir`
    type=image   the image's files; with rw an overlay of them, as above
    subpath      a part of a volume or image: the monitor looks it up, by descriptors

Everything lies in `containers/<id>/mounts/<number>`, and the runtime binds it from there.
"""

from __future__ import annotations

import os
import stat

from libpod import errors
from libpod.storage import driver, mapped, overlay
from libpod.util import staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, MountRecord
    from libpod.storage.driver import MountPlan

    Wanted = dict[str, Any]
    """As `monitor.sources.make` takes it."""

_FOLDER = "mounts"
_MAX_MATCHES = 1000


def expanded(record: ContainerRecord) -> ContainerRecord:
    """The record with bind mounts in the place of patterns. UsageError for one that matches nothing."""
    if not any(mount["type"] == "glob" for mount in record["mounts"]):
        return record
    found: list[MountRecord] = []
    for mount in record["mounts"]:
        found += _matches(mount) if mount["type"] == "glob" else [mount]
    return {**record, "mounts": found}


def _matches(mount: MountRecord) -> list[MountRecord]:
    import glob  # lazy: 5 ms

    names = sorted(glob.glob(mount["source"], include_hidden=True))
    if not names or len(names) > _MAX_MATCHES:
        many = f"matches {len(names)} files, more than {_MAX_MATCHES}" if names else "matches no file"
        raise errors.UsageError(
            f'--mount "type=glob,src={mount["source"]}": {many}',
            remedy="give another pattern",
            name=mount["source"],
        )
    folder = mount["destination"].rstrip("/")
    return [
        {
            **mount,
            "type": "bind",
            "source": name,
            "destination": name if mount.get("same_place") else f"{folder}/{os.path.basename(name)}",
        }
        for name in names
    ]


def plan(
    session: Session, record: ContainerRecord, known: Mapping[str, str], owner: Mapping[str, object]
) -> tuple[dict[str, str], list[Wanted]]:
    """(destination -> what is to be bound there, what the monitor has to mount for it).

    `known` are the directories of the container's volumes, `owner` its user in the user's namespace. What the
    last run has left is removed.
    """
    folder = f"{session.paths.container_dir(record['id'])}/{_FOLDER}"
    staging.remove_tree(folder)
    sources: dict[str, str] = {}
    wanted: list[Wanted] = []
    for number, mount in enumerate(record["mounts"]):
        if not (mount.get("overlay") or mount.get("subpath") or mount["type"] == "image"):
            continue
        if not wanted:
            os.mkdir(folder, 0o700)
        own = f"{folder}/{number}"
        os.mkdir(own, 0o700)
        one: Wanted = {"what": f'the mount on "{mount["destination"]}"', "target": f"{own}/files"}
        if mount["type"] == "image":
            one["plan"] = _of_image(session, record, mount, own)
        elif mount.get("overlay"):
            source = (
                known[mount["source"]] if mount["type"] == "volume" else os.path.realpath(mount["source"])
            )
            one["plan"] = _of_directory(session, mount, source, own)
        else:
            one["source"] = known[mount["source"]]
        if mount.get("subpath"):
            one["subpath"] = mount["subpath"]
            one["what"] += f': "{mount["subpath"]}" in {mount["type"]} "{mount["source"]}"'
        if mount.get("chown"):
            one["owner"] = [owner["uid"], owner["gid"]]
        wanted.append(one)
        sources[mount["destination"]] = one["target"]
    return sources, wanted


def _of_directory(session: Session, mount: MountRecord, source: str, own: str) -> MountPlan:
    if not os.path.isdir(source):
        raise errors.UsageError(
            f'--volume "{mount["source"]}" with ":O": it is not a directory', remedy="leave the O out"
        )
    upper, work = mount.get("upperdir", ""), mount.get("workdir", "")
    for option, path in (("upperdir", upper), ("workdir", work)):
        if path and not os.path.isdir(path):
            raise errors.UsageError(
                f'--volume "{mount["source"]}" with ":O": there is no directory "{path}" for {option}',
                remedy=f'make it with "mkdir -p {path}"',
            )
    if not upper:
        upper, work = _upper(own, source)
    return _overlay(session, [source], upper, work, "")


def _of_image(session: Session, record: ContainerRecord, mount: MountRecord, own: str) -> MountPlan:
    lower = overlay.lower_dirs(session.paths, mount.get("layers", []))
    writable = "rw" in mount["options"]
    nested = bool(record.get("mapped"))
    if driver.of(record) == "vfs":
        if not nested and not writable and len(lower) == 1:
            return driver.bind_plan(lower[0], readonly=True)
        return _copy(record, lower, own)
    upper, work = _upper(own, lower[0]) if writable else ("", "")
    made = _overlay(session, lower, upper, work, driver.of(record) if nested else "")
    if nested:
        made["ids"] = [record["userns"]["uidmap"], record["userns"]["gidmap"]]
    return made


def _copy(record: ContainerRecord, lower: list[str], own: str) -> MountPlan:
    from libpod.storage import flatten  # lazy: seldom used

    target = f"{own}/copy"
    os.mkdir(target, 0o755)
    try:
        for folder in reversed(lower):
            flatten.apply(folder, target, mapped.to_disk(record))
    except (OSError, ValueError, RecursionError) as e:
        raise errors.StorageError(
            f'cannot copy the image\'s files for container "{record["name"]}": {e}',
            remedy="look for free space with df, or give the container more ids with --userns",
            name=record["name"],
        ) from e
    return driver.bind_plan(target)


def _upper(own: str, like: str) -> tuple[str, str]:
    """Empty directories for what is written; the root of the mount looks as that of what is read."""
    upper, work = f"{own}/upper", f"{own}/work"
    os.mkdir(work, 0o700)
    os.mkdir(upper, 0o700)
    facts = os.stat(like)
    try:
        os.chown(upper, facts.st_uid, facts.st_gid)
    except OSError:
        pass  # it belongs to somebody whom the user's namespace does not have
    os.chmod(upper, stat.S_IMODE(facts.st_mode))
    return upper, work


def _overlay(session: Session, lower: list[str], upper: str, work: str, name: str) -> MountPlan:
    made: MountPlan = {
        "kind": "overlay",
        "lower": lower,
        "upper": upper or None,
        "readonly": not upper,
        "program": "",
        "work": work or None,
        "volatile": False,
        "userxattr": True,
    }
    program = driver.overlay_program(session.paths, session.settings, name)
    if program:
        made["kind"], made["program"] = "fuse", program
    return made
