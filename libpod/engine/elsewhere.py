"""Owns: containers that were started in another pid namespace (a unit with PrivatePIDs=, a container that
shares the store): their processes have no ids here, so their monitor does what is asked.
"""

from __future__ import annotations

import select
import time

from libpod import errors, monitorctl
from libpod.kernel import cgroup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.run import RunStatus
    from libpod.util.wire import Conn

_SIGKILL = 9
_KILL_WAIT_S = 10.0


def stop(session: Session, record: ContainerRecord, status: RunStatus, seconds: int) -> None:
    """Stop it as `engine.stop` does, and wait until its monitor is gone. Negative seconds: never kill."""
    conn = _connect(session, record)
    if conn is None:
        return
    try:
        if status["state"] == "paused":
            cgroup.freeze(status["cgroup"], False)
        if seconds != 0:
            conn.send({"t": "kill", "signal": record["stop_signal"], "all": False})
        if seconds == 0 or not _ended(conn, float(seconds) if seconds > 0 else None):
            conn.send({"t": "kill", "signal": _SIGKILL, "all": True})
            if not _ended(conn, _KILL_WAIT_S):
                raise errors.StateError(f'container "{record["name"]}" does not end, also after SIGKILL')
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has ended
    finally:
        conn.close()


def kill(session: Session, record: ContainerRecord, number: int) -> None:
    """Send a signal to its first process; SIGKILL to all, and wait for the end."""
    conn = _connect(session, record)
    if conn is None:
        return
    try:
        conn.send({"t": "kill", "signal": number, "all": number == _SIGKILL})
        if number == _SIGKILL:
            _ended(conn, _KILL_WAIT_S)
        else:
            conn.recv()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has ended
    finally:
        conn.close()


def _connect(session: Session, record: ContainerRecord) -> Conn | None:
    try:
        return monitorctl.connect(session.paths, record["id"])
    except errors.StateError:
        return None  # it has just ended


def _ended(conn: Conn, timeout_s: float | None) -> bool:
    """Wait for the end of the connection: the monitor's last act. False if that takes too long."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    while True:
        left_s = None if deadline is None else deadline - time.monotonic()
        if left_s is not None and left_s <= 0:
            return False
        if poll.poll(None if left_s is None else left_s * 1000 + 1) and conn.recv() is None:
            return True
