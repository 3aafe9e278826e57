"""Owns: reading the events of a store, those that were and those that come (libpod/util/eventlog.py).

Who waits is told by inotify(7): an event is there within a millisecond, and nothing is looked at meanwhile.
"""

from __future__ import annotations

import os
import select
import time

from libpod import errors
from libpod.kernel import inotify
from libpod.util import eventlog, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Event = dict[str, Any]

_CHUNK = 1 << 18
_MASK = inotify.IN_MODIFY | inotify.IN_CREATE | inotify.IN_MOVED_TO


class _Tail:
    """One file, and how far it was read."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.inode = os.fstat(fd).st_ino
        self._offset = 0
        self._rest = b""

    def new(self) -> Iterator[Event]:
        """The events that were not read yet. What is no whole line waits; what is no event is left out."""
        while data := os.pread(self.fd, _CHUNK, self._offset):
            self._offset += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                event = _parse(line)
                if event is not None:
                    yield event

    def skip(self) -> None:
        """Go to the end."""
        self._offset = os.fstat(self.fd).st_size


def _parse(line: bytes) -> Event | None:
    if not line:
        return None
    try:
        event = jsonio.loads(line)
    except ValueError:
        return None  # of a power cut, or a full disk
    if not isinstance(event, dict) or not isinstance(event.get("time"), int):
        return None
    return event if isinstance(event.get("type"), str) and isinstance(event.get("status"), str) else None


def read(
    folder: str, *, since_ns: int | None = None, until_ns: int | None = None, follow: bool = False
) -> Iterator[Event]:
    """The events from `since_ns` (None: with `follow` from now on, else all) until `until_ns`.

    With `follow` also those to come, until that moment or for ever. An empty folder is made if need be.
    """
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as e:
        raise errors.StorageError(f"the events cannot be read: {folder}: {e.strerror}") from e
    tails: list[_Tail] = []
    with inotify.Watch() as watch:
        if follow:
            watch.add(folder, _MASK)  # before the first look: nothing is missed in between
        try:
            _look(folder, tails)
            if follow and since_ns is None:
                for tail in tails:
                    tail.skip()
            while True:
                for tail in tails:
                    for event in tail.new():
                        if until_ns is not None and event["time"] > until_ns:
                            continue
                        if since_ns is None or event["time"] >= since_ns:
                            yield event
                if not follow or not _wait(watch, until_ns):
                    return
                _look(folder, tails)
        finally:
            for tail in tails:
                os.close(tail.fd)


def _wait(watch: inotify.Watch, until_ns: int | None) -> bool:
    """Wait for a change; False when the time is over."""
    poll = select.poll()
    poll.register(watch.fileno(), select.POLLIN)
    left_ms = None
    if until_ns is not None:
        left_ms = (until_ns - time.time_ns()) / 1e6
        if left_ms <= 0:
            return False
    if not poll.poll(left_ms):
        return False
    watch.drain()
    return True


def _look(folder: str, tails: list[_Tail]) -> None:
    """Open the files that are new here, oldest first; let go of those that have no name any more."""
    known = {tail.inode for tail in tails}
    for name in (eventlog.OLD, eventlog.NAME):
        try:
            fd = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        tail = _Tail(fd)
        if tail.inode in known:
            os.close(fd)
        else:
            known.add(tail.inode)
            tails.append(tail)
    while len(tails) > 3:
        os.close(tails.pop(0).fd)
