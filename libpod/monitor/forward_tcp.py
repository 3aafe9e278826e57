"""Owns: the forwarder's connections: bytes go from socket to socket through a pipe, without being copied.

Each is watched edge-triggered, for reading and writing, once: what can be done is done until the kernel has
no more, or until it is another one's turn. A pipe belongs to a direction only while bytes are on their way:
an idle connection is two descriptors. An end of file goes on as one, a reset as a reset.
"""

from __future__ import annotations

import _socket
import errno
import fcntl
import os
import select
import termios
from _struct import pack

from libpod import log
from libpod.monitor.inside import NO_LINGER
from libpod.monitor.loop import NO_ROOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from libpod.monitor.forward import Hub

_EDGE = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
_ERROR = select.EPOLLERR
_GONE = select.EPOLLERR | select.EPOLLHUP
_AT_ONCE = 1 << 20
"""What splice(2) may move in one call; it is less: a pipe holds 16 pieces of the other side's."""
_ROUNDS = 8
_SILENT_S, _ASK_S, _ASK_TIMES = 60, 15, 5
"""A client that says nothing for so long is asked whether it is there, tcp(7)."""
_PIPE_BYTES = 1 << 16
_BULK = 2
"""So many full pipes in one turn: there is more."""
_ACCEPTS = 64
_FLAGS = 3
"""SPLICE_F_MOVE, SPLICE_F_NONBLOCK: fcntl.h."""
_LINGER = pack("=ii", 0, 0)
_splice = os.splice


class Listener:
    """A socket that clients connect to, for one port of the container."""

    __slots__ = ("_hub", "family", "port", "sock")

    def __init__(self, hub: Hub, fd: int, family: int, port: int) -> None:
        self.sock = _socket.socket(family, _socket.SOCK_STREAM, 0, fd)
        # What is accepted has these too. A client that is gone without a word is noticed.
        self.sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_KEEPALIVE, 1)
        self.sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_KEEPIDLE, _SILENT_S)
        self.sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_KEEPINTVL, _ASK_S)
        self.sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_KEEPCNT, _ASK_TIMES)
        self.sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self.sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, NO_LINGER)
        self._hub = hub
        self.family = family
        self.port = port
        hub.watch(fd, select.EPOLLIN, self)

    def event(self, _fd: int, _events: int) -> None:
        accept: Any = self.sock._accept  # type: ignore[attr-defined]  # what socket.accept is made of
        for _ in range(_ACCEPTS):
            try:
                fd, peer = accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in NO_ROOM:
                    self._hub.pause(self)
                    return
                continue  # ECONNABORTED and others: of that client only, accept(2)
            client = _socket.socket(self.family, _socket.SOCK_STREAM, 0, fd)
            client.setblocking(False)
            Connection(self._hub, client, self.family, peer, self.port)

    def quiet(self, on: bool) -> None:
        """Take no connections for a moment, or again."""
        self._hub.epoll.modify(self.sock.fileno(), 0 if on else select.EPOLLIN)

    def close(self) -> None:
        self._hub.unwatch(self.sock.fileno())
        self.sock.close()


