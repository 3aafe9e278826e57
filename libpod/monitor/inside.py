"""Owns: the forwarder's place: it enters the container's network, and has nothing else left.

Clients are shown to the container by their own addresses. So that its answers come back to the forwarder and
not to the default route, packets that carry MARK look into a table in which everything is local: the answers
of TCP carry it, by tcp_fwmark_accept. Those of UDP cannot: for them, and for TCP where that switch cannot be
set, what comes from a published port looks into a second table, which holds the clients of the moment.
"""

from __future__ import annotations

import _socket
import errno
import os
from _struct import pack

from libpod import log
from libpod.errors import KernelError
from libpod.kernel import caps, netlink, ns, process
from libpod.kernel.const import CLONE_NEWNET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MARK, MASK = 0x50900000, 0xFFF00000
"""Unusual, and masked: other bits of a mark are the container's own."""
MARK_TABLE, CLIENT_TABLE = 0x5059_0001, 0x5059_0002
PRIORITY = 20569
"""Of the rules: before those of the main table (32766)."""
V4, V6 = _socket.AF_INET, _socket.AF_INET6

NO_LINGER = pack("=ii", 1, 0)
"""A closed connection is reset, socket(7): so is one that a killed forwarder had, which must not look like an
orderly end.
"""
_SWITCHES = ("ipv4/tcp_fwmark_accept", "ipv4/fwmark_reflect", "ipv6/fwmark_reflect")
"""Below /proc/sys/net: an accepted connection has the mark of what opened it; so have the resets and other
packets that the kernel answers with by itself.
"""
_CAPABILITIES = ("CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE")
"""For transparent sockets, marks and routes; for clients with a port below 1024."""
_IPPROTO_IPV6 = 41
_IPV6_TRANSPARENT = 75  # linux/in6.h
_IP_TRANSPARENT = 19  # linux/in.h
_SO_MARK = 36  # asm-generic/socket.h
_STREAM = _socket.SOCK_STREAM | _socket.SOCK_NONBLOCK | _socket.SOCK_CLOEXEC
_DGRAM = _socket.SOCK_DGRAM | _socket.SOCK_NONBLOCK | _socket.SOCK_CLOEXEC
_NOBODY = (0, "")
_UNUSABLE = 0x48
"""IFA_F_TENTATIVE, IFA_F_DADFAILED: linux/if_addr.h."""


