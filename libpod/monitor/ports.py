"""Owns: published ports: the listening sockets, which stay here, and the forwarder that takes what comes to
them into a network namespace (forward.py).

Knows nothing of what the monitor runs: it is given a namespace and ports, and says what is bound. A forwarder
that dies is started again; who connects meanwhile waits in the kernel's queue.
"""

from __future__ import annotations

import _socket
import errno
import os
import sys
import time

from libpod import errors, log
from libpod.monitor import limits
from libpod.monitor.loop import READ
from libpod.util import failpoint, spawn, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from libpod.model.container import PortRecord
    from libpod.monitor.loop import Loop

READY_S = 20.0
_BACKLOG = 4096
_STUB = "import sys; sys.path.insert(0, sys.argv[1]); from libpod.monitor import forward; forward.main()"
_FD = 3
_AT_ONCE = 200
"""Descriptors in one message."""
_SHORT_LIFE_S = 2.0
_MAX_DELAY_S = 10.0
_PAIRS = 20
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
_LEVELS = ("debug", "info", "warn", "error", "fatal")
_OPENS = "/proc/sys/net/ipv4/ip_unprivileged_port_start"


class Ports:
    """The published ports of one network namespace."""

    def __init__(self, loop: Loop, name: str, log_fd: int) -> None:
        self._loop = loop
        self._name = name
        self._log_fd = log_fd
        self._bound: list[tuple[PortRecord, list[tuple[str, int, int]]]] = []
        """Each port with its sockets: key, family, descriptor."""
        self._next_key = 1
        self._serve: dict[str, Any] | None = None
        self._netns_fd = self._init_fd = -1
        self._conn: wire.Conn | None = None
        self._pid = 0
        self._started = 0.0
        self._short = 0
        self._stopping = False
        self.ready = True
        self.failed = ""
        self.drained = False

    @property
    def bound(self) -> list[PortRecord]:
        """What is published, with the numbers that the kernel has chosen."""
        return [record for record, _ in self._bound]

    @property
    def served(self) -> bool:
        """Say whether `serve` was called."""
        return self._serve is not None

    @property
    def helper_pid(self) -> int:
        """The process id of the forwarder; 0 if it does not run."""
        return self._pid

    @property
    def stopped(self) -> bool:
        return self._pid == 0

    @property
    def idle(self) -> bool:
        """Say whether nothing is being started."""
        return self._serve is None or (self.ready and self._conn is not None)

    def add(self, wanted: Iterable[PortRecord]) -> list[PortRecord]:
        """Listen on these too, on all or, with an error, on none; returns what that has become."""
        new: list[tuple[PortRecord, list[tuple[str, int, int]]]] = []
        try:
            for record in wanted:
                number, sockets = _bind(record)
                keyed = []
                for family, sock in sockets:
                    keyed.append((str(self._next_key), family, sock.detach()))
                    self._next_key += 1
                new.append(({**record, "host_port": number}, keyed))
        except BaseException:
            for _, sockets_there in new:
                for _, _, fd in sockets_there:
                    os.close(fd)
            raise
        self._bound += new
        self._lend(new)
        return [record for record, _ in new]

    def remove(self, unwanted: Sequence[PortRecord]) -> None:
        """Listen on these no more; what is connected goes on. Unknown ones are ignored."""
        gone = [entry for entry in self._bound if entry[0] in unwanted]
        self._bound = [entry for entry in self._bound if entry[0] not in unwanted]
        keys = [key for _, sockets in gone for key, _, _ in sockets]
        if keys:
            self._tell({"t": "unlisten", "keys": keys})
        _close_all(gone)

    def serve(self, netns_fd: int, address: str, gateway: str, gateway6: str) -> None:
        """Start the forwarder into this namespace (borrowed); `ready` or `failed` tells how that goes."""
        self._netns_fd = netns_fd
        self._serve = {"t": "serve", "address": address, "gateway": gateway, "gateway6": gateway6}
        self._start()

    def move(self, netns_fd: int) -> None:
        """Serve another namespace (borrowed) from now on, by another forwarder. Waits until the old one is
        gone.
        """
        self._netns_fd = netns_fd
        old = self._pid
        if old:
            os.kill(old, 9)
            self._loop.run_until(lambda: self._pid not in (0, old))

    def outlive(self, init_pid: int) -> None:
        """With this process, our child, the forwarder ends, even if we are not there any more."""
        if self._init_fd >= 0:
            os.close(self._init_fd)
        self._init_fd = os.pidfd_open(init_pid)
        self._tell({"t": "init"}, [self._init_fd])

    def drain(self, seconds: float) -> None:
        """Take nothing new. `drained` says when the ports are free, `stopped` when all was passed on."""
        self._stopping = True
        _close_all(self._bound)
        self._bound = []
        if self._conn is None or not self._tell({"t": "drain", "seconds": seconds}):
            self.kill()

    def kill(self) -> None:
        """End at once. Idempotent."""
        self._stopping = True
        _close_all(self._bound)
        self._bound = []
        if self._pid:
            os.kill(self._pid, 9)
        if self._init_fd >= 0:
            os.close(self._init_fd)
            self._init_fd = -1
        self.drained = not self._pid

    def state(self) -> dict[str, Any]:
        """Return what `resumed` makes it again from."""
        return {
            "name": self._name,
            "log_fd": self._log_fd,
            "bound": [[record, [list(one) for one in sockets]] for record, sockets in self._bound],
            "next_key": self._next_key,
            "serve": self._serve,
            "netns_fd": self._netns_fd,
            "init_fd": self._init_fd,
            "conn": -1 if self._conn is None else self._conn.fileno(),
            "pid": self._pid,
            "started": self._started,
            "short": self._short,
        }

    @staticmethod
    def descriptors(state: Mapping[str, Any]) -> list[int]:
        """The descriptors that a state speaks of, but for those that others have."""
        sockets = [fd for _, there in state["bound"] for _, _, fd in there]
        return [*sockets, state["init_fd"], state["conn"]]

    @classmethod
    def resumed(cls, loop: Loop, state: Mapping[str, Any]) -> Ports:
        """Make it again in the same process, after execve(2)."""
        self = cls(loop, state["name"], state["log_fd"])
        self._bound = [(record, [(k, f, fd) for k, f, fd in there]) for record, there in state["bound"]]
        self._next_key, self._serve = state["next_key"], state["serve"]
        self._netns_fd, self._init_fd = state["netns_fd"], state["init_fd"]
        self._pid, self._started, self._short = state["pid"], state["started"], state["short"]
        if state["conn"] >= 0:
            self._listen_to(wire.Conn.from_fd(state["conn"]))
        if self._pid:
            loop.on_child(self._pid, self._ended)
        return self

    def _start(self) -> None:
        if self._stopping:
            return
        import libpod  # for its place

        assert libpod.__file__ is not None
        root = os.path.dirname(os.path.dirname(os.path.abspath(libpod.__file__)))
        python = sys.executable or os.readlink("/proc/self/exe")
        level = next(name for name in _LEVELS if log.enabled(getattr(log, name.upper(), log.OFF)))
        options = ["-I", "-S"]
        if sys.pycache_prefix:
            options += ["-X", f"pycache_prefix={sys.pycache_prefix}"]
        ours, theirs = wire.pair()
        self.ready = False
        self._started = time.monotonic()
        try:
            self._pid = limits.start(
                [python, *options, "-c", _STUB, root, str(_FD), level, self._name],
                fds={2: self._log_fd, _FD: theirs.fileno()},
                new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.set_blocking(False)
        self._listen_to(ours)
        self._loop.on_child(self._pid, self._ended)
        assert self._serve is not None
        self._tell(self._serve, [self._netns_fd])
        self._lend(self._bound)
        if self._init_fd >= 0:
            self._tell({"t": "init"}, [self._init_fd])
        failpoint.hit("monitor:after-forwarder")

    def _listen_to(self, conn: wire.Conn) -> None:
        self._conn = conn
        self._loop.watch(conn.fileno(), READ, lambda _: self._answered())

    def _lend(self, entries: Sequence[tuple[PortRecord, list[tuple[str, int, int]]]]) -> None:
        rows: list[list[object]] = []
        fds: list[int] = []
        for record, sockets in entries:
            for key, family, fd in sockets:
                rows.append([key, record["protocol"], family, record["container_port"]])
                fds.append(fd)
        for at in range(0, len(rows), _AT_ONCE):
            self._tell({"t": "listen", "ports": rows[at : at + _AT_ONCE]}, fds[at : at + _AT_ONCE])

    def _tell(self, msg: dict[str, Any], fds: Sequence[int] = ()) -> bool:
        if self._conn is None:
            return False
        try:
            self._conn.send(msg, fds)
        except OSError as error:  # it has ended, or it is stopped: then it is of no use
            log.warning("the forwarder of ports does not take messages", error=error)
            os.kill(self._pid, 9)
            return False
        return True

    def _answered(self) -> None:
        assert self._conn is not None
        try:
            got = self._conn.recv()
        except BlockingIOError:
            return
        except errors.MonitorError as error:
            log.warning("the forwarder of ports says what cannot be understood", error=error)
            got = None
        if got is None:
            self._hang_up()
        elif got[0]["t"] == "serving":
            self.ready = True
        elif got[0]["t"] == "drained":
            self.drained = True
        elif got[0]["t"] == "error":
            self.failed = spawn.unpack_error(got[0]).message

    def _hang_up(self) -> None:
        if self._conn is not None:
            self._loop.unwatch(self._conn.fileno())
            self._conn.close()
            self._conn = None

    def _ended(self, code: int) -> None:
        if self._conn is not None and not self.ready:
            self._answered()  # its last words
        self._hang_up()
        self._pid = 0
        if self._stopping:
            self.drained = True
            return
        lived = time.monotonic() - self._started
        if not self.ready and not self._short:
            self.failed = self.failed or f"it ended with code {code}"
        self._short = self._short + 1 if lived < _SHORT_LIFE_S else 0
        delay = min(0.05 * 2**self._short, _MAX_DELAY_S) if self._short else 0.0
        log.warning("the forwarder of ports ended and is started again", code=code, after_s=delay)
        if delay:
            self._loop.after(delay, self._again)
        else:
            self._again()

    def _again(self) -> None:
        try:
            self._start()
        except (OSError, errors.PypodError) as error:
            log.error("the forwarder of ports cannot be started again", error=error)
            self._short += 1
            self._loop.after(min(0.05 * 2**self._short, _MAX_DELAY_S), self._again)


def _close_all(entries: Iterable[tuple[PortRecord, list[tuple[str, int, int]]]]) -> None:
    for _, sockets in entries:
        for _, _, fd in sockets:
            os.close(fd)


def _bind(record: PortRecord) -> tuple[int, list[tuple[int, Any]]]:
    """Return the number and the listening sockets of a port, each with its family.

    Without an address that is one of each family, with the same number.
    """
    address, wanted = record["host_ip"], record["host_port"]
    if address:
        family = _socket.AF_INET6 if ":" in address else _socket.AF_INET
        sock = _listening(record, family, address, wanted)
        return int(sock.getsockname()[1]), [(family, sock)]
    for _ in range(_PAIRS):
        first = _listening(record, _socket.AF_INET, "0.0.0.0", wanted)
        number = int(first.getsockname()[1])
        try:
            second = _listening(record, _socket.AF_INET6, "::", number)
        except errors.InUseError:
            first.close()
            if wanted:
                raise
        except _NoIPv6:
            return number, [(_socket.AF_INET, first)]
        except BaseException:
            first.close()
            raise
        else:
            return number, [(_socket.AF_INET, first), (_socket.AF_INET6, second)]
    raise errors.InUseError("no port of this machine is free for both IPv4 and IPv6")


class _NoIPv6(Exception):
    """This machine has no IPv6."""


def _listening(record: PortRecord, family: int, address: str, number: int) -> Any:
    stream = record["protocol"] != "udp"
    kind = _socket.SOCK_STREAM if stream else _socket.SOCK_DGRAM
    try:
        sock = _socket.socket(family, kind | _socket.SOCK_NONBLOCK | _socket.SOCK_CLOEXEC, 0)
        try:
            if family == _socket.AF_INET6:
                sock.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_V6ONLY, 1)
            if stream:
                sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            sock.bind((address, number))
            if stream:
                sock.listen(_BACKLOG)
        except BaseException:
            sock.close()
            raise
    except OSError as error:
        if not record["host_ip"] and family == _socket.AF_INET6 and error.errno in _NO_IPV6:
            raise _NoIPv6 from None
        raise _refusal(record, address, number, error) from error
    return sock


def _refusal(record: PortRecord, address: str, number: int, error: OSError) -> errors.PypodError:
    shown = f"[{address}]" if ":" in address else address
    name = f"{number}/{record['protocol']}"
    what = f"cannot publish port {shown}:{name}"
    if error.errno == errno.EADDRINUSE:
        kind = "lu" if record["protocol"] == "udp" else "lt"
        return errors.InUseError(
            f"{what}: the port is in use",
            name=name,
            remedy=f'look for who has it with "ss -{kind}np sport = {number}", or publish another one',
        )
    if error.errno == errno.EACCES:
        first = _first_open()
        return errors.StateError(
            f"{what}: ports below {first} are for root only (net.ipv4.ip_unprivileged_port_start)",
            name=name,
            remedy=f'open them with "sudo sysctl net.ipv4.ip_unprivileged_port_start={number}", '
            f"or publish one from {first} on",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return errors.UsageError(
            f"{what}: this machine does not have the address",
            name=name,
            remedy='list its addresses with "ip -brief address"',
        )
    return errors.MonitorError(f"{what}: {error.strerror}", name=name)


def _first_open() -> int:
    try:
        with open(_OPENS, "rb", buffering=0) as stream:
            return int(stream.read())
    except (OSError, ValueError):
        return 1024
