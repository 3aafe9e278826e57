"""Owns: the forwarder: a program of its own that carries what comes to published ports into a container.

    python -I -S -c "... forward.main()" ROOT FD LOG_LEVEL NAME

FD is a connection to the monitor, which keeps the listening sockets and lends them to us. It sends
`serve {address, gateway, gateway6}` + [network namespace], once; then `listen {ports: [[key, protocol,
family, port], ...]}` + the sockets, `unlisten {keys}`, `init` + [pidfd of the container's first process],
`drain {seconds}`. It is answered by `serving`, and `drained` when no listening socket is ours any more.

It ends when it has drained; when the first process has ended and the monitor is gone; and with the monitor,
if it was never told of a first process.
"""

from __future__ import annotations

import _signal
import fcntl
import os
import resource
import select
import sys
import time

from libpod import log
from libpod.kernel import netlink, process
from libpod.monitor.forward_tcp import Listener
from libpod.monitor.forward_udp import MAX_FLOWS, Port
from libpod.monitor.inside import Inside
from libpod.util import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from libpod.monitor.forward_tcp import Half

_KEPT_PIPES = 4
"""A user may have 16384 pages in pipes, pipe(7): 1024 pipes, for all forwarders and programs together."""
_WIDE = 1 << 18
_MAX_WIDE = 16
_RETRY_S = 0.2
_SWEEP_S = 5.0