class Connection:
    """One client's: its socket, and the one that stands for it inside."""

    __slots__ = (
        "_family", "_hub", "_key", "_peer", "_pending", "_plain", "_port", "client", "closed", "down",
        "inner", "reset", "up",
    )  # fmt: skip

    def __init__(self, hub: Hub, client: Any, family: int, peer: tuple[Any, ...], port: int) -> None:
        self._hub = hub
        self._family, self._peer, self._port = family, peer, port
        self.client = client
        self.inner: Any = None
        self.up: Half | None = None
        self.down: Half | None = None
        self._pending = False
        """The connection inside is being made."""
        self.closed = False
        self.reset: Any = None
        """The socket whose other end has broken off."""
        self._key = (0, "")
        self._plain = family == _socket.AF_INET
        """Shown over IPv4."""
        hub.connections += 1
        try:
            self._connect()
        except OSError as error:
            self._refused(error)

    def _connect(self) -> None:
        self.inner, done, self._key = self._hub.inside.stream(
            self._family, self._peer, self._port, as_v4=self._plain
        )
        if done:
            self._begin()
        else:
            self._pending = True
            self._hub.watch(self.inner.fileno(), _EDGE, self)

    def _begin(self) -> None:
        client, inner, hub = self.client, self.inner, self._hub
        self.up, self.down = Half(self, client, inner), Half(self, inner, client)
        if not self._pending:
            hub.watch(inner.fileno(), _EDGE, self)
        self._pending = False
        hub.watch(client.fileno(), _EDGE, self)  # which says at once what is there

    def event(self, fd: int, events: int) -> None:
        if self.closed:
            return
        try:
            self._event(fd, events)
        except OSError as error:  # of this client only: too many are watched, no memory
            log.warning("a connection is given up", port=self._port, error=error)
            self.reset = True
            self.end()

    def _event(self, fd: int, events: int) -> None:
        if self._pending:
            self._arrived(events)
            return
        side = self.client if fd == self.client.fileno() else self.inner
        if events & _ERROR and side.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR):
            self.reset = side
        up, down = self.up, self.down
        assert up is not None
        assert down is not None
        up.pump()
        if not self.closed:
            down.pump()
        if not self.closed:
            self._end_after_reset(up, down)

    def _end_after_reset(self, up: Half, down: Half) -> None:
        if self.reset is not None and (up if self.reset is self.client else down).done:
            self.end()

    def _arrived(self, events: int) -> None:
        code = self.inner.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
        if code:
            self._refused(OSError(code, os.strerror(code)))
        elif events & select.EPOLLOUT:
            self._begin()
            assert self.down is not None
            self._hub.again.append(self.down)  # a server that speaks first: the event was this one

    def _refused(self, error: OSError) -> None:
        """Nobody listens inside; with IPv6, perhaps with IPv4."""
        tried, self.inner = self.inner, None
        if tried is not None:
            self._hub.forget(tried.fileno())
            tried.close()
            self._hub.inside.forget(self._key)
        self._pending = False
        if not self._plain and error.errno in _NOT_THERE:
            self._plain = True
            try:
                self._connect()
                return
            except OSError as again:
                error = again
        log.debug("a connection is not taken inside", port=self._port, error=error)
        self.reset = True
        self.end()

    def broken(self, side: Any, half: Half) -> None:
        """Nothing can be written to this side any more: what it has still to say is passed on."""
        self.reset = side
        half.drop()
        other = self.down if half is self.up else self.up
        assert other is not None
        if other.done:
            self.end()
        else:
            other.pump()

    def end(self) -> None:
        """Close both sides; after a reset by a reset, unless that would lose what is on its way."""
        if self.closed:
            return
        self.closed = True
        hub = self._hub
        hub.connections -= 1
        for half in (self.up, self.down):
            if half is not None:
                half.drop()
        for sock in (self.client, self.inner):
            if sock is None:
                continue
            if self.reset is None or sock is self.reset or _unsent(sock):
                sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, _LINGER)
            hub.forget(sock.fileno())
            sock.close()
        if self.inner is not None:
            hub.inside.forget(self._key)
        self.up = self.down = None
        hub.ended()


_NOT_THERE = (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EACCES)


class Half:
    """One direction of a connection."""

    __slots__ = ("_connection", "_from", "_held", "_pipe", "_to", "done", "eof")

    def __init__(self, connection: Connection, source: Any, target: Any) -> None:
        self._connection = connection
        self._from = source
        self._to = target
        self._pipe: tuple[int, int] | None = None
        self._held = 0
        """Bytes in the pipe."""
        self.eof = self.done = False

    def pump(self) -> None:
        """Move what there is, until the kernel or the turn is at an end."""
        if self.done:
            return
        hub, source, target = self._connection._hub, self._from.fileno(), self._to.fileno()
        pipe = self._pipe
        rounds = _ROUNDS
        full = 0
        while True:
            if self._held:
                assert pipe is not None
                try:
                    self._held -= _splice(pipe[0], target, self._held, flags=_FLAGS)
                except BlockingIOError:
                    return
                except OSError:
                    self._connection.broken(self._to, self)
                    return
                continue
            if self.eof:
                self._finish()
                return
            if not rounds:
                hub.again.append(self)
                return
            rounds -= 1
            if full == _BULK and pipe is not None:
                pipe = self._widen(pipe)
            if pipe is None:
                pipe = self._pipe = hub.take_pipe()
                if pipe is None:
                    hub.starved.append(self)
                    return
            try:
                got = _splice(source, pipe[1], _AT_ONCE, flags=_FLAGS)
            except BlockingIOError:
                self._pipe = None
                hub.give_pipe(pipe)
                return
            except OSError:
                self._connection.reset = self._from
                self._connection.end()
                return
            self._held = got
            self.eof = not got
            full += got >= _PIPE_BYTES

    def _widen(self, pipe: tuple[int, int]) -> tuple[int, int]:
        hub = self._connection._hub
        wide = None if hub.is_wide(pipe) else hub.take_wide_pipe()
        if wide is not None:
            hub.give_pipe(pipe)
            self._pipe = pipe = wide
        return pipe

    def drop(self) -> None:
        """Move nothing any more; what is in the pipe is lost."""
        self.done = True
        if self._pipe is not None:
            self._connection._hub.give_pipe(self._pipe, dirty=self._held > 0)
            self._pipe = None

    def _finish(self) -> None:
        """The end of file goes on to the other side."""
        connection = self._connection
        self.drop()
        other = connection.down if self is connection.up else connection.up
        assert other is not None
        is_last = other.done or (connection._hub.draining and self is connection.down)
        if is_last or connection.reset is self._from:
            connection.end()
            return
        try:
            self._to.shutdown(_socket.SHUT_WR)
        except OSError:
            pass


def _unsent(sock: Any) -> int:
    """How many bytes the other end has not acknowledged, tcp(7), SIOCOUTQ."""
    try:
        return int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4), "little")
    except OSError:
        return 0
