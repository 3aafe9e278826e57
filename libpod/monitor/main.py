"""Owns: the life of one container's monitor, from the first message to the container's end and after.

    prepare     namespaces, cgroup, network, root file system; the client gets a descriptor of the root
                and writes the bundle
    start       runtime create, then start; the client is told
    serve       streams, terminal, log, exec, signals, until the first process ends
    finish      the rest of the output is read, exit.json is written, everything is given back, clients are
                told, a `--rm` container goes

There is no dead end: whatever fails, the container's processes are killed, the reason is in exit.json and
run/monitor.log, and the client gets it. If the client leaves before the container has started, all is undone.
"""

from __future__ import annotations

import _signal  # `signal` itself pulls enum: 4 ms
import os
import time

from libpod import errors, log
from libpod.kernel import cgroup, cgtree, process
from libpod.monitor import exitrec, finish, mounts, setup
from libpod.monitor.control import Control
from libpod.monitor.execs import Execs
from libpod.monitor.loop import Loop
from libpod.monitor.network import READY_S, Network
from libpod.monitor.runtime import Runtime
from libpod.monitor.stdio import Stdio
from libpod.util import alive, failpoint, jsonio, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from libpod.kernel.cgtree import CgroupPlace
    from libpod.model.run import StatusFile
    from libpod.monitor.attach import Peer

    Message = dict[str, Any]

_PREDECESSOR_S = 15.0
_PASSTHROUGH = "passthrough"


