"""Owns: the engine's side of monitors: starting one, finding it, and reading a container's status from
`run/`.

Status is derived from files and locks each time it is asked for; nothing here changes anything but
`run/intent.json`. Protocol: docs/internals/monitor-protocol.md.
"""

from __future__ import annotations

import os
import select
import time

from libpod import errors
from libpod.kernel import cgroup, process
from libpod.util import alive, atomic, jsonio, spawn, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from libpod.conf.paths import Paths
    from libpod.model.run import RunStatus

    Json = dict[str, Any]

_SIGSYS = 31


class Launch:
    """A monitor that was just forked, and our connection to it (owned)."""

    __slots__ = ("conn", "early", "pid")

    def __init__(self, conn: wire.Conn, pid: int) -> None:
        self.conn = conn
        self.pid = pid
        self.early: list[Json] = []
        """Pieces of streams that came before the answer that was waited for: a quick container's first
        output.
        """

    def expect(self, name: str) -> tuple[Json, list[int]]:
        """Wait for the monitor's next message, which is `name`, and return it with its descriptors (owned).

        Raises what the monitor reports instead, MonitorError when it has died.
        """
        while True:
            got = self.conn.recv()
            if got is None:
                raise errors.MonitorError("the container's monitor ended unexpectedly", remedy=self._how())
            message, fds = got
            if message["t"] != wire.DATA:
                break
            self.early.append(message)
        if message["t"] == name:
            return message, fds
        for fd in fds:
            os.close(fd)
        if message["t"] == "error":
            raise error_from(message)
        raise errors.MonitorError(f'the monitor answered "{message["t"]}" instead of "{name}"')

    def send(self, message: Json, fds: Sequence[int] = ()) -> None:
        """Send a message with descriptors of ours; when the monitor is gone, `expect` says what it had to say
        of that.
        """
        try:
            self.conn.send(message, fds)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def check(self) -> None:
        """Raise MonitorError if it has died."""
        how = self._how()
        if how:
            raise errors.MonitorError("the container's monitor ended unexpectedly", remedy=how)

    def close(self) -> None:
        """Let go of it: before the container has started, the monitor undoes everything and ends.

        Idempotent.
        """
        if self.conn.fileno() >= 0:
            self.conn.close()

    def end(self) -> None:
        """Let go of it before the container has started, and wait until it has undone everything."""
        self.close()
        try:
            self.wait()
        except ChildProcessError:
            pass  # it was reaped when it had died

    def wait(self) -> int:
        """Wait for the end of the monitor, our child; return its exit code."""
        return spawn.wait(self.pid)

    def _how(self) -> str:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0 or not os.WIFSIGNALED(status):
            return ""
        number = os.WTERMSIG(status)
        if number == _SIGSYS:
            return "a system call filter killed it: leave SystemCallFilter= out of the unit that starts pypod"
        return f"look for who sent it signal {number} (out of memory?)"


def launch(paths: Paths, in_child: Callable[[], object], *, moves_itself: bool = True) -> Launch:
    """Fork a monitor, which waits for `prepare`.

    From inside the user namespace, before the database is opened.

    `in_child` runs in it first: it takes over or drops what the caller holds (see Entry.hold_in_child). The
    child never returns. `moves_itself`: it goes into the container's cgroup by itself, nobody else moves it.
    """
    ours, theirs = wire.pair()
    pid = os.fork()
    if pid == 0:
        _be_monitor(paths, ours, theirs, in_child, moves_itself)
    theirs.close()
    return Launch(ours, pid)


def _be_monitor(
    paths: Paths, ours: wire.Conn, theirs: wire.Conn, in_child: Callable[[], object], moves_itself: bool
) -> None:
    code = 125
    try:
        ours.close()
        in_child()
        from libpod.monitor import setup  # in the child only: the command does not need it
        from libpod.util import failpoint

        inherited, kept = setup.detach(paths.ns + "/", (theirs.fileno(),))
        failpoint.hit("monitor:forked")
        # A scope's processes are moved by systemd: a move of ours to where we are could undo that.
        moving = setup.foresee_move() if moves_itself else None
        from libpod.monitor import main  # while the kernel prepares

        code = main.run(theirs, inherited, kept, moving)
    except BaseException as error:
        from libpod import log

        log.error("the monitor has failed", error=repr(error))
        try:
            theirs.set_blocking(False)
            theirs.send({"t": "error", **spawn.pack_error(error)})
        except BaseException:
            pass  # the client sees the end of the connection
    finally:
        os._exit(code)


