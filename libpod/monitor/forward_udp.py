"""Owns: the forwarder's datagrams: to whom each belongs, and when a client is forgotten.

A client (address and port) is a flow: a socket inside that has its address. What comes back to it goes to the
client, from the address of this machine that the client had sent to.
"""

from __future__ import annotations

import _socket
import errno
import select
import time
from _struct import pack

from libpod import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from libpod.monitor.forward import Hub

MAX_FLOWS = 4096
_UNANSWERED_S = 30.0
_ANSWERED_S = 180.0
"""As netfilter's connection tracking forgets."""
_TURN = 64
_IP_PKTINFO = 8  # linux/in.h
_IPPROTO_IPV6 = 41
_IPV6_PKTINFO = 50  # linux/in6.h
_IPV6_RECVPKTINFO = 49
_SPACE = _socket.CMSG_SPACE(20)
_buffer = bytearray(65536)
_view = memoryview(_buffer)


class Port:
    """A socket that clients send to, for one port of the container."""

    __slots__ = ("_hub", "family", "flows", "port", "sock")

    def __init__(self, hub: Hub, fd: int, family: int, port: int) -> None:
        self.sock = _socket.socket(family, _socket.SOCK_DGRAM, 0, fd)
        if family == _socket.AF_INET6:
            self.sock.setsockopt(_IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)
        else:
            self.sock.setsockopt(_socket.IPPROTO_IP, _IP_PKTINFO, 1)
        self._hub = hub
        self.family = family
        self.port = port
        self.flows: dict[tuple[Any, bytes], Flow] = {}
        hub.watch(fd, select.EPOLLIN, self)

    def event(self, _fd: int, _events: int) -> None:
        for _ in range(_TURN):
            try:
                size, ancillary, _flags, peer = self.sock.recvmsg_into([_buffer], _SPACE)
            except BlockingIOError:
                return
            except OSError as error:
                log.debug("a datagram cannot be received", port=self.port, error=error)
                return
            flow = self._flow(peer, _arrived_at(self.family, ancillary))
            if flow is not None:
                try:
                    flow.send(_view[:size])
                except OSError as error:
                    log.debug("a client cannot be shown over IPv4 either", port=self.port, error=error)
                    self.forget((peer, flow.local))

    def _flow(self, peer: tuple[Any, ...], local: bytes) -> Flow | None:
        flow = self.flows.get((peer, local))
        if flow is None:
            self._hub.make_room_for_flow()
            try:
                flow = Flow(self._hub, self, peer, local)
            except OSError as error:
                log.debug("a datagram is not taken inside", port=self.port, error=error)
                return None
            self.flows[peer, local] = flow
        return flow

    def answer(self, data: memoryview, peer: tuple[Any, ...], local: bytes) -> None:
        """Send to a client, from the address that it knows."""
        ancillary = []
        if local and self.family == _socket.AF_INET6:
            ancillary = [(_IPPROTO_IPV6, _IPV6_PKTINFO, local)]
        elif local:
            ancillary = [(_socket.IPPROTO_IP, _IP_PKTINFO, local)]
        try:
            self.sock.sendmsg([data], ancillary, 0, peer)
        except OSError as error:  # full, or the client's network is gone: a datagram may be lost
            log.debug("a datagram cannot be answered", port=self.port, error=error)

    def sweep(self, now: float) -> None:
        """Forget clients that have been silent."""
        for key, flow in list(self.flows.items()):
            if now - flow.last > (_ANSWERED_S if flow.answered else _UNANSWERED_S):
                self.forget(key)

    def forget(self, key: tuple[Any, bytes]) -> None:
        self.flows.pop(key).close()

    def close(self) -> None:
        for key in list(self.flows):
            self.forget(key)
        self._hub.unwatch(self.sock.fileno())
        self.sock.close()


class Flow:
    """One client of one port."""

    __slots__ = ("_hub", "_key", "_peer", "_port", "_sock", "answered", "last", "local", "plain")

    def __init__(self, hub: Hub, port: Port, peer: tuple[Any, ...], local: bytes) -> None:
        self._hub, self._port, self._peer, self.local = hub, port, peer, local
        self.plain = port.family == _socket.AF_INET
        """Shown over IPv4."""
        self._open()
        self.last = time.monotonic()
        self.answered = False
        hub.flows += 1

    def _open(self) -> None:
        port = self._port
        self._sock, self._key = self._hub.inside.datagrams(
            port.family, self._peer, port.port, as_v4=self.plain
        )
        self._hub.watch(self._sock.fileno(), select.EPOLLIN, self)

    def _shut(self) -> None:
        self._hub.unwatch(self._sock.fileno())
        self._sock.close()
        self._hub.inside.forget(self._key)
        self._key = (0, "")

    def send(self, data: memoryview) -> None:
        """Pass a datagram on; over IPv4 from now on if nobody listens with IPv6."""
        self._send(data)
        if self.plain or self.answered:
            return
        if self._sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR) == errno.ECONNREFUSED:
            self._shut()
            self.plain = True
            self._open()
            self._send(data)

    def _send(self, data: memoryview) -> None:
        self.last = time.monotonic()
        for _ in range(2):
            try:
                self._sock.send(data)
                return
            except ConnectionRefusedError:
                continue  # said of an earlier one; this one was not sent
            except OSError as error:
                log.debug("a datagram cannot be passed on", error=error)
                return

    def event(self, _fd: int, _events: int) -> None:
        for _ in range(_TURN):
            try:
                size = self._sock.recv_into(_buffer)
            except BlockingIOError:
                return
            except OSError:
                return  # nobody listens inside
            self.last = time.monotonic()
            self.answered = True
            self._port.answer(_view[:size], self._peer, self.local)

    def close(self) -> None:
        self._hub.flows -= 1
        self._shut()


def _arrived_at(family: int, ancillary: list[tuple[int, int, bytes]]) -> bytes:
    """Which address the client had sent to, as sendmsg(2) takes it for the answer; ip(7), ipv6(7)."""
    for level, kind, data in ancillary:
        if family == _socket.AF_INET and level == _socket.IPPROTO_IP and kind == _IP_PKTINFO:
            return pack("=i", 0) + data[4:8] + b"\0" * 4
        if family == _socket.AF_INET6 and level == _IPPROTO_IPV6 and kind == _IPV6_PKTINFO:
            return data[:16] + (data[16:20] if data[:2] == b"\xfe\x80" else b"\0" * 4)
    return b""
