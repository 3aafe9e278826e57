"""Owns: the files `ns/<pid>`, whose locks say which processes keep the user's namespace."""

from __future__ import annotations

import os

from libpod import log
from libpod.conf import paths as conf_paths
from libpod.errors import KernelError
from libpod.kernel import ns, process
from libpod.kernel.const import CLONE_NEWUSER
from libpod.util import alive, lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths

LOCK_NAME = "rootless"
_LOOK_FURTHER = 4
"""Files looked at after a holder was found: removes what killed processes left, a few at a time."""


def rootless_lock(paths: Paths) -> lock.Held:
    """Return the lock under which a namespace is chosen, made, and its holders are written down."""
    if not os.path.isdir(paths.ns):
        conf_paths.ensure(paths)
    return lock.Locks(paths.locks).take(lock.RANK_ROOTLESS, LOCK_NAME)


def hold(paths: Paths) -> int:
    """Hold `ns/<own pid>` and return the owned descriptor. Under the rootless lock.

    The file holds the start time of this process, by which a recycled process id is told.
    """
    pid = os.getpid()
    fd = alive.hold(f"{paths.ns}/{pid}")
    os.ftruncate(fd, 0)
    os.pwrite(fd, b"%d" % process.start_time(pid), 0)
    return fd


def living(paths: Paths) -> list[int]:
    """Return the processes that keep the namespace now."""
    found = []
    for name in _names(paths):
        path = f"{paths.ns}/{name}"
        if alive.held(path) and process.alive(int(name), _recorded_start(path)):
            found.append(int(name))
    return found


def join(paths: Paths) -> bool:
    """Enter the user namespace of a living holder; False if there is none. Under the rootless lock.

    Removes files that nobody holds on the way. The caller becomes root afterwards, setns(2).
    """
    names = _names(paths)
    at = os.getpid() % len(names) if names else 0
    joined = False
    further = _LOOK_FURTHER
    for name in names[at:] + names[:at]:
        if joined:
            further -= 1
            if further < 0:
                break
        path = f"{paths.ns}/{name}"
        if not alive.held(path):
            alive.remove_stale(path)
        elif not joined:
            joined = _join_process(int(name), path)
    return joined


def _names(paths: Paths) -> list[str]:
    try:
        return [name for name in os.listdir(paths.ns) if name.isdigit()]
    except FileNotFoundError:
        return []


def _recorded_start(path: str) -> int:
    try:
        with open(path, "rb", buffering=0) as stream:
            return int(stream.read(32) or b"0")
    except (OSError, ValueError):
        return 0


def _join_process(pid: int, path: str) -> bool:
    """Enter the user namespace of exactly the process that wrote the file; False if it is gone (ESRCH)."""
    try:
        pid_fd = process.pidfd_open(pid)
    except KernelError:
        return False
    try:
        if process.start_time(pid) != _recorded_start(path):
            return False
        ns.setns(pid_fd, CLONE_NEWUSER)
    except KernelError as error:
        log.debug("cannot join the user namespace of a holder", pid=pid, error=error.strerror)
        return False
    finally:
        os.close(pid_fd)
    return True
