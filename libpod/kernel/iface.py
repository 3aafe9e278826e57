"""Owns: the flags of a network interface, netdevice(7), and the address that this machine has for others."""

from __future__ import annotations

import _socket
import fcntl
from _struct import pack, unpack_from

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
_ELSEWHERE = "198.51.100.1"
"""An address that only a default route leads to (TEST-NET-2)."""
_IFREQ = "16sH22x"  # struct ifreq: name, flags, rest of the union


def lo_up() -> None:
    """Bring the loopback interface of this thread's network namespace up."""
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC, 0)
    try:
        request = bytearray(pack(_IFREQ, b"lo", 0))
        fcntl.ioctl(sock.fileno(), _SIOCGIFFLAGS, request)
        flags = unpack_from("H", request, 16)[0]
        if not flags & _IFF_UP:
            fcntl.ioctl(sock.fileno(), _SIOCSIFFLAGS, pack(_IFREQ, b"lo", flags | _IFF_UP))
    finally:
        sock.close()


def own_address() -> str:
    """Return the IPv4 address from which this machine talks to others; empty if it has no way to them.

    Nothing is sent: the kernel chooses the address when a datagram socket is connected, ip(7).
    """
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC, 0)
    try:
        sock.connect((_ELSEWHERE, 9))
        return str(sock.getsockname()[0])
    except OSError:
        return ""
    finally:
        sock.close()