def connect(paths: Paths, cid: str) -> wire.Conn:
    """Connect to the monitor of a running container.

    StateError when there is none, MonitorError when it does not listen.
    """
    run_dir = paths.run_dir(cid)
    try:
        return wire.connect(run_dir + "/control")
    except (FileNotFoundError, ConnectionRefusedError) as error:
        if not alive.held(run_dir + "/alive"):
            raise errors.StateError(
                f"container {cid[:12]} is not running", remedy=f'start it with "pypod start {cid[:12]}"'
            ) from error
        raise errors.MonitorError(
            f"the monitor of container {cid[:12]} does not listen (it starts, or it ends)"
        ) from error


def error_from(message: Mapping[str, Any]) -> errors.PypodError:
    """Return the error in an `error` message."""
    return spawn.unpack_error(dict(message))


def status(paths: Paths, cid: str) -> RunStatus:
    """Derive what a container does now. Takes no lock, needs no user namespace; about 40 us."""
    run_dir = paths.run_dir(cid)
    found = _derive(run_dir)
    if (found["unmonitored"] or not found["exit_known"]) and alive.held(run_dir + "/alive"):
        found = _derive(run_dir)  # it was started while we read: the files were younger than the answer
    return found


def _derive(run_dir: str) -> RunStatus:
    boot_id = process.boot_id()
    monitored = alive.held(run_dir + "/alive")
    ran = load(run_dir + "/status.json")
    end = load(run_dir + "/exit.json")
    if ran is not None and end is not None and ran["run_id"] == end["run_id"]:
        return _ended(end, int(ran["started_ns"]) if ran["state"] != "created" else 0)
    if ran is None:
        if not monitored:
            found = _unrecorded(run_dir)
            if found is not None:
                return found
        return _ended(end, 0) if end is not None else _state("created")
    if ran["boot_id"] == boot_id:
        if monitored and ran["state"] == "restarting":
            return _restarting(run_dir, ran)
        if monitored:
            return _running(run_dir, ran)
        if is_here(ran):
            lives = process.alive(int(ran["init_pid"]), int(ran["init_start"]))
        else:
            lives = bool(ran["cgroup"]) and cgroup.populated(ran["cgroup"])
        if lives:
            return {**_running(run_dir, ran), "unmonitored": True}
    if not monitored:
        found = _unrecorded(run_dir)
        if found is not None:
            return found
    if end is not None and int(end["started_ns"]) > int(ran["started_ns"]):
        return _ended(end, 0)
    if ran["state"] == "restarting":
        return _ended(_last_end(ran), 0)
    unseen = _state("exited")
    unseen["exit_known"] = False
    unseen["started_ns"] = int(ran["started_ns"])
    return unseen


def note_stop_requested(paths: Paths, cid: str) -> None:
    """Write down that this process stops the container: it is `stopping` as long as this one lives."""
    run_dir = paths.run_dir(cid)
    ran = load(run_dir + "/status.json")
    me = os.getpid()
    intent = {
        "v": 1,
        "run_id": ran["run_id"] if ran is not None else "",
        "stop_requested_ns": time.time_ns(),
        "by_pid": me,
        "by_start": process.start_time(me),
    }
    atomic.write(run_dir + "/intent.json", jsonio.dumps(intent), durable=False)


def wait_change(paths: Paths, cid: str, seen: RunStatus, timeout_s: float | None = None) -> bool:
    """Block until the status differs from `seen`; False when that takes too long. No polling."""
    from libpod.kernel import inotify  # lazy: only who waits

    run_dir = paths.run_dir(cid)
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    with inotify.Watch() as watch:
        mask = inotify.IN_MOVED_TO | inotify.IN_CREATE | inotify.IN_DELETE_SELF | inotify.IN_MOVE_SELF
        try:
            watch.add(run_dir, mask)
        except OSError:
            return True  # removed
        holder = _watched_process(run_dir, seen)
        try:
            poll = select.poll()
            poll.register(watch.fileno(), select.POLLIN)
            if holder >= 0:
                poll.register(holder, select.POLLIN)
            while os.path.isdir(run_dir) and not _differs(status(paths, cid), seen):
                left_s = None if deadline is None else deadline - time.monotonic()
                if left_s is not None and left_s <= 0:
                    return False
                ready = poll.poll(None if left_s is None else left_s * 1000 + 1)
                watch.drain()
                if any(fd == holder for fd, _ in ready):
                    return True
            return True
        finally:
            if holder >= 0:
                os.close(holder)


def stop_unmonitored(paths: Paths, cid: str, timeout_s: float = 10.0) -> bool:
    """End what a killed monitor has left of a run; False if the monitor lives, or something does not end in
    time. Idempotent; works from outside the user namespace."""
    if alive.held(paths.run_dir(cid) + "/alive"):
        return False
    from libpod import unmonitored  # lazy: only after a monitor was killed

    return unmonitored.stop(paths, cid, timeout_s)