class Monitor:
    """What the monitor knows. Requests of clients come in by the methods below `# requests`."""

    def __init__(self, conn: wire.Conn, inherited: tuple[int, ...], foreseen: setup.Foreseen) -> None:
        self.loop = Loop()
        self.control = Control(self)
        self.client: Peer | None = self.control.add(conn)
        self.inherited = inherited
        self.foreseen = foreseen
        self.cid = self.name = self.run_id = self.run_dir = self.merged = self.bundle = ""
        self.place: CgroupPlace | None = None
        self.network: Network | None = None
        self.runtime: Runtime | None = None
        self.stdio: Stdio | None = None
        self.execs: Execs | None = None
        self.mounted = False
        self.alive_fd = -1
        self.log_fd = -1
        self.init_pid = 0
        self.exit_code: int | None = None
        """As the loop has it: negative = killed by that signal."""
        self.started_ns = 0
        self.finished_ns = 0
        self.removes = False
        self.cleanup_argv: list[str] = []
        self.claims: Peer | None = None
        self.is_clean = False
        self.settled = False
        """The client has been told that the container is there: from now on it lives without it."""
        self.over = False
        self._stop_signal = int(_signal.SIGTERM)
        self._inbox: dict[str, Message] = {}
        self._abort = ""
        self._starters: list[Peer] = []
        self.loop.on_signal(_signal.SIGTERM, self._terminated)

    # the life, in order

    def live(self) -> int:
        """Serve one container to its end; return its exit code."""
        try:
            self._prepare(self._receive("prepare"))
            self._start(self._receive("start"))
            self._await(lambda: self.exit_code is not None)
        except Exception as error:
            if not isinstance(error, (errors.PypodError, OSError)):
                import traceback  # lazy: for bugs only

                log.error("the monitor has failed", trace=traceback.format_exc())
            return finish.failed(self, error)
        return finish.ended(self)

    def _receive(self, name: str) -> Message:
        self._await(lambda: name in self._inbox)
        return self._inbox.pop(name)

    def _await(self, done: Callable[[], bool]) -> None:
        self.loop.run_until(lambda: done() or bool(self._abort))
        if not done():
            self._check()

    def _check(self) -> None:
        if self._abort:
            raise errors.MonitorError(f'container "{self.name}": {self._abort}')

    def _prepare(self, msg: Message) -> None:
        self.cid, self.run_id = msg["cid"], msg["run_id"]
        self.name = msg.get("name") or self.cid[:12]
        setup.name(self.cid)
        failpoint.hit("monitor:after-prepare-message")
        run_dir: str = msg["run_dir"]
        self.alive_fd = self._hold_alive(run_dir)
        self.run_dir = run_dir
        self.log_fd = os.open(
            f"{run_dir}/monitor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        log.set_output(self.log_fd, with_time=True)
        failpoint.hit("monitor:after-alive")
        place: CgroupPlace | None = msg.get("cgroup")
        if place:
            self.place = place
            exitrec.write_cgroup(run_dir, place["inner"])
            self.foreseen.wait()
            cgtree.prepare(place)
        failpoint.hit("monitor:after-cgroup")
        self.network = Network(self.loop, msg["network"])
        self.network.open()
        failpoint.hit("monitor:after-network")
        self.merged = msg.get("target") or f"{os.path.dirname(run_dir)}/merged"
        self.mounted = True
        mounts.mount_root(msg["mount"], self.merged)
        failpoint.hit("monitor:after-mount")
        root_fd = os.open(self.merged, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            prepared = {
                "t": "prepared",
                "pid": os.getpid(),
                "netns": self.network.path or None,
                "merged": self.merged,
            }
            self._tell(prepared, [root_fd])
        finally:
            os.close(root_fd)
        failpoint.hit("monitor:after-prepared")

    def _hold_alive(self, run_dir: str) -> int:
        """Take the lock that says that this container has a monitor; wait for the last one's to finish its
        work.
        """
        path = run_dir + "/alive"
        fd = alive.try_hold(path)
        if fd is not None:
            return fd
        pid_fd = _process_of(run_dir)
        if pid_fd >= 0:
            gone: list[int] = []
            self.loop.watch(pid_fd, 1, gone.append)
            self.loop.run_until(lambda: bool(gone) or bool(self._abort), _PREDECESSOR_S)
            self.loop.unwatch(pid_fd)
            os.close(pid_fd)
            fd = alive.try_hold(path)
        if fd is None:
            raise errors.StateError(f'container "{self.name}" has a monitor already')
        return fd

    def _start(self, msg: Message) -> None:
        self.bundle = msg["bundle"]
        self.removes = bool(msg.get("rm"))
        self.cleanup_argv = list(msg.get("cleanup_argv") or ())
        self._stop_signal = int(msg.get("stop_signal") or self._stop_signal)
        failpoint.hit("monitor:after-start-message")
        self.stdio = stdio = Stdio(self.loop, msg, self.run_dir, self.inherited)
        if msg["log"]["driver"] != _PASSTHROUGH:
            self._close_inherited()
        self.control.listen(self.run_dir)
        runtime = Runtime(self.loop, msg["runtime"], self.cid, self.run_dir, f'container "{self.name}"')
        runtime.interrupted = lambda: self._abort
        self.runtime = runtime
        self.execs = Execs(self.loop, runtime, self.run_dir, self.name)
        self.init_pid = runtime.create(self.bundle, stdio.console, stdio.for_runtime)
        self.loop.on_child(self.init_pid, self._init_ended)
        stdio.connect()
        self._close_inherited()
        self._save_seccomp(msg, runtime)
        if msg.get("only_create"):
            self._write_status("created", time.time_ns())
            self._tell({"t": "created", "pid": self.init_pid, "start_time": self._init_start()})
            self._settle()
            self._await(lambda: bool(self._starters) or self.exit_code is not None)
            if self.exit_code is not None:
                return
        self._go(runtime, stdio, msg)

    def _go(self, runtime: Runtime, stdio: Stdio, msg: Message) -> None:
        """Let the created process run, when its network is there, and say so."""
        network = self.network
        assert network is not None
        failpoint.hit("monitor:before-ready")
        if (
            not self.loop.run_until(lambda: network.ready or bool(network.failed or self._abort), READY_S)
            or network.failed
        ):
            why = network.failed or f"slirp4netns was not ready within {READY_S:.0f} s"
            raise errors.MonitorError(
                f'container "{self.name}": no network: {why}', remedy="use --network=none or --network=host"
            )
        self._check()
        init_start = self._init_start()
        if self.client is not None and msg.get("attach") is not None and not self.settled:
            self._attach(self.client, msg["attach"])
        failpoint.hit("monitor:before-start")
        self.started_ns = time.time_ns()
        try:
            runtime.start()
        except errors.PypodError:
            self.started_ns = 0
            raise
        failpoint.hit("monitor:after-start")
        self._write_status("running", self.started_ns, init_start)
        failpoint.hit("monitor:after-status")
        started = {
            "t": "started",
            "pid": self.init_pid,
            "start_time": init_start,
            "started_ns": self.started_ns,
        }
        if not self.settled:
            self._tell(started)
            self._settle()
        for peer in self._starters:
            peer.send(started)
        stdio.flow()
        failpoint.hit("monitor:after-started")
        if timeout_s := float(msg.get("timeout") or 0):
            self.loop.after(timeout_s, lambda: self.signal(_signal.SIGKILL))

    def _write_status(self, state: str, since_ns: int, init_start: int = 0) -> None:
        network = self.network
        status: StatusFile = {
            "v": exitrec.VERSION,
            "boot_id": process.boot_id(),
            "run_id": self.run_id,
            "state": "running" if state == "running" else "created",
            "monitor_pid": os.getpid(),
            "monitor_start": process.start_time(os.getpid()),
            "init_pid": self.init_pid,
            "init_start": init_start or self._init_start(),
            "started_ns": since_ns,
            "cgroup": self.place["payload"] if self.place else "",
            "netns": network.path if network is not None else "",
            "merged": self.merged,
        }
        exitrec.write_status(self.run_dir, status)

    def _init_start(self) -> int:
        """Return the start time of the first process; it is our child, and not reaped before we say so."""
        return process.start_time(self.init_pid) if self.exit_code is None else 0

    def _init_ended(self, code: int) -> None:
        self.finished_ns = time.time_ns()
        self.exit_code = code
        if self.place:
            self.foreseen = setup.Foreseen()  # out of the container's cgroup

    def _settle(self) -> None:
        """The client has its answer. One that is not attached has nothing more to wait for."""
        self.settled = True

    def _tell(self, msg: Message, fds: list[int] | None = None) -> None:
        if self.client is not None:
            self.client.send(msg, fds or ())
        if self.client is None or self.client.closed:
            raise errors.MonitorError(f'container "{self.name}": the client has gone')

    def _terminated(self) -> None:
        """SIGTERM: the machine or the login session ends. Ask the container to end, or give the start up."""
        if self.settled and self.exit_code is None:
            self.signal(self._stop_signal)
        elif not self.settled:
            self._abort = self._abort or "the monitor was terminated"

    def _close_inherited(self) -> None:
        for fd in self.inherited:
            os.close(fd)
        self.inherited = ()

    def _save_seccomp(self, msg: Message, runtime: Runtime) -> None:
        """Keep the filter that crun has compiled, for the next container (run.oci.seccomp_bpf_data)."""
        cache = msg.get("seccomp_cache")
        if cache:
            finish.save_seccomp(runtime, cache["path"])

    # requests

    def inbox(self, peer: Peer, msg: Message) -> None:
        if peer is not self.client or self.settled:
            raise errors.MonitorError(f'"{msg["t"]}" comes from the client that started the monitor, once')
        self._inbox[msg["t"]] = msg

    def peer_left(self, peer: Peer) -> None:
        if peer.exec is not None:
            peer.exec.leave()
            peer.exec = None
        if self.stdio is not None:
            self.stdio.streams.detach(peer)
        if peer is self.claims and not self.is_clean:
            self.claims = None
        if peer is self.client:
            self.client = None
            if not self.settled:
                self._abort = self._abort or "the client has gone"

    @property
    def has_terminal(self) -> bool:
        return self.stdio is not None and self.stdio.has_terminal

    def attach(self, peer: Peer, msg: Message) -> None:
        self._must_run()
        self._attach(peer, msg)
        if msg.get("size"):
            self.resize(*msg["size"])

    def _attach(self, peer: Peer, wanted: Message) -> None:
        assert self.stdio is not None
        kinds = tuple(
            kind for kind, key in ((wire.STDOUT, "stdout"), (wire.STDERR, "stderr")) if wanted.get(key)
        )
        self.stdio.streams.attach(peer, kinds, stdin=bool(wanted.get("stdin")))

    def detach(self, peer: Peer) -> None:
        if self.stdio is not None:
            self.stdio.streams.detach(peer)
        peer.waits = False

    def feed(self, peer: Peer, data: bytes) -> None:
        if self.stdio is not None:
            self.stdio.streams.feed(peer, data)

    def wait(self, peer: Peer) -> None:
        peer.waits = True

    def execute(self, peer: Peer, msg: Message, fds: list[int]) -> None:
        self._must_run()
        assert self.execs is not None
        self.execs.start(peer, msg, fds)

    def resize(self, rows: int, cols: int) -> None:
        if self.stdio is not None:
            self.stdio.resize(rows, cols)

    def signal(self, number: int, everything: bool = False) -> None:
        """Signal the first process, which is our child: its pid is its own until we reap it."""
        if self.exit_code is not None or not self.init_pid:
            return
        payload = self.payload
        if payload and everything and number == _signal.SIGKILL:
            cgroup.kill(payload)
        elif payload and everything:
            for pid in cgroup.pids(payload):
                if pid != self.init_pid:
                    _kill(pid, number)
        _kill(self.init_pid, number)

    def go_on(self, peer: Peer) -> None:
        """Start the container that has only been created."""
        if not self.settled or self.started_ns or self._starters:
            raise errors.StateError(f'container "{self.name}" is not waiting to be started')
        self._starters.append(peer)

    def claimed(self, peer: Peer) -> None:
        if peer is self.client and self.removes:
            self.claims = peer

    def cleaned(self, peer: Peer) -> None:
        if peer is self.claims:
            self.is_clean = True

    @property
    def payload(self) -> str:
        """The container's cgroup as this process sees it; empty without one."""
        return self.place["runtime_path"] if self.place else ""

    def _must_run(self) -> None:
        if self.exit_code is not None or not self.started_ns:
            raise errors.StateError(f'container "{self.name}" is not running', name=self.name)


def run(conn: wire.Conn, ns_dir: str) -> int:
    """Be the monitor, in a child that was just forked; return its exit code. `ns_dir`: see Paths.ns."""
    inherited = setup.detach(ns_dir + "/", (conn.fileno(),))
    failpoint.hit("monitor:forked")
    foreseen = setup.Foreseen()  # into the container's cgroup
    mounts.enter_own_namespace()
    failpoint.hit("monitor:after-mount-namespace")
    code = Monitor(conn, inherited, foreseen).live()
    try:
        os.unlink(f"{ns_dir}/{os.getpid()}")
    except OSError:
        pass
    return code


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError as error:
        log.debug("cannot signal", pid=pid, error=error)


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
