"""Owns: ending a container's first process that has no monitor any more."""

from __future__ import annotations

import errno
import os
import select

from libpod.kernel import process

_SIGKILL = 9


def kill(pid: int, start: int, timeout_s: float) -> bool:
    """Kill exactly the process that started then, and wait for its end; False if that takes too long.

    With the first process goes its pid namespace. Works from outside the user namespace. Idempotent.
    """
    try:
        pid_fd = process.pidfd_open(pid)
    except OSError:
        return True
    try:
        if process.start_time(pid) != start:
            return True
        process.pidfd_signal(pid_fd, _SIGKILL)
        poll = select.poll()
        poll.register(pid_fd, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))
    except OSError as error:
        if error.errno == errno.ESRCH:
            return True
        raise
    finally:
        os.close(pid_fd)
