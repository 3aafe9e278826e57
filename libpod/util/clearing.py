"""Owns: emptying a large tree with several threads, before `staging` removes what is left of it.

Deleting many files is mostly waiting for the disk (2.1 s for 20,800 files, 0.7 s of them CPU time). Those
waits run side by side. Nothing is reported: what resists stays.
"""

from __future__ import annotations

import _thread
import os

from libpod.kernel.const import RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV
from libpod.kernel.path import openat2

THREADS = 8
_WORTH_IT = 6
"""So many directories or pieces wait for each further thread: a small tree never gets one."""
_PIECE = 64
"""Names of one directory that are deleted in one go, while others may take the rest."""
_MAX_WAITING = 100_000
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_STAY_BELOW = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV


def clear(dir_fd: int, name: str) -> None:
    """Delete as much as possible of what is below the directory `name`; directories may stay, empty.

    No link is followed and no mount point entered. All threads have done their work on return.
    """
    _Clearing(dir_fd).run(name)


class _Clearing:
    """The work that is left: paths below `dir_fd`, each with the names to delete there (None = list them)."""

    def __init__(self, dir_fd: int) -> None:
        self._dir_fd = dir_fd
        self._waiting: list[tuple[str, list[str] | None]] = []
        self._lock = _thread.allocate_lock()
        self._helpers = 0
        self._all_gone = _thread.allocate_lock()
        """Held while there are helpers."""

    def run(self, name: str) -> None:
        self._waiting.append((name, None))
        while True:
            try:
                self._work()
            finally:
                with self._all_gone:  # the last helper has ended; also when we are interrupted
                    pass
            if not self._waiting:
                return

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                path, names = self._waiting.pop()
            try:
                self._empty(path, names)
            except OSError:
                pass  # it is met again, and reported, when the tree itself is removed

    def _empty(self, path: str, names: list[str] | None) -> None:
        fd = openat2(self._dir_fd, path, _OPEN, 0, _STAY_BELOW)
        try:
            if names is None:
                names = os.listdir(fd)
                if len(names) > _PIECE:
                    self._give([(path, names[at : at + _PIECE]) for at in range(_PIECE, len(names), _PIECE)])
                    del names[_PIECE:]
            below: list[tuple[str, list[str] | None]] = []
            for name in names:
                try:
                    os.unlink(name, dir_fd=fd)
                except (IsADirectoryError, PermissionError):
                    below.append((f"{path}/{name}", None))
                except OSError:
                    pass
        finally:
            os.close(fd)
        if below:
            self._give(below)
            return
        try:
            os.rmdir(path, dir_fd=self._dir_fd)
        except OSError:
            pass  # others are at work in it, or it has had directories

    def _give(self, work: list[tuple[str, list[str] | None]]) -> None:
        with self._lock:
            if len(self._waiting) < _MAX_WAITING:
                self._waiting += work
            wanted = min(THREADS - 1, len(self._waiting) // _WORTH_IT) - self._helpers
            for _ in range(wanted):
                if self._helpers == 0:
                    self._all_gone.acquire()
                self._helpers += 1
                try:
                    _thread.start_new_thread(self._help, ())
                except RuntimeError:  # no thread to be had
                    self._leave()
                    return

    def _help(self) -> None:
        try:
            self._work()
        finally:
            with self._lock:
                self._leave()

    def _leave(self) -> None:
        self._helpers -= 1
        if self._helpers == 0:
            self._all_gone.release()
