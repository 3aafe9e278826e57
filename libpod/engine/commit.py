"""Owns: `commit`: an image of what a container is now: its files, and how it is started."""

from __future__ import annotations

import os

from libpod import errors, log, unmonitored
from libpod.engine import containers, rootfiles
from libpod.engine.import_image import open_store
from libpod.kernel import cgroup
from libpod.state import images
from libpod.storage import driver, mapped
from libpod.util import tartree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.image import ImageRecord
    from libpod.util.copytree import Owner

FORMATS = ("oci", "docker")
_FREEZE_S = 10.0
_PLACES = frozenset(name[1:] for name in rootfiles.PLACES if name != b"/run")


def commit(
    session: Session,
    name: str,
    image_name: str = "",
    *,
    author: str = "",
    change: Sequence[str] = (),
    kind: str = "oci",
    include_volumes: bool = False,
    message: str = "",
    pause: bool = False,
    squash: bool = False,
    say: Callable[[str], None] | None = None,
) -> str:
    """Make an image of a container; returns its full id.

    `squash`: of one layer with all files. `pause`: a running container stands still meanwhile. Raises
    UsageError, NotFoundError, StorageError; then nothing was stored.
    """
    if kind not in FORMATS:
        raise errors.UsageError(
            f'unrecognized image format "{kind}"', remedy=f"the formats are {', '.join(FORMATS)}"
        )
    if message and kind != "docker":
        raise errors.UsageError(
            "messages are only compatible with the docker image format (-f docker)",
            remedy="add --format docker",
        )
    record = containers.find(session, name)
    store = open_store(session, say)
    base = _base(session, record, needed=not squash)
    whole = squash or base is None
    frozen = _freeze(session, record) if pause else ""
    try:
        if whole:
            root_fd, owner = rootfiles.open_whole(session, (record, None))
        else:
            root_fd, _ = rootfiles.open_own(session, (record, None))
            owner = mapped.seen_inside(record, own_layer=True)
        try:
            return _make(
                store,
                record,
                None if whole else base,
                root_fd,
                owner,
                image_name,
                _config(record, base, include_volumes=include_volumes, docker=kind == "docker"),
                change=change,
                author=author,
                message=message,
                docker=kind == "docker",
            )
        finally:
            if root_fd >= 0:
                os.close(root_fd)
    finally:
        if frozen:
            cgroup.freeze(frozen, False)


def _make(
    store: Any,
    record: ContainerRecord,
    base: ImageRecord | None,
    root_fd: int,
    owner: Owner | None,
    image_name: str,
    config: dict[str, Any],
    **more: Any,
) -> str:
    from libpod.image import commit as image_commit

    fuse = base is not None and driver.of(record) == "fuse-overlayfs"
    # Of a container that was never started there is no layer: an empty archive stands for it.
    chunks = (
        tartree.Tree(root_fd, log.warning, layer=True, skip=_PLACES, owner=owner, fuse=fuse).chunks()
        if root_fd >= 0
        else iter((bytes(2 * 512),))
    )
    made = image_commit.commit(
        store,
        tartree.reader(chunks),
        base,
        config,
        image_name,
        parent_name=record["image_name"] or record["image_id"],
        created_by=" ".join(record["args"]),
        **more,
    )
    return made["id"]


def _base(session: Session, record: ContainerRecord, *, needed: bool) -> ImageRecord | None:
    if record["rootfs"]:
        return None
    try:
        return images.get(session.db, record["image_id"])
    except errors.NotFoundError as e:
        if not needed:
            return None
        raise errors.StateError(
            f'the image of container "{record["name"]}" is no longer there',
            remedy="add --squash, or bring the image back",
            name=record["name"],
        ) from e


def _freeze(session: Session, record: ContainerRecord) -> str:
    """Let the processes of a running container stand still; the cgroup to let go on, empty if none."""
    status = containers.status(session, record)
    if status["state"] != "running":
        return ""
    inner = unmonitored.cgroup_of_run(session.paths, record["id"])
    try:
        if not inner:
            raise errors.KernelError(2, "freeze", "no cgroup")
        cgroup.freeze(inner, True)
    except errors.KernelError as e:
        raise errors.StateError(
            f'cannot pause container "{record["name"]}": it has no cgroup of its own',
            remedy="leave out --pause",
            name=record["name"],
        ) from e
    if not cgroup.wait_frozen(inner, True, _FREEZE_S):
        cgroup.freeze(inner, False)
        raise errors.StateError(
            f'container "{record["name"]}" does not pause within {_FREEZE_S:.0f} s',
            remedy="leave out --pause",
            name=record["name"],
        )
    return inner


def _config(
    record: ContainerRecord, base: ImageRecord | None, *, include_volumes: bool, docker: bool
) -> dict[str, Any]:
    """How the container is started, as the `config` object of an image (image-spec config.md)."""
    there = base["config"] if base is not None else None
    config: dict[str, Any] = {}
    if record["user"]:
        config["User"] = record["user"]
    config["ExposedPorts"] = {
        port: {} for port in sorted({*record["expose"], *(there["exposed_ports"] if there else ())})
    }
    config["Env"] = list(record["env"])
    config["Entrypoint"] = list(record["entrypoint"])
    config["Cmd"] = list(record["command"])
    volumes = set(there["volumes"]) if there else set()
    if include_volumes:
        volumes.update(m["destination"] for m in record["mounts"] if m["type"] in ("bind", "volume"))
    config["Volumes"] = {path: {} for path in sorted(volumes)}
    config["WorkingDir"] = record["workdir"]
    config["Labels"] = dict(record["labels"])
    if there and there["stop_signal"]:
        config["StopSignal"] = there["stop_signal"]
    if docker and record["healthcheck"]:
        config["Healthcheck"] = record["healthcheck"]
    return {key: value for key, value in config.items() if value}
