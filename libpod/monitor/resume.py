"""Owns: the monitor's second half: serving, in as little memory as can be, until the container's end.

A fork of the command carries the command's modules along, 5-6 MB of memory of its own. So when a container
has lived for a moment and nothing is in progress, the monitor executes itself again, in the same process: its
children, descriptors, locks, namespaces and cgroup stay, what it knows goes over in a memfd. That takes
15 ms of processor time and no time of anybody's; signals and data that come meanwhile wait. Measured: 3.3 MB
afterwards. If it cannot be done, the monitor stays as it is.
"""

from __future__ import annotations

import _signal
import os
import sys

from libpod import errors, log
from libpod.monitor import limits
from libpod.monitor.monitor import STOP_SIGNALS, Monitor
from libpod.util import failpoint, jsonio, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    State = dict[str, Any]

SETTLE_S = 2.0
_MAX_WAIT_S = 300.0
_VERSION = 1
_LEVELS = ("debug", "info", "warn", "error", "fatal")
_STUB = "import sys; sys.path.insert(0, sys.argv[1]); from libpod.monitor import resume; resume.main()"
_PLAIN = (
    "kept_fds", "cid", "name", "run_id", "run_dir", "cgroup_link", "merged", "bundle", "place",
    "mounted", "more_mounts", "server_pid", "alive_fd", "log_fd", "init_pid", "started_ns", "stop_signal",
    "stop_timeout_s", "deadline", "removes", "cleanup_argv", "settle_argv",
    "events", "hollow", "shm", "keeper", "restarts", "run_bundle", "timeout_s", "inherited", "ending",
)  # fmt: skip
"""What goes over as it is."""


def serve(monitor: Monitor) -> int:
    """Serve until the container has ended, and finish; return the exit code."""
    if monitor.exit_code is None:
        _settle_after(monitor, SETTLE_S)
        monitor.on_quiet = lambda: _settle_after(monitor, SETTLE_S)
    return _guarded(monitor, lambda: None)


def _guarded(monitor: Monitor, begin: Callable[[], None]) -> int:
    try:
        begin()
        monitor.loop.run_until(lambda: monitor.exit_code is not None)
        while monitor.restarts is not None and _again(monitor):
            monitor.on_quiet = lambda: _settle_after(monitor, SETTLE_S)
            monitor.on_quiet()
            monitor.loop.run_until(lambda: monitor.exit_code is not None)
    except Exception as error:
        from libpod.monitor import main  # lazy: for bugs only

        return main.failed(monitor, error)
    from libpod.monitor import finish  # lazy: needed at the end, not for the time until then

    return finish.ended(monitor)


def _again(monitor: Monitor) -> bool:
    from libpod.monitor import restarts  # lazy: with a restart policy only

    return restarts.again(monitor)


def _settle_after(monitor: Monitor, seconds: float) -> None:
    monitor.loop.after(seconds, lambda: _settle(monitor, seconds))


def _settle(monitor: Monitor, waited_s: float) -> None:
    """Execute ourselves again, if nothing is in progress that would get lost. Returns only if not."""
    if monitor.exit_code is not None or monitor.on_quiet is None:
        return
    if monitor.execs is not None and not monitor.execs.none_left:
        return  # comes again when the last one has ended
    stdio, network = monitor.stdio, monitor.network
    assert network is not None
    ports = monitor.ports
    idle = network.idle and (ports is None or ports.idle) and (stdio is None or stdio.streams.idle)
    if not (idle and all(peer.idle for peer in monitor.control.peers)):
        if waited_s < _MAX_WAIT_S:
            _settle_after(monitor, waited_s * 2)
        return
    monitor.on_quiet = None
    try:
        _execute(monitor)
    except (OSError, errors.PypodError) as error:
        log.warning("the monitor cannot be made smaller", error=error)
    finally:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, ())


def _execute(monitor: Monitor) -> None:
    import libpod  # for its place

    assert libpod.__file__ is not None
    root = os.path.dirname(os.path.dirname(os.path.abspath(libpod.__file__)))
    python = sys.executable or os.readlink("/proc/self/exe")
    state = _state(monitor)
    # SIGTERM would end the process before it has its handler again. Blocked ones wait, over execve(2).
    _signal.pthread_sigmask(_signal.SIG_BLOCK, (*STOP_SIGNALS, _signal.SIGCHLD))
    state_fd = os.memfd_create("pypod-monitor", 0)
    os.write(state_fd, jsonio.dumps(state, compact=True).encode("ascii"))
    for fd in _descriptors(state):
        os.set_inheritable(fd, True)
    failpoint.hit("monitor:before-exec")
    os.execv(python, [python, "-I", "-S", "-c", _STUB, root, str(state_fd)])


