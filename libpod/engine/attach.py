"""Owns: `attach`, and the channel that `start --attach` shares with `run`."""

from __future__ import annotations

import os

from libpod import errors, monitorctl
from libpod.engine import answer, containers, stop, streams
from libpod.util import eventlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.engine.session import Session
    from libpod.engine.streams import Stdio
    from libpod.model.container import ContainerRecord
    from libpod.util.wire import Conn


def attach(session: Session, record: ContainerRecord, stdio: Stdio) -> int:
    """Carry the streams of a running container until it ends or the detach keys are typed; its exit code (0
    = detached)."""
    status = containers.status(session, record)
    if not containers.is_running(status):
        raise errors.StateError(
            f'cannot attach to container "{record["name"]}": it is {status["state"]}, not running',
            remedy=f'start it with "pypod start --attach {record["name"]}"',
            name=record["name"],
        )
    if status["state"] == "restarting":
        raise containers.is_restarting(record, "attach to")
    conn = monitorctl.connect(session.paths, record["id"])
    answer.check(conn, record["name"])
    conn.send(
        {
            "t": "attach",
            "stdin": stdio.stdin is not None,
            "stdout": stdio.stdout is not None,
            "stderr": stdio.stderr is not None,
            "size": list(stdio.size()) if stdio.size is not None and record["tty"] else None,
        }
    )
    try:
        answer.wait(conn, record["name"])
    except errors.MonitorError:
        conn.close()
        raise
    return carry(session, record, conn, stdio)


def carry(session: Session, record: ContainerRecord, conn: Conn, stdio: Stdio) -> int:
    """Carry the streams over a channel that is attached already; closes it."""
    ended: dict[str, object] = {}

    def on_message(message: Mapping[str, object], fds: list[int]) -> bool:
        for fd in fds:
            os.close(fd)
        if message["t"] == "error":
            raise monitorctl.error_from(message)
        if message["t"] == "exited":
            ended.update(message)
            return True
        return False

    eventlog.container(session.paths.events, record, "attach")
    stdio.kill = lambda number: stop.send(session, record, number)
    try:
        streams.pump(conn, stdio, on_message)
    except streams.Detached:
        conn.send({"t": "detach"})
        return 0
    finally:
        conn.close()
    return int(str(ended["code"]))
