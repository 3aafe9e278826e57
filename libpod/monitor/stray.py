"""Owns: ending processes of a container that nobody watches: a first process without a monitor, and what a
runtime left half-made.
"""

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


def kill_children(keep: int) -> None:
    """Kill all children of this process but one, orphans that came to it too. proc_tid_children(5)."""
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/children", "rb", buffering=0) as stream:
                children = [int(word) for word in stream.read().split()]
        except OSError:  # a kernel without it, or a thread that has ended
            continue
        for pid in children:
            if pid != keep:
                try:
                    os.kill(pid, _SIGKILL)  # not reaped yet: the id is its own
                except OSError:
                    pass
