"""Owns: the files `ns/<pid>-<start>`, whose locks say which processes keep the user's namespace.

The start time (proc_pid_stat(5)) tells a process from a later one with the same id. The files are empty.
"""

from __future__ import annotations

import os

from libpod import log
from libpod.conf import paths as conf_paths
from libpod.errors import KernelError, StorageError
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
    if not os.access(paths.ns, os.W_OK):
        if os.path.isdir(paths.ns):
            raise StorageError(
                f"the store {paths.graphroot} cannot be written by this process",
                remedy="let it write there (ReadWritePaths= beside ProtectSystem= or ProtectHome= of its "
                "unit), or keep the store elsewhere with --root",
            )
        conf_paths.ensure(paths)
    return lock.Locks(paths.locks).take(lock.RANK_ROOTLESS, LOCK_NAME)


def hold(paths: Paths) -> int:
    """Hold the file of this process and return the owned descriptor. Under the rootless lock.

    -1: the process holds it already, by a descriptor that it inherited over exec (`pypod unshare pypod ...`).
    """
    pid = os.getpid()
    fd = alive.try_hold(f"{paths.ns}/{pid}-{process.start_time(pid)}")
    return -1 if fd is None else fd


def release(fd: int) -> None:
    """Remove the file that `hold` returned a descriptor of, and close it. Needs no lock."""
    try:
        os.unlink(os.readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        pass
    os.close(fd)


def living(paths: Paths) -> list[int]:
    """Return the processes that keep the namespace now."""
    return [
        pid
        for name, pid, start in _files(paths)
        if alive.held(f"{paths.ns}/{name}") and process.alive(pid, start)
    ]


def join(paths: Paths) -> bool:
    """Enter the user namespace of a living holder; False if there is none. Under the rootless lock.

    Removes files that nobody holds on the way. The caller becomes root afterwards, setns(2).
    """
    files = _files(paths)
    at = os.getpid() % len(files) if files else 0
    joined = False
    further = _LOOK_FURTHER
    for name, pid, start in files[at:] + files[:at]:
        if joined:
            further -= 1
            if further < 0:
                break
        path = f"{paths.ns}/{name}"
        if not alive.held(path):
            alive.remove_stale(path)
        elif not joined:
            joined = _join_process(pid, start)
    return joined


def _files(paths: Paths) -> list[tuple[str, int, int]]:
    """Return name, process id and start time of each file."""
    try:
        names = os.listdir(paths.ns)
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        pid, _, start = name.partition("-")
        if pid.isdigit() and start.isdigit():
            found.append((name, int(pid), int(start)))
    return found


def _join_process(pid: int, start: int) -> bool:
    """Enter the user namespace of exactly this process; False if it is gone (ESRCH)."""
    try:
        pid_fd = process.pidfd_open(pid)
    except KernelError:
        return False
    try:
        if not process.alive(pid, start):
            return False
        ns.setns(pid_fd, CLONE_NEWUSER)
    except KernelError as error:
        log.debug("cannot join the user namespace of a holder", pid=pid, error=error.strerror)
        return False
    finally:
        os.close(pid_fd)
    return True
