"""Owns: ending a container's processes: stop, kill, and waiting for the end.

Signals go by pidfd to the container's init from outside its user namespace (the owner of a user namespace
may signal what is in it), so nothing is entered and no runtime is started. No lock is held while we wait.
"""

from __future__ import annotations

from libpod import errors, monitorctl
from libpod.engine import containers, initproc
from libpod.kernel import cgroup
from libpod.util import eventlog, failpoint
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.run import RunStatus

SIGKILL = 9
SIGTERM = 15
KILL_WAIT_S = 10.0
MONITOR_WAIT_S = 10.0
_HOLLOW_S = 10
"""An infra container without a first process is its monitor, which is killed for nothing but a stop that it
does not hear.
"""


def stop(session: Session, record: ContainerRecord, timeout_s: int | None = None) -> None:
    """Ask the container to end, kill it after `timeout_s` (None: its own stop timeout).

    Nothing if it has ended. When this returns the exit is recorded, unless the monitor had died before. The
    lock is held for the decision alone: who waits must not keep the monitor's follow-up from it."""
    if end(session, record, timeout_s):
        eventlog.container(session.paths.events, record, "stop")


def end(session: Session, record: ContainerRecord, timeout_s: int | None = None) -> bool:
    """The same without an event; whether it ran. Of the record it needs `id`, `name`, `stop_signal` and
    `stop_timeout_s` alone.
    """
    cid = record["id"]
    with session.locks.take(RANK_CONTAINER, cid):
        status = containers.status(session, record)
        if not (containers.is_running(status) or status["state"] == "initialized"):
            return False
        monitorctl.note_stop_requested(session.paths, cid)
        init, monitor = initproc.of_run(session, cid)  # now: a run that is begun later has others
    failpoint.hit("stop:before-signal")
    seconds = record["stop_timeout_s"] if timeout_s is None else timeout_s
    if record.get("infra") == "hollow":
        seconds = _HOLLOW_S
    if status["state"] == "initialized":
        seconds = 0
    if init is not None:
        with init:
            _end(record, status, init, seconds)
    elif status["elsewhere"] and not status["unmonitored"]:
        from libpod.engine import elsewhere  # lazy: rare

        elsewhere.stop(session, record, status, seconds)
        return True
    elif status["unmonitored"]:
        monitorctl.stop_unmonitored(session.paths, cid)
    wait_s = MONITOR_WAIT_S
    if monitor is not None and record.get("restart_policy") != "no":
        monitor.signal(SIGTERM)  # it may be about to start the container again, or have done so
        wait_s += max(0, record["stop_timeout_s"])
    initproc.wait_gone(monitor, wait_s)
    if status["unmonitored"]:
        monitorctl.stop_unmonitored(session.paths, cid)  # its cgroups, and what else is in them
    return True


def _end(record: ContainerRecord, status: RunStatus, init: initproc.Process, seconds: int) -> None:
    """Signal, wait, kill."""
    if status["state"] == "paused":
        cgroup.freeze(status["cgroup"], False)
    if seconds != 0:
        init.signal(record["stop_signal"])
        failpoint.hit("stop:after-signal")
    if seconds == 0 or not init.wait(float(seconds) if seconds > 0 else None):
        kill_all(status, init)
        if not init.wait(KILL_WAIT_S):
            raise errors.StateError(
                f'container "{record["name"]}" does not end: its process {status["pid"]} stays after SIGKILL',
                remedy=f'look at it with "cat /proc/{status["pid"]}/stack" (as root)',
            )


def kill_all(status: RunStatus, init: initproc.Process) -> None:
    """SIGKILL: the payload cgroup where there is one (it holds all of it, with any pid namespace), and
    init. Nothing if init has ended: its monitor ends the others, and the next run has the same cgroup."""
    if init.wait(0):
        return
    if status["cgroup"]:
        try:
            cgroup.kill(status["cgroup"])
        except OSError:
            pass  # gone already or not ours to write: init's end takes its pid namespace with it
    init.signal(SIGKILL)


def send(session: Session, record: ContainerRecord, number: int) -> None:
    """Send a signal to the container's first process, if it still runs."""
    init = initproc.of_container(session, record["id"])
    if init is not None:
        with init:
            init.signal(number)


def kill(session: Session, record: ContainerRecord, number: int) -> None:
    """Send one signal to the container's first process."""
    if record.get("infra") == "hollow":
        if number in (SIGKILL, SIGTERM):
            stop(session, record)
        return
    status = containers.status(session, record)
    if not containers.is_running(status):
        raise errors.StateError(
            f'cannot kill container "{record["name"]}": it is {status["state"]}, not running',
            remedy=f'start it with "pypod start {record["name"]}"',
            name=record["name"],
        )
    ends = number in (SIGKILL, SIGTERM, record["stop_signal"])
    if status["state"] == "restarting":
        if not ends:
            raise containers.is_restarting(record, "kill")
        stop(session, record, 0)
        return
    eventlog.container(session.paths.events, record, "kill")
    if ends and record["restart_policy"] != "no":
        monitorctl.note_stop_requested(session.paths, record["id"])
    if status["elsewhere"] and not status["unmonitored"]:
        from libpod.engine import elsewhere  # lazy: rare

        elsewhere.kill(session, record, number)
        return
    init, monitor = initproc.of_run(session, record["id"])
    failpoint.hit("kill:before-signal")
    if init is None:
        return
    with init:
        if number == SIGKILL:
            kill_all(status, init)
            init.wait(KILL_WAIT_S)
            initproc.wait_gone(monitor, MONITOR_WAIT_S)
        else:
            init.signal(number)


def wait(
    session: Session, record: ContainerRecord, conditions: tuple[str, ...] = ("stopped", "exited")
) -> int:
    """Block until the container is in one of the states; its exit code, or -1 when it ended unseen."""
    has_run = False
    while True:
        status = containers.status(session, record)
        if has_run and status["state"] == "created":
            return -1  # removed, with the record of its exit
        has_run = containers.is_running(status)
        if has_run and record["remove"] and set(conditions) <= {"stopped", "exited"}:
            code = _exit_told(session, record)
            if code is not None:
                return code
        if status["state"] in conditions or (
            "stopped" in conditions and status["state"] in ("exited", "created")
        ):
            if status["exit_code"] is not None:
                return status["exit_code"]
            return -1 if containers.is_running(status) or not status["exit_known"] else 0
        if status["state"] == "exited":
            return status["exit_code"] if status["exit_code"] is not None else -1
        if "running" in conditions and containers.is_running(status):
            return -1
        monitorctl.wait_change(session.paths, record["id"], status)


def _exit_told(session: Session, record: ContainerRecord) -> int | None:
    """The exit code as the monitor tells it: of a container with `--rm` it is nowhere to be read a moment
    later. None when the monitor is dead, or at its end already.
    """
    try:
        conn = monitorctl.connect(session.paths, record["id"])
    except (errors.StateError, errors.MonitorError):
        return None
    try:
        conn.send({"t": "wait"})
        while (got := conn.recv()) is not None:
            if got[0].get("t") == "exited":
                return int(got[0]["code"])
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        conn.close()
    return None
