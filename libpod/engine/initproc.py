"""Owns: a container's first process as others see it: signals and its end, by pidfd, never by a bare pid."""

from __future__ import annotations

import os
import select

from libpod.kernel import process
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.run import StatusFile


class Process:
    """A process held by its pidfd (pidfd_open(2)); use as a context manager."""

    def __init__(self, pidfd: int, pid: int) -> None:
        self._fd = pidfd
        self.pid = pid
        """Its own as long as it has not ended: see `wait`."""

    def signal(self, number: int) -> None:
        """Send a signal; nothing if the process has ended."""
        try:
            process.pidfd_signal(self._fd, number)
        except ProcessLookupError:
            pass
        except OSError as e:
            if e.errno != 3:
                raise

    def wait(self, seconds: float | None) -> bool:
        """Whether it ended within the time (None = wait for ever)."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(None if seconds is None else max(0, int(seconds * 1000))))

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._fd)


def open_process(pid: int, start: int) -> Process | None:
    """The process, if the pid still is the one that started at `start` (clock ticks); None when it has
    ended."""
    if pid <= 0:
        return None
    try:
        fd = process.pidfd_open(pid)
    except OSError:
        return None
    try:
        same = process.start_time(pid) == start
    except OSError:
        same = False
    if not same:
        os.close(fd)
        return None
    return Process(fd, pid)


def of_container(session: Session, cid: str) -> Process | None:
    """Init of the container's last run; None when there is none in this boot, or elsewhere."""
    record = _with_ids(session, cid)
    return open_process(int(record["init_pid"]), int(record["init_start"])) if record else None


def of_run(session: Session, cid: str) -> tuple[Process | None, Process | None]:
    """Init and monitor of one and the same run; None for what has ended, or is elsewhere."""
    record = _with_ids(session, cid)
    if record is None:
        return None, None
    return (
        open_process(int(record["init_pid"]), int(record["init_start"])),
        open_process(int(record["monitor_pid"]), int(record["monitor_start"])),
    )


def wait_gone(monitor: Process | None, seconds: float) -> None:
    """Wait until the monitor has recorded the exit and is gone; closes it.

    One that hangs is killed: its container has ended.
    """
    if monitor is None:
        return
    with monitor:
        if not monitor.wait(seconds):
            monitor.signal(9)
            monitor.wait(seconds)


def _with_ids(session: Session, cid: str) -> StatusFile | None:
    """The status file, if the process ids in it are of this pid namespace."""
    record = _status_file(session, cid)
    return record if record and record.get("pid_ns", 0) in (0, process.pid_namespace()) else None


def _status_file(session: Session, cid: str) -> StatusFile | None:
    try:
        record: StatusFile = jsonio.load_file(session.paths.run_dir(cid) + "/status.json")
    except (OSError, ValueError):
        return None
    return record if record.get("boot_id") == process.boot_id() else None
