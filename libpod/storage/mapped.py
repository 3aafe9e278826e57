"""Owns: how the image's files get their owners in a container with a user namespace of its own.

    overlay, fuse-overlayfs   fuse-overlayfs shows them with other ids: no time, no room. The container's own
                              files have on disk the ids that they have in the container, as image layers do.
    vfs                       the copy that every container gets is made with these owners.

Where fuse-overlayfs is not to be had, the container gets such a copy.
"""

from __future__ import annotations

from libpod import errors
from libpod.storage import driver, overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord
    from libpod.util.copytree import Owner


def choose(record: ContainerRecord, name: str, program: str) -> tuple[ContainerRecord, str]:
    """(the record with what its files are mounted with, why they have to be copied); `name` and `program` as
    `driver.choose` says.
    """
    why = ""
    if name == overlay.NAME:
        from libpod.storage import fuse

        try:
            fuse.find()
            name = fuse.NAME
        except errors.PypodError as e:
            name, why = "vfs", f"{e.message}; {e.remedy}"
    driver.usable(name, program)
    return {**record, "driver": name, "mount_program": program, "mapped": True}, why


def to_disk(record: ContainerRecord) -> Owner | None:
    """From the ids of a layer to those that a copy of it has on disk: it raises ValueError for ids that the
    container does not have.
    """
    if not record.get("mapped") or driver.of(record) != "vfs":
        return None
    uids, gids = record["userns"]["uidmap"], record["userns"]["gidmap"]

    def owner(uid: int, gid: int) -> tuple[int, int]:
        return _outside(uids, uid, "user"), _outside(gids, gid, "group")

    return owner


def seen_inside(record: ContainerRecord, *, own_layer: bool = False) -> Owner | None:
    """From the ids of its root file system, or of its own layer as it is on disk, to those that the container
    sees.
    """
    uids, gids = record["userns"]["uidmap"], record["userns"]["gidmap"]
    if not uids or (own_layer and record.get("mapped") and driver.of(record) != "vfs"):
        return None

    def owner(uid: int, gid: int) -> tuple[int, int]:
        return _inside(uids, uid), _inside(gids, gid)

    return owner


def _outside(rows: list[list[int]], number: int, kind: str) -> int:
    for inner, outer, size in rows:
        if inner <= number < inner + size:
            return outer + number - inner
    raise ValueError(f"the image has files of {kind} {number}, which the container's user namespace lacks")


def _inside(rows: list[list[int]], number: int) -> int:
    for inner, outer, size in rows:
        if outer <= number < outer + size:
            return inner + number - outer
    return number