def load(path: str) -> Json | None:
    """Return a record in `run/`; None if there is none, or a power cut has damaged it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        raw = part = os.read(fd, 65536)
        while len(part) == 65536:
            part = os.read(fd, 65536)
            raw += part
    finally:
        os.close(fd)
    try:
        found = jsonio.loads(raw)
    except ValueError:
        return None  # a power cut: as if it were not there
    return found if isinstance(found, dict) and "run_id" in found else None


def _state(name: str) -> RunStatus:
    return {
        "state": name,  # type: ignore[typeddict-item]
        "unmonitored": False,
        "elsewhere": False,
        "pid": 0,
        "exit_code": None,
        "exit_known": True,
        "started_ns": 0,
        "finished_ns": 0,
        "oom": False,
        "error": "",
        "cgroup": "",
        "netns": "",
        "ports": [],
        "restarts": 0,
        "monitor_pid": 0,
    }


def _ended(end: Json, started_ns: int) -> RunStatus:
    """How it ended. A start that failed leaves a container that has not run before as it was: `created`."""
    started_ns = started_ns or int(end["started_ns"])
    found = _state("exited" if started_ns else "created")
    found["exit_code"] = int(end["code"])
    found["started_ns"] = started_ns
    found["finished_ns"] = int(end["finished_ns"]) if started_ns else 0
    found["oom"] = bool(end["oom"])
    found["error"] = str(end.get("error", ""))
    found["restarts"] = int(end.get("restarts", 0))
    return found


def _last_end(ran: Json) -> Json:
    """The end of the run before the one that is to begin."""
    over = ran["over"]
    return {**over, "started_ns": ran["started_ns"], "restarts": ran.get("restarts", 0)}


def _restarting(run_dir: str, ran: Json) -> RunStatus:
    found = _ended(_last_end(ran), 0)
    found["state"] = "stopping" if _is_being_stopped(run_dir, ran["run_id"]) else "restarting"
    found["ports"] = ran.get("ports", [])
    if is_here(ran):
        found["netns"] = ran["netns"]
        found["monitor_pid"] = int(ran["monitor_pid"])
    else:
        found["elsewhere"] = True
    return found


def _running(run_dir: str, ran: Json) -> RunStatus:
    found = _state("running" if ran["state"] == "running" else "initialized")
    found["started_ns"] = int(ran["started_ns"]) if ran["state"] == "running" else 0
    found["cgroup"] = ran["cgroup"]
    found["ports"] = ran.get("ports", [])
    found["restarts"] = int(ran.get("restarts", 0))
    if is_here(ran):
        found["pid"] = int(ran["init_pid"])
        found["netns"] = ran["netns"]
        found["monitor_pid"] = int(ran["monitor_pid"])
    else:
        found["elsewhere"] = True
    if ran["cgroup"] and _frozen(ran["cgroup"]):
        found["state"] = "paused"
    elif _is_being_stopped(run_dir, ran["run_id"]):
        found["state"] = "stopping"
    return found


def is_here(ran: Json) -> bool:
    """Say whether the process ids in a status file are of this pid namespace."""
    return int(ran.get("pid_ns", 0)) in (0, process.pid_namespace())


def _frozen(path: str) -> bool:
    try:
        fd = os.open(cgroup.directory(path) + "/cgroup.freeze", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(fd, 1) == b"1"
    except OSError:  # ENODEV: it has just been removed
        return False
    finally:
        os.close(fd)


def _is_being_stopped(run_dir: str, run_id: str) -> bool:
    intent = load(run_dir + "/intent.json")
    if intent is None or intent["run_id"] != run_id:
        return False
    return process.alive(int(intent.get("by_pid", 0)), int(intent.get("by_start", 0)))


def _unrecorded(run_dir: str) -> RunStatus | None:
    """A process that the runtime made for a monitor which was killed before it could say so.

    While it waits to be started there is the runtime's exec.fifo.
    """
    from libpod import unmonitored  # lazy: only after a monitor was killed

    pid, _start, waits = unmonitored.runtime_init(run_dir)
    if not pid:
        return None
    found = _state("initialized" if waits else "running")
    found["pid"] = pid
    found["unmonitored"] = True
    return found


def _differs(now: RunStatus, seen: RunStatus) -> bool:
    return any(now[key] != seen[key] for key in ("state", "unmonitored", "pid", "started_ns", "finished_ns"))


def _watched_process(run_dir: str, seen: RunStatus) -> int:
    """Return an owned pidfd of the process whose end changes the status; -1 if there is none."""
    ran = load(run_dir + "/status.json")
    if ran is None or not (seen["pid"] or seen["state"] == "restarting") or not is_here(ran):
        return -1
    who = "init" if seen["unmonitored"] else "monitor"
    try:
        pid_fd = process.pidfd_open(int(ran[who + "_pid"]))
    except OSError:
        return -1
    try:
        if process.start_time(int(ran[who + "_pid"])) == int(ran[who + "_start"]):
            return pid_fd
    except OSError:
        pass
    os.close(pid_fd)
    return -1
