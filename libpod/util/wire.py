"""Owns: messages between client and monitor: a SEQPACKET datagram each, JSON or a piece of a stream.

A datagram that begins with `{` is a message: `{"v": 1, "t": "name", ...}`. One whose first byte is below 0x20
is a piece of a stream: that byte is its kind (0 stdin, 1 stdout, 2 stderr), the rest its data; no data = end
of that stream. A message that is too long for a datagram travels in a memfd, unseen by both sides. An empty
datagram is never sent: it would look like the end.
"""

from __future__ import annotations

import _socket
import os
import sys

from libpod import log
from libpod.errors import MonitorError
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

VERSION = 1
STDIN, STDOUT, STDERR = 0, 1, 2
DATA = "data"
"""`t` of what `Conn.recv` makes of a piece of a stream: `{"v": 1, "t": "data", "kind": 1, "data": b"..."}`.
"""

MAX_DATA = 64 * 1024
"""Bytes of one piece of a stream, at most."""
_MAX_INLINE = 100 * 1024
_MAX_MESSAGE = 64 * 1024 * 1024
_MAX_FDS = 253
_MAX_PATH = 100
"""sun_path holds 108 bytes, unix(7)."""
_BUFFER = _MAX_INLINE + 1024
_BIG = "@big"
_INT = 4
_SPACE = _socket.CMSG_SPACE(_MAX_FDS * _INT)
_SEQPACKET = _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC
_SEND_FLAGS = _socket.MSG_NOSIGNAL


class Conn:
    """One end of a connection. Owns its socket."""

    __slots__ = ("_sock",)

    def __init__(self, sock: _socket.socket) -> None:
        self._sock = sock

    @classmethod
    def from_fd(cls, fd: int) -> Conn:
        """Take over a connected SEQPACKET socket."""
        return cls(_socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, fd))

    def send(self, msg: dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Send a message, which names itself in `t`; the descriptors (borrowed) are duplicated into the peer.

        BlockingIOError when the socket is non-blocking and full (nothing was sent), BrokenPipeError or
        ConnectionResetError when the peer is gone.
        """
        if "v" not in msg:
            msg = {"v": VERSION, **msg}
        raw = jsonio.dumps(msg, compact=True).encode("ascii")
        if len(raw) <= _MAX_INLINE:
            self._send(raw, fds)
            return
        big_fd = os.memfd_create("pypod-message", os.MFD_CLOEXEC)
        try:
            view = memoryview(raw)
            while view:
                view = view[os.write(big_fd, view) :]
            head = jsonio.dumps({"v": VERSION, "t": _BIG, "size": len(raw)}, compact=True).encode("ascii")
            self._send(head, [big_fd, *fds])
        finally:
            os.close(big_fd)

    def send_data(self, kind: int, data: bytes) -> None:
        """Send a piece of a stream, of MAX_DATA bytes at most; no bytes = the stream ends.

        Errors as for `send`.
        """
        if len(data) > MAX_DATA or not 0 <= kind < 0x20:
            raise ValueError(f"not a piece of a stream: kind {kind}, {len(data)} bytes")
        self._sock.send(bytes((kind,)) + data, _SEND_FLAGS)

    def send_raw(self, frame: bytes) -> None:
        """Send a piece of a stream whose first byte is its kind: for one that goes to several peers."""
        self._sock.send(frame, _SEND_FLAGS)

    def recv(self) -> tuple[dict[str, Any], list[int]] | None:
        """Return the next message with its descriptors (owned by the caller); None when the peer is gone.

        A piece of a stream comes as `{"v": 1, "t": "data", "kind": kind, "data": bytes}`. MonitorError for
        what is neither.
        """
        got = self.recv_raw()
        if got is None:
            return None
        raw, fds = got
        try:
            if raw[0] < 0x20:
                return {"v": VERSION, "t": DATA, "kind": raw[0], "data": raw[1:]}, fds
            msg = _parse(raw)
            if msg["t"] == _BIG:
                msg = _parse(_read_big(msg, fds))
            return msg, fds
        except BaseException:
            _close_all(fds)
            raise

    def recv_raw(self) -> tuple[bytes, list[int]] | None:
        """Return the next datagram as it is, with its descriptors; None when the peer is gone.

        A message that came in a memfd is not unpacked: use it where only pieces of streams are expected.
        """
        try:
            raw, ancillary, flags, _ = self._sock.recvmsg(_BUFFER, _SPACE, _socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:
            # The peer went away with unread messages of ours. This is said once, and before what it had sent.
            try:
                raw, ancillary, flags, _ = self._sock.recvmsg(_BUFFER, _SPACE, _socket.MSG_CMSG_CLOEXEC)
            except ConnectionResetError:
                return None
        fds: list[int] = []
        for level, kind, data in ancillary:
            if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
                for at in range(0, len(data) - len(data) % _INT, _INT):
                    fds.append(int.from_bytes(data[at : at + _INT], sys.byteorder, signed=True))
        if flags & (_socket.MSG_TRUNC | _socket.MSG_CTRUNC):
            _close_all(fds)
            raise MonitorError(
                "a message is longer than agreed, or its descriptors do not fit into this process"
            )
        if not raw:
            _close_all(fds)
            return None
        return raw, fds

    def fileno(self) -> int:
        """Return the descriptor for poll(2); -1 when closed."""
        return self._sock.fileno()

    def set_blocking(self, on: bool) -> None:
        """Choose whether `send` and `recv` wait or raise BlockingIOError."""
        self._sock.setblocking(on)

    def peer_pid(self) -> int:
        """Return the process id of the peer (SO_PEERCRED, unix(7)); 0 from another pid namespace."""
        return _peer(self._sock)[0]

    def detach(self) -> int:
        """Hand the descriptor to the caller."""
        return self._sock.detach()

    def close(self) -> None:
        """Close this end. Idempotent."""
        self._sock.close()

    def _send(self, raw: bytes, fds: Sequence[int]) -> None:
        if not fds:
            self._sock.send(raw, _SEND_FLAGS)
            return
        if len(fds) > _MAX_FDS:
            raise ValueError(f"{len(fds)} descriptors in one message, {_MAX_FDS} at most")
        rights = b"".join(fd.to_bytes(_INT, sys.byteorder, signed=True) for fd in fds)
        self._sock.sendmsg([raw], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)], _SEND_FLAGS)


class Listener:
    """A listening socket. Owns it, not its path."""

    __slots__ = ("_sock",)

    def __init__(self, sock: _socket.socket) -> None:
        self._sock = sock

    def fileno(self) -> int:
        """Return the descriptor for poll(2)."""
        return self._sock.fileno()

    def set_blocking(self, on: bool) -> None:
        """Choose whether `accept` waits or raises BlockingIOError."""
        self._sock.setblocking(on)

    def accept(self) -> Conn:
        """Return the next connection of our user or of our user namespace's root; drop all others."""
        accept: Any = self._sock._accept  # type: ignore[attr-defined]  # what socket.accept is made of
        while True:
            fd, _ = accept()
            sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, fd)
            uid = _peer(sock)[1]
            if uid in (os.geteuid(), 0):
                return Conn(sock)
            log.warning("a connection of another user was dropped", uid=uid)
            sock.close()

    def detach(self) -> int:
        """Hand the descriptor to the caller."""
        return self._sock.detach()

    def close(self) -> None:
        """Close it. The path stays: its owner removes it."""
        self._sock.close()