class Hub:
    """What waits, for all ports together."""

    def __init__(self, conn: wire.Conn) -> None:
        self.epoll = select.epoll()
        self.inside = Inside("", "", "")
        self.connections = self.flows = 0
        self.again: list[Half] = []
        """Whose turn was over before their data was."""
        self.starved: list[Half] = []
        """Who got no pipe, since there was no descriptor."""
        self.draining = False
        self._conn: wire.Conn | None = conn
        self._targets: dict[int, Any] = {}
        self._pipes: list[tuple[int, int]] = []
        self._spare_wide: tuple[int, int] | None = None
        self._wide: set[int] = set()
        """The wide pipes that there are, by one of their descriptors."""
        self._paused: list[Listener] = []
        self._has_paused = False
        """It was logged that there was no descriptor; once is enough."""
        self._ports: dict[str, Listener | Port] = {}
        self._rules: dict[tuple[int, int], int] = {}
        """Protocol and port inside: how many listening sockets they have."""
        self._init_fd = -1
        self._deadline = 0.0
        self._retry = self._sweep = 0.0
        self._over = False
        self.watch(conn.fileno(), select.EPOLLIN, _Monitor(self))

    def watch(self, fd: int, events: int, target: Any) -> None:
        self._targets[fd] = target
        self.epoll.register(fd, events)

    def unwatch(self, fd: int) -> None:
        if self._targets.pop(fd, None) is not None:
            try:
                self.epoll.unregister(fd)
            except OSError:
                pass

    def forget(self, fd: int) -> None:
        """Forget a descriptor that is ours alone and closed now: that ends the watching too."""
        self._targets.pop(fd, None)

    def run(self) -> None:
        """Serve to the end."""
        targets, poll = self._targets, self.epoll.poll
        while not self._over:
            for fd, events in poll(self._wait_s()):
                target = targets.get(fd)
                if target is not None:
                    target.event(fd, events)
            if self.again:
                turn, self.again = self.again, []
                for half in turn:
                    half.pump()
            if self._retry or self._sweep or self._deadline:
                self._tick()

    def _wait_s(self) -> float | None:
        if self.again:
            return 0.0
        moments = [moment for moment in (self._retry, self._sweep, self._deadline) if moment]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _tick(self) -> None:
        now = time.monotonic()
        if self._retry and now >= self._retry:
            self._retry = 0.0
            paused, self._paused = self._paused, []
            for listener in paused:
                listener.quiet(False)
            starved, self.starved = self.starved, []
            for half in starved:
                half.pump()
        if self._sweep and now >= self._sweep:
            for port in self._ports.values():
                if isinstance(port, Port):
                    port.sweep(now)
            self._sweep = now + _SWEEP_S if self.flows else 0.0
        if self._deadline and now >= self._deadline:
            self._over = True

    def pause(self, listener: Listener) -> None:
        """Leave who comes waiting for a moment: there is no descriptor."""
        if not self._has_paused:
            self._has_paused = True
            log.warning("no descriptor for a connection: it has to wait", port=listener.port)
        listener.quiet(True)
        self._paused.append(listener)
        self._retry = time.monotonic() + _RETRY_S

    def take_pipe(self) -> tuple[int, int] | None:
        """A pipe, empty; None when there is no descriptor: the direction is asked again later."""
        if self._pipes:
            return self._pipes.pop()
        try:
            return os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            self._retry = self._retry or time.monotonic() + _RETRY_S
            return None

    def take_wide_pipe(self) -> tuple[int, int] | None:
        """A pipe that holds four times as much, for who has much to move; None if there are enough."""
        if self._spare_wide is not None:
            spare, self._spare_wide = self._spare_wide, None
            return spare
        if len(self._wide) >= _MAX_WIDE:
            return None
        pipe = self.take_pipe()
        if pipe is not None:
            try:
                fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, _WIDE)
            except OSError:  # the user has too many pages in pipes
                self.give_pipe(pipe)
                return None
            self._wide.add(pipe[0])
        return pipe

    def is_wide(self, pipe: tuple[int, int]) -> bool:
        return pipe[0] in self._wide

    def give_pipe(self, pipe: tuple[int, int], *, dirty: bool = False) -> None:
        is_wide = self.is_wide(pipe)
        if is_wide and not dirty and self._spare_wide is None:
            self._spare_wide = pipe
        elif not is_wide and not dirty and len(self._pipes) < _KEPT_PIPES:
            self._pipes.append(pipe)
        else:
            self._wide.discard(pipe[0])
            os.close(pipe[0])
            os.close(pipe[1])

    def make_room_for_flow(self) -> None:
        """A new client of UDP comes: forget the one that came first, if there are too many."""
        self._sweep = self._sweep or time.monotonic() + _SWEEP_S
        if self.flows < MAX_FLOWS:
            return
        fullest = max((p for p in self._ports.values() if isinstance(p, Port)), key=lambda p: len(p.flows))
        fullest.forget(next(iter(fullest.flows)))

    def ended(self) -> None:
        """A connection has ended."""
        if self.draining and not self.connections:
            self._over = True

    def message(self) -> None:
        """Do what the monitor says."""
        assert self._conn is not None
        got = self._conn.recv()
        if got is None:
            self.unwatch(self._conn.fileno())
            self._conn.close()
            self._conn = None
            if self._init_fd < 0 and not self.draining:
                self._over = True
            elif self._init_fd >= 0 and not self.draining:
                self.watch(self._init_fd, select.EPOLLIN, _Container(self))
                self.inside.keep_addresses()  # slirp4netns goes with the monitor
            return
        msg, fds = got
        name = msg["t"]
        if name == "serve":
            self.inside = Inside(msg["address"], msg["gateway"], msg["gateway6"])
            self.inside.enter(fds[0])
            os.close(fds[0])
            self.inside.confine()
            self._conn.send({"t": "serving"})
        elif name == "listen":
            for (key, protocol, family, port), fd in zip(msg["ports"], fds, strict=True):
                self._listen(key, protocol, family, port, fd)
        elif name == "unlisten":
            for key in msg["keys"]:
                self._unlisten(key)
            self._conn.send({"t": "unlistened"})
        elif name == "init":
            if self._init_fd >= 0:
                os.close(self._init_fd)
            self._init_fd = fds[0]
        elif name == "drain":
            self._drain(float(msg["seconds"]))

    def _listen(self, key: str, protocol: str, family: int, port: int, fd: int) -> None:
        number = netlink.UDP if protocol == "udp" else netlink.TCP
        count = self._rules.get((number, port), 0)
        if not count:
            self.inside.opened(number, port)
        self._rules[number, port] = count + 1
        make = Port if protocol == "udp" else Listener
        self._ports[key] = make(self, fd, family, port)

    def _unlisten(self, key: str) -> None:
        port = self._ports.pop(key, None)
        if port is None:
            return
        number = netlink.UDP if isinstance(port, Port) else netlink.TCP
        if port in self._paused:
            self._paused.remove(port)
        port.close()
        self._rules[number, port.port] -= 1
        if not self._rules[number, port.port]:
            self.inside.closed(number, port.port)

    def _drain(self, seconds: float) -> None:
        """The container has ended: take nothing new, and pass on what it has left."""
        for port in self._ports.values():
            port.close()
        self._ports = {}
        self._paused = []
        self.draining = True
        self._deadline = time.monotonic() + seconds
        if self._conn is not None:
            self._conn.send({"t": "drained"})
        for connection in {id(t): t for t in self._targets.values() if hasattr(t, "down")}.values():
            if connection.down is None or connection.down.done:
                connection.end()
        if not self.connections:
            self._over = True

    def container_ended(self) -> None:
        self._over = True


class _Monitor:
    __slots__ = ("_hub",)

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def event(self, _fd: int, _events: int) -> None:
        self._hub.message()


class _Container:
    __slots__ = ("_hub",)

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def event(self, _fd: int, _events: int) -> None:
        self._hub.container_ended()


def main() -> None:
    """Be the forwarder. Ends the process."""
    code = 1
    try:
        conn = wire.Conn.from_fd(int(sys.argv[2]))
        os.set_inheritable(conn.fileno(), False)
        log.set_output(2, with_time=True)
        log.set_level(sys.argv[3])
        process.set_title(f"pypod: ports {sys.argv[4]}")
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        _signal.signal(_signal.SIGPIPE, _signal.SIG_IGN)
        try:
            Hub(conn).run()
            code = 0
        except Exception as error:
            conn.set_blocking(False)
            conn.send({"t": "error", "kind": "monitor", "message": str(error) or type(error).__name__})
            raise
    except BaseException as error:
        log.error("the forwarder of ports has failed", error=repr(error))
    finally:
        os._exit(code)
