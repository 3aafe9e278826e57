"""Owns: waiting for a monitor's first answer, which one that is stopped never gives."""

from __future__ import annotations

import select
import time

from libpod import errors
from libpod.kernel import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.util.wire import Conn

_LOOK_S = 2
"""How long a monitor may be silent before it is looked at whether it can answer at all."""
_ANSWER_S = 120
"""An exec's first answer waits for the runtime, and that for a machine that may be busy."""


def check(conn: Conn, name: str) -> None:
    """Raise MonitorError if the monitor is stopped; before anything is sent, which would be done later on."""
    pid = conn.peer_pid()
    if pid and process.stopped(pid):
        raise errors.MonitorError(
            f'the monitor of container "{name}" (process {pid}) is stopped: it does not answer',
            remedy=f'let it go on with "kill -CONT {pid}"',
        )


def wait(conn: Conn, name: str) -> None:
    """Wait until the monitor of container `name` has answered something, or has ended.

    MonitorError when it is stopped, or when that takes too long.
    """
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    deadline = time.monotonic() + _ANSWER_S
    while not poll.poll(_LOOK_S * 1000):
        check(conn, name)
        if time.monotonic() >= deadline:
            raise errors.MonitorError(
                f'the monitor of container "{name}" has not answered within {_ANSWER_S} s',
                remedy=f'"pypod rm -f {name}" ends it and the container',
            )
