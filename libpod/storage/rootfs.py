"""Owns: the directory of a container in the store; half of a removal is no obstacle to it."""

from __future__ import annotations

import os

from libpod.util import staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths

UPPER = "upper"
WORK = "work"
_DIRS = ("logs", "bundle", "run")


def create_container_dirs(paths: Paths, cid: str) -> str:
    """Make `containers/<cid>` with its fixed directories; returns its path. The driver makes `upper` and
    `work`.
    """
    folder = paths.container_dir(cid)
    os.mkdir(folder, 0o700)
    for name in _DIRS:
        os.mkdir(f"{folder}/{name}", 0o700)
    return folder


def was_used(paths: Paths, cid: str) -> bool:
    """Say whether there are files of a container in its directory: a start has begun, so it had its row."""
    return os.path.lexists(f"{paths.container_dir(cid)}/{UPPER}")


def trash_container(paths: Paths, cid: str) -> str:
    """Move the container's directory out of sight with one rename; returns where it went, "" if there was
    none.
    """
    target = f"{paths.trash}/{cid}-{os.urandom(4).hex()}"
    try:
        os.rename(paths.container_dir(cid), target)
    except FileNotFoundError:
        return ""
    return target


def empty_trashed(paths: Paths, trashed: str) -> None:
    """Remove what `trash_container` moved; outside any lock. Does not cross mounts; what is half gone is no
    error.
    """
    trash_fd = os.open(paths.trash, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        staging.remove_tree_at(trash_fd, os.path.basename(trashed))
    finally:
        os.close(trash_fd)


def empty_trash_of(paths: Paths, cid: str) -> None:
    """Remove all that lies in the trash of this container. Its lock must be held. Idempotent."""
    for name in os.listdir(paths.trash):
        if name.startswith(cid):
            empty_trashed(paths, name)


def remove_container_dirs(paths: Paths, cid: str) -> None:
    """Remove the container's directory. Idempotent."""
    trashed = trash_container(paths, cid)
    if trashed:
        empty_trashed(paths, trashed)
