"""Owns: where `mount` shows the files of containers and images, and who has them mounted there.

A mount belongs to the mount namespace of a `pypod unshare` and ends with it; nothing is written down. Who has
one is told by the mount tables of the processes. All mounts of one container are the same file system: two
overlays on one upper directory would not see each other's changes.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod.kernel import mount
from libpod.kernel.const import MNT_DETACH
from libpod.util import staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths

PLACE = "mount"
_FILES = "files"


def place(paths: Paths, cid: str) -> str:
    """The mount point of a container. That it is there means that it was mounted at some time."""
    return f"{paths.container_dir(cid)}/{PLACE}"


def image_place(paths: Paths, image_id: str) -> str:
    """The mount point of an image."""
    return f"{paths.images}/{image_id}/{PLACE}"


def image_files(paths: Paths, image_id: str) -> str:
    """The copy of an image's files, for the driver that mounts nothing."""
    return f"{paths.images}/{image_id}/{_FILES}"


def here(paths: Paths) -> tuple[dict[str, str], dict[str, str]]:
    """({container: mount point}, {image: mount point}) in the mount namespace of this process."""
    found: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for row in mount.mounts():
        for folder, out in zip((paths.containers, paths.images), found, strict=True):
            name, slash, rest = row.target.removeprefix(folder + "/").partition("/")
            if row.target.startswith(folder + "/") and slash and rest == PLACE:
                out[name] = row.target
    return found


def is_here(target: str) -> bool:
    """Say whether something is mounted there, in the mount namespace of this process."""
    return any(row.target == target for row in mount.mounts())


def elsewhere(target: str) -> int:
    """A process in another mount namespace in which something is mounted there; 0 = none.

    Looks at all processes that it may see: some milliseconds.
    """
    seen = {_namespace("self")}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        space = _namespace(name)
        if not space or space in seen:
            continue
        seen.add(space)
        try:
            if any(row.target == target for row in mount.mounts(name)):
                return int(name)
        except (OSError, ValueError, IndexError):
            continue  # it has ended, or is somebody else's
    return 0


def unmount(target: str, *, force: bool = False) -> bool:
    """Unmount what is mounted there for this process; False if nothing is. StateError when it is in use."""
    if not is_here(target):
        return False
    try:
        mount.umount(target, MNT_DETACH if force else 0)
    except errors.KernelError as e:
        raise errors.StateError(
            f"cannot unmount {target}: {e.strerror}",
            remedy='leave the directory, or use "--force"',
            name=target,
        ) from e
    return True


def discard(paths: Paths, cid: str) -> None:
    """A container is to be removed: take its mount out of our mount namespace. The kernel takes it out of the
    others when the mount point is removed.
    """
    if os.path.lexists(place(paths, cid)):
        unmount(place(paths, cid), force=True)


def discard_image(paths: Paths, image_id: str) -> None:
    """An image was removed: its mount point and its copy go, and with the mount point all mounts."""
    folder = f"{paths.images}/{image_id}"
    if os.path.lexists(folder):
        unmount(image_place(paths, image_id), force=True)
        staging.discard(folder, paths.trash)


def _namespace(pid: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return ""