def _state(monitor: Monitor) -> State:
    assert monitor.network is not None
    stdio, runtime = monitor.stdio, monitor.runtime
    state: State = {key: getattr(monitor, key) for key in _PLAIN}
    state["v"] = _VERSION
    state["log_level"] = next(name for name in _LEVELS if log.enabled(getattr(log, name.upper(), log.OFF)))
    state["nofile"] = limits.original()
    state["stdio"] = stdio.state() if stdio is not None else None
    state["network"] = monitor.network.state()
    state["ports"] = monitor.ports.state() if monitor.ports is not None else None
    state["runtime"] = runtime.argv if runtime is not None else None
    state["listener"] = monitor.control.fileno()
    state["peers"] = [
        {
            "fd": peer.fileno(),
            "kinds": list(peer.kinds),
            "stdin": peer.stdin,
            "waits": peer.waits,
            "attached": stdio is not None and stdio.streams.has(peer),
            "client": peer is monitor.client,
        }
        for peer in monitor.control.peers
    ]
    return state


def _descriptors(state: State) -> list[int]:
    stdio, network = state["stdio"], state["network"]
    found = [state["alive_fd"], state["log_fd"], state["listener"], *state["kept_fds"], *state["inherited"]]
    found += [peer["fd"] for peer in state["peers"]]
    if stdio is not None:
        found += [stdio["log_fd"], stdio["input"], stdio["master"], stdio["slave"]]
        found += [fd for fd, _ in stdio["outputs"]]
    found += [network["fd"], network["exit_w"]]
    if state["ports"] is not None:
        from libpod.monitor.ports import Ports  # lazy: most containers publish nothing

        found += Ports.descriptors(state["ports"])
    return [fd for fd in found if fd >= 0]


def main() -> None:
    """Go on where `_execute` stopped. Ends the process."""
    code = 125
    try:
        state_fd = int(sys.argv[2])
        state = jsonio.loads(os.pread(state_fd, os.fstat(state_fd).st_size, 0))
        os.close(state_fd)
        log.set_output(state["log_fd"], with_time=True)
        monitor = Monitor()
        for key in _PLAIN:
            setattr(monitor, key, state[key])
        code = _guarded(monitor, lambda: _resume(monitor, state))
    except BaseException as error:
        log.error("the monitor has failed", error=repr(error))
    finally:
        os._exit(code)


def _resume(monitor: Monitor, state: State) -> None:
    from libpod.monitor.network import Network

    for fd in _descriptors(state):
        os.set_inheritable(fd, False)
    _name(state["cid"])
    monitor.settled = True
    limits.resume(state["nofile"])
    log.set_level(state["log_level"])
    if not monitor.hollow:
        _resume_process(monitor, state)
    monitor.network = Network.resumed(monitor.loop, state["network"])
    if state["ports"] is not None:
        from libpod.monitor.ports import Ports

        monitor.ports = Ports.resumed(monitor.loop, state["ports"])
    monitor.control.resume(monitor.run_dir, state["listener"])
    for known in state["peers"]:
        peer = monitor.control.add(wire.Conn.from_fd(known["fd"]))
        if known["attached"] and monitor.stdio is not None:
            monitor.stdio.streams.attach(peer, tuple(known["kinds"]), stdin=known["stdin"])
        peer.waits = known["waits"]
        if known["client"]:
            monitor.client = peer
    monitor.limit_time(monitor.deadline)
    monitor.watch_keeper()
    if not monitor.hollow:
        monitor.watch_init()
        monitor.watch_server()
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    monitor.loop.reap()  # what ended before there was a handler
    failpoint.hit("monitor:resumed")


def _resume_process(monitor: Monitor, state: State) -> None:
    from libpod.monitor.runtime import Runtime
    from libpod.monitor.stdio import Stdio

    monitor.runtime = Runtime(
        monitor.loop, state["runtime"], monitor.cid, monitor.run_dir, f'container "{monitor.name}"'
    )
    monitor.runtime.created = True
    monitor.stdio = Stdio.resumed(monitor.loop, state["stdio"])


def _name(cid: str) -> None:
    """Show in ps(1) which container this is for; without ctypes, which would be half a megabyte.

    proc_pid_stat(5), fields 48 and 49: where the command line lies.
    """
    title = b"pypod: monitor " + cid[:12].encode("ascii")
    try:
        with open("/proc/self/comm", "wb", buffering=0) as stream:
            stream.write(title[:15])
        with open("/proc/self/stat", "rb", buffering=0) as stream:
            raw = stream.read()
        fields = raw[raw.rindex(b")") + 2 :].split()
        begin, end = int(fields[45]), int(fields[46])
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(begin)
            memory.write(title[: end - begin - 1].ljust(end - begin, b"\0"))
    except (OSError, ValueError):
        pass  # it is only a name
