"""Owns: the files `ns/<pid>`, whose locks say which processes keep the user's namespace."""

from __future__ import annotations

import os

from libpod import log
from libpod.conf import paths as conf_paths
from libpod.errors import KernelError, RootlessError
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

    -1: this process holds it already, by a descriptor that it inherited over exec (`pypod unshare pypod ...`).
    The file holds the start time of the process, by which a recycled process id is told.
    """
    pid = os.getpid()
    start = process.start_time(pid)
    # The second name is for the rare case that a child of a dead process with our id has its descriptor.
    for path in (f"{paths.ns}/{pid}", f"{paths.ns}/{pid}-{start}"):
        fd = alive.try_hold(path)
        if fd is not None:
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"%d" % start, 0)
            return fd
        if _recorded_start(path) == start:
            return -1
    raise RootlessError(f"another process holds the files of process {pid} in {paths.ns}")


def release(fd: int) -> None:
    """Remove the file that `hold` returned a descriptor of, and close it. Needs no lock."""
    try:
        os.unlink(os.readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        pass
    os.close(fd)


def living(paths: Paths) -> list[int]:
    """Return the processes that keep the namespace now."""
    found = []
    for name in _names(paths):
        path = f"{paths.ns}/{name}"
        if alive.held(path) and _wrote(_pid_of(name), path):
            found.append(_pid_of(name))
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
            joined = _join_process(_pid_of(name), path)
    return joined


def _names(paths: Paths) -> list[str]:
    try:
        return [name for name in os.listdir(paths.ns) if name.partition("-")[0].isdigit()]
    except FileNotFoundError:
        return []


def _pid_of(name: str) -> int:
    return int(name.partition("-")[0])


def _recorded_start(path: str) -> int:
    try:
        with open(path, "rb", buffering=0) as stream:
            return int(stream.read(32) or b"0")
    except (OSError, ValueError):
        return 0


def _wrote(pid: int, path: str) -> bool:
    """Say whether the process of this id is the one that wrote the file, not a later one."""
    start = _recorded_start(path)
    return start != 0 and process.alive(pid, start)


def _join_process(pid: int, path: str) -> bool:
    """Enter the user namespace of exactly the process that wrote the file; False if it is gone (ESRCH)."""
    try:
        pid_fd = process.pidfd_open(pid)
    except KernelError:
        return False
    try:
        if not _wrote(pid, path):
            return False
        ns.setns(pid_fd, CLONE_NEWUSER)
    except KernelError as error:
        log.debug("cannot join the user namespace of a holder", pid=pid, error=error.strerror)
        return False
    finally:
        os.close(pid_fd)
    return True
