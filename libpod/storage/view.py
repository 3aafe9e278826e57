"""Owns: views of a container's files, in a mount namespace that this process alone has."""

from __future__ import annotations

from libpod import errors
from libpod.kernel import mount, ns, overlay, path
from libpod.kernel.const import CLONE_NEWNS, MNT_DETACH
from libpod.storage import overlay as driver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths
    from libpod.storage.driver import MountPlan


def of_plan(paths: Paths, plan: MountPlan) -> int:
    """An owned descriptor of the root of what a read-only plan describes.

    The mount has no name: it lives as long as the descriptor. The process must have one thread, and be inside
    the user namespace.
    """
    if plan["kind"] == "bind" or (plan["kind"] == "overlay" and len(plan["lower"]) == 1):
        return path.open_root(plan["lower"][0])
    ns.unshare(CLONE_NEWNS)
    mount.private_root()
    place = driver.empty(paths)
    _mount(plan, place)
    try:
        return path.open_root(place)
    finally:
        mount.umount(place, MNT_DETACH)


def to_write(paths: Paths, plan: MountPlan) -> int:
    """The same of a plan that can be written to. The container's lock must be held, and it must not run: the
    kernel forbids two mounts of one upper directory. Raises StorageError.
    """
    if plan["kind"] == "bind":
        return path.open_root(plan["lower"][0])
    ns.unshare(CLONE_NEWNS)
    mount.private_root()
    place = driver.empty(paths)
    try:
        _mount(plan, place)
    except errors.KernelError as e:
        raise errors.StorageError(
            f"the files of a container that does not run cannot be mounted: {e.strerror}",
            remedy="start it first",
        ) from e
    try:
        return path.open_root(place)
    finally:
        mount.umount(place, MNT_DETACH)


def _mount(plan: MountPlan, place: str) -> None:
    if plan["kind"] == "fuse":
        from libpod.kernel import fuse  # lazy: seldom used

        fuse.mount_fuse(plan, place, -1)
    elif plan["kind"] == "clone":
        mount.attach_clone(plan["source_pid"], plan["lower"][0], place)
    else:
        overlay.mount_overlay(plan["lower"], plan["upper"], plan["work"], place, userxattr=plan["userxattr"])
