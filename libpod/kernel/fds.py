"""Owns: all open descriptors of the process at once, close_range(2)."""

from __future__ import annotations

import errno
import os

from libpod.errors import KernelError
from libpod.kernel.const import CLOSE_RANGE_CLOEXEC, NR_CLOSE_RANGE
from libpod.kernel.libc import c_uint, check, syscall

_close_range = syscall(NR_CLOSE_RANGE, c_uint, c_uint, c_uint)

_LAST = 0xFFFFFFFF


def cloexec_from(first: int) -> None:
    """Keep all descriptors from this number on from the programs that are started.

    close_range(2) with CLOSE_RANGE_CLOEXEC, 5.11; before (EINVAL, ENOSYS) one by one.
    """
    try:
        check(_close_range(first, _LAST, CLOSE_RANGE_CLOEXEC), "close_range")
    except KernelError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        for fd in _open_from(first):
            try:
                os.set_inheritable(fd, False)
            except OSError:
                pass  # the one that listed them


def close_all_but(keep: set[int], first: int = 3) -> None:
    """Close all descriptors from `first` on but these: for a forked child that goes its own way (5.9)."""
    edge = first
    for fd in sorted(fd for fd in keep if fd >= first):
        if fd > edge:
            _close(edge, fd - 1)
        edge = fd + 1
    _close(edge, _LAST)


def _close(first: int, last: int) -> None:
    try:
        check(_close_range(first, last, 0), "close_range")
    except KernelError as error:
        if error.errno != errno.ENOSYS:
            raise
        os.closerange(first, min(last, os.sysconf("SC_OPEN_MAX")) + 1)


def _open_from(first: int) -> list[int]:
    return [int(name) for name in os.listdir("/proc/self/fd") if int(name) >= first]
