"""Owns: a container's start, in three steps; between the last two the client writes the bundle.

    surround    the network: known before the client has looked the image up
    prepare     cgroup, root file system; the client gets a descriptor of it
    start       runtime create, then start; the client is told

The client may leave at any moment before the end of it: then an error is raised and all is undone.
"""

from __future__ import annotations

import os
import time

from libpod import errors, log
from libpod.kernel import cgroup, cgtree, process
from libpod.monitor import exitrec, mounts, setup
from libpod.monitor.loop import READ
from libpod.monitor.network import READY_S, Network
from libpod.monitor.runtime import Runtime
from libpod.monitor.stdio import Stdio
from libpod.util import alive, atomic, eventlog, failpoint, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from libpod.model.container import PortRecord
    from libpod.model.run import RunState, StatusFile
    from libpod.monitor.monitor import Monitor

    Message = dict[str, Any]

_PREDECESSOR_S = 15.0
_EMPTY_S = 5.0
_PASSTHROUGH = "passthrough"
_TUN = "/dev/net/tun"


def surround(monitor: Monitor, msg: Message) -> None:
    """Be this container's monitor, and begin with its network."""
    monitor.cid, monitor.run_id = msg["cid"], msg["run_id"]
    monitor.name = monitor.cid[:12]
    setup.name(monitor.cid)
    failpoint.hit("monitor:after-surround-message")
    run_dir: str = msg["run_dir"]
    monitor.alive_fd = _hold_alive(monitor, run_dir)
    monitor.run_dir, monitor.cgroup_link = run_dir, msg["cgroup_link"]
    monitor.log_fd = os.open(
        f"{run_dir}/monitor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
    )
    log.set_output(monitor.log_fd, with_time=True)
    failpoint.hit("monitor:after-alive")
    monitor.network = Network(monitor.loop, msg["network"])
    monitor.network.open()
    if not msg.get("moved_later"):
        monitor.network.serve()
    failpoint.hit("monitor:after-network")


