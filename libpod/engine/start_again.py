"""Owns: `start`: a container that was created, or has ended, runs (again)."""

from __future__ import annotations

from libpod import errors, monitorctl
from libpod.engine import containers, launch
from libpod.engine import start as starting
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.engine.streams import Stdio
    from libpod.model.container import ContainerRecord


def start(session: Session, record: ContainerRecord) -> None:
    """Start it in the background; nothing if it runs. Idempotent."""
    started = _start(session, record, None)
    if started is not None:
        starting.leave(session, started)


def start_attached(session: Session, record: ContainerRecord, stdio: Stdio) -> int:
    """Start it and carry its streams until it ends; its exit code. One that runs is attached to."""
    from libpod.engine import attach, carry  # only here

    started = _start(session, record, stdio)
    if started is None:
        return attach.attach(session, record, stdio)
    return carry.carry(session, started, stdio)


def _start(session: Session, record: ContainerRecord, stdio: Stdio | None) -> starting.Started | None:
    session.enter()
    with session.locks.take(RANK_CONTAINER, record["id"]):
        record = containers.find(session, record["id"])
        status = containers.status(session, record)
        if status["state"] == "paused":
            raise errors.StateError(
                f'container "{record["name"]}" is paused',
                remedy=f'let it go on with "pypod unpause {record["name"]}"',
            )
        if status["state"] in ("running", "stopping"):
            return None
        if status["state"] == "initialized":
            _go_on(session, record)
            return None
        launched = launch.launch(
            session, record["id"], mode=record["cgroups"], stop_timeout_s=record["stop_timeout_s"]
        )
        try:
            size = stdio.size() if stdio is not None and stdio.size is not None and record["tty"] else None
            streams = None if stdio is None else stdio.attached()
            around = starting.surround(
                session, launched, record["id"], record["network"], nested=bool(record["userns"]["uidmap"])
            )
            from libpod.spec import validate  # while the monitor makes the network

            validate.record(record, session.host_facts(record["cgroups"]))
            return starting.start(session, record, launched, around, attach=streams, size=size)
        except BaseException:
            launched.close()
            raise


def _go_on(session: Session, record: ContainerRecord) -> None:
    """Let the process of an initialized container run."""
    conn = monitorctl.connect(session.paths, record["id"])
    try:
        conn.send({"t": "start-created"})
        got = conn.recv()
    finally:
        conn.close()
    if got is None:
        raise errors.MonitorError(f'the monitor of container "{record["name"]}" ended unexpectedly')
    if got[0]["t"] == "error":
        raise monitorctl.error_from(got[0])
