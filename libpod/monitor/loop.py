"""Owns: waiting: for descriptors, for the end of children, for signals and for moments in time.

Nothing here polls: with nothing to do the process sleeps in epoll_wait(2) for ever. Straight-line code waits
with `run_until`, and whatever else happens meanwhile is handled on the way by its own handler.
"""

from __future__ import annotations

import _signal  # `signal` itself pulls enum: 4 ms
import errno
import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
HANGUP = select.EPOLLHUP | select.EPOLLERR
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Why accept(2) fails when there is nothing wrong with the socket."""
RETRY_S = 0.2
"""When it is tried again."""
_MAX_STRAYS = 64


class Timer:
    """A moment at which something is to be done; `cancel` forgets it."""

    __slots__ = ("at", "call")

    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at = at
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Do nothing at that moment."""
        self.call = None


class Loop:
    """One per process: it takes over SIGCHLD, and the wake-up descriptor of Python's signals."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._timers: list[Timer] = []
        self._children: dict[int, Callable[[int], None]] = {}
        self._strays: dict[int, int] = {}
        self._signals: dict[int, Callable[[], None]] = {}
        wake_r, wake_w = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        _signal.set_wakeup_fd(wake_w, warn_on_full_buffer=False)
        self.watch(wake_r, READ, lambda _: self._woken(wake_r))
        self.on_signal(_signal.SIGCHLD, self.reap)

    def watch(self, fd: int, events: int, handler: Callable[[int], None]) -> None:
        """Call `handler(events)` whenever the descriptor is ready; HANGUP always counts.

        Stays the caller's.
        """
        self._handlers[fd] = handler
        self._epoll.register(fd, events)

    def change(self, fd: int, events: int) -> None:
        """Wait for other events of a watched descriptor; 0 = only for HANGUP."""
        self._epoll.modify(fd, events)

    def unwatch(self, fd: int) -> None:
        """Forget a descriptor. Before it is closed; idempotent."""
        if self._handlers.pop(fd, None) is not None:
            try:
                self._epoll.unregister(fd)
            except OSError:
                pass

    def on_child(self, pid: int, handler: Callable[[int], None]) -> None:
        """Call `handler(exit code)` when this child has ended (negative = killed by that signal); it is
        reaped then.

        Also for one that is not our child yet and becomes one as an orphan, and for one that has just ended.
        """
        code = self._strays.pop(pid, None)
        if code is not None:
            handler(code)
        else:
            self._children[pid] = handler

    def on_signal(self, number: int, handler: Callable[[], None]) -> None:
        """Call `handler` from the loop when the signal comes."""
        self._signals[number] = handler
        _signal.signal(number, _nothing)

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once, so many seconds from now."""
        timer = Timer(time.monotonic() + seconds, call)
        self._timers.append(timer)
        return timer

    def run_until(self, done: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Handle events until `done()`; False when that took too long.

        What a handler raises comes out here.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not done():
            wait_s = self._next(deadline)
            if wait_s == 0 and deadline is not None and time.monotonic() >= deadline:
                return False
            for fd, events in self._epoll.poll(wait_s):
                handler = self._handlers.get(fd)  # an earlier handler may have closed it
                if handler is not None:
                    handler(events)
            if self._timers:
                self._fire()
        return True

    def _next(self, deadline: float | None) -> float | None:
        """Return how long epoll may sleep; None = for ever."""
        first = deadline
        for timer in self._timers:
            if timer.call is not None and (first is None or timer.at < first):
                first = timer.at
        return None if first is None else max(0.0, first - time.monotonic())

    def _fire(self) -> None:
        now = time.monotonic()
        due = [timer for timer in self._timers if timer.call is None or timer.at <= now]
        for timer in due:
            self._timers.remove(timer)
            if timer.call is not None:
                timer.call()

    def _woken(self, wake_r: int) -> None:
        for number in set(os.read(wake_r, 4096)):
            handler = self._signals.get(number)
            if handler is not None:
                handler()

    def reap(self) -> None:
        """Reap every child that has ended, known or not: orphans of the container come to us (subreaper)."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            handler = self._children.pop(pid, None)
            if handler is not None:
                handler(code)
                continue
            self._strays[pid] = code
            if len(self._strays) > _MAX_STRAYS:
                del self._strays[next(iter(self._strays))]


def _nothing(_number: int, _frame: object) -> None:
    """Python calls this for a signal that the loop then finds in its wake-up pipe."""
