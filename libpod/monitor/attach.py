"""Owns: one connected client: what it is sent is queued when it is slow, and it is dropped when it is gone.

Never blocks.

A client that reads slowly slows the container down, as a slow terminal would: `full` says that it has enough
for now.
"""

from __future__ import annotations

import os

from libpod import log
from libpod.errors import PypodError
from libpod.monitor.loop import HANGUP, READ, WRITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from libpod.monitor.execs import Exec
    from libpod.monitor.loop import Loop
    from libpod.util.wire import Conn

    Message = dict[str, Any]

HIGH = 256 * 1024
"""Bytes that may wait for a client beyond what its socket holds."""
LOW = 32 * 1024


class Peer:
    """A client's connection. Owns it."""

    def __init__(
        self,
        loop: Loop,
        conn: Conn,
        on_message: Callable[[Peer, Message, list[int]], None],
        on_close: Callable[[Peer], None],
    ) -> None:
        self.kinds: tuple[int, ...] = ()
        """Streams that it gets: wire.STDOUT, wire.STDERR."""
        self.stdin = False
        """What it sends goes to the container's standard input."""
        self.exec: Exec | None = None
        """The exec that it has started."""
        self.waits = False
        """It is told of the container's end."""
        self.on_flow: Callable[[], None] | None = None
        """Called when it has become able to take more."""
        self.closed = False
        self._deaf = False
        """It takes nothing any more; what it has sent before it left is still to be read."""
        self._loop = loop
        self._conn = conn
        self._on_message = on_message
        self._on_close = on_close
        self._queue: list[bytes | tuple[Message, list[int]]] = []
        self._queued = 0
        self._reading = True
        conn.set_blocking(False)
        loop.watch(conn.fileno(), READ, self._ready)

    def fileno(self) -> int:
        return self._conn.fileno()

    @property
    def full(self) -> bool:
        return self._queued > HIGH

    @property
    def idle(self) -> bool:
        """Say whether everything has been sent, or nobody is there."""
        return self.closed or not self._queue

    def send(self, msg: Message, fds: Sequence[int] = ()) -> None:
        """Send a message; the descriptors stay the caller's."""
        if self.closed or self._deaf:
            return
        if not self._queue:
            try:
                self._conn.send(msg, fds)
                return
            except BlockingIOError:
                pass
            except OSError:
                self._gone()
                return
        self._enqueue((msg, [os.dup(fd) for fd in fds]), 512)

    def send_error(self, error: BaseException) -> None:
        from libpod.util import spawn  # lazy: only for failures

        self.send({"t": "error", **spawn.pack_error(error)})

    def frame(self, frame: bytes) -> None:
        """Send a piece of a stream, its kind in front."""
        if self.closed or self._deaf:
            return
        if not self._queue:
            try:
                self._conn.send_raw(frame)
                return
            except BlockingIOError:
                pass
            except OSError:
                self._gone()
                return
        self._enqueue(frame, len(frame))

    def read_more(self, on: bool) -> None:
        """Take messages from it, or leave them where they are: its stdin has nowhere to go."""
        if self.closed or on == self._reading:
            return
        self._reading = on
        self._rearm()

    def close(self) -> None:
        """Drop it. Idempotent."""
        if self.closed:
            return
        self.closed = True
        self._loop.unwatch(self._conn.fileno())
        self._conn.close()
        self._forget()
        self._on_close(self)

    def _gone(self) -> None:
        """It has left. What it typed last may still lie in the socket: it is closed behind that."""
        self._deaf = True
        if self._queue:
            self._forget()
            self._rearm()

    def _forget(self) -> None:
        for item in self._queue:
            if isinstance(item, tuple):
                _close_all(item[1])
        self._queue.clear()
        self._queued = 0

    def _enqueue(self, item: bytes | tuple[Message, list[int]], size: int) -> None:
        self._queue.append(item)
        self._queued += size
        if len(self._queue) == 1:
            self._rearm()

    def _rearm(self) -> None:
        self._loop.change(self._conn.fileno(), (READ if self._reading else 0) | (WRITE if self._queue else 0))

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._flush()
        if events & READ and self._reading and not self.closed:
            self._receive()
        elif events & HANGUP and not self.closed:
            self.close()

    def _flush(self) -> None:
        sent = 0
        try:
            for item in self._queue:
                if isinstance(item, tuple):
                    self._conn.send(*item)
                    _close_all(item[1])
                    self._queued -= 512
                else:
                    self._conn.send_raw(item)
                    self._queued -= len(item)
                sent += 1
        except BlockingIOError:
            pass
        except OSError:
            self._gone()
            return
        del self._queue[:sent]
        if not self._queue:
            self._rearm()
        if self._queued <= LOW and self.on_flow is not None:
            self.on_flow()

    def _receive(self) -> None:
        try:
            got = self._conn.recv()
        except BlockingIOError:
            return
        except (OSError, PypodError) as error:
            log.warning("a client's message cannot be read, it is dropped", error=error)
            self.close()
            return
        if got is None:
            self.close()
            return
        msg, fds = got
        try:
            self._on_message(self, msg, fds)
        except PypodError as error:
            self.send_error(error)
        except OSError as error:
            log.warning("a client's request failed", request=msg["t"], error=error)
            self.send_error(error)
        except Exception as error:  # one client's request; the container goes on
            import traceback

            log.error("a client's request failed", request=msg["t"], trace=traceback.format_exc())
            self.send_error(error)
        finally:
            _close_all(fds)


def _close_all(fds: list[int]) -> None:
    while fds:
        os.close(fds.pop())