def prepare(monitor: Monitor, msg: Message) -> None:
    """Begin the move into the cgroup, mount the root file system, and let the client look at it."""
    monitor.name = msg.get("name") or monitor.name
    network = monitor.network
    assert network is not None
    failpoint.hit("monitor:after-prepare-message")
    if published := msg.get("ports"):
        _publish(monitor, published)
    _enter_cgroup(monitor, msg)
    network.serve()
    forward(monitor)
    if shm := msg.get("shm"):
        mounts.mount_shm(shm, msg.get("fds", []))
        monitor.shm = shm["path"]
    if msg["mount"] is None:
        monitor.tell({"t": "prepared", "pid": os.getpid(), "netns": network.path or None, "merged": ""})
        return
    monitor.merged = msg.get("target") or f"{os.path.dirname(monitor.run_dir)}/merged"
    if stage := msg.get("stage"):
        mounts.mount_stage(stage)
        monitor.merged = f"{stage}/{monitor.cid}"
    monitor.mounted = True
    monitor.server_pid = mounts.mount_root(msg["mount"], monitor.merged, monitor.log_fd)
    monitor.watch_server()
    failpoint.hit("monitor:after-mount")
    root_fd = os.open(monitor.merged, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        netns = network.path or None
        monitor.tell(
            {"t": "prepared", "pid": os.getpid(), "netns": netns, "merged": monitor.merged}, [root_fd]
        )
    finally:
        os.close(root_fd)
    failpoint.hit("monitor:after-prepared")


def start(monitor: Monitor, msg: Message) -> None:
    """Create the container and start it; return when its first process runs, or has ended already."""
    monitor.bundle = msg["bundle"]
    monitor.removes = bool(msg.get("rm"))
    monitor.cleanup_argv = list(msg.get("cleanup_argv") or ())
    monitor.events = msg.get("events")
    monitor.settle_argv = list(msg.get("settle_argv") or ())
    monitor.stop_signal = int(msg.get("stop_signal") or monitor.stop_signal)
    monitor.stop_timeout_s = int(msg.get("stop_timeout", monitor.stop_timeout_s))
    failpoint.hit("monitor:after-start-message")
    monitor.stdio = stdio = Stdio(monitor.loop, msg, monitor.run_id)
    numbers, fds = msg.get("preserve", ()), msg.get("fds", ())
    preserved = dict(zip(numbers, fds, strict=False))
    stdio.open(monitor.run_dir, monitor.inherited, preserved)
    if msg["log"]["driver"] != _PASSTHROUGH:
        monitor.close_inherited()
    monitor.control.listen(monitor.run_dir)
    runtime = Runtime(
        monitor.loop, msg["runtime"], monitor.cid, monitor.run_dir, f'container "{monitor.name}"'
    )
    runtime.interrupted = lambda: monitor.abort
    monitor.runtime = runtime
    arrive_in_cgroup(monitor)
    if msg.get("infra"):
        make_pod_cgroup(monitor, msg)
    failpoint.hit("monitor:after-cgroup")
    for wanted in msg.get("mounts", ()):
        from libpod.monitor import sources  # lazy: seldom used

        sources.make(wanted, monitor.log_fd, monitor.more_mounts)
    bundle = monitor.bundle
    if secrets := msg.get("secrets"):
        from libpod.monitor import secretfiles  # lazy: seldom used

        bundle = secretfiles.make(secrets, fds[len(numbers)], bundle)
    monitor.run_bundle = bundle
    monitor.restarts = msg.get("restart")
    monitor.timeout_s = float(msg.get("timeout") or 0)
    create(monitor, runtime, stdio)
    if monitor.restarts is None or msg["log"]["driver"] != _PASSTHROUGH:
        monitor.close_inherited()
    if cache := msg.get("seccomp_cache"):
        _save_seccomp(runtime, cache["path"])
    if msg.get("only_create"):
        write_status(monitor, "created", time.time_ns())
        monitor.tell({"t": "created", "pid": monitor.init_pid, "start_time": _init_start(monitor)})
        monitor.settled = True
        monitor.wait_for(lambda: bool(monitor.starters) or monitor.exit_code is not None)
        if monitor.exit_code is not None:
            return
    _go(monitor, runtime, stdio, msg)


def create(monitor: Monitor, runtime: Runtime, stdio: Stdio) -> None:
    """Create the first process, which waits for `go`, and take what is ours of it."""
    pid = runtime.create(monitor.run_bundle, stdio.console, stdio.for_runtime)
    monitor.init_pid, monitor.exit_code, monitor.started_ns = pid, None, 0
    if monitor.run_bundle != monitor.bundle:
        from libpod.monitor import secretfiles

        secretfiles.clean(monitor.bundle, runtime.state_dir)
    monitor.watch_init()
    assert monitor.network is not None
    monitor.network.adopt(monitor.init_pid)
    forward(monitor)
    if monitor.ports is not None:
        monitor.ports.outlive(monitor.init_pid)
    stdio.connect()
    eventlog.from_monitor(monitor.run_dir, monitor.events, "init")


def go(monitor: Monitor, runtime: Runtime) -> None:
    """Let the created process run, and write down that it does."""
    failpoint.hit("monitor:before-start")
    monitor.started_ns = time.time_ns()
    try:
        runtime.start()
    except errors.PypodError:
        monitor.started_ns = 0
        raise
    failpoint.hit("monitor:after-start")
    write_status(monitor, "running", monitor.started_ns)
    failpoint.hit("monitor:after-status")
    eventlog.from_monitor(monitor.run_dir, monitor.events, "start")


def _go(monitor: Monitor, runtime: Runtime, stdio: Stdio, msg: Message) -> None:
    """Let the created process run, when its network is there, and say so."""
    failpoint.hit("monitor:before-ready")
    await_network(monitor)
    await_ports(monitor)
    init_start = _init_start(monitor)
    if monitor.client is not None and msg.get("attach") is not None and not monitor.settled:
        monitor.attach_streams(monitor.client, msg["attach"])
    go(monitor, runtime)
    started = {
        "t": "started",
        "pid": monitor.init_pid,
        "start_time": init_start,
        "started_ns": monitor.started_ns,
    }
    if not monitor.settled:
        monitor.tell(started)
        monitor.settled = True
    for peer in monitor.starters:
        peer.send(started)
    monitor.starters = []
    stdio.flow()
    failpoint.hit("monitor:after-started")
    monitor.keeper = msg.get("keeper")
    monitor.watch_keeper()
    if monitor.timeout_s:
        monitor.limit_time(time.monotonic() + monitor.timeout_s)


def _hold_alive(monitor: Monitor, run_dir: str) -> int:
    """Take the lock that says that this container has a monitor.

    The last run's monitor may still have work to do: it is waited for.
    """
    path = run_dir + "/alive"
    fd = alive.try_hold(path)
    if fd is not None:
        return fd
    pid_fd = _process_of(run_dir)
    if pid_fd >= 0:
        gone: list[int] = []
        monitor.loop.watch(pid_fd, READ, gone.append)
        monitor.loop.run_until(lambda: bool(gone) or bool(monitor.abort), _PREDECESSOR_S)
        monitor.loop.unwatch(pid_fd)
        os.close(pid_fd)
        fd = alive.try_hold(path)
    if fd is None:
        raise errors.StateError(f'container "{monitor.name}" has a monitor already')
    return fd


def _process_of(run_dir: str) -> int:
    """Return an owned pidfd of the monitor that status.json names; -1 if it is gone."""
    try:
        status = jsonio.load_file(f"{run_dir}/{exitrec.STATUS}")
        if status["boot_id"] != process.boot_id():
            return -1
        pid_fd = process.pidfd_open(int(status["monitor_pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return -1
    try:
        if process.start_time(int(status["monitor_pid"])) == int(status["monitor_start"]):
            return pid_fd
    except OSError:
        pass
    os.close(pid_fd)
    return -1


def _enter_cgroup(monitor: Monitor, msg: Message) -> None:
    """Begin to move into the container's supervisor cgroup.

    It can take a while: `arrive_in_cgroup` waits.
    """
    place = msg.get("cgroup")
    if not place:
        return
    monitor.place = place
    exitrec.write_cgroup(monitor.cgroup_link, place["inner"])
    foreseen = monitor.moving

    def move() -> None:
        if foreseen is not None:
            foreseen.wait()
        cgtree.prepare(place)
        payload = monitor.payload
        if payload and os.path.isdir(cgroup.directory(payload)):  # a killed monitor has left it
            cgroup.kill(payload)
            cgroup.wait_empty(payload, _EMPTY_S)
            cgroup.remove_tree(payload)

    if place["mount_needed"]:  # a cgroup namespace is made for the thread that asks for it
        move()
    else:
        monitor.moving = setup.Background(move)


def arrive_in_cgroup(monitor: Monitor) -> None:
    """Wait until this process is in the supervisor cgroup, and see to it that our helpers are."""
    if monitor.moving is not None:
        monitor.moving.wait()
    place, network = monitor.place, monitor.network
    if place and place["supervisor"]:
        target = "/supervisor" if place["mount_needed"] else place["supervisor"]
        helpers = [part.helper_pid for part in (network, monitor.ports) if part is not None]
        for pid in (*helpers, monitor.server_pid):
            if pid:
                cgroup.move(target, pid)


def make_pod_cgroup(monitor: Monitor, msg: Message) -> None:
    """Make the cgroup that holds those of all containers of a pod, ours among them, and set its limits."""
    if not monitor.place or not monitor.payload:
        return
    above = os.path.dirname(monitor.payload)
    cgroup.create(above)
    for file, value in msg["pod_limits"]:
        try:
            cgroup.write_text(above, file, value)
        except OSError as error:
            raise errors.UsageError(
                f'pod of "{monitor.name}": {file} cannot be set to "{value}": {error.strerror}',
                remedy="leave that limit out, or give another value",
            ) from error
    cgroup.enable(above, set(monitor.place["controllers"]))


def await_network(monitor: Monitor) -> None:
    """Wait until the network is there. MonitorError if it does not come."""
    network = monitor.network
    assert network is not None
    in_time = monitor.loop.run_until(lambda: network.ready or bool(network.failed or monitor.abort), READY_S)
    monitor.check()
    if network.failed or not in_time:
        why = network.failed or f"slirp4netns was not ready within {READY_S:.0f} s"
        remedy = "use --network=none or --network=host"
        if not os.access(_TUN, os.R_OK | os.W_OK):
            remedy = f"let it open {_TUN}, which PrivateDevices= of a unit takes away, or {remedy}"
        raise errors.MonitorError(f'container "{monitor.name}": no network: {why}', remedy=remedy)


def _publish(monitor: Monitor, published: list[PortRecord]) -> None:
    """Listen on the ports of this machine: who has one of them already, hears nothing of this container."""
    from libpod.monitor.ports import Ports  # lazy: most containers publish nothing

    monitor.ports = Ports(monitor.loop, monitor.cid[:12], monitor.log_fd)
    monitor.ports.add(published)
    failpoint.hit("monitor:after-ports")


def forward(monitor: Monitor) -> None:
    """Start the forwarder of the ports as soon as there is a network. Idempotent."""
    ports, network = monitor.ports, monitor.network
    if ports is not None and network is not None and network.fd >= 0 and not ports.served:
        ports.serve(network.fd, *network.addresses)


def await_ports(monitor: Monitor) -> None:
    """Wait until the published ports are served. MonitorError if that does not happen."""
    ports = monitor.ports
    if ports is None:
        return
    monitor.loop.run_until(lambda: ports.ready or bool(ports.failed or monitor.abort), READY_S)
    monitor.check()
    if not ports.ready:
        why = ports.failed or f"the forwarder was not ready within {READY_S:.0f} s"
        raise errors.MonitorError(
            f'container "{monitor.name}": its ports cannot be published: {why}',
            remedy="start it without --publish",
        )


def write_status(monitor: Monitor, state: RunState, since_ns: int, init_pid: int = 0) -> None:
    """Say what runs; `init_pid` is who stands for a first process where there is none."""
    network = monitor.network
    status: StatusFile = {
        "v": exitrec.VERSION,
        "boot_id": process.boot_id(),
        "run_id": monitor.run_id,
        "state": state,
        "monitor_pid": os.getpid(),
        "monitor_start": process.start_time(os.getpid()),
        "init_pid": init_pid or monitor.init_pid,
        "init_start": process.start_time(init_pid) if init_pid else _init_start(monitor),
        "pid_ns": process.pid_namespace(),
        "started_ns": since_ns,
        "cgroup": monitor.place["payload"] if monitor.place else "",
        "netns": network.path if network is not None else "",
        "merged": monitor.merged,
    }
    if monitor.ports is not None:
        status["ports"] = monitor.ports.bound
    if monitor.restarts is not None and monitor.restarts["count"]:
        status["restarts"] = monitor.restarts["count"]
    if state == "restarting" and monitor.over is not None:
        status["over"] = monitor.over
    exitrec.write_status(monitor.run_dir, status)


def _init_start(monitor: Monitor) -> int:
    """Return the start time of the first process; it is our child, and not reaped before we say so."""
    return process.start_time(monitor.init_pid) if monitor.exit_code is None else 0


def _save_seccomp(runtime: Runtime, path: str) -> None:
    """Keep the filter that crun has compiled, for the containers to come (run.oci.seccomp_bpf_data)."""
    try:
        with open(f"{runtime.state_dir}/seccomp.bpf", "rb", buffering=0) as stream:
            raw = stream.read()
        if raw:
            atomic.write(path, raw, durable=False)
    except OSError as error:
        log.debug("cannot keep the compiled seccomp filter", path=path, error=error)
