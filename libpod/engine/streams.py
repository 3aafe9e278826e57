"""Owns: the loop that carries a container's or an exec's streams between the monitor and the caller's
descriptors.

Everything goes by descriptors; nothing here knows about a terminal except that detach keys are looked for
where asked. Frames and messages: docs/internals/monitor-protocol.md."""

from __future__ import annotations

import os
import select

from libpod import errors
from libpod.util import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from libpod.util.wire import Conn

_CHUNK = 32768


class Stdio:
    """The caller's side of the streams. Descriptors stay the caller's; None = this stream is not attached."""

    __slots__ = ("detach_keys", "signal_fd", "signals", "size", "stderr", "stdin", "stdout", "tty")

    def __init__(
        self,
        stdin: int | None,
        stdout: int | None,
        stderr: int | None,
        *,
        tty: bool = False,
        detach_keys: bytes = b"",
        signal_fd: int | None = None,
        signals: Callable[[], list[int]] | None = None,
        size: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.tty = tty
        self.detach_keys = detach_keys
        """The bytes that end the attachment; empty = cannot be detached."""
        self.signal_fd = signal_fd
        """Readable when a signal came; `signals()` then gives the numbers (SIGWINCH among them)."""
        self.signals = signals
        self.size = size

    def attached(self) -> dict[str, bool]:
        """Which streams are to be carried, as the monitor is told."""
        return {
            "stdin": self.stdin is not None,
            "stdout": self.stdout is not None,
            "stderr": self.stderr is not None,
        }


class Detached(Exception):
    """The user typed the detach keys."""


class DetachKeys:
    """Finds the key sequence in what is typed, over any split of the input."""

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What may go on to the container, and whether the sequence is complete. A begun sequence is held
        back."""
        if not self._keys:
            return data, False
        data = self._held + data
        self._held = b""
        at = data.find(self._keys)
        if at >= 0:
            return data[:at], True
        for n in range(min(len(self._keys) - 1, len(data)), 0, -1):
            if self._keys.startswith(data[-n:]):
                self._held = data[-n:]
                return data[:-n], False
        return data, False


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:  # the caller's descriptor is shared with somebody who made it non-blocking
            select.select([], [fd], [])


def pump(
    conn: Conn,
    stdio: Stdio,
    on_message: Callable[[Mapping[str, object], list[int]], bool],
    early: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Carry streams over `conn` until `on_message` returns True or the monitor closes (MonitorError).

    `early` are pieces of streams that were received before. Raises Detached after the detach keys. A closed
    stdout or stderr of the caller drops that stream only."""
    out: dict[int, int | None] = {wire.STDOUT: stdio.stdout, wire.STDERR: stdio.stderr}
    for message in early:
        _write_out(out, message["kind"], message["data"])
    keys = DetachKeys(stdio.detach_keys if stdio.tty else b"")
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    stdin = stdio.stdin
    if stdin is not None and _pollable(poll, stdin) is None:
        stdin = None
        conn.send_data(wire.STDIN, b"")
    if stdio.signal_fd is not None:
        poll.register(stdio.signal_fd, select.POLLIN)
    while True:
        for fd, _event in poll.poll():
            if fd == conn.fileno():
                got = conn.recv()
                if got is None:
                    raise errors.MonitorError("the container's monitor ended unexpectedly")
                message, fds = got
                if message["t"] == wire.DATA:
                    _write_out(out, message["kind"], message["data"])
                elif on_message(message, fds):
                    return
            elif fd == stdio.signal_fd:
                pass_signals(conn, stdio)
            elif fd == stdin:
                data = os.read(fd, _CHUNK)
                if not data:
                    poll.unregister(fd)
                    conn.send_data(wire.STDIN, b"")
                    continue
                data, done = keys.feed(data)
                if data:
                    conn.send_data(wire.STDIN, data)
                if done:
                    raise Detached


def _pollable(poll: select.poll, fd: int) -> int | None:
    """Register `fd`; None when it is closed already."""
    try:
        os.fstat(fd)
    except OSError:
        return None
    poll.register(fd, select.POLLIN)
    return fd


def _write_out(out: dict[int, int | None], kind: int, data: bytes) -> None:
    fd = out.get(kind)
    if fd is None:
        return
    try:
        write_all(fd, data)
    except OSError:  # EPIPE, EIO: the reader is gone; the container goes on
        out[kind] = None


def pass_signals(conn: Conn, stdio: Stdio) -> None:
    import _signal

    assert stdio.signals is not None
    for number in stdio.signals():
        if number == _signal.SIGWINCH:
            if stdio.size is not None and stdio.tty:
                rows, cols = stdio.size()
                conn.send({"t": "resize", "rows": rows, "cols": cols})
        else:
            conn.send({"t": "signal", "signal": number})
