"""Owns: what a monitor knows of its container, and what clients may have it do while the container runs.

Imports as little as can be: this is what stays in memory as long as the container runs (see resume.py).
"""

from __future__ import annotations

import _signal  # `signal` itself pulls enum: 4 ms
import os
import time

from libpod import errors, log
from libpod.monitor.control import Control
from libpod.monitor.loop import Loop, Timer
from libpod.util import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from libpod.kernel.cgtree import CgroupPlace
    from libpod.model.run import OverRecord, RestartPlan
    from libpod.monitor.attach import Peer
    from libpod.monitor.execs import Execs
    from libpod.monitor.network import Network
    from libpod.monitor.ports import Ports
    from libpod.monitor.runtime import Runtime
    from libpod.monitor.setup import Background
    from libpod.monitor.stdio import Stdio

    Message = dict[str, Any]


STOP_SIGNALS = (_signal.SIGTERM, _signal.SIGURG)
"""What asks for an orderly end. SIGURG comes from the systemd that stops our scope: it sends the signal to
every process there, and by this one only we are moved (libpod/rootless/scope.py).
"""


class Monitor:
    """The monitor of one container."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.control = Control(self)
        self.client: Peer | None = None
        """The client that started us, while it is connected."""
        self.kept_fds: list[int] = []
        """The sign that this process keeps the user namespace: a locked file below Paths.ns."""
        self.inherited: tuple[int, ...] = ()
        """The client's stdin, stdout and stderr, until it is known whether the container gets them."""
        self.cid = self.name = self.run_id = self.merged = self.bundle = ""
        self.run_bundle = ""
        """What the runtime gets: the bundle, or the copy that has secrets in it."""
        self.run_dir = self.cgroup_link = ""
        self.place: CgroupPlace | None = None
        self.moving: Background | None = None
        """Our move to another cgroup, while it is under way."""
        self.network: Network | None = None
        self.ports: Ports | None = None
        """The published ports, if there are or ever were some."""
        self.runtime: Runtime | None = None
        self.stdio: Stdio | None = None
        self.mounted = False
        self.more_mounts: list[str] = []
        """Places of what the container has mounted besides, in order."""
        self.server_pid = 0
        """The program that serves the root file system (fuse-overlayfs); 0 = none, or it has ended."""
        self.alive_fd = self.log_fd = -1
        self.init_pid = 0
        self.exit_code: int | None = None
        """As the loop has it: negative = killed by that signal."""
        self.started_ns = self.finished_ns = 0
        self.restarts: RestartPlan | None = None
        """What happens at the end of a run, see restarts.py; None = it is the end."""
        self.over: OverRecord | None = None
        """How the last run has ended, while the next one is waited for."""
        self.ending = False
        """Somebody wants the container to end: it is not started again."""
        self.timeout_s = 0.0
        """The container is killed after so many seconds; 0 = never."""
        self.stop_signal = int(_signal.SIGTERM)
        self.stop_timeout_s = 10
        """How long the container has after its stop signal before it is killed; negative = for ever."""
        self.deadline = 0.0
        """When the container is killed, by time.monotonic(); 0 = never."""
        self.hollow = False
        """The infra container of a pod, without a first process."""
        self.shm = ""
        """Where the shared memory of a pod is mounted here; empty = nowhere."""
        self.removes = False
        self.cleanup_argv: list[str] = []
        self.events: Message | None = None
        """What the container's events say, and where they go (libpod/util/eventlog.py)."""
        self.settle_argv: list[str] = []
        """Executed after the end: the pod may have nothing to do any more."""
        self.keeper: Message | None = None
        """The infra container of our pod: `run_dir`, and `argv`, which starts it again if it is killed."""
        self.claims: Peer | None = None
        self.is_clean = False
        self.settled = False
        """The client has been told that the container is there: from now on it lives without it."""
        self.starters: list[Peer] = []
        """Who asked for the container that was only created to be started."""
        self.on_quiet: Callable[[], None] | None = None
        """Called when the last exec has ended."""
        self._inbox: dict[str, Message] = {}
        self._abort = ""
        self._execs: Execs | None = None
        self._timer: Timer | None = None
        for number in STOP_SIGNALS:
            self.loop.on_signal(number, self._terminated)

    def receive(self, name: str) -> Message:
        """Wait for this message of the client that started us."""
        self.wait_for(lambda: name in self._inbox)
        return self._inbox.pop(name)

    def wait_for(self, done: Callable[[], bool]) -> None:
        """Serve until `done()`. MonitorError when the start was given up meanwhile."""
        self.loop.run_until(lambda: done() or bool(self._abort))
        if not done():
            self.check()

    def check(self) -> None:
        """Raise MonitorError if the start was given up."""
        if self._abort:
            raise errors.MonitorError(f'container "{self.name}": {self._abort}')

    @property
    def abort(self) -> str:
        """Why the start is to be given up; empty = it is not."""
        return self._abort

    def tell(self, msg: Message, fds: Sequence[int] = ()) -> None:
        """Answer the client that started us, which must still be there."""
        if self.client is not None:
            self.client.send(msg, fds)
        if self.client is None or self.client.closed:
            raise errors.MonitorError(f'container "{self.name}": the client has gone')

    def watch_init(self) -> None:
        """Take note of the end of the first process, our child."""
        self.loop.on_child(self.init_pid, self._init_ended)

    def watch_server(self) -> None:
        """Take note of the end of the program that serves the root file system, our child."""
        if self.server_pid:
            self.loop.on_child(self.server_pid, self._server_ended)

    def watch_keeper(self) -> None:
        """Take note of the end of the monitor that holds what our pod shares."""
        if self.keeper is not None:
            from libpod.monitor import keeper  # lazy: in pods only

            keeper.watch(self, self.keeper)

    def _server_ended(self, code: int) -> None:
        self.server_pid = 0
        if self.mounted:
            log.error("the container has lost its root file system: fuse-overlayfs has ended", code=code)

    def limit_time(self, deadline: float) -> None:
        """Kill the container at that moment."""
        self.deadline = deadline
        if self._timer is not None:
            self._timer.cancel()
        if deadline:
            self._timer = self.loop.after(deadline - time.monotonic(), lambda: self.signal(_signal.SIGKILL))

    def close_inherited(self) -> None:
        """Give the client's standard streams up: else a pipe to it would stay open as long as we live."""
        for fd in self.inherited:
            os.close(fd)
        self.inherited = ()

    @property
    def execs(self) -> Execs | None:
        """The exec processes, if there ever was one."""
        return self._execs

    @property
    def payload(self) -> str:
        """The container's cgroup as this process sees it; empty without one."""
        return self.place["runtime_path"] if self.place else ""

    def _init_ended(self, code: int) -> None:
        self.finished_ns = time.time_ns()
        self.exit_code = code
        if self.place and self.place["manager"] == "cgroupfs" and not self.place["mount_needed"]:
            from libpod.monitor import setup  # lazy: what is needed at the end comes at the end

            self.moving = setup.foresee_move()  # out of the container's cgroup

    def _terminated(self) -> None:
        """The machine, the login or the unit ends: stop the container in order, or give the start up."""
        self.ending = True
        if not self.settled:
            self._abort = self._abort or "the monitor was terminated"
        elif self.exit_code is None and self.hollow:
            self._init_ended(0)
        elif self.exit_code is None:
            self._stop()

    def _stop(self) -> None:
        if not self.started_ns:
            self.signal(_signal.SIGKILL)
            return
        if self.payload:
            from libpod.kernel import cgroup  # lazy

            try:
                cgroup.freeze(self.payload, False)  # a paused container hears no signal
            except OSError as error:
                log.debug("cannot thaw", cgroup=self.payload, error=error)
        self.signal(self.stop_signal)
        if self.stop_timeout_s >= 0:
            at = time.monotonic() + self.stop_timeout_s
            if not self.deadline or at < self.deadline:
                self.limit_time(at)

    # requests: what control.py calls

    def inbox(self, peer: Peer, msg: Message, fds: list[int]) -> None:
        """Keep a message of the start, with its descriptors, until it is its turn."""
        if peer is not self.client or self.settled:
            raise errors.MonitorError(f'"{msg["t"]}" comes from the client that started the monitor, once')
        self._inbox[msg["t"]] = {**msg, "fds": fds[:]} if fds else msg
        fds.clear()

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
        self.must_run()
        self.attach_streams(peer, msg)
        if msg.get("size"):
            self.resize(*msg["size"])

    def attach_streams(self, peer: Peer, wanted: Message) -> None:
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

    def join(self, peer: Peer) -> None:
        """Give the pod's shared memory to somebody who mounts it for a member."""
        self.must_run()
        if not self.shm:
            peer.send({"t": "joined"})
            return
        from libpod.kernel import mount  # lazy
        from libpod.kernel.const import AT_FDCWD

        fd = mount.open_tree(AT_FDCWD, self.shm)
        try:
            peer.send({"t": "joined"}, [fd])
        finally:
            os.close(fd)

    def execute(self, peer: Peer, msg: Message, fds: list[int]) -> None:
        self.must_run()
        if self.hollow:
            raise errors.StateError(
                f'container "{self.name}" is the infra container of a pod and runs nothing'
            )
        if self._execs is None:
            from libpod.monitor.execs import Execs  # lazy: most containers never see one

            assert self.runtime is not None
            self._execs = Execs(
                self.loop, self.runtime, self.run_dir, self.name, self.events, self._execs_ended
            )
        self._execs.start(peer, msg, fds)

    def resize(self, rows: int, cols: int) -> None:
        if self.stdio is not None:
            self.stdio.resize(rows, cols)

    def signal(self, number: int, everything: bool = False) -> None:
        """Signal the first process, which is our child: its pid is its own until we reap it."""
        if self.over is not None and number in (_signal.SIGKILL, _signal.SIGTERM, self.stop_signal):
            self.ending = True
        if self.exit_code is not None or not self.init_pid:
            return
        if everything and self.payload:
            from libpod.kernel import cgroup  # lazy

            if number == _signal.SIGKILL:
                cgroup.kill(self.payload)
            for pid in cgroup.pids(self.payload):
                if pid != self.init_pid:
                    _kill(pid, number)
        _kill(self.init_pid, number)

    def go_on(self, peer: Peer, msg: Message) -> None:
        """Start the container that has only been created; who attaches before it runs misses nothing."""
        if not self.settled or self.started_ns or self.starters:
            raise errors.StateError(f'container "{self.name}" is not waiting to be started')
        if msg.get("attach"):
            self.attach_streams(peer, msg["attach"])
            if msg.get("size"):
                self.resize(*msg["size"])
        self.starters.append(peer)

    def claimed(self, peer: Peer) -> None:
        if peer is self.client and self.removes:
            self.claims = peer

    def cleaned(self, peer: Peer) -> None:
        if peer is self.claims:
            self.is_clean = True

    def must_run(self) -> None:
        """Raise StateError if the container does not run."""
        if self.exit_code is not None or not self.started_ns:
            raise errors.StateError(f'container "{self.name}" is not running', name=self.name)

    def _execs_ended(self) -> None:
        if self.on_quiet is not None:
            self.on_quiet()


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError as error:
        log.debug("cannot signal", pid=pid, error=error)
