"""Owns: the end of a container: everything is given back, step by step, whatever fails on the way.

Order: what the container wrote is read; exit.json says how it ended; runtime, network and mounts are given
up; clients are told. Then what nobody waits for: the cgroups, syncing to disk, and removing a `--rm`
container if no client does it.
"""

from __future__ import annotations

import os
import time

from libpod import errors, log
from libpod.kernel import cgroup, cgtree, process
from libpod.monitor import exitrec, limits, mounts
from libpod.util import eventlog, failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.model.run import ExitFile
    from libpod.monitor.monitor import Monitor

_EXECS_S = 2.0
_KILL_S = 10.0
_DRAIN_S = 5
"""How long a slow client has for what the container had sent it before it ended."""
_FREE_S = 2.0
_CLEANUP_S = 120.0
_SIGKILL = 9


def ended(monitor: Monitor) -> int:
    """Finish after the container's first process has ended; return its exit code."""
    code = shell_code(monitor.exit_code or 0)
    over = monitor.over
    oom = over["oom"] if over is not None else _last_words(monitor)
    _step("write the exit record", lambda: _record(monitor, code, oom, ""))
    _hit("monitor:after-exit-file")
    if over is None:
        eventlog.from_monitor(monitor.run_dir, monitor.events, "died", code=code)
    _give_back(monitor, unmount=monitor.removes)
    _announce(monitor, {"t": "exited", "code": code, "oom": oom, "finished_ns": monitor.finished_ns})
    _hit("monitor:after-exited")
    if not monitor.removes:
        _step("unmount", lambda: _unmount(monitor))
        _step("sync the exit record", lambda: exitrec.sync_exit(monitor.run_dir))
        eventlog.from_monitor(monitor.run_dir, monitor.events, "cleanup")
    _step("leave the cgroup", lambda: _leave_cgroup(monitor))
    _follow_up(monitor)
    _leave_namespace(monitor)
    return code


def end_run(monitor: Monitor, code: int) -> bool:
    """Read what is left of a run that another one follows; say whether memory ran out."""
    oom = _last_words(monitor)
    eventlog.from_monitor(monitor.run_dir, monitor.events, "died", code=code)
    return oom


def tell_attached(monitor: Monitor, code: int, oom: bool) -> None:
    """Tell who is attached how a run has ended that another one follows: they do not see that one."""
    stdio = monitor.stdio
    assert stdio is not None
    message = {"t": "exited", "code": code, "oom": oom, "finished_ns": monitor.finished_ns, "again": True}
    for peer in monitor.control.peers[:]:
        if stdio.streams.has(peer):
            peer.send(message)
            peer.waits = False
            stdio.streams.detach(peer)


def _last_words(monitor: Monitor) -> bool:
    _hit("monitor:after-exit")
    _step("read the rest of the output", lambda: _drain(monitor))
    _hit("monitor:after-drain")
    return bool(_step("read the cgroup's events", lambda: _out_of_memory(monitor)))


def failed(monitor: Monitor, error: Exception) -> int:
    """Undo everything after a failure, and tell the client; return the exit code for it."""
    wrapped = (
        error
        if isinstance(error, errors.PypodError)
        else errors.MonitorError(f"the monitor has failed: {error}")
    )
    log.error("container failed", container=monitor.name, run=monitor.run_id, error=wrapped)
    if monitor.init_pid and monitor.exit_code is None:
        _step("kill the container", lambda: _kill(monitor))
    elif monitor.runtime is not None and not monitor.init_pid:
        _step("end what the runtime has left", lambda: _kill_unfinished(monitor))
    had_started = bool(monitor.started_ns)
    if monitor.stdio is not None and not had_started:
        monitor.stdio.discard()
    _step("read the rest of the output", lambda: _drain(monitor))
    _give_back(monitor, unmount=True)
    if monitor.run_dir and had_started:
        _step(
            "write the exit record",
            lambda: _record(monitor, shell_code(monitor.exit_code or 0), False, wrapped.message),
        )
    elif monitor.run_dir:
        now_ns = time.time_ns()
        _step(
            "write the exit record",
            lambda: exitrec.write_failure(
                monitor.run_dir, monitor.run_id, wrapped.exit_code, wrapped.message, now_ns
            ),
        )
    alone = monitor.client is None
    _step("leave the cgroup", lambda: _leave_cgroup(monitor))
    for peer in monitor.control.peers[:]:
        if peer is monitor.client or peer.waits:
            peer.send_error(wrapped)
    if monitor.removes and (alone or monitor.settled):  # else the client undoes it, and waits for our end
        _follow_up(monitor)
    else:
        _flush(monitor)
    _leave_namespace(monitor)
    return wrapped.exit_code


