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

    __slots__ = ("detach_keys", "kill", "signal_fd", "signals", "size", "stderr", "stdin", "stdout", "tty")

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
        self.kill: Callable[[int], None] | None = None
        """Sends a signal to the container past its streams; set by who carries them."""

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

    @property
    def begun(self) -> bool:
        """Whether the beginning of the sequence is held back."""
        return bool(self._held)

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


class _Sender:
    """What goes to the monitor; it waits here while the container does not take its input."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn
        self._waiting: list[bytes | dict[str, Any]] = []
        conn.set_blocking(False)

    @property
    def waits(self) -> bool:
        return bool(self._waiting)

    def put(self, item: bytes | dict[str, Any]) -> None:
        """Send stdin's bytes (none = its end) or a message, now or when there is room."""
        self._waiting.append(item)
        self.flush()

    def flush(self) -> None:
        while self._waiting:
            item = self._waiting[0]
            try:
                if isinstance(item, bytes):
                    self._conn.send_data(wire.STDIN, item)
                else:
                    self._conn.send(item)
            except BlockingIOError:
                return
            except (BrokenPipeError, ConnectionResetError):
                pass  # the monitor is gone: what it said last is still to be read
            del self._waiting[0]


def pump(
    conn: Conn,
    stdio: Stdio,
    on_message: Callable[[Mapping[str, object], list[int]], bool],
    early: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Carry streams over `conn` until `on_message` returns True or the monitor closes (MonitorError).

    Output goes on while the container does not read its input. `early` are pieces of streams that were
    received before. Raises Detached after the detach keys. A closed stdout or stderr of the caller drops that
    stream only.
    """
    out: dict[int, int | None] = {wire.STDOUT: stdio.stdout, wire.STDERR: stdio.stderr}
    for message in early:
        _write_out(out, message["kind"], message["data"])
    keys = DetachKeys(stdio.detach_keys if stdio.tty else b"")
    poll = select.poll()
    sender = _Sender(conn)
    stdin = stdio.stdin
    if stdin is not None and not _is_open(stdin):
        stdin = None
        sender.put(b"")
    if stdio.signal_fd is not None:
        poll.register(stdio.signal_fd, select.POLLIN)
    while True:
        poll.register(conn.fileno(), select.POLLIN | (select.POLLOUT if sender.waits else 0))
        if stdin is not None:
            want(poll, stdin, not sender.waits)
        for fd, event in poll.poll():
            if fd == conn.fileno():
                if event & select.POLLOUT:
                    sender.flush()
                if event & ~select.POLLOUT and _receive(conn, out, on_message):
                    return
            elif fd == stdio.signal_fd:
                pass_signals(sender.put, stdio)
            elif fd == stdin and not sender.waits:
                data, done = keys.feed(_read(stdin))
                if data or not (done or keys.begun):
                    sender.put(data)
                if done:
                    raise Detached
                if not data and not keys.begun:
                    want(poll, stdin, False)
                    stdin = None


def want(poll: select.poll, fd: int, on: bool) -> None:
    """Look at the descriptor or not: asked for nothing, poll(2) would still report its end for ever."""
    if on:
        poll.register(fd, select.POLLIN)
        return
    try:
        poll.unregister(fd)
    except KeyError:
        pass


def _receive(
    conn: Conn, out: dict[int, int | None], on_message: Callable[[Mapping[str, object], list[int]], bool]
) -> bool:
    """Take one message of the monitor; whether it was the last one."""
    try:
        got = conn.recv()
    except BlockingIOError:
        return False
    if got is None:
        raise errors.MonitorError("the container's monitor ended unexpectedly")
    message, fds = got
    if message["t"] == wire.DATA:
        _write_out(out, message["kind"], message["data"])
        return False
    return on_message(message, fds)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _CHUNK)
    except BlockingIOError:
        select.select([fd], [], [])
        return os.read(fd, _CHUNK)
    except OSError:  # EIO: the terminal is gone
        return b""


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _write_out(out: dict[int, int | None], kind: int, data: bytes) -> None:
    fd = out.get(kind)
    if fd is None:
        return
    try:
        write_all(fd, data)
    except OSError:  # EPIPE, EIO: the reader is gone; the container goes on
        out[kind] = None


def pass_signals(send: Callable[[dict[str, Any]], None], stdio: Stdio) -> None:
    """Hand on what came by the caller's signals: the terminal's new size, or the signal itself.

    A signal takes `stdio.kill` where there is one: on the channel of the streams it would wait behind them.
    """
    import _signal

    assert stdio.signals is not None
    for number in stdio.signals():
        if number == _signal.SIGWINCH:
            if stdio.size is not None and stdio.tty:
                rows, cols = stdio.size()
                send({"t": "resize", "rows": rows, "cols": cols})
        elif stdio.kill is not None:
            stdio.kill(number)
        else:
            send({"t": "signal", "signal": number})
