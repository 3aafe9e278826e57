"""Owns: asking the user's systemd for a scope, in raw D-Bus, org.freedesktop.systemd1(5).

The private socket is a peer-to-peer connection: no message bus need run, nothing is subscribed to, and there
is no Hello. The job is waited for by its JobRemoved signal, which systemd sends to every private connection.
"""

from __future__ import annotations

import _socket
import time
from _struct import pack, unpack_from

from libpod.errors import RootlessError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_CALL, _REPLY, _ERROR, _SIGNAL = 1, 2, 3, 4
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _SIGNATURE = 1, 2, 3, 4, 5, 8
_MANAGER = "org.freedesktop.systemd1.Manager"
_OBJECT = "/org/freedesktop/systemd1"
_MAX_MESSAGE = 1 << 20
_SIGURG = 23
_INFINITY = (1 << 64) - 1


class Message:
    """A message from systemd, as far as it is looked at."""

    __slots__ = ("body", "error_name", "kind", "member", "reply_serial")

    def __init__(self, kind: int, fields: dict[int, object], body: bytes) -> None:
        self.kind = kind
        self.member = fields.get(_MEMBER, "")
        self.error_name = fields.get(_ERROR_NAME, "")
        self.reply_serial = fields.get(_REPLY_SERIAL, 0)
        self.body = body

    def strings(self, at: int, count: int) -> list[str]:
        """Return so many strings or object paths of the body, from this offset on."""
        found = []
        for _ in range(count):
            at += -at % 4
            size = unpack_from("<I", self.body, at)[0]
            found.append(self.body[at + 4 : at + 4 + size].decode("utf-8", "replace"))
            at += 4 + size + 1
        return found


class Scope:
    """A transient scope that systemd was asked for, with these processes in it: the user's own.

    It takes systemd 2-20 ms to move them, so there is a time for other work before `wait`. The cgroup below
    the scope is ours to divide (Delegate=yes). When it is stopped (by `systemctl`, at the end of the user's
    systemd or at shutdown) its processes get SIGURG, which all but a monitor pass over: that one stops its
    container in order. What is left after `stop_timeout_s` (negative = never) is killed.
    """

    __slots__ = ("_connection", "_pid", "_unit")

    def __init__(
        self,
        unit: str,
        pids: Sequence[int],
        *,
        bus: str,
        slice_name: str = "user.slice",
        description: str = "",
        stop_timeout_s: int = 90,
        timeout_s: float = 10.0,
    ) -> None:
        """Ask for it. `bus` is the private socket of the user's systemd. RootlessError if nobody is there."""
        self._unit = unit
        self._pid = pids[0]
        stop_usec = stop_timeout_s * 1_000_000 if stop_timeout_s >= 0 else _INFINITY
        properties = [
            _property("Description", "s", _string(description or unit)),
            _property("Slice", "s", _string(slice_name)),
            _property("Delegate", "b", pack("<I", 1)),
            _property("CollectMode", "s", _string("inactive-or-failed")),
            _property("KillSignal", "i", pack("<i", _SIGURG)),
            _property("TimeoutStopUSec", "t", pack("<Q", stop_usec)),
            _property("PIDs", "au", pack(f"<I{len(pids)}I", 4 * len(pids), *pids)),
        ]
        body = _string(unit)
        body = _align(body, 4) + _string("fail")
        body = _align(body, 4) + _array(properties, _aligned_size(body, 4))
        body = _align(body, 4) + _array([], _aligned_size(body, 4))
        self._connection = _Connection(bus, time.monotonic() + timeout_s)
        try:
            self._connection.send("StartTransientUnit", "ssa(sv)a(sa(sv))", body)
        except OSError as error:
            self.close()
            raise self._failed(error) from error

    def wait(self) -> str:
        """Wait until the processes are in it; return its cgroup. RootlessError with what systemd says."""
        try:
            reply = self._connection.reply("StartTransientUnit")
            self._connection.wait_job(reply.strings(0, 1)[0], self._unit)
        except (OSError, ValueError, IndexError) as error:
            raise self._failed(error) from error
        finally:
            self.close()
        return _cgroup_of(self._pid, self._unit)

    def close(self) -> None:
        """Do not wait for it. Idempotent."""
        self._connection.close()

    def _failed(self, error: Exception) -> RootlessError:
        return RootlessError(f"cannot start {self._unit}: {error}", remedy='try "--cgroup-manager=cgroupfs"')


def _cgroup_of(pid: int, unit: str) -> str:
    """Return the cgroup of a process that systemd has just put into the unit."""
    try:
        with open(f"/proc/{pid}/cgroup", "rb", buffering=0) as stream:
            lines = stream.read().decode("utf-8", "surrogateescape").split("\n")
    except OSError:  # ENOENT, ESRCH
        lines = []
    for line in lines:
        if line.startswith("0::") and f"/{unit}" in line:
            return line[3 : line.index(f"/{unit}") + 1 + len(unit)]
    why = "the process is not in it" if lines else "the process for it is gone"
    raise RootlessError(f"systemd started {unit}, and {why}")


