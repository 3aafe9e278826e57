"""Owns: root file systems by the kernel's overlay (Documentation/filesystems/overlayfs.rst)."""

from __future__ import annotations

import os

from libpod.storage import layers, rootfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths
    from libpod.model.container import ContainerRecord
    from libpod.storage.driver import MountPlan

NAME = "overlay"
EMPTY = "empty"
"""A directory beside the layers that stands for no layer at all: overlay wants at least one below the upper
directory.
"""


def probe(paths: Paths) -> str:
    """Try a mount on this store, in a private mount namespace of a child; "" when it works, else the
    kernel's reason.
    """
    from libpod.kernel import overlay

    return overlay.probe(paths.tmp)


def mount_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """Layers below, the container's own `upper` above. See driver.py."""
    lower = lower_of(paths, record)
    folder = paths.container_dir(record["id"])
    upper = f"{folder}/{rootfs.UPPER}"
    if not os.path.exists(upper):
        _make_upper(folder, upper, lower[0])
    return {
        "kind": "overlay",
        "lower": lower,
        "upper": upper,
        "readonly": False,
        "program": "",
        "work": f"{folder}/{rootfs.WORK}",
        "volatile": record["remove"],
        "userxattr": True,
    }


def read_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """The upper directory is the top layer, and nothing is writable. See driver.py."""
    lower = lower_of(paths, record)
    upper = f"{paths.container_dir(record['id'])}/{rootfs.UPPER}"
    if os.path.isdir(upper):
        lower.insert(0, upper)
    if len(lower) < 2:  # without an upper directory the kernel wants two layers
        lower.append(empty(paths))
    return {
        "kind": "overlay",
        "lower": lower,
        "upper": None,
        "readonly": True,
        "program": "",
        "work": None,
        "volatile": False,
        "userxattr": True,
    }


def lower_of(paths: Paths, record: ContainerRecord) -> list[str]:
    """What lies below a container's own files: its layers, or the directory of `--rootfs DIR:O`."""
    return [record["rootfs"]] if record["rootfs"] else lower_dirs(paths, record["layers"])


def lower_dirs(paths: Paths, keys: list[str]) -> list[str]:
    """The directories of layers (keys, base first), the top one first. Raises StorageError."""
    found = []
    for key in reversed(keys):
        folder = layers.diff_dir(paths, key)
        if not os.path.isdir(folder):
            raise layers.damaged(key, "its directory is not there")
        found.append(folder)
    return found or [empty(paths)]


def empty(paths: Paths) -> str:
    """The directory that stands for no layer at all."""
    folder = f"{paths.layers}/{EMPTY}"
    os.makedirs(folder, mode=0o755, exist_ok=True)
    return folder


def _make_upper(folder: str, upper: str, top: str) -> None:
    # The root directory of the mount shows the attributes of the upper one: give it those of the image.
    there = os.stat(top)
    os.makedirs(f"{folder}/{rootfs.WORK}", mode=0o700, exist_ok=True)
    staged = upper + ".new"
    try:
        os.mkdir(staged, 0o700)
    except FileExistsError:
        pass
    os.chown(staged, there.st_uid, there.st_gid)
    os.chmod(staged, there.st_mode & 0o7777)
    os.rename(staged, upper)
