"""Owns: the contract of the storage drivers, and the choice of one.

A driver turns a container's layers into a mount plan, plain data that the monitor carries out in its own
mount namespace. It mounts nothing itself. Each driver is a module with

    NAME
    probe(paths) -> str                     "" if it works on this store, else the reason why not
    mount_plan(paths, record) -> MountPlan  makes what the mount needs, and describes it
    read_plan(paths, record) -> MountPlan   the same files, read-only, for a container that does not run

All layers are kept in the form that the kernel's overlay reads (whiteouts as devices 0:0), whatever driver
mounts them. A container keeps the driver that it was made with.
"""

from __future__ import annotations

import os

from libpod import errors, log
from libpod.storage import overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, NotRequired, TypedDict

    from libpod.conf.paths import Paths
    from libpod.conf.settings import Settings
    from libpod.model.container import ContainerRecord

    class MountPlan(TypedDict):
        kind: Literal["overlay", "fuse", "bind", "clone"]
        lower: list[str]
        """overlay: absolute paths, the top layer first, as the kernel wants them. bind: the one source
        directory.
        """
        upper: str | None
        """None = read-only."""
        readonly: bool
        """bind: it may not be written to."""
        program: str
        """fuse: the path of fuse-overlayfs."""
        work: str | None
        volatile: bool
        """Nothing of it needs to survive a power cut: no sync at unmount."""
        userxattr: bool
        source_pid: NotRequired[int]
        """clone: a process for which it is mounted at `lower[0]`."""
        ids: NotRequired[list[list[list[int]]]]
        """fuse: [uids, gids] that the files are shown with: rows [id on disk, id in the user's namespace,
        size]. Absent = as they are.
        """


NAMES = ("overlay", "fuse-overlayfs", "vfs")
_WORKS = "overlay-works"
"""A file in the cache: the kernel with which overlay's probe was good."""


def choose(paths: Paths, settings: Settings) -> tuple[str, str]:
    """The driver of a new container, and its mount program if that is not the usual one.

    In the user's namespace. Without a setting the first that works; that overlay does is remembered, and
    looked at again with another kernel.
    """
    name, program = settings.storage_driver, settings.overlay_mount_program
    if program and name in ("", overlay.NAME):
        name = "fuse-overlayfs"
    if name:
        return name, program if name == "fuse-overlayfs" else ""
    stamp = os.uname().release.encode()
    cache = f"{paths.cache}/{_WORKS}"
    try:
        fd = os.open(cache, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if os.read(fd, 256) == stamp:
                return overlay.NAME, ""
        finally:
            os.close(fd)
    except OSError:
        pass
    return _first_that_works(paths, cache, stamp), ""


def _first_that_works(paths: Paths, cache: str, stamp: bytes) -> str:
    from libpod.storage import fuse  # lazy: once for a kernel
    from libpod.util import atomic

    if why := overlay.probe(paths):
        log.debug("the kernel's overlay does not work on this store", reason=why)
        name = "vfs" if fuse.probe(paths) else fuse.NAME
        log.debug("storage driver chosen", driver=name)
        return name
    try:
        atomic.write(cache, stamp.decode(), durable=False)
    except OSError as e:
        log.debug("the choice of the storage driver is not remembered", file=cache, error=e.strerror)
    return overlay.NAME


def overlay_program(paths: Paths, settings: Settings, name: str = "") -> str:
    """With what an overlay beside the root file system is mounted: empty = the kernel, else the program.

    `name`: the driver that must do it. Raises ToolMissingError or StorageError where neither can.
    """
    program = ""
    if not name:
        name, program = choose(paths, settings)
        if name == "vfs":
            name = "fuse-overlayfs" if overlay.probe(paths) else overlay.NAME
    return str(_module(name).find(program)) if name == "fuse-overlayfs" else ""


def usable(name: str, program: str) -> None:
    """Raise the error that names what a driver needs and does not find."""
    if name == "fuse-overlayfs":
        _module(name).find(program)


def of(record: ContainerRecord) -> str:
    """The driver that a container was made with."""
    return record.get("driver", overlay.NAME)


def _module(name: str) -> Any:
    if name == overlay.NAME:
        return overlay
    if name == "fuse-overlayfs":
        from libpod.storage import fuse  # lazy: seldom used

        return fuse
    if name == "vfs":
        from libpod.storage import vfs  # lazy: seldom used

        return vfs
    raise errors.StorageError(
        f'the container was made with the storage driver "{name}", which is not known here', name=name
    )


def mount_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """Describe the container's root file system, and make the directories that the mount needs. Idempotent.

    Raises StorageError that names a layer which is missing.
    """
    if record["rootfs"]:
        _check_rootfs(record)
        if not record.get("rootfs_overlay"):
            return bind_plan(record["rootfs"])
    plan: MountPlan = _module(of(record)).mount_plan(paths, record)
    if plan["kind"] != "bind" and os.path.lexists(f"{paths.container_dir(record['id'])}/mount"):
        return _shared(paths, record, plan)
    return plan


def _shared(paths: Paths, record: ContainerRecord, plan: MountPlan) -> MountPlan:
    """A copy of the mount that an unshare session has of it: they see each other's changes."""
    from libpod.storage import mounted  # lazy: seldom used

    target = mounted.place(paths, record["id"])
    if pid := os.getpid() if mounted.is_here(target) else mounted.elsewhere(target):
        return clone_plan(pid, target)
    try:
        os.rmdir(target)  # so that it is not looked for again
    except OSError as e:
        log.debug("a mount point stays", path=target, error=e.strerror)
    return plan


def clone_plan(pid: int, target: str) -> MountPlan:
    """What is mounted at `target` for this process."""
    return {**bind_plan(target), "kind": "clone", "source_pid": pid}


def _check_rootfs(record: ContainerRecord) -> None:
    folder = record["rootfs"]
    try:
        entries = os.listdir(folder)
    except OSError as e:
        raise errors.UsageError(
            f'--rootfs "{folder}": {e.strerror}',
            remedy="give the directory of a root file system",
            name=folder,
        ) from e
    if not entries:
        raise errors.UsageError(
            f'--rootfs "{folder}": the directory is empty',
            remedy="unpack a root file system there first",
            name=folder,
        )


def read_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """Describe a read-only view of the files of a container that does not run."""
    if record["rootfs"] and not record.get("rootfs_overlay"):
        return bind_plan(record["rootfs"], readonly=True)
    plan: MountPlan = _module(of(record)).read_plan(paths, record)
    return plan


def bind_plan(folder: str, *, readonly: bool = False) -> MountPlan:
    """A directory as it is, written to directly."""
    return {
        "kind": "bind",
        "lower": [folder],
        "upper": None,
        "readonly": readonly,
        "program": "",
        "work": None,
        "volatile": False,
        "userxattr": False,
    }


def probe(paths: Paths, name: str, program: str = "") -> str:
    """The reason why a driver does not work on this store; empty when it does."""
    if name == "fuse-overlayfs":
        return str(_module(name).probe(paths, program))
    return str(_module(name).probe(paths))
