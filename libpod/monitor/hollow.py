"""Owns: the monitor of a pod's infra container that runs nothing: it holds the pod's network, IPC and UTS
namespaces and its shared memory until it is told to end, or killed.

Members join by /proc/<pid>/ns/{ipc,uts} and the descriptor of the network namespace; so this process itself
goes into the first two, and stays in the host's network.
"""

from __future__ import annotations

import _socket
import _thread
import os
import time

from libpod import errors
from libpod.kernel import ns
from libpod.kernel.const import CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWUTS
from libpod.monitor import start as starting
from libpod.util import failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from libpod.monitor.monitor import Monitor

    Message = dict[str, Any]

_SYSCTL = "/proc/sys/"


def start(monitor: Monitor, msg: Message) -> None:
    """Make the namespaces and say that they are there."""
    wanted = msg["hollow"]
    monitor.hollow = True
    monitor.removes = bool(msg.get("rm"))
    monitor.cleanup_argv = list(msg.get("cleanup_argv") or ())
    monitor.events = msg.get("events")
    monitor.close_inherited()
    monitor.control.listen(monitor.run_dir)
    starting.arrive_in_cgroup(monitor)
    starting.make_pod_cgroup(monitor, msg)
    if wanted["adopt"]:
        _take_over(wanted["adopt"], "ipc", *(["uts"] if wanted["hostname"] else []))
    else:
        ns.unshare(CLONE_NEWIPC | (CLONE_NEWUTS if wanted["hostname"] else 0))
        if wanted["hostname"]:
            _socket.sethostname(wanted["hostname"])
        _set_parameters(monitor, wanted["sysctl"])
    starting.await_network(monitor)
    starting.await_ports(monitor)
    failpoint.hit("monitor:before-start")
    monitor.started_ns = time.time_ns()
    starting.write_status(monitor, "running", monitor.started_ns, os.getpid())
    failpoint.hit("monitor:after-status")
    monitor.tell({"t": "started", "pid": os.getpid(), "started_ns": monitor.started_ns})
    monitor.settled = True


def _take_over(pid: int, *kinds: str) -> None:
    """Go into namespaces that a member of the pod has kept alive."""
    for kind in kinds:
        fd = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            ns.setns(fd, CLONE_NEWIPC if kind == "ipc" else CLONE_NEWUTS)
        finally:
            os.close(fd)


def _set_parameters(monitor: Monitor, wanted: Mapping[str, str]) -> None:
    """Set kernel parameters of the namespaces. Those of the network in a thread that ends there, for the
    reason that ns.new_netns gives."""
    for_network = {name: value for name, value in wanted.items() if name.startswith("net.")}
    for name, value in wanted.items():
        if name not in for_network:
            _write(name, value)
    network = monitor.network
    if not for_network or network is None or network.fd < 0:
        return
    fd = network.fd
    done = _thread.allocate_lock()
    done.acquire()
    failed: list[errors.PypodError] = []

    def work() -> None:
        try:
            ns.setns(fd, CLONE_NEWNET)
            for name, value in for_network.items():
                _write(name, value)
        except errors.PypodError as error:
            failed.append(error)
        finally:
            done.release()

    _thread.start_new_thread(work, ())
    done.acquire()
    if failed:
        raise failed[0]


def _write(name: str, value: str) -> None:
    path = _SYSCTL + name.replace(".", "/")
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, value.encode())
        finally:
            os.close(fd)
    except OSError as error:
        raise errors.UsageError(
            f'--sysctl "{name}={value}": {error.strerror}', remedy="leave it out, or give another value"
        ) from error
