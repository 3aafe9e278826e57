"""Owns: the files of a container or image as other commands read them: whole, or its own layer alone."""

from __future__ import annotations

import os

from libpod import errors
from libpod.engine import containers, initproc
from libpod.kernel import path, process
from libpod.state import images
from libpod.storage import driver, layers, mapped, overlay, rootfs, vfs
from libpod.storage import fuse as fuse_driver
from libpod.util import dirview, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.image import ImageRecord
    from libpod.util.copytree import Owner
    from libpod.util.dirview import Plain

    Kind = Literal["all", "container", "image"]
    Found = tuple[ContainerRecord | None, ImageRecord | None]
    """One of both."""

PLACES = frozenset(
    (
        b"/dev",
        b"/etc/hostname",
        b"/etc/hosts",
        b"/etc/mtab",
        b"/etc/resolv.conf",
        b"/proc",
        b"/run",
        b"/run/.containerenv",
        b"/run/notify",
        b"/run/secrets",
        b"/sys",
    )
)
"""What the engine puts into every container."""


def find(session: Session, name: str, kind: Kind) -> Found:
    """The container or image of that name; a container is looked for first. Raises NotFoundError."""
    if kind == "container":
        return containers.find(session, name), None
    if kind == "all":
        try:
            return containers.find(session, name), None
        except errors.NotFoundError:
            pass
    try:
        return None, images.find(session.db, name)[0]
    except errors.NotFoundError as e:
        if kind == "image":
            raise
        raise errors.NotFoundError(
            f'no container and no image "{name}"', remedy='see "pypod ps -a" and "pypod images"', name=name
        ) from e


class Written:
    """What a container or image has of its own, and what is below it. Owns both."""

    __slots__ = ("below", "below_owner", "copied_ns", "layer", "own", "owner")

    def __init__(
        self,
        own: Plain | None,
        below: Plain | None,
        owner: Owner | None = None,
        *,
        below_owner: Owner | None = None,
        layer: bool = True,
        copied_ns: int | None = None,
    ) -> None:
        self.own = own
        """None = nothing: it was never started, or has no layer."""
        self.below = below
        """None = nothing is below."""
        self.owner = owner
        """From the ids of `own` to those that the container sees; `below_owner`: of what is below."""
        self.below_owner = below_owner
        self.layer = layer
        """`own` has the changes alone, with marks; else it is a copy of all with the changes in it."""
        self.copied_ns = copied_ns
        """When that copy was made."""

    def close(self) -> None:
        for each in (self.own, self.below):
            if each is not None:
                each.close()


def open_whole(session: Session, found: Found) -> tuple[Plain, Owner | None]:
    """(the whole tree, owned, without volumes and other mounts; from the ids of its files to those that the
    container sees). Inside the namespace. Nothing is mounted.
    """
    record, image = found
    if record is None:
        return _layered(session, image["layers"] if image is not None else []), None
    if record["rootfs"] and not record.get("rootfs_overlay"):
        return _opened(path.open_root(record["rootfs"])), mapped.seen_inside(record)
    upper = f"{session.paths.container_dir(record['id'])}/{rootfs.UPPER}"
    if not os.path.isdir(upper):
        return _below(session, record), _owner_below(record)
    if driver.of(record) == vfs.NAME:
        return _opened(path.open_root(upper)), mapped.seen_inside(record)
    fuse = driver.of(record) == fuse_driver.NAME
    if fuse:
        _write_back(session, record)
    folders = [upper, *overlay.lower_of(session.paths, record)]
    return _together(folders, fuse=fuse), mapped.seen_inside(record, own_layer=True)


def _below(session: Session, record: ContainerRecord) -> Plain:
    return _together(overlay.lower_of(session.paths, record))


def _owner_below(record: ContainerRecord) -> Owner | None:
    """Layers have the ids that a mapped container sees; any other one sees them through its map."""
    return None if record.get("mapped") else mapped.seen_inside(record)


def _opened(root_fd: int) -> Plain:
    try:
        return dirview.plain(root_fd)
    finally:
        os.close(root_fd)


def _layered(session: Session, keys: list[str]) -> Plain:
    return _together(overlay.lower_dirs(session.paths, keys))


def _together(folders: list[str], *, fuse: bool = False) -> Plain:
    process.allow_descriptors()  # each level of directories holds one for each layer that has it
    return dirview.layered(folders, fuse_top=fuse)


def _write_back(session: Session, record: ContainerRecord) -> None:
    """Let a running container's files reach the upper directory: FUSE keeps what was written in its cache."""
    if containers.is_running(containers.status(session, record)):
        fd = _of_running(session, record)
        if fd >= 0:
            mounted = _opened(fd)
            try:
                layers.sync(mounted.fd, record["name"])
            finally:
                mounted.close()


def _of_running(session: Session, record: ContainerRecord) -> int:
    """The mount that the monitor has in its own namespace: no other mounts are in it. -1 = not to be seen."""
    init, monitor = initproc.of_run(session, record["id"])
    if init is not None:
        init.__exit__()
    if monitor is None:
        return -1
    with monitor:
        try:
            target = jsonio.load_file(session.paths.run_dir(record["id"]) + "/status.json")["merged"]
            fd = path.open_root(f"/proc/{monitor.pid}/root{target}")
        except (OSError, ValueError, KeyError, TypeError):
            return -1
        if monitor.wait(0):
            os.close(fd)
            return -1
        return fd


def open_own(session: Session, found: Found) -> Written:
    """Its own layer and what is below. Raises NotSupportedError for a container with --rootfs."""
    record, image = found
    if record is not None:
        if record["rootfs"]:
            raise errors.NotSupportedError(
                f'container "{record["name"]}" was made of the directory {record["rootfs"]}, '
                "which does not tell what has changed",
                remedy="compare it with a copy of your own",
            )
        kind = driver.of(record)
        upper = f"{session.paths.container_dir(record['id'])}/{rootfs.UPPER}"
        if not os.path.isdir(upper):
            return Written(None, None)
        below, owner = _below(session, record), mapped.seen_inside(record, own_layer=True)
        if kind == vfs.NAME:
            return Written(
                _opened(path.open_root(upper)),
                below,
                owner,
                below_owner=_owner_below(record),
                layer=False,
                copied_ns=vfs.copied_ns(session.paths, record),
            )
        fuse = kind == fuse_driver.NAME
        if fuse:
            _write_back(session, record)
        return Written(dirview.own(upper, fuse=fuse), below, owner, below_owner=_owner_below(record))
    keys = image["layers"] if image is not None else []
    if not keys:
        return Written(None, None)
    top = keys[-1]
    if not layers.exists(session.paths, top):
        raise layers.damaged(top, "its directory is not there")
    own = dirview.own(layers.diff_dir(session.paths, top))
    return Written(own, _layered(session, keys[:-1]) if keys[:-1] else None)
