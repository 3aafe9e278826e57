"""Owns: taking a container that has ended out of the store, by whichever process comes first.

Each step succeeds when half of it was done before: the directory moves into the trash by one rename, then
the row goes, then what lies of it in the trash."""

from __future__ import annotations

import os

from libpod import errors, log, monitorctl, volumes
from libpod.engine import containers
from libpod.state import containers as rows
from libpod.storage import rootfs
from libpod.util import alive, eventlog, failpoint
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.run import RunStatus


_LEFT_S = 5.0
"""For what a killed monitor has left to end."""


def remove(session: Session, record: ContainerRecord, *, anonymous_volumes: bool = True) -> None:
    """Remove the ended container: directory, row, its anonymous volumes. Idempotent. The user namespace
    must be entered."""
    with session.locks.take(RANK_CONTAINER, record["id"]) as held:
        if containers.is_running(containers.status(session, record)):
            return  # it was started again before we had the lock
        remove_locked(session, record, anonymous_volumes=anonymous_volumes)
        held.remove()
    _remove_image(session, record)


def remove_locked(session: Session, record: ContainerRecord, *, anonymous_volumes: bool) -> None:
    cid = record["id"]
    if not monitorctl.stop_unmonitored(session.paths, cid, _LEFT_S):
        log.debug("the monitor lives, or something of the container does not end", container=cid[:12])
    if os.path.lexists(f"{session.paths.container_dir(cid)}/mount"):
        from libpod.storage import mounted  # lazy: seldom used

        mounted.discard(session.paths, cid)
    rootfs.trash_container(session.paths, cid)
    failpoint.hit("remove:after-trash")
    rows.delete(session.db, cid, durable=not record["remove"])
    failpoint.hit("remove:after-row")
    eventlog.container(session.paths.events, record, "remove")
    rootfs.empty_trash_of(session.paths, cid)
    if anonymous_volumes:
        volumes.remove_anonymous(session.paths, session.db, record)


def _remove_image(session: Session, record: ContainerRecord) -> None:
    """`--rmi`: take the name away by which the container was made, and the image if that was its last one."""
    if not record.get("remove_image"):
        return
    from libpod.engine import rmi  # lazy: seldom

    try:
        rmi.rmi(session, [record["image_name"] or record["image_id"]], lambda line: None, ignore=True)
    except errors.PypodError as e:
        log.info("the image stays", image=record["image"], reason=e)


def after_exit(
    session: Session,
    record: ContainerRecord,
    *,
    rm: bool = False,
    rmi: bool = False,
    stopped_only: bool = False,
) -> None:
    """Clean up after a container that has ended: what a killed monitor has left, and the container itself if
    it was made with `--rm`, or with `rm`; with `rmi` its image too.

    The monitor executes it when nobody claimed the follow-up, with `stopped_only`: then one that runs again
    is left alone. Otherwise StateError for one that runs.
    """
    session.enter()
    status = containers.status(session, record)
    if containers.is_running(status):
        if stopped_only:
            return
        raise errors.StateError(
            f'container "{record["name"]}" is running or paused, refusing to clean up',
            remedy=f'stop it first, with "pypod stop {record["name"]}"',
            name=record["name"],
        )
    if record["remove"] or rm:
        remove(session, record)
    elif status["state"] != "initialized":
        monitorctl.stop_unmonitored(session.paths, record["id"], _LEFT_S)
    if rmi:
        from libpod.engine import rmi as images  # lazy: seldom

        images.rmi(session, [record["image_name"] or record["image_id"]], lambda line: None)


def check_exec(record: ContainerRecord, session_id: str) -> None:
    """Raise NotFoundError: of an exec that has ended nothing is left, and one that runs is no rubbish."""
    raise errors.NotFoundError(
        f"container {record['id']} has no exec session with ID {session_id}: no such exec session",
        name=session_id,
        exit_code=125,
    )


def reap(session: Session, record: ContainerRecord, status: RunStatus) -> bool:
    """Remove a `--rm` container whose run is over, or never began, because everybody who was to remove it
    was killed.

    Whether it is gone. Whoever makes, starts or removes a container holds its lock meanwhile: such a one is
    left alone."""
    over = status["state"] == "exited" or (status["state"] == "created" and record.get("made_by_run", False))
    if not record["remove"] or not over or status["monitor_pid"]:
        return False
    monitored = alive.held(session.paths.run_dir(record["id"]) + "/alive")
    if monitored or not session.locks.is_free(RANK_CONTAINER, record["id"]):
        return False
    log.info("removing what an interrupted command left", container=record["id"][:12])
    session.enter()
    try:
        whole = rows.get(session.db, record["id"])
    except errors.NotFoundError:
        return True
    with session.locks.take(RANK_CONTAINER, record["id"]) as held:
        if containers.is_running(containers.status(session, record)):
            return False
        remove_locked(session, whole, anonymous_volumes=True)
        held.remove()
    _remove_image(session, whole)
    return True


def sweep(session: Session, known: set[str]) -> None:
    """Remove directories without a row: whoever was making the container was killed before it wrote the row.

    `known` are the containers that a list has just shown. Whoever makes or removes one holds its lock. A
    directory with files of a container in it had a row: it stays, for the database may have been lost.
    """
    try:
        found = os.listdir(session.paths.containers)
    except FileNotFoundError:
        return
    for cid in found:
        if cid in known or rootfs.was_used(session.paths, cid):
            continue
        if not session.locks.is_free(RANK_CONTAINER, cid) or _has_row(session, cid):
            continue
        if alive.held(session.paths.run_dir(cid) + "/alive"):
            continue  # its monitor is about to undo everything
        log.info("removing the directory of a container that was never made", container=cid[:12])
        session.enter()
        with session.locks.take(RANK_CONTAINER, cid) as held:
            if not _has_row(session, cid) and not rootfs.was_used(session.paths, cid):
                rootfs.remove_container_dirs(session.paths, cid)
                held.remove()


def _has_row(session: Session, cid: str) -> bool:
    try:
        rows.get(session.db, cid)
    except errors.NotFoundError:
        return False
    return True