class _Connection:
    """A private connection to systemd: authenticated when made."""

    __slots__ = ("_data", "_deadline", "_early", "_serial", "_sock")

    def __init__(self, path: str, deadline: float) -> None:
        self._deadline = deadline
        self._serial = 0
        self._data = b""
        self._early: list[Message] = []
        try:
            self._sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC, 0)
        except OSError as error:  # EAFNOSUPPORT
            raise RootlessError(
                f"cannot talk to the user's systemd: {error.strerror}",
                remedy="add AF_UNIX to RestrictAddressFamilies= of the unit that starts pypod",
            ) from error
        try:
            self._sock.connect(path)
            # The empty identity means: see who I am by the credentials of the socket (D-Bus specification).
            self._sock.sendall(b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n")
            while self._data.count(b"\r\n") < 2:
                self._fill()
            first, second, self._data = self._data.split(b"\r\n", 2)
        except OSError as error:
            self._sock.close()
            raise RootlessError(f"cannot reach the user's systemd at {path}: {error}") from error
        if not first.startswith(b"DATA") or not second.startswith(b"OK"):
            self._sock.close()
            raise RootlessError(f"the user's systemd at {path} refuses this process")

    def send(self, member: str, signature: str, body: bytes) -> None:
        """Call a method of the manager."""
        self._serial += 1
        self._sock.sendall(_call(self._serial, member, signature, body))

    def reply(self, member: str) -> Message:
        """Return the reply to the call; signals that come in between are kept."""
        while True:
            message = self._next()
            if message.reply_serial == self._serial and message.kind == _REPLY:
                return message
            if message.reply_serial == self._serial and message.kind == _ERROR:
                text = message.strings(0, 1)[0] if message.body else message.error_name
                raise RootlessError(f"systemd refuses {member}: {text}")
            self._early.append(message)

    def wait_job(self, job: str, unit: str) -> None:
        """Wait until systemd says that the job is done."""
        while True:
            message = self._early.pop(0) if self._early else self._next()
            if message.kind != _SIGNAL or message.member != "JobRemoved":
                continue
            path, name, result = message.strings(4, 3)
            if path == job:
                if result != "done":
                    raise RootlessError(f"systemd did not start {name or unit}: {result}")
                return

    def close(self) -> None:
        self._sock.close()

    def _next(self) -> Message:
        while len(self._data) < 16:
            self._fill()
        order = "<" if self._data[:1] == b"l" else ">"
        body_size, _, fields_size = unpack_from(order + "III", self._data, 4)
        start = 16 + fields_size + -fields_size % 8
        if start + body_size > _MAX_MESSAGE:
            raise ValueError("systemd sends a message that is too long")
        if order == ">":
            raise ValueError("systemd answers in the other byte order")
        while len(self._data) < start + body_size:
            self._fill()
        raw, self._data = self._data[: start + body_size], self._data[start + body_size :]
        return Message(raw[1], _fields(raw, 16 + fields_size), raw[start:])

    def _fill(self) -> None:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise OSError("no answer in time")
        self._sock.settimeout(left_s)
        part = self._sock.recv(65536)
        if not part:
            raise OSError("the connection was closed")
        self._data += part


def _fields(raw: bytes, end: int) -> dict[int, object]:
    """Return the header fields of a message, code -> value; another type than s, o, g, u ends it."""
    found: dict[int, object] = {}
    at = 16
    while at < end:
        at += -at % 8
        code, signature = raw[at], raw[at + 2 : at + 3]
        at += 4
        if signature in (b"s", b"o"):
            at += -at % 4
            size = unpack_from("<I", raw, at)[0]
            found[code] = raw[at + 4 : at + 4 + size].decode("utf-8", "replace")
            at += 4 + size + 1
        elif signature == b"g":
            size = raw[at]
            found[code] = raw[at + 1 : at + 1 + size].decode("ascii", "replace")
            at += size + 2
        elif signature == b"u":
            at += -at % 4
            found[code] = unpack_from("<I", raw, at)[0]
            at += 4
        else:
            break
    return found


def _call(serial: int, member: str, signature: str, body: bytes) -> bytes:
    """Return a method call to the manager."""
    fields = b""
    for code, kind, value in (
        (_PATH, b"o", _string(_OBJECT)),
        (_INTERFACE, b"s", _string(_MANAGER)),
        (_MEMBER, b"s", _string(member)),
        (_SIGNATURE, b"g", bytes((len(signature),)) + signature.encode() + b"\0"),
    ):
        # Each field is a structure, aligned to 8: code, signature of the value, value.
        fields = _align(fields, 8) + bytes((code, 1)) + kind + b"\0" + value
    head = pack("<cBBBIII", b"l", _CALL, 0, 1, len(body), serial, len(fields))
    return _align(head + fields, 8) + body


def _string(text: str) -> bytes:
    raw = text.encode("utf-8")
    return pack("<I", len(raw)) + raw + b"\0"


def _align(data: bytes, to: int) -> bytes:
    return data + bytes(-len(data) % to)


def _aligned_size(data: bytes, to: int) -> int:
    return len(data) + -len(data) % to


def _property(name: str, signature: str, value: bytes) -> bytes:
    """Return a structure (sv) that begins at a multiple of 8."""
    head = _string(name) + bytes((len(signature),)) + signature.encode() + b"\0"
    return _align(head, 8 if signature == "t" else 4) + value


def _array(structures: Sequence[bytes], at: int) -> bytes:
    """Return an array of structures as it stands at this offset of a body: size, padding, elements."""
    content = b""
    for structure in structures:
        content = _align(content, 8) + structure
    size = pack("<I", len(content))
    return size + bytes(-(at + 4) % 8) + content
