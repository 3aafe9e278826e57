"""Owns: the rank order of locks and their files, `<directory>/<rank>-<name>`, each a flock(2).

Order: rootless < pod < container < ids < volume < network < layer. A lock is taken only while all held
ones have a lower rank; several of one rank are taken in one call, sorted by name. The kernel frees a lock
when its process dies.
"""

from __future__ import annotations

import fcntl
import os

from libpod import log
from libpod.errors import LockOrderError

RANK_ROOTLESS = 10
RANK_POD = 30
RANK_CONTAINER = 40
RANK_IDS = 45
RANK_VOLUME = 50
RANK_NETWORK = 55
RANK_LAYER = 60

STRICT_ENV = "PYPOD_TEST_STRICT"

_held: list[Held] = []
"""What this process holds, over all `Locks` objects, in the order in which it was taken."""


class Held:
    """Locks of one rank, taken together. A context manager; `acquire` and `release` do the same by hand."""

    __slots__ = ("_dir", "_fds", "_names", "_rank")

    def __init__(self, directory: str, rank: int, names: list[str]) -> None:
        self._dir = directory
        self._rank = rank
        self._names = names
        self._fds: list[int] = []

    def acquire(self) -> Held:
        """Wait for all of them and take them, sorted by name."""
        _check_order(self._rank, self._names)
        try:
            for name in self._names:
                self._fds.append(_lock_file(os.path.join(self._dir, f"{self._rank}-{name}")))
        except BaseException:
            self._close()
            raise
        _held.append(self)
        return self

    def release(self) -> None:
        """Give them back. Idempotent."""
        if self in _held:
            _held.remove(self)
        self._close()

    def remove(self) -> None:
        """Remove the files and give the locks back: the object is gone. Who waits takes a new file."""
        for name in self._names:
            try:
                os.unlink(os.path.join(self._dir, f"{self._rank}-{name}"))
            except FileNotFoundError:
                pass
        self.release()

    def _close(self) -> None:
        while self._fds:
            os.close(self._fds.pop())

    def __enter__(self) -> Held:
        return self.acquire()

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        self.release()


class Locks:
    """The locks of one store."""

    __slots__ = ("_dir",)

    def __init__(self, directory: str) -> None:
        """The directory exists; nothing is opened yet."""
        self._dir = directory

    def take(self, rank: int, *names: str) -> Held:
        """Return the locks of these names for `with`: taken when the block begins, given back at its end.

        LockOrderError (in tests; an error line else) if the rank is not above every rank that the process
        holds.
        """
        for name in names:
            if not name or "/" in name or name.startswith("."):
                raise ValueError(f"not a name of a lock: {name!r}")
        return Held(self._dir, rank, sorted(set(names)))

    def is_free(self, rank: int, name: str) -> bool:
        """Say whether nobody holds this lock now: a hint, it may be taken in the next moment."""
        try:
            fd = os.open(f"{self._dir}/{rank}-{name}", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(fd)
        return True

    def close_all_in_child(self) -> None:
        """Do what `close_all_in_child` of this module does."""
        close_all_in_child()


def close_all_in_child() -> None:
    """Drop what was inherited over fork(2): until then the child holds its parent's locks too."""
    while _held:
        _held.pop()._close()


def held_ranks() -> list[int]:
    """Return the ranks that this process holds now, in the order in which they were taken."""
    return [held._rank for held in _held]


def _check_order(rank: int, names: list[str]) -> None:
    for held in _held:
        if held._rank >= rank:
            message = (
                f"lock {rank}-{','.join(names)} asked for while {held._rank}-{','.join(held._names)} is held"
            )
            if os.environ.get(STRICT_ENV):
                raise LockOrderError(message)
            log.error("a lock is taken out of order, this is a bug in pypod: " + message)
            return


def _lock_file(path: str) -> int:
    while True:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:  # the whole store was removed while we waited (`system reset`)
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            continue
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log.debug("waiting for a lock", file=path)
                fcntl.flock(fd, fcntl.LOCK_EX)
            here = os.fstat(fd)
            there = os.stat(path, follow_symlinks=False)
            if here.st_ino == there.st_ino and here.st_dev == there.st_dev:
                return fd
        except FileNotFoundError:
            pass  # removed by its last owner while we waited: lock the new file
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
