"""Owns: the files of a container or image as other commands read them: whole, or its own layer alone."""

from __future__ import annotations

import os

from libpod import errors
from libpod.engine import containers, initproc
from libpod.kernel import path
from libpod.state import images
from libpod.storage import driver, layers, mapped, rootfs, view
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.image import ImageRecord
    from libpod.util.copytree import Owner

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


def open_whole(session: Session, found: Found) -> tuple[int, Owner | None]:
    """(an owned descriptor of the root directory, without volumes and other mounts; from the ids of its files
    to those that the container sees). Inside the namespace.
    """
    record, image = found
    if record is None:
        return view.of_layers(session.paths, image["layers"] if image is not None else []), None
    if containers.is_running(containers.status(session, record)):
        fd = _of_running(session, record)
        if fd >= 0:
            return fd, mapped.seen_inside(record)
    return view.of_plan(session.paths, driver.read_plan(session.paths, record)), mapped.seen_inside(record)


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


def open_own(session: Session, found: Found) -> tuple[int, list[str]]:
    """(a descriptor of its own layer with overlay's marks, the keys of the layers below); -1 = no layer."""
    record, image = found
    if record is not None:
        if record["rootfs"]:
            raise errors.NotSupportedError(
                f'container "{record["name"]}" was made of the directory {record["rootfs"]}, '
                "which does not tell what has changed",
                remedy="compare it with a copy of your own",
            )
        if driver.of(record) == "vfs":
            raise errors.NotSupportedError(
                f'what container "{record["name"]}" has changed cannot be told: its storage driver is vfs',
                remedy="use a container made with --storage-driver=overlay",
                name=record["name"],
            )
        upper = f"{session.paths.container_dir(record['id'])}/{rootfs.UPPER}"
        return (path.open_root(upper) if os.path.isdir(upper) else -1), record["layers"]
    keys = image["layers"] if image is not None else []
    if not keys:
        return -1, []
    top = keys[-1]
    if not layers.exists(session.paths, top):
        raise layers.damaged(top, "its directory is not there")
    return view.layer(session.paths, top), keys[:-1]