def _step(what: str, act: Callable[[], object]) -> object:
    """Do one step; a failure is logged, and the next step comes all the same."""
    try:
        return act()
    except (errors.PypodError, OSError) as error:
        log.error(f"cannot {what}", error=error)
    except Exception:
        import traceback  # lazy: for bugs only

        log.error(f"cannot {what}", trace=traceback.format_exc())
    return None


def _hit(name: str) -> None:
    _step(f"pass {name}", lambda: failpoint.hit(name))


def _kill(monitor: Monitor) -> None:
    if monitor.payload:
        cgroup.kill(monitor.payload)
    os.kill(monitor.init_pid, _SIGKILL)
    if not monitor.loop.run_until(lambda: monitor.exit_code is not None, _KILL_S):
        raise errors.MonitorError(f"process {monitor.init_pid} stays after SIGKILL")


def _kill_unfinished(monitor: Monitor) -> None:
    """A runtime that was killed itself leaves a half-made first process, an orphan of ours that waits for it
    for ever.
    """
    from libpod.monitor import stray  # lazy: after a failure

    if monitor.payload:
        cgroup.kill(monitor.payload)
    network, ports = monitor.network, monitor.ports
    if ports is not None:
        ports.kill()
    stray.kill_children(keep=network.helper_pid if network is not None else 0)


def _drain(monitor: Monitor) -> None:
    if monitor.stdio is not None:
        monitor.stdio.close()
    execs = monitor.execs
    if execs is None or execs.none_left:
        return
    # The container's processes are gone, the runtimes that wait for them notice that now.
    if not monitor.loop.run_until(lambda: execs.none_left, _EXECS_S):
        execs.abandon()
        monitor.loop.run_until(lambda: execs.none_left, _EXECS_S)


def _out_of_memory(monitor: Monitor) -> bool:
    return bool(monitor.payload) and cgroup.oom_kills(monitor.payload) > 0


def _record(monitor: Monitor, code: int, oom: bool, error: str) -> None:
    record: ExitFile = {
        "v": exitrec.VERSION,
        "boot_id": process.boot_id(),
        "run_id": monitor.run_id,
        "code": code,
        "oom": oom,
        "started_ns": monitor.started_ns,
        "finished_ns": monitor.finished_ns or time.time_ns(),
        "error": error,
    }
    if monitor.restarts is not None and monitor.restarts["count"]:
        record["restarts"] = monitor.restarts["count"]
    exitrec.write_exit(monitor.run_dir, record)


def _give_back(monitor: Monitor, *, unmount: bool) -> None:
    runtime = monitor.runtime
    if runtime is not None and runtime.created:
        runtime.interrupted = str
        _step(
            "delete the container from the runtime", lambda: runtime.delete(monitor.bundle, monitor.payload)
        )
        _hit("monitor:after-delete")
    _step("close the control socket", monitor.control.close)
    network = monitor.network
    if network is not None:
        _step("end the network", network.stop)
    _hit("monitor:before-ports-free")
    _step("free the ports", lambda: _free_ports(monitor))
    if unmount:
        _step("unmount", lambda: _unmount(monitor))
        _hit("monitor:after-unmount")


