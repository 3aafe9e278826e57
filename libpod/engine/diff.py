"""Owns: `diff`: what a container or image has changed."""

from __future__ import annotations

import os

from libpod.engine import rootfiles
from libpod.storage import driver, mapped, rootfs, treediff, view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.rootfiles import Found, Kind
    from libpod.engine.session import Session
    from libpod.storage.treediff import Change


def diff(session: Session, name: str, other: str = "", kind: Kind = "all") -> list[Change]:
    """The changes of a container against its image, of an image against the layers below its last one, or of
    `name` against `other`; in order of paths. Raises NotFoundError, AmbiguousError, StorageError.
    """
    found = rootfiles.find(session, name, kind)
    base = rootfiles.find(session, other, kind) if other else None
    session.enter()
    opened: list[int] = []
    try:
        record = found[0]
        if base is not None:
            old_fd, old_owner = rootfiles.open_whole(session, base)
        elif record is not None and driver.of(record) == "vfs" and not record["rootfs"]:
            if not rootfs.was_used(session.paths, record["id"]):
                return []
            old_fd, old_owner = view.of_layers(session.paths, record["layers"]), None
        else:
            return _of_layer(session, found)
        opened.append(old_fd)
        new_fd, new_owner = rootfiles.open_whole(session, found)
        opened.append(new_fd)
        owners = (new_owner, old_owner)
        return treediff.changes(new_fd, old_fd, layer=False, silent=rootfiles.PLACES, owners=owners)
    finally:
        for fd in opened:
            os.close(fd)


def _of_layer(session: Session, found: Found) -> list[Change]:
    """By its own layer alone."""
    record = found[0]
    own_fd, below = rootfiles.open_own(session, found)
    if own_fd < 0:
        return []
    try:
        below_fd = view.of_layers(session.paths, below)
        try:
            return treediff.changes(
                own_fd,
                below_fd,
                layer=True,
                silent=rootfiles.PLACES,
                fuse=record is not None and driver.of(record) == "fuse-overlayfs",
                owners=(mapped.seen_inside(record, own_layer=True) if record is not None else None, None),
            )
        finally:
            os.close(below_fd)
    finally:
        os.close(own_fd)
