"""Owns: making a process of its own out of a fork of the command: session, signals, descriptors, name."""

from __future__ import annotations

import _signal  # `signal` itself pulls enum: 4 ms
import _thread
import fcntl
import gc
import os

from libpod.kernel import cgroup, process
from libpod.monitor import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_IGNORED = (
    _signal.SIGINT,
    _signal.SIGHUP,
    _signal.SIGQUIT,
    _signal.SIGUSR1,
    _signal.SIGUSR2,
    _signal.SIGTSTP,
    _signal.SIGTTIN,
    _signal.SIGTTOU,
    _signal.SIGPIPE,
)


def detach(keep_prefix: str, keep: tuple[int, ...]) -> tuple[tuple[int, ...], list[int]]:
    """Leave the caller's session and terminal, its signals and descriptors.

    Stays: `keep`, and descriptors of files below `keep_prefix` (the sign that the user namespace is in use).
    Returns duplicates of the caller's stdin, stdout and stderr, for a container that gets them passed
    through.
    """
    os.setsid()
    _signal.set_wakeup_fd(-1)
    for number in _IGNORED:
        _signal.signal(number, _signal.SIG_IGN)
    for number in (_signal.SIGWINCH, _signal.SIGALRM, _signal.SIGTERM):
        _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    kept = _close_others(keep_prefix, keep)
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    inherited = tuple(_duplicate(fd, null) for fd in (0, 1, 2))
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
    os.chdir("/")
    os.umask(0o022)
    process.set_subreaper()
    limits.lift()
    gc.freeze()
    return inherited, kept


class Background:
    """Something that waits for the kernel, done in a thread while other work goes on."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._failure: BaseException | None = None
        self._lock = _thread.allocate_lock()
        self._lock.acquire()
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError:  # no thread to be had
            self._run()

    def wait(self) -> None:
        """Wait until it is done; raise what it raised, once."""
        with self._lock:
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _run(self) -> None:
        try:
            self._act()
        except BaseException as error:
            self._failure = error
        finally:
            self._lock.release()


def foresee_move() -> Background:
    """Let the kernel prepare for this process moving to another cgroup.

    The first move after a quiet moment waits for an RCU grace period (6-15 ms measured), those that follow
    soon do not (0.1 ms): cgroup_threadgroup_rwsem is a percpu_rw_semaphore. Writing ourselves into the cgroup
    where we are counts as a move already. Where it is not allowed nothing happens. To be waited for before
    the real move, or it might undo it.
    """
    return Background(_move_nowhere)


def _move_nowhere() -> None:
    try:
        cgroup.move(cgroup.own_path())
    except OSError:
        pass


def name(cid: str) -> None:
    """Show in ps(1) which container this process is for."""
    process.set_title(f"pypod: monitor {cid[:12]}")


def _duplicate(fd: int, other: int) -> int:
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    except OSError:  # the caller was started without it
        return fcntl.fcntl(other, fcntl.F_DUPFD_CLOEXEC, 3)


def _close_others(keep_prefix: str, keep: tuple[int, ...]) -> list[int]:
    """Close what came over the fork: locks, databases and pipes of the caller would live as long as the
    container.
    """
    kept = []
    for word in os.listdir("/proc/self/fd"):
        fd = int(word)
        if fd < 3 or fd in keep:
            continue
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith(keep_prefix):
                kept.append(fd)
            else:
                os.close(fd)
        except OSError:
            pass  # the listing's own descriptor
    return kept
