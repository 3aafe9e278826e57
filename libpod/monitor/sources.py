"""Owns: what is mounted for a container besides its root file system, so that the runtime can bind it:
overlays of the host's directories, files of images, parts of volumes.

In the monitor's mount namespace, by descriptors: a link in somebody's files never leads out of them, whatever
others do to them meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod import errors
from libpod.kernel import mount, path
from libpod.kernel.const import MS_BIND, MS_REC
from libpod.monitor import mounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_WHOLE = ".whole"


def make(wanted: Mapping[str, Any], log_fd: int, made: list[str]) -> None:
    """Mount what `engine.sources` has planned on its target. Each place is added to `made` beforehand.

    Raises StorageError that names the place in the container.
    """
    target, part = wanted["target"], wanted.get("subpath", "")
    try:
        whole = wanted.get("source", "")
        if not whole:
            whole = target + _WHOLE if part else target
            made.append(whole)
            mounts.mount_root(wanted["plan"], whole, log_fd)
        if part:
            made.append(target)
            _bind_part(whole, part, target)
    except OSError as error:
        raise _failed(wanted, error) from error
    if owner := wanted.get("owner"):
        from libpod.util import copytree  # lazy: seldom used

        copytree.chown(target, *owner)


def _bind_part(whole: str, part: str, target: str) -> None:
    """Bind what `part` leads to below the directory `whole`, with links resolved as in a chroot."""
    root_fd = path.open_root(whole)
    try:
        fd = path.open_in_root(root_fd, part, os.O_PATH)
    finally:
        os.close(root_fd)
    try:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            os.mkdir(target, 0o700)
        else:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        mount.mount(f"/proc/self/fd/{fd}", target, None, MS_BIND | MS_REC)
    finally:
        os.close(fd)


def _failed(wanted: Mapping[str, Any], error: OSError) -> errors.StorageError:
    remedy = "look at it, and at what the container is given with --volume and --mount"
    return errors.StorageError(f"{wanted['what']}: {os.strerror(error.errno or errno.EIO)}", remedy=remedy)
