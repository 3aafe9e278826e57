"""Owns: the container's standard streams: from its pipes or terminal to the log and the attached clients, and
back.

Reads are as large as a pipe, so that a container that writes much is logged at a few system calls per 64 KiB.
One that writes many small pieces is read a thousand times a second at most: the pipe holds what comes
meanwhile.
"""

from __future__ import annotations

import os
import time

from libpod.monitor.attach import HIGH, LOW
from libpod.monitor.loop import READ, WRITE
from libpod.util import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.monitor.attach import Peer
    from libpod.monitor.journal import Journal
    from libpod.monitor.logfile import LogFile
    from libpod.monitor.loop import Loop

_CHUNK = wire.MAX_DATA
_ROUNDS = 8
"""Reads of one stream before others have their turn; a log may want another measure."""
_SMALL = 8 * 1024
_BUSY = 16
"""Small reads in quick succession after which we wait a little for the pipe to fill."""
_PAUSE_S = 0.001
_DRAIN_BYTES = 64 * 1024 * 1024
_DRAIN_S = 2.0
_PREFIX = {wire.STDOUT: bytes((wire.STDOUT,)), wire.STDERR: bytes((wire.STDERR,))}


class Input:
    """The container's standard input: a pipe, or its terminal.

    Owns the descriptor, which is made non-blocking.
    """

    def __init__(self, loop: Loop, fd: int, on_flow: Callable[[], None]) -> None:
        self._loop = loop
        self._fd = fd
        self._on_flow = on_flow
        self._queue = bytearray()
        self._ending = False
        os.set_blocking(fd, False)

    @property
    def full(self) -> bool:
        return len(self._queue) > HIGH

    @property
    def idle(self) -> bool:
        return not self._queue

    def fileno(self) -> int:
        return self._fd

    def write(self, data: bytes) -> None:
        """Pass bytes on, now or when there is room. Nobody reads any more = they are lost."""
        if self._fd < 0 or self._ending:
            return
        if not self._queue:
            data = data[self._put(data) :]
            if not data or self._fd < 0:
                return
            self._loop.watch(self._fd, WRITE, lambda _: self._room())
        self._queue += data

    def end(self) -> None:
        """Close it when all has been passed on: the container reads end of file."""
        self._ending = True
        if not self._queue:
            self.close()

    def close(self) -> None:
        """Close it at once. Idempotent."""
        if self._fd >= 0:
            self._loop.unwatch(self._fd)
            os.close(self._fd)
            self._fd = -1
        self._queue.clear()

    def _put(self, data: bytes) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:  # EPIPE, EIO: the reader is gone
            self.close()
            return len(data)

    def _room(self) -> None:
        del self._queue[: self._put(bytes(self._queue[:_CHUNK]))]
        if not self._queue and self._fd >= 0:
            self._loop.unwatch(self._fd)
            if self._ending:
                self.close()
        if len(self._queue) <= LOW:
            self._on_flow()


