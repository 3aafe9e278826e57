"""Owns: carrying the streams of a container that this command has started, and the follow-up of `--rm`."""

from __future__ import annotations

import os

from libpod import monitorctl
from libpod.engine import cleanup, stop, streams
from libpod.util import eventlog, failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.engine.session import Session
    from libpod.engine.start import Started
    from libpod.engine.streams import Stdio


def carry(session: Session, started: Started, stdio: Stdio) -> int:
    """Carry the streams of a started container to its end; clean up after a `--rm` one. Returns its exit
    code."""
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

    eventlog.container(session.paths.events, started.record, "attach")
    stdio.kill = lambda number: stop.send(session, started.record, number)
    try:
        streams.pump(started.conn, stdio, on_message, started.early)
    except streams.Detached:
        _tell(started, "detach")
        started.conn.close()
        return 0
    code = int(str(ended["code"]))
    if started.record["remove"] and not ended.get("again"):
        _tell(started, "claim")
        cleanup.remove(session, started.record)
        failpoint.hit("run:before-cleaned")
        if not _tell(started, "cleaned"):  # the monitor was killed: it can no longer leave its cgroup
            from libpod import unmonitored

            unmonitored.remove_cgroup(session.paths, started.record["id"])
    started.conn.close()
    return code


def _tell(started: Started, name: str) -> bool:
    """Tell the monitor, if it still lives: what is to be done is done without it."""
    started.conn.set_blocking(True)
    try:
        started.conn.send({"t": name})
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True
