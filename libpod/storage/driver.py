"""Owns: the contract of the storage drivers, and the choice of one.

A driver turns a container's layers into a mount plan, plain data that the monitor carries out in its own
mount namespace. It mounts nothing itself. Each driver is a module with

    NAME
    probe(paths) -> str                     "" if it works on this store, else the reason why not
    mount_plan(paths, record) -> MountPlan  makes what the mount needs, and describes it
    read_plan(paths, record) -> MountPlan   the same files, read-only, for a container that does not run

All layers are kept in the form that the kernel's overlay reads (whiteouts as devices 0:0), whatever driver
mounts them.
"""

from __future__ import annotations

from libpod import errors
from libpod.storage import overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypedDict

    from libpod.conf.paths import Paths
    from libpod.model.container import ContainerRecord

    class MountPlan(TypedDict):
        kind: Literal["overlay", "bind"]
        lower: list[str]
        """overlay: absolute paths, the top layer first, as the kernel wants them. bind: the one source
        directory.
        """
        upper: str | None
        """None = read-only."""
        work: str | None
        volatile: bool
        """Nothing of it needs to survive a power cut: no sync at unmount."""
        userxattr: bool


NAMES = ("overlay", "fuse-overlayfs", "vfs")


def check(name: str) -> str:
    """The driver's name as it is known here. Raises UsageError for an unknown one, NotSupportedError for
    one to come.
    """
    wanted = name or overlay.NAME
    if wanted in ("overlay", "overlay2"):
        return overlay.NAME
    if wanted in NAMES:
        raise errors.NotSupportedError(
            f'the storage driver "{wanted}" is not supported yet',
            remedy="use --storage-driver=overlay",
            name=wanted,
        )
    raise errors.UsageError(
        f'unknown storage driver "{name}"', remedy=f"the drivers are {', '.join(NAMES)}", name=name
    )


def mount_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """Describe the container's root file system, and make the directories that the mount needs. Idempotent.

    Raises StorageError that names a layer which is missing.
    """
    if record["rootfs"]:
        return bind_plan(record["rootfs"])
    return overlay.mount_plan(paths, record)


def read_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """Describe a read-only view of the files of a container that does not run."""
    if record["rootfs"]:
        return bind_plan(record["rootfs"])
    return overlay.read_plan(paths, record)


def bind_plan(folder: str) -> MountPlan:
    """`--rootfs`: a directory of the host, written to directly."""
    return {
        "kind": "bind",
        "lower": [folder],
        "upper": None,
        "work": None,
        "volatile": False,
        "userxattr": False,
    }


def probe(paths: Paths) -> str:
    """The reason why the default driver does not work on this store; empty when it does."""
    return overlay.probe(paths)
