"""Owns: a root file system that fuse-overlayfs serves, fuse(4).

The monitor mounts, and the program only serves: it lives in a mount namespace that was copied before the
mount, so it does not keep what it serves. It outlives the monitor, for the container's sake, and ends by
itself when the last mount of its file system is gone.
"""

from __future__ import annotations

import _signal
import os

from libpod import errors, log
from libpod.kernel import mount, ns
from libpod.kernel.const import CLONE_NEWNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_DEVICE = "/dev/fuse"
_SPECIAL = frozenset(":,\\")
_DIR = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_ENV = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"}


def mount_fuse(plan: Mapping[str, Any], target: str, log_fd: int) -> int:
    """Mount as planned; returns the program's process id. What it says goes to `log_fd`.

    Raises StorageError when it does not serve; then nothing is mounted.
    """
    opened: list[int] = []
    fuse_fd = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
    ready_r, ready_w = os.pipe2(os.O_CLOEXEC)
    go_r, go_w = os.pipe2(os.O_CLOEXEC)
    mounted, served, pid = False, False, 0
    try:
        argv = [plan["program"], "-f", "-o", _options(plan, opened), f"/dev/fd/{fuse_fd}"]
        pid = os.fork()
        if pid == 0:
            os.close(ready_r)
            os.close(go_w)
            _serve(argv, [fuse_fd, *opened], log_fd, ready_w, go_r)
        os.close(ready_w)
        ready_w = -1
        if os.read(ready_r, 1) == b"1":
            facts = f"fd={fuse_fd},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
            mount.mount("fuse-overlayfs", target, "fuse.fuse-overlayfs", 0, facts)
            mounted = True
            os.write(go_w, b"1")
        os.close(fuse_fd)  # the program's is the only one left: if it dies, stat fails instead of waiting
        fuse_fd = -1
        if mounted:
            os.stat(f"{target}/.")
            served = True
    except OSError as error:
        raise _failed(plan["program"], str(error)) from error
    finally:
        for fd in (fuse_fd, ready_r, ready_w, go_r, go_w, *opened):
            if fd >= 0:
                os.close(fd)
        if not served and pid:
            os.kill(pid, 9)  # not reaped yet, so it is still this one
            if mounted:
                mount.umount(target)
    if not served:
        raise _failed(plan["program"], "it does not get a mount namespace of its own")
    return pid


def _failed(program: str, why: str) -> errors.StorageError:
    return errors.StorageError(
        f"{program} does not serve the container's root file system: {why}",
        remedy='look at what it says in the container\'s "run/monitor.log", or use --storage-driver=vfs',
        name=program,
    )


def _options(plan: Mapping[str, Any], opened: list[int]) -> str:
    """The paths as they are, or by descriptor where they hold a character that separates."""

    def spelled(path: str) -> str:
        if _SPECIAL.isdisjoint(path):
            return path
        opened.append(os.open(path, _DIR))
        return f"/proc/self/fd/{opened[-1]}"

    found = "lowerdir=" + ":".join(spelled(path) for path in plan["lower"])
    if plan["upper"] is not None:
        found += f",upperdir={spelled(plan['upper'])},workdir={spelled(plan['work'])}"
        if plan["volatile"]:
            found += ",volatile"
    for key, rows in zip(("uidmapping", "gidmapping"), plan.get("ids", ()), strict=False):
        found += f",{key}=" + ":".join(str(number) for row in rows for number in row)
    return found


def _serve(argv: list[str], kept: list[int], log_fd: int, ready_w: int, go_r: int) -> None:
    """In the child: become the program, once the mount is there. Does not return."""
    try:
        ns.unshare(CLONE_NEWNS)
        os.setsid()
        os.write(ready_w, b"1")
        if os.read(go_r, 1) == b"1":
            null_fd = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
            for number, fd in ((0, null_fd), (1, null_fd), (2, log_fd if log_fd >= 0 else null_fd)):
                os.dup2(fd, number)
            for fd in kept:
                os.set_inheritable(fd, True)
            for signal in (_signal.SIGPIPE, _signal.SIGXFSZ):
                _signal.signal(signal, _signal.SIG_DFL)
            _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
            os.umask(0)
            os.execve(argv[0], argv, _ENV)
    except BaseException as error:
        log.error("cannot start the program of the storage driver", program=argv[0], error=repr(error))
    finally:
        os._exit(127)