def _unmount(monitor: Monitor) -> None:
    while monitor.more_mounts:
        mounts.unmount(monitor.more_mounts.pop())
    if monitor.mounted:
        monitor.mounted = False
        mounts.unmount_root(monitor.merged)


def _announce(monitor: Monitor, msg: dict[str, object]) -> None:
    for peer in monitor.control.peers[:]:
        if peer.waits:
            peer.send(msg)


def _free_ports(monitor: Monitor) -> None:
    """Nothing listens any more when this returns; what the container has left for its clients still goes
    to them.
    """
    ports = monitor.ports
    if ports is None:
        return
    if not monitor.started_ns:
        ports.kill()
        return
    ports.drain(max(0, min(monitor.stop_timeout_s, _DRAIN_S)))
    if not monitor.loop.run_until(lambda: ports.drained, _FREE_S):
        ports.kill()


def _leave_cgroup(monitor: Monitor) -> None:
    network, ports = monitor.network, monitor.ports
    if ports is not None and not monitor.loop.run_until(lambda: ports.stopped, _DRAIN_S + _FREE_S):
        ports.kill()
        monitor.loop.run_until(lambda: ports.stopped, _KILL_S)
    if network is not None and not network.stopped:
        monitor.loop.run_until(lambda: network.stopped, _KILL_S)
    if monitor.server_pid and not monitor.mounted:  # it ends when the last mount is gone
        monitor.loop.run_until(lambda: monitor.server_pid == 0, _KILL_S)
    place = monitor.place
    if place is None:
        return
    monitor.place = None
    if monitor.moving is not None:
        _step("move to another cgroup", monitor.moving.wait)
    if place["inner"] and cgroup.populated(place["runtime_path"]):
        cgroup.kill(place["runtime_path"])
        cgroup.wait_empty(place["runtime_path"], _EXECS_S)
    if cgtree.leave(place) or place["manager"] == "systemd":
        exitrec.write_cgroup(monitor.cgroup_link, "")


def _follow_up(monitor: Monitor) -> None:
    """See to it that a `--rm` container is removed: by the client that claims it, or by us when none does."""
    if monitor.removes and monitor.cleanup_argv:
        client = monitor.client
        if client is not None and client.waits:
            monitor.loop.run_until(lambda: monitor.is_clean or client.closed)
        if not monitor.is_clean:
            _hit("monitor:before-cleanup")
            _step("remove the container", lambda: _execute(monitor, monitor.cleanup_argv))
    if monitor.settle_argv:
        _step("see to the pod", lambda: _execute(monitor, monitor.settle_argv))
    _flush(monitor)


def _execute(monitor: Monitor, argv: list[str]) -> None:
    """Execute a command that the client gave us; it must see that nothing runs here any more."""
    if monitor.alive_fd >= 0:
        os.close(monitor.alive_fd)
        monitor.alive_fd = -1
    done: list[int] = []
    pid = limits.start(argv, env=os.environ, fds={2: monitor.log_fd})
    monitor.loop.on_child(pid, done.append)
    if not monitor.loop.run_until(lambda: bool(done), _CLEANUP_S):
        os.kill(pid, _SIGKILL)
        raise errors.MonitorError(f"{argv[-2]} takes too long, it was killed")
    if done[0] != 0:
        raise errors.ProcessError(argv, done[0])


def _flush(monitor: Monitor) -> None:
    """Stay until slow clients have read what is theirs, or are gone."""
    monitor.loop.run_until(lambda: all(peer.idle for peer in monitor.control.peers))


def _leave_namespace(monitor: Monitor) -> None:
    """Take the sign away that this process keeps the user namespace."""
    for fd in monitor.kept_fds:
        try:
            os.unlink(os.readlink(f"/proc/self/fd/{fd}"))
        except OSError:
            pass


def shell_code(code: int) -> int:
    """Return an exit code as a shell says it: 128 + number of the signal that killed."""
    return code if code >= 0 else 128 - code