class Streams:
    """All streams of the container, and who is attached to them."""

    def __init__(self, loop: Loop, log: LogFile | Journal | None) -> None:
        self._loop = loop
        self._log = log
        self._chunk = _CHUNK if log is None else log.chunk
        self._rounds = _ROUNDS if log is None else log.rounds
        self._outputs: dict[int, int] = {}
        self._paused = False
        self._peers: list[Peer] = []
        self._input: Input | None = None
        self._once = False
        self._last = 0.0
        self._quick = 0

    @property
    def idle(self) -> bool:
        """Say whether nothing waits to be passed on."""
        return not self._paused and (self._input is None or self._input.idle)

    @property
    def outputs(self) -> dict[int, int]:
        """Descriptors that are read, and their streams."""
        return self._outputs

    @property
    def input_fd(self) -> int:
        """Descriptor of standard input; -1 if there is none."""
        return -1 if self._input is None else self._input.fileno()

    def has(self, peer: Peer) -> bool:
        """Say whether the client is attached."""
        return peer in self._peers

    def add_output(self, fd: int, kind: int) -> None:
        """Read a stream from this descriptor, which is ours from now on."""
        os.set_blocking(fd, False)
        self._outputs[fd] = kind
        self._loop.watch(fd, READ, lambda _: self._readable(fd, kind))

    def set_input(self, fd: int, *, once: bool) -> None:
        """Write standard input to this descriptor, which is ours from now on.

        `once`: it ends when the client that feeds it says so, or leaves.
        """
        self._input = Input(self._loop, fd, self._flow)
        self._once = once

    def attach(self, peer: Peer, kinds: tuple[int, ...], *, stdin: bool) -> None:
        """Send the streams to a client from now on."""
        peer.kinds = kinds
        peer.stdin = stdin and self._input is not None
        peer.on_flow = self._flow
        peer.waits = True
        self._peers.append(peer)

    def detach(self, peer: Peer) -> None:
        """Send it nothing more. Idempotent."""
        if peer not in self._peers:
            return
        self._peers.remove(peer)
        peer.kinds = ()
        if peer.stdin:
            peer.stdin = False
            self._end_input()
        self._flow()

    def feed(self, peer: Peer, data: bytes) -> None:
        """Take what a client sent for standard input; no bytes = it has no more."""
        if not peer.stdin or self._input is None:
            return
        if not data:
            peer.stdin = False
            self._end_input()
            return
        self._input.write(data)
        if self._input.full:
            peer.read_more(False)

    def drain(self) -> None:
        """Read what is there after the container's end; not what a process that it left behind may write for
        ever.
        """
        deadline = time.monotonic() + _DRAIN_S
        left = _DRAIN_BYTES
        for fd, kind in list(self._outputs.items()):
            while left > 0 and time.monotonic() < deadline:
                size = self._read(fd, kind, hold=False)
                if size <= 0:
                    break
                left -= size
            self._end(fd)
        if self._input is not None:
            self._input.close()
            self._flow()  # who was held up by it may have something else to say
        if self._log is not None:
            self._log.close()
            self._log = None

    def _end_input(self) -> None:
        if self._once and self._input is not None and not any(peer.stdin for peer in self._peers):
            self._input.end()

    def _readable(self, fd: int, kind: int) -> None:
        small = True
        for turn in range(1, self._rounds + 1):
            size = self._read(fd, kind, hold=turn < self._rounds)
            if size < 0:
                self._end(fd)
                break
            if size < self._chunk or self._paused:
                small = size < _SMALL and turn == 1
                break
        if self._log is not None:
            self._log.flush()
        now = time.monotonic()
        self._quick = self._quick + 1 if small and now - self._last < 2 * _PAUSE_S else 0
        self._last = now
        if self._quick > _BUSY:
            time.sleep(_PAUSE_S)

    def _read(self, fd: int, kind: int, *, hold: bool) -> int:
        """Read once and pass it on; return the size, 0 when nothing is there, -1 at the end."""
        try:
            data = os.read(fd, self._chunk)
        except BlockingIOError:
            return 0
        except OSError:  # EIO: nobody has the terminal open
            return -1
        if not data:
            return -1
        if self._log is not None:
            self._log.write(kind, data, hold and len(data) == self._chunk)
        if self._peers:
            self._broadcast(kind, data)
        return len(data)

    def _broadcast(self, kind: int, data: bytes) -> None:
        frame = _PREFIX[kind] + data
        full = False
        for peer in self._peers[:]:
            if kind in peer.kinds:
                peer.frame(frame)
                full = full or peer.full
        if full and not self._paused:
            self._paused = True
            for fd in self._outputs:
                self._loop.change(fd, 0)

    def _flow(self) -> None:
        """Go on where a slow client or a full standard input has held us up."""
        if self._paused and not any(peer.full for peer in self._peers):
            self._paused = False
            for fd in self._outputs:
                self._loop.change(fd, READ)
        if self._input is not None and not self._input.full:
            for peer in self._peers:
                peer.read_more(True)

    def _end(self, fd: int) -> None:
        if self._outputs.pop(fd, None) is not None:
            self._loop.unwatch(fd)
            os.close(fd)