def pair() -> tuple[Conn, Conn]:
    """Return two connected ends, close-on-exec."""
    one, other = _socket.socketpair(_socket.AF_UNIX, _SEQPACKET, 0)
    return Conn(one), Conn(other)


def listen(path: str, *, backlog: int = 64) -> Listener:
    """Listen at this path, mode 0600.

    What lies there is removed: the caller holds the lock that makes it the path's owner.
    """
    sock = _socket.socket(_socket.AF_UNIX, _SEQPACKET, 0)
    try:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        _at(path, sock.bind)
        os.chmod(path, 0o600)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return Listener(sock)


def connect(path: str) -> Conn:
    """Connect to a listener. FileNotFoundError or ConnectionRefusedError when nobody listens there."""
    sock = _socket.socket(_socket.AF_UNIX, _SEQPACKET, 0)
    try:
        _at(path, sock.connect)
    except BaseException:
        sock.close()
        raise
    return Conn(sock)


def _at(path: str, act: Any) -> None:
    """Call `act` with a name that fits into sun_path: through the directory's descriptor if need be."""
    if len(os.fsencode(path)) <= _MAX_PATH:
        act(path)
        return
    directory, name = os.path.split(path)
    dir_fd = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        act(f"/proc/self/fd/{dir_fd}/{name}")
    finally:
        os.close(dir_fd)


def _peer(sock: _socket.socket) -> tuple[int, int, int]:
    """Return pid, uid and gid of the peer, as this user namespace sees them."""
    raw = sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 3 * _INT)
    pid, uid, gid = (int.from_bytes(raw[at : at + _INT], sys.byteorder) for at in (0, 4, 8))
    return pid, uid, gid


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        msg = jsonio.loads(raw)
    except ValueError as error:
        raise MonitorError(f"a damaged message: {error}") from None
    if not isinstance(msg, dict) or not isinstance(msg.get("t"), str) or not isinstance(msg.get("v"), int):
        raise MonitorError("a damaged message: not an object with t and v")
    return msg


def _read_big(head: dict[str, Any], fds: list[int]) -> bytes:
    size = head.get("size")
    if not fds or not isinstance(size, int) or not 0 < size <= _MAX_MESSAGE:
        raise MonitorError("a damaged message: no memfd or a wrong size")
    big_fd = fds.pop(0)
    try:
        parts = []
        at = 0
        while at < size:
            part = os.pread(big_fd, size - at, at)
            if not part:
                raise MonitorError("a damaged message: its memfd is too short")
            parts.append(part)
            at += len(part)
        return b"".join(parts)
    finally:
        os.close(big_fd)


def _close_all(fds: list[int]) -> None:
    while fds:
        os.close(fds.pop())
