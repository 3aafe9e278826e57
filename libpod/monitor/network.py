"""Owns: the container's network namespace, kept by a descriptor, and the slirp4netns that serves it.

slirp4netns says on one pipe that it is ready and ends when the other one closes. When it dies by itself it is
started again on the same namespace: connections are lost, the container is not.
"""

from __future__ import annotations

import _thread
import os
import time

from libpod import errors, log
from libpod.monitor import limits
from libpod.monitor.loop import READ
from libpod.util import failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from libpod.monitor.loop import Loop

READY_S = 20.0
_READY_FD, _EXIT_FD = 8, 9
_SHORT_LIFE_S = 2.0
_MAX_SHORT = 3
_NO_DAD = "/proc/sys/net/ipv6/conf/default/accept_dad"


class Network:
    """The network of one container."""

    def __init__(self, loop: Loop, wanted: Mapping[str, Any]) -> None:
        self._loop = loop
        self._template: list[str] = list(wanted.get("slirp4netns") or ())
        self.fd = -1
        """The namespace; -1 with the host's network."""
        self._exit_w = -1
        self._ready_r = -1
        self._stderr_fd = -1
        self._pid = 0
        self._started = 0.0
        self._short = 0
        self.ready = True
        self.failed = ""
        self._wanted = wanted

    def open(self) -> None:
        """Make or join the namespace; of a nested user namespace the runtime makes it, see `adopt`."""
        mode = self._wanted["mode"]
        if mode == "path":
            self.fd = _open_namespace(self._wanted["path"])
        elif mode in ("none", "private"):
            from libpod.kernel import ns  # lazy: ctypes

            self.fd = ns.new_netns()
        elif mode not in ("host", "nested"):
            raise errors.NotSupportedError(f'network mode "{mode}" is not known to the monitor')

    def serve(self) -> None:
        """Start slirp4netns if the network has one; `ready` or `failed` tells how that goes. Idempotent."""
        if self._template and not self._pid and self.fd >= 0:
            self._start()

    def adopt(self, init_pid: int) -> None:
        """Take the namespace that the runtime has made together with a nested user namespace, and serve
        it."""
        if self._wanted["mode"] == "nested":
            self.fd = _open_namespace(f"/proc/{init_pid}/ns/net")
            self.serve()

    def let_go(self) -> bool:
        """Give up the namespace that the runtime made for the last run, if it did, and say so: it makes
        another for the next.
        """
        if self._wanted["mode"] != "nested" or self.fd < 0:
            return False
        template = self._template
        self.stop()
        self._loop.run_until(lambda: self.stopped)
        self._template = template
        return True

    @property
    def path(self) -> str:
        """The namespace as others can open it, while this process lives."""
        return f"/proc/{os.getpid()}/fd/{self.fd}" if self.fd >= 0 else ""

    @property
    def addresses(self) -> tuple[str, str, str]:
        """The container's address, and the gateways of IPv4 and IPv6; empty where there are none."""
        address, gateway, gateway6 = (
            str(self._wanted.get(key, "")) for key in ("address", "gateway", "gateway6")
        )
        return address, gateway, gateway6

    @property
    def idle(self) -> bool:
        """Say whether nothing is being started."""
        return self.ready

    def state(self) -> dict[str, Any]:
        """Return what `resumed` makes it again from."""
        return {
            "wanted": {**self._wanted, "slirp4netns": self._template},
            "fd": self.fd,
            "exit_w": self._exit_w,
            "pid": self._pid,
            "started": self._started,
            "short": self._short,
        }

    @classmethod
    def resumed(cls, loop: Loop, state: Mapping[str, Any]) -> Network:
        """Make it again in the same process, after execve(2)."""
        self = cls(loop, state["wanted"])
        self.fd, self._exit_w, self._pid = state["fd"], state["exit_w"], state["pid"]
        self._started, self._short = state["started"], state["short"]
        if self._pid:
            loop.on_child(self._pid, self._ended)
        return self

    def stop(self) -> None:
        """End slirp4netns and give the namespace up. Idempotent."""
        self._template = []
        if self._pid:  # 0 once it has been reaped
            os.kill(self._pid, 9)  # it keeps nothing, and takes 13-35 ms to notice that its pipe is closed
        self._close_ready()
        for fd in (self._exit_w, self.fd):
            if fd >= 0:
                os.close(fd)
        self._exit_w = self.fd = -1

    @property
    def helper_pid(self) -> int:
        """The process id of slirp4netns; 0 if it does not run."""
        return self._pid

    @property
    def stopped(self) -> bool:
        return self._pid == 0

    def _start(self) -> None:
        if "--enable-ipv6" in self._template:
            _no_duplicate_detection(self.fd)
        self._ready_r, ready_w = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        exit_r, self._exit_w = os.pipe2(os.O_CLOEXEC)
        self._stderr_fd = os.memfd_create("slirp4netns", os.MFD_CLOEXEC)
        values = {"{netns}": self.path, "{ready}": str(_READY_FD), "{exit}": str(_EXIT_FD)}
        argv = [values.get(word, word) for word in self._template]
        self.ready = False
        self._started = time.monotonic()
        try:
            self._pid = limits.start(
                argv, fds={2: self._stderr_fd, _READY_FD: ready_w, _EXIT_FD: exit_r}, new_session=True
            )
        finally:
            os.close(ready_w)
            os.close(exit_r)
        self._loop.on_child(self._pid, self._ended)
        self._loop.watch(self._ready_r, READ, lambda _: self._is_ready())
        failpoint.hit("monitor:after-slirp")

    def _is_ready(self) -> None:
        self.ready = os.read(self._ready_r, 1) == b"1"
        if self.ready:
            self._close_ready()
        else:  # it ends: its words are read then
            self._loop.unwatch(self._ready_r)

    def _close_ready(self) -> None:
        for fd in (self._ready_r, self._stderr_fd):
            if fd >= 0:
                self._loop.unwatch(fd)
                os.close(fd)
        self._ready_r = self._stderr_fd = -1

    def _ended(self, code: int) -> None:
        self._pid = 0
        if not self._template:
            return
        text = os.pread(self._stderr_fd, 4096, 0).decode("utf-8", "replace") if self._stderr_fd >= 0 else ""
        self._close_ready()
        os.close(self._exit_w)
        self._exit_w = -1
        error = errors.ProcessError(self._template, code, text)
        if not self.ready:
            self.failed = error.message
            return
        self._short = self._short + 1 if time.monotonic() - self._started < _SHORT_LIFE_S else 0
        if self._short >= _MAX_SHORT:
            log.error("slirp4netns keeps ending, the container has no network any more", error=error)
            return
        log.warning("slirp4netns ended and is started again", error=error)
        try:
            self._start()
        except (OSError, errors.PypodError) as again:
            log.error("slirp4netns cannot be started again", error=again)


def _open_namespace(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise errors.StateError(f"cannot join the network namespace {path}: {error.strerror}") from error


def _no_duplicate_detection(netns_fd: int) -> None:
    """Let IPv6 addresses in the namespace be usable at once, not after a second of looking for a double.

    In a thread that ends there, for the reason that ns.new_netns gives.
    """
    from libpod.kernel import ns  # lazy: ctypes
    from libpod.kernel.const import CLONE_NEWNET

    done = _thread.allocate_lock()
    done.acquire()

    def work() -> None:
        try:
            ns.setns(netns_fd, CLONE_NEWNET)
            fd = os.open(_NO_DAD, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(fd, b"0")
            finally:
                os.close(fd)
        except OSError as error:
            log.debug("cannot switch duplicate address detection off", error=error)
        finally:
            done.release()

    _thread.start_new_thread(work, ())
    done.acquire()
