"""Owns: root file systems by fuse-overlayfs, for kernels whose overlay a user namespace may not mount.

It reads the same layers and makes the same kind of upper directory as the kernel's; `kernel/fuse.py` mounts.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod.conf import tools
from libpod.storage import overlay, rootfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths
    from libpod.model.container import ContainerRecord
    from libpod.storage.driver import MountPlan

NAME = "fuse-overlayfs"
DEVICE = "/dev/fuse"


def probe(paths: Paths, program: str = "") -> str:
    """Say whether the program and the device are there. See driver.py."""
    try:
        find(program)
    except errors.PypodError as e:
        return e.message
    return ""


def find(program: str = "") -> str:
    """The path of fuse-overlayfs. Raises ToolMissingError, or StorageError for the device."""
    if not program:
        path = tools.find(NAME)
    elif found := tools.try_find(program):
        path = found
    else:
        raise errors.ToolMissingError(
            f'the mount program "{program}" of the storage driver is not there, or cannot be executed',
            remedy=f'install it, on Debian with "apt-get install {NAME}", or correct mount_program',
            name=program,
        )
    try:
        os.close(os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as e:
        raise errors.StorageError(
            f"the storage driver {NAME} cannot open {DEVICE}: {e.strerror}",
            remedy='let root load the module with "modprobe fuse", or use --storage-driver=vfs',
            name=DEVICE,
        ) from e
    return path


def mount_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """As overlay's, mounted by the program. See driver.py."""
    again = os.path.isdir(f"{paths.container_dir(record['id'])}/{rootfs.UPPER}")
    plan = _by_program(overlay.mount_plan(paths, record), record)
    if again and plan["upper"]:
        from libpod.storage import hardlinks  # lazy: not at a first start

        hardlinks.mend(plan["upper"], plan["lower"])
    return plan


def read_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """As overlay's, mounted by the program. See driver.py."""
    return _by_program(overlay.read_plan(paths, record), record)


def _by_program(plan: MountPlan, record: ContainerRecord) -> MountPlan:
    made: MountPlan = {**plan, "kind": "fuse", "program": find(record.get("mount_program", ""))}
    if record.get("mapped"):
        made["ids"] = [record["userns"]["uidmap"], record["userns"]["gidmap"]]
    return made
