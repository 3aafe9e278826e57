"""Owns: `commit`: an image of what a container is now: its files, and how it is started."""

from __future__ import annotations

from libpod import errors, log
from libpod.engine import containers, rootfiles
from libpod.engine import pause as freezer
from libpod.engine.import_image import open_store
from libpod.state import images
from libpod.storage import treediff
from libpod.util import eventlog, failpoint, tartree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.image import ImageRecord

FORMATS = ("oci", "docker")
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
    of = base = _base(session, record, needed=not squash)
    paused = pause and _pause(session, record)
    try:
        if squash or base is None:
            root, owner = rootfiles.open_whole(session, (record, None))
            written = rootfiles.Written(root, None, owner)
            base = None
        else:
            written = rootfiles.open_own(session, (record, None))
        try:
            made = _make(
                store,
                record,
                base,
                written,
                image_name,
                _config(record, of, include_volumes=include_volumes, docker=kind == "docker"),
                change=change,
                author=author,
                message=message,
                docker=kind == "docker",
            )
        finally:
            written.close()
        eventlog.container(session.paths.events, record, "commit")
        return made
    finally:
        if paused:
            _go_on(session, record)


def _make(
    store: Any,
    record: ContainerRecord,
    base: ImageRecord | None,
    written: rootfiles.Written,
    image_name: str,
    config: dict[str, Any],
    **more: Any,
) -> str:
    from libpod.image import commit as image_commit

    made = image_commit.commit(
        store,
        tartree.reader(_archive(written)),
        base,
        config,
        image_name,
        parent_name=record["image_name"] or record["image_id"],
        created_by=" ".join(record["args"]),
        **more,
    )
    return made["id"]


def _archive(written: rootfiles.Written) -> Iterator[bytes]:
    """What was written as the archive of a layer."""
    if written.own is None:
        return iter((bytes(2 * 512),))  # it was never started: an empty archive stands for its layer
    if written.layer:
        return _tree(written).chunks()
    # A copy of everything: what differs from the layers below is looked for first.
    only: set[bytes] = set()
    gone: dict[bytes, list[bytes]] = {}
    below = -1 if written.below is None else written.below
    owners = (written.owner, written.below_owner)
    changes = treediff.changes(written.own, below, layer=False, copied_ns=written.copied_ns, owners=owners)
    for what, path in changes:
        folder, _, name = path[1:].rpartition(b"/")
        if what == "D":
            gone.setdefault(folder, []).append(name)
        else:
            only.add(path[1:])
    return _tree(written, only=only, gone=gone).chunks()


def _tree(written: rootfiles.Written, **more: Any) -> tartree.Tree:
    assert written.own is not None
    return tartree.Tree(written.own, log.warning, layer=True, skip=_PLACES, owner=written.owner, **more)


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


def _pause(session: Session, record: ContainerRecord) -> bool:
    """Let the processes of a running container stand still; whether they do so for us."""
    if containers.status(session, record)["state"] != "running":
        return False
    try:
        freezer.pause(session, record)
    except errors.NotSupportedError as e:
        e.remedy = f"leave out --pause; {e.remedy}"
        raise
    failpoint.hit("commit:after-pause")
    return True


def _go_on(session: Session, record: ContainerRecord) -> None:
    try:
        freezer.unpause(session, record)
    except errors.StateError as e:
        log.debug("somebody else let the container go on, or ended it", error=e.message)


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
