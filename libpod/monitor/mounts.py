"""Owns: the monitor's own mount namespace, and the container's root file system in it.

When this process is gone and the container too, the kernel unmounts: nothing counts and nothing is left.
"""

from __future__ import annotations

import os
import time

from libpod import errors, log
from libpod.kernel import mount, ns, overlay
from libpod.kernel.const import AT_FDCWD, CLONE_NEWNS, MS_NODEV, MS_NOEXEC, MS_NOSUID
from libpod.util import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def enter_own_namespace() -> None:
    """Leave the caller's mount namespace; mounts of the host still arrive, ours do not go out."""
    ns.unshare(CLONE_NEWNS)
    mount.private_root()


def mount_stage(directory: str) -> None:
    """Make this directory, in our mount namespace alone, a place that everybody may enter."""
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    mount.mount("pypod", directory, "tmpfs", flags, "mode=711,size=64k,nr_inodes=16")


def mount_shm(wanted: Mapping[str, Any], fds: list[int]) -> None:
    """Mount /dev/shm of a pod at `wanted["path"]`: a new tmpfs of `size` bytes (0 = no limit), or the one
    that a descriptor stands for, which is taken over, or the one that the process `of` has.
    """
    path = wanted["path"]
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    if fds or wanted.get("of"):
        fd = fds.pop(0) if fds else _shm_of(wanted["of"])
        try:
            mount.move_mount(fd, path)
        finally:
            os.close(fd)
        return
    size = f",size={wanted['size']}" if wanted["size"] else ""
    mount.mount("shm", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777" + size)


def _shm_of(pid: int) -> int:
    """A detached copy of /dev/shm in a container, by a child that goes into its mount namespace."""
    ours, theirs = wire.pair()
    child = os.fork()
    if child == 0:
        try:
            fd = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
            ns.setns(fd, CLONE_NEWNS)
            theirs.send({"t": "shm"}, [mount.open_tree(AT_FDCWD, "/dev/shm")])
        finally:
            os._exit(0)
    theirs.close()
    got = ours.recv()
    ours.close()
    os.waitpid(child, 0)
    if got is None or not got[1]:
        raise errors.MonitorError(f"the shared memory of process {pid} cannot be taken over")
    return got[1][0]


def mount_root(plan: Mapping[str, Any], target: str, log_fd: int = -1) -> int:
    """Mount the root file system as the storage driver has planned it (its MountPlan).

    Returns the process id of the program that serves it; 0 if the kernel does.
    """
    try:
        os.mkdir(target, 0o700)
    except FileExistsError:
        pass
    kind = plan["kind"]
    if kind == "overlay" and plan["volatile"]:
        _forget_volatile(plan["work"])
    if kind == "overlay":
        overlay.mount_overlay(
            plan["lower"],
            plan["upper"],
            plan["work"],
            target,
            volatile=plan["volatile"],
            userxattr=plan["userxattr"],
        )
    elif kind == "bind":
        mount.bind(plan["lower"][0], target, recursive=True, readonly=plan["readonly"])
    elif kind == "fuse":
        from libpod.kernel import fuse  # lazy: seldom used

        return fuse.mount_fuse(plan, target, log_fd)
    elif kind == "clone":
        mount.attach_clone(plan["source_pid"], plan["lower"][0], target)
    else:
        raise errors.NotSupportedError(f'mount kind "{kind}" is not known to the monitor')
    return 0


def _forget_volatile(work: str) -> None:
    """Let a volatile overlay of this boot be mounted again.

    The kernel leaves a mark that refuses it, for it cannot know whether the machine has crashed since; what
    was written in this boot is all there. Documentation/filesystems/overlayfs.rst, "Volatile mount".
    """
    mark = f"{work}/work/incompat/volatile"
    try:
        since_boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        if time.time() - os.stat(mark).st_mtime > since_boot_s:
            return
    except FileNotFoundError:
        return
    for path in (f"{mark}/dirty", mark):
        try:
            os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
        except FileNotFoundError:
            pass


def unmount_root(target: str) -> None:
    """Unmount it; what still uses it keeps it until it ends."""
    if unmount(target):
        try:
            os.rmdir(target)
        except OSError as error:
            log.debug("cannot remove the mount point", path=target, error=error)


def unmount(target: str) -> bool:
    """Unmount, lazily; False if it cannot be, or was not mounted."""
    try:
        mount.umount(target)
    except OSError as error:
        log.debug("cannot unmount", path=target, error=error)
        return False
    return True
