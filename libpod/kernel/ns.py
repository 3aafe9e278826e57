"""Owns: entering and making namespaces: unshare(2), setns(2)."""

from __future__ import annotations

import _thread
import os

from libpod.errors import KernelError
from libpod.kernel import iface
from libpod.kernel.const import CLONE_NEWNET
from libpod.kernel.libc import check, libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

INITIAL_MAP = ["0", "0", "4294967295"]


def unshare(flags: int) -> None:
    """unshare(2).

    CLONE_NEWUSER needs a process with one thread (EINVAL) and is refused to chrooted processes (EPERM).
    """
    check(libc.unshare(flags), "unshare")


def setns(fd: int, flags: int) -> None:
    """Enter namespaces by a descriptor of /proc/<pid>/ns/*, or by a pidfd with several flags (5.8). setns(2).

    CLONE_NEWUSER needs one thread and is EINVAL for the namespace one is already in; ESRCH = the process of
    the pidfd is gone.
    """
    check(libc.setns(fd, flags), "setns")


def new_netns() -> int:
    """Make a network namespace with the loopback interface up and return an owned descriptor of it.

    The process stays where it is: a short-lived thread makes it, because a process in a user namespace that
    left the host's network namespace cannot come back (EPERM: that one is owned by the initial user
    namespace). About 1 ms.
    """
    done = _thread.allocate_lock()
    done.acquire()
    result: list[int] = []
    failure: list[BaseException] = []

    def make() -> None:
        try:
            unshare(CLONE_NEWNET)
            iface.lo_up()
            result.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
        except BaseException as error:
            failure.append(error)
        finally:
            done.release()

    _thread.start_new_thread(make, ())
    done.acquire()
    if failure:
        raise failure[0]
    return result[0]


def own_userns_is_initial() -> bool:
    """Say whether this is the initial user namespace: it maps everything onto itself, user_namespaces(7)."""
    with open("/proc/self/uid_map", "rb", buffering=0) as stream:
        return stream.read().decode("ascii").split() == INITIAL_MAP


def in_netns_child(netns_fd: int, function: Callable[[], bytes | None]) -> bytes:
    """Run `function` in a forked child in this network namespace and return its bytes.

    For sockets and sysctls of a namespace.

    KernelError with the child's errno if it raised an OSError; ECHILD if it died otherwise.
    """
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        code = 2
        try:
            setns(netns_fd, CLONE_NEWNET)
            _put(write_fd, b"+" + (function() or b""))
            code = 0
        except OSError as error:
            _put(write_fd, b"-%d" % (error.errno or 0))
        finally:
            os._exit(code)
    os.close(write_fd)
    parts = []
    while part := os.read(read_fd, 65536):
        parts.append(part)
    os.close(read_fd)
    os.waitpid(pid, 0)
    answer = b"".join(parts)
    if answer[:1] == b"+":
        return answer[1:]
    raise KernelError(int(answer[1:]) if answer[1:] else 10, "in a network namespace")


def _put(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