class Inside:
    """The container's network, seen from within."""

    def __init__(self, address: str, gateway: str, gateway6: str) -> None:
        """`address` is the container's; the gateways are who stands for clients that cannot be shown as they
        are: those on this machine's loopback, and those over IPv6 of a container that has only IPv4."""
        self._address = address
        self._gateway = gateway
        self._gateway6 = gateway6
        self._inet6_fd = -1
        self._routes: netlink.Routes | None = None
        self._marks_return = False
        self._clients: dict[tuple[int, str], int] = {}
        """Family and address of who has a route in CLIENT_TABLE, and how many need it."""

    def enter(self, netns_fd: int) -> None:
        """Go there, for good, and make the tables."""
        ns.setns(netns_fd, CLONE_NEWNET)
        self._routes = routes = netlink.Routes()
        routes.add_local(V4, MARK_TABLE)
        routes.add_mark_rule(V4, MARK_TABLE, PRIORITY, MARK, MASK)
        try:
            routes.add_local(V6, MARK_TABLE)
            routes.add_mark_rule(V6, MARK_TABLE, PRIORITY, MARK, MASK)
            self._inet6_fd = os.open("/proc/thread-self/net/if_inet6", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            log.debug("the container has no IPv6", error=error)
        try:
            for name in _SWITCHES if self._inet6_fd >= 0 else _SWITCHES[:2]:
                _switch_on(name)
            self._marks_return = True
        except OSError as error:
            log.debug("answers of TCP find back by the clients' addresses", error=error)

    def confine(self) -> None:
        """Give up everything but the network: the file system, all capabilities that are not needed."""
        caps.last_cap()  # which reads a file; nothing can be imported afterwards either
        _leave_file_system()
        process.keep_capabilities(_CAPABILITIES)

    def keep_addresses(self) -> None:
        """Have the container keep its addresses although the interface that has them goes away."""
        assert self._routes is not None
        for family, address in ((V4, self._address), (V6, self._own_v6())):
            if address:
                try:
                    self._routes.add_address(family, _socket.inet_pton(family, address))
                except OSError as error:
                    log.warning("cannot keep an address", address=address, error=error)

    def opened(self, protocol: int, port: int) -> None:
        """Prepare for a port of the container that is published from now on."""
        if protocol == netlink.UDP or not self._marks_return:
            assert self._routes is not None
            for family in self._families():
                self._routes.add_port_rule(family, CLIENT_TABLE, PRIORITY, protocol, port)

    def closed(self, protocol: int, port: int) -> None:
        """Undo `opened`, for new clients: what is connected goes on."""
        if protocol == netlink.UDP:
            assert self._routes is not None
            for family in self._families():
                try:
                    self._routes.remove_port_rule(family, CLIENT_TABLE, PRIORITY, protocol, port)
                except KernelError as error:
                    log.debug("cannot remove a rule", port=port, error=error)

    def stream(
        self, family: int, peer: tuple[Any, ...], port: int, *, as_v4: bool
    ) -> tuple[Any, bool, tuple[int, str]]:
        """Begin to connect to a port for this client; a socket, whether it is connected already, and what
        `forget` is to be told at its end. OSError when it cannot be.

        `as_v4`: nobody listens there with IPv6."""
        if as_v4 and family == V6:
            family, client, target = V4, self._gateway, self._address
        else:
            family, client, target = self._as_seen(family, peer)
        key = _NOBODY if self._marks_return else self._reach(family, client)
        try:
            try:
                sock = _own(family, _STREAM, client, int(peer[1]))
                return sock, _connect(sock, target, port), key
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:  # a connection from there is not forgotten yet
                    raise
            sock = _own(family, _STREAM, client, 0)
            return sock, _connect(sock, target, port), key
        except BaseException:
            self.forget(key)
            raise

    def datagrams(
        self, family: int, peer: tuple[Any, ...], port: int, *, as_v4: bool
    ) -> tuple[Any, tuple[int, str]]:
        """Return a socket that speaks to a port for this client, and what `forget` is to be told.

        `as_v4`: as for `stream`.
        """
        if as_v4 and family == V6:
            family, client, target = V4, self._gateway, self._address
        else:
            family, client, target = self._as_seen(family, peer)
        key = self._reach(family, client)
        try:
            sock = _own(family, _DGRAM, client, int(peer[1]))
            sock.connect((target, port))
        except BaseException:
            self.forget(key)
            raise
        return sock, key

    def forget(self, key: tuple[int, str]) -> None:
        """A socket of this client was closed."""
        count = self._clients.get(key, 0)
        if count > 1:
            self._clients[key] = count - 1
        elif count:
            del self._clients[key]
            assert self._routes is not None
            try:
                self._routes.remove_local(key[0], CLIENT_TABLE, _socket.inet_pton(*key))
            except KernelError as error:
                log.debug("cannot remove a route", address=key[1], error=error)

    def _families(self) -> tuple[int, ...]:
        return (V4, V6) if self._inet6_fd >= 0 else (V4,)

    def _as_seen(self, family: int, peer: tuple[Any, ...]) -> tuple[int, str, str]:
        """Family and address by which this client is shown, and where it connects to."""
        client = str(peer[0])
        if family == V6:
            own = self._own_v6()
            if not own:
                return V4, self._gateway, self._address
            if client == "::1" or client.startswith("fe80:"):
                return V6, self._gateway6, own
            return V6, client, own
        if client.startswith("127."):
            return V4, self._gateway, self._address
        return V4, client, self._address

    def _reach(self, family: int, client: str) -> tuple[int, str]:
        """See to it that what is sent to this client comes to us; until `forget`."""
        key = (family, client)
        count = self._clients.get(key, 0)
        if not count:
            assert self._routes is not None
            own = self._own_v6() if family == V6 else self._address
            source = _socket.inet_pton(family, own)
            self._routes.add_local(family, CLIENT_TABLE, _socket.inet_pton(family, client), source)
        self._clients[key] = count + 1
        return key

    def _own_v6(self) -> str:
        """The container's IPv6 address; empty while there is none. proc_pid_net(5), if_inet6.

        Not kept: another slirp4netns makes another one.
        """
        if self._inet6_fd >= 0:
            for line in os.pread(self._inet6_fd, 65536, 0).decode("ascii").splitlines():
                raw, _index, _prefix, scope, flags, _name = line.split()
                if int(scope, 16) == 0 and not int(flags, 16) & _UNUSABLE:
                    return _socket.inet_ntop(V6, bytes.fromhex(raw))
        return ""


def _own(family: int, kind: int, client: str, port: int) -> Any:
    """Return a socket with a client's address, and its port if that is free."""
    sock = _socket.socket(family, kind, 0)
    try:
        if kind == _STREAM:
            sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, NO_LINGER)
        sock.setsockopt(_socket.SOL_SOCKET, _SO_MARK, MARK)
        sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        if family == V6:
            sock.setsockopt(_IPPROTO_IPV6, _IPV6_TRANSPARENT, 1)
        else:
            sock.setsockopt(_socket.IPPROTO_IP, _IP_TRANSPARENT, 1)
        try:
            sock.bind((client, port))
        except OSError:
            sock.bind((client, 0))
    except BaseException:
        sock.close()
        raise
    return sock


def _connect(sock: Any, target: str, port: int) -> bool:
    """Connect: False if that is not done yet. The other end is in this kernel: mostly it is done when asked
    again. A socket that cannot is closed."""
    try:
        try:
            sock.connect((target, port))
        except BlockingIOError:
            try:
                sock.connect((target, port))
            except BlockingIOError:
                return False
    except BaseException:
        sock.close()
        raise
    return True


def _switch_on(name: str) -> None:
    fd = os.open(f"/proc/sys/net/{name}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, b"1")
    finally:
        os.close(fd)


def _leave_file_system() -> None:
    """Make the root an empty directory that is not there any more: that of a process that has ended."""
    ready_r, ready_w = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(ready_w)
        os.read(ready_r, 1)
        os._exit(0)
    os.close(ready_r)
    try:
        os.chroot(f"/proc/{pid}/fdinfo")
        os.chdir("/")
    finally:
        os.close(ready_w)
        os.waitpid(pid, 0)
