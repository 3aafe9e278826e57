"""Owns: routes and rules of this process's network namespace, by rtnetlink(7).

Tables and marks are 32 bits wide. Every function asks for an acknowledgement and raises KernelError with the
kernel's errno; EEXIST is no error: it is there.
"""

from __future__ import annotations

import _socket
import errno
from _struct import pack, unpack_from

from libpod.errors import KernelError

TCP, UDP = 6, 17
_LO = 1
"""The loopback interface is the first of every namespace."""

_FR_ACT_TO_TBL = 1  # linux/fib_rules.h
_FRA_FWMARK = 10
_FRA_FWMASK = 16
_FRA_IP_PROTO = 22
_FRA_PRIORITY = 6
_FRA_SPORT_RANGE = 23
_FRA_TABLE = 15
_IFA_ADDRESS = 1  # linux/if_addr.h
_IFA_F_NODAD = 2
_IFA_LOCAL = 2
_NETLINK_ROUTE = 0  # linux/netlink.h
_NLMSG_ERROR = 2
_NLM_ADD = 0x605
"""NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL."""
_NLM_ASK = 0x5
_RTA_DST = 1  # linux/rtnetlink.h
_RTA_OIF = 4
_RTA_PREFSRC = 7
_RTA_TABLE = 15
_RTM_DELROUTE = 25
_RTM_DELRULE = 33
_RTM_NEWADDR = 20
_RTM_NEWROUTE = 24
_RTM_NEWRULE = 32
_RTN_LOCAL = 2
_RTPROT_STATIC = 4
_RT_SCOPE_HOST = 254


class Routes:
    """A connection to the kernel's routing tables, of the namespace in which it was opened."""

    def __init__(self) -> None:
        kind = _socket.SOCK_RAW | _socket.SOCK_CLOEXEC
        self._sock = _socket.socket(_socket.AF_NETLINK, kind, _NETLINK_ROUTE)
        self._sequence = 0

    def add_local(self, family: int, table: int, address: bytes = b"", source: bytes = b"") -> None:
        """Have packets to this address (none = to all) delivered here, when this table is asked.

        `source` is the address that answers to it have if the sender did not choose one.
        """
        self._request(_RTM_NEWROUTE, _NLM_ADD, _local(family, table, address, source), "add a route")

    def remove_local(self, family: int, table: int, address: bytes) -> None:
        """Undo `add_local`."""
        self._request(_RTM_DELROUTE, _NLM_ASK, _local(family, table, address, b""), "remove a route")

    def add_address(self, family: int, address: bytes) -> None:
        """Give the loopback interface this address, usable at once."""
        body = pack("=BBBBI", family, 8 * len(address), _IFA_F_NODAD, _RT_SCOPE_HOST, _LO)
        body += _attribute(_IFA_LOCAL, address) + _attribute(_IFA_ADDRESS, address)
        self._request(_RTM_NEWADDR, _NLM_ADD, body, "add an address")

    def add_mark_rule(self, family: int, table: int, priority: int, mark: int, mask: int) -> None:
        """Have this table asked for packets with this mark."""
        body = _rule(family, table, priority)
        body += _attribute(_FRA_FWMARK, pack("=I", mark)) + _attribute(_FRA_FWMASK, pack("=I", mask))
        self._request(_RTM_NEWRULE, _NLM_ADD, body, "add a rule")

    def add_port_rule(self, family: int, table: int, priority: int, protocol: int, port: int) -> None:
        """Have this table asked for packets that come from this port (4.17)."""
        body = _port_rule(family, table, priority, protocol, port)
        self._request(_RTM_NEWRULE, _NLM_ADD, body, "add a rule")

    def remove_port_rule(self, family: int, table: int, priority: int, protocol: int, port: int) -> None:
        """Undo `add_port_rule`."""
        body = _port_rule(family, table, priority, protocol, port)
        self._request(_RTM_DELRULE, _NLM_ASK, body, "remove a rule")

    def _request(self, kind: int, flags: int, body: bytes, what: str) -> None:
        self._sequence += 1
        self._sock.send(pack("=IHHII", 16 + len(body), kind, flags, self._sequence, 0) + body)
        while True:
            answer = self._sock.recv(8192)
            _length, kind_there, _flags, sequence = unpack_from("=IHHI", answer)
            if kind_there == _NLMSG_ERROR and sequence == self._sequence:
                code = -unpack_from("=i", answer, 16)[0]
                if code and code != errno.EEXIST:
                    raise KernelError(code, what)
                return


def _local(family: int, table: int, address: bytes, source: bytes) -> bytes:
    body = pack(
        "=BBBBBBBBI", family, 8 * len(address), 0, 0, 0, _RTPROT_STATIC, _RT_SCOPE_HOST, _RTN_LOCAL, 0
    )
    if address:
        body += _attribute(_RTA_DST, address)
    if source:
        body += _attribute(_RTA_PREFSRC, source)
    return body + _attribute(_RTA_OIF, pack("=I", _LO)) + _attribute(_RTA_TABLE, pack("=I", table))


def _rule(family: int, table: int, priority: int) -> bytes:
    body = pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, _FR_ACT_TO_TBL, 0)
    return body + _attribute(_FRA_PRIORITY, pack("=I", priority)) + _attribute(_FRA_TABLE, pack("=I", table))


def _port_rule(family: int, table: int, priority: int, protocol: int, port: int) -> bytes:
    body = _rule(family, table, priority) + _attribute(_FRA_IP_PROTO, pack("=B", protocol))
    return body + _attribute(_FRA_SPORT_RANGE, pack("=HH", port, port))


def _attribute(kind: int, value: bytes) -> bytes:
    return pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)
