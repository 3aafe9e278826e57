"""Owns: "is its owner alive?" answered by a lock that the kernel frees when the owner dies, however it dies.

These are open file description locks (F_OFD_SETLK, fcntl(2), Linux 3.15), not flock(2): F_OFD_GETLK asks
without taking, so a question never gets in the way of one who wants the lock, and never keeps it when the
asker is stopped. As with flock, a forked child shares the lock until it closes the descriptor. The two kinds
do not see each other: use this module on both sides.
"""

from __future__ import annotations

import fcntl
import os
from _struct import pack, unpack_from

_WHOLE = "hhqqi4x"  # struct flock: type, whence, start, len, pid
_EXCLUSIVE = pack(_WHOLE, fcntl.F_WRLCK, 0, 0, 0, 0)


def hold(path: str) -> int:
    """Take the lock, wait for it if need be, and return its descriptor (owned, close-on-exec): the life line.

    The file is made with mode 0600. If somebody removed or replaced it meanwhile, the new one is locked.
    """
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLKW, _EXCLUSIVE)
            if _same_file(fd, path):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def try_hold(path: str) -> int | None:
    """Take the lock as `hold` does, or return None at once when somebody alive has it."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _EXCLUSIVE)
            if _same_file(fd, path):
                return fd
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, fcntl(2)
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def held(path: str) -> bool:
    """Say whether somebody holds the lock. No file means no. Changes nothing; 5 us."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        return held_fd(fd)
    finally:
        os.close(fd)


def held_fd(fd: int) -> bool:
    """Say whether somebody holds the lock of this open file by another descriptor than this one."""
    answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _EXCLUSIVE)
    return bool(unpack_from("h", answer)[0] != fcntl.F_UNLCK)


def remove_stale(path: str) -> bool:
    """Remove the file if nobody holds its lock; say whether it is gone.

    Safe against a taker in the same moment.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _EXCLUSIVE)
        if _same_file(fd, path):
            os.unlink(path)
        return True
    except (BlockingIOError, PermissionError):
        return False
    except FileNotFoundError:
        return True
    finally:
        os.close(fd)


def _same_file(fd: int, path: str) -> bool:
    """Say whether the path still names the locked file; if not, the lock guards nothing."""
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return here.st_ino == there.st_ino and here.st_dev == there.st_dev
