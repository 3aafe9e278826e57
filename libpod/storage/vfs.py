"""Owns: root file systems as plain directories: every container gets a full copy of its layers.

Needs nothing of the kernel, and costs the image's size and its copying for each container. The copy is made
beside its place and gets there by a rename: it is whole or it is not there.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod.storage import layers, rootfs
from libpod.util import failpoint, staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths
    from libpod.model.container import ContainerRecord
    from libpod.storage.driver import MountPlan

NAME = "vfs"


_STAMP = "copied"
"""Its time is that at which the copy was whole: what has an earlier one was not touched since."""


def copied_ns(paths: Paths, record: ContainerRecord) -> int:
    """When the container's copy was made, as a time of change of files; 0 = not known."""
    try:
        return os.stat(f"{paths.container_dir(record['id'])}/{_STAMP}").st_ctime_ns
    except OSError:
        return 0


def probe(paths: Paths) -> str:
    """A directory can always be bound. See driver.py."""
    return ""


def mount_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """The container's own copy, made when it is not there yet. See driver.py."""
    return _plan(paths, record, readonly=False)


def read_plan(paths: Paths, record: ContainerRecord) -> MountPlan:
    """The same, read-only; made for a container that has never run too. See driver.py."""
    return _plan(paths, record, readonly=True)


def _plan(paths: Paths, record: ContainerRecord, *, readonly: bool) -> MountPlan:
    from libpod.storage import driver

    target = f"{paths.container_dir(record['id'])}/{rootfs.UPPER}"
    if not os.path.isdir(target):
        _make(paths, record, target)
    return driver.bind_plan(target, readonly=readonly)


def _make(paths: Paths, record: ContainerRecord, target: str) -> None:
    from libpod.storage import flatten, mapped  # lazy: once for a container

    owner = mapped.to_disk(record)
    sources = [layers.diff_dir(paths, key) for key in record["layers"]]
    if record["rootfs"]:
        sources = [record["rootfs"]]
    for key, source in zip(record["layers"], sources, strict=False):
        if not os.path.isdir(source):
            raise layers.damaged(key, "its directory is not there")
    staged, stamp = target + ".new", f"{paths.container_dir(record['id'])}/{_STAMP}"
    staging.discard(staged, paths.trash)  # of a copy that was interrupted
    os.mkdir(staged, 0o700)
    try:
        os.chmod(staged, 0o755)
        for source in sources:
            flatten.apply(source, staged, owner)
        failpoint.hit("vfs:after-copy")
        os.close(os.open(stamp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        os.utime(stamp)  # by the clock that stamps files
        os.rename(staged, target)
    except ValueError as e:
        staging.discard(staged, paths.trash)
        raise errors.StorageError(
            f'container "{record["name"]}": {e}',
            remedy="give it more ids with --userns, --uidmap or --gidmap",
            name=record["name"],
        ) from e
    except (OSError, RecursionError) as e:
        staging.discard(staged, paths.trash)
        why = (e.strerror if isinstance(e, OSError) else "") or "its directories are too deep"
        raise errors.StorageError(
            f'cannot copy the image\'s files for container "{record["name"]}": {why}',
            remedy="look for free space with df, or use --storage-driver=overlay",
            name=record["name"],
        ) from e
