"""Owns: starting a container again after its end, as its restart policy wants it.

The monitor stays, with the network, the published ports and the mounted root; the runtime, the streams and
the cgroup are made anew from the same bundle. In between status.json says `restarting`, and how the last run
has ended. Who asked for the end (intent.json, or a signal to us) gets it: then nothing is started again.
"""

from __future__ import annotations

import os
import time

from libpod import log
from libpod.kernel import cgroup
from libpod.monitor import finish, start
from libpod.monitor.runtime import Runtime
from libpod.util import eventlog, failpoint, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.run import RestartPlan
    from libpod.monitor.monitor import Monitor

FIRST_S = 0.1
MAX_S = 60.0
CALM_S = 10.0
"""A run that lasted so long was none of a crash loop: the next one begins at once."""
_LIMIT = "PYPOD_TEST_MAX_BACKOFF"
_EMPTY_S = 10.0
_SIGKILL = 9
_LIMITS = (
    "memory.max", "memory.high", "memory.low", "memory.swap.max", "cpu.max", "cpu.weight", "pids.max",
    "cpuset.cpus", "cpuset.mems", "io.max", "io.weight",
)  # fmt: skip
"""Files of the cgroup that `update` may have written since the bundle was."""


def wanted(plan: RestartPlan, code: int) -> bool:
    """Say whether the policy starts a container again that has ended with this code. Pure."""
    if plan["policy"] == "on-failure":
        return code != 0 and (plan["max"] == 0 or plan["count"] < plan["max"])
    return plan["policy"] in ("always", "unless-stopped")


def backoff(last_s: float, lived_s: float, limit_s: float = MAX_S) -> float:
    """Return how long to wait before the next start; `last_s` is what that was the last time. Pure."""
    if lived_s >= CALM_S:
        return 0.0
    return min(limit_s, max(FIRST_S, last_s * 2))


def again(monitor: Monitor) -> bool:
    """Start the container again, whose first process has ended; False = it has ended for good.

    Raises what the runtime says when it cannot be started.
    """
    plan, stdio = monitor.restarts, monitor.stdio
    code = finish.shell_code(monitor.exit_code or 0)
    assert plan is not None
    if stdio is None or not monitor.started_ns or not wanted(plan, code) or _is_over(monitor):
        return False
    if stdio.is_passed and not monitor.inherited:
        log.warning("not started again: the streams that it was given are gone")
        return False
    monitor.on_quiet = None
    monitor.limit_time(0)
    oom = finish.end_run(monitor, code)
    lived_s = (monitor.finished_ns - monitor.started_ns) / 1e9
    plan["delay_s"] = backoff(plan["delay_s"], lived_s, float(os.environ.get(_LIMIT) or MAX_S))
    monitor.over = {"code": code, "oom": oom, "finished_ns": monitor.finished_ns}
    monitor.init_pid = 0
    limits = _clear(monitor)
    start.write_status(monitor, "restarting", monitor.started_ns)
    finish.tell_attached(monitor, code, oom)
    failpoint.hit("monitor:before-restart")
    monitor.loop.run_until(lambda: monitor.ending, plan["delay_s"])
    plan = monitor.restarts  # it may be another one by now
    if plan is None or not wanted(plan, code) or _is_over(monitor):
        return False
    plan["count"] += 1
    eventlog.from_monitor(monitor.run_dir, monitor.events, "restart")
    return _start(monitor, limits)


def _is_over(monitor: Monitor) -> bool:
    """Say whether somebody wants the container to end."""
    if monitor.ending:
        return True
    try:
        intent = jsonio.load_file(f"{monitor.run_dir}/intent.json")
        return bool(intent["run_id"] == monitor.run_id)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _clear(monitor: Monitor) -> dict[str, str]:
    """Give back what belongs to one run; return its limits."""
    runtime = monitor.runtime
    assert runtime is not None
    runtime.interrupted = str
    runtime.delete(monitor.bundle, monitor.payload)
    if monitor.moving is not None:
        monitor.moving.wait()
        monitor.moving = None
    payload = monitor.payload
    limits = {}
    for name in _LIMITS if payload else ():
        try:
            limits[name] = cgroup.read_text(payload, name)
        except OSError:
            pass  # a controller that is not there
    if payload and os.path.isdir(cgroup.directory(payload)):
        cgroup.kill(payload)
        cgroup.wait_empty(payload, _EMPTY_S)
        cgroup.remove_tree(payload)
    return limits


def _limit(monitor: Monitor, limits: dict[str, str]) -> None:
    """Give the new cgroup the limits that the last run had at its end."""
    for name, text in limits.items():
        try:
            if cgroup.read_text(monitor.payload, name) != text:
                for line in text.splitlines():
                    cgroup.write_text(monitor.payload, name, line)
        except OSError as error:
            log.warning("a limit is not as it was", file=name, error=error)


def _start(monitor: Monitor, limits: dict[str, str]) -> bool:
    last_code, last_ns = monitor.exit_code, monitor.started_ns
    old, network = monitor.stdio, monitor.network
    assert old is not None
    assert network is not None
    try:
        monitor.stdio = stdio = old.anew()
        stdio.open(monitor.run_dir, monitor.inherited, {})
        assert monitor.runtime is not None
        monitor.runtime = runtime = Runtime(
            monitor.loop, monitor.runtime.argv, monitor.cid, monitor.run_dir, f'container "{monitor.name}"'
        )
        is_new = network.let_go()
        start.create(monitor, runtime, stdio)
        _limit(monitor, limits)
        if is_new and monitor.ports is not None:
            monitor.ports.move(network.fd)
        failpoint.hit("monitor:again-created")
        start.await_network(monitor)
        start.await_ports(monitor)
        if monitor.ending and monitor.exit_code is None:  # it has not run: the last end stays the last
            monitor.signal(_SIGKILL)
            monitor.loop.run_until(lambda: monitor.exit_code is not None)
            monitor.exit_code, monitor.started_ns = last_code, last_ns
            stdio.discard()
            stdio.close()
            return False
        start.go(monitor, runtime)
    except BaseException:
        if not monitor.started_ns:
            monitor.started_ns = last_ns
            if monitor.stdio is not None:
                monitor.stdio.discard()
        raise
    monitor.over = None
    stdio.flow()
    failpoint.hit("monitor:restarted")
    if monitor.timeout_s:
        monitor.limit_time(time.monotonic() + monitor.timeout_s)
    return True
