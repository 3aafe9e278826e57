"""Owns: further processes in the container: the runtime's `exec` is our child, its data never passes through
us.

Without a terminal the process has the client's own descriptors. With one, the client gets the pty's master;
we keep a duplicate for its size, and to read it empty when the client has gone and the process goes on.
"""

from __future__ import annotations

import _signal  # `signal` itself pulls enum: 4 ms
import os

from libpod import errors, log
from libpod.monitor import limits
from libpod.monitor.loop import READ
from libpod.oci import runtime as oci
from libpod.util import eventlog, failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from libpod.monitor import terminal
    from libpod.monitor.attach import Peer
    from libpod.monitor.loop import Loop
    from libpod.monitor.runtime import Runtime


_PID_S = 0.02


class Execs:
    """All exec processes of the container."""

    def __init__(
        self,
        loop: Loop,
        runtime: Runtime,
        run_dir: str,
        name: str,
        events: dict[str, Any] | None,
        on_none: Callable[[], None],
    ) -> None:
        self.loop = loop
        self.runtime = runtime
        self.run_dir = run_dir
        self.name = name
        self.events = events
        self._on_none = on_none
        self._count = 0
        self._all: set[Exec] = set()

    def start(self, peer: Peer, msg: dict[str, Any], fds: list[int]) -> None:
        """Start one for a client; takes the descriptors."""
        if peer.exec is not None:
            raise errors.StateError("one exec per connection")
        self._count += 1
        one = Exec(self, peer, msg, self._count)
        self._all.add(one)
        peer.exec = one
        one.start(fds)

    def ended(self, one: Exec) -> None:
        """Forget one that has ended."""
        self._all.discard(one)
        if not self._all:
            self._on_none()

    @property
    def none_left(self) -> bool:
        return not self._all

    def abandon(self) -> None:
        """Kill what is left of the runtime's processes when the container is gone."""
        for one in list(self._all):
            one.kill_runtime()


class Exec:
    """One process, in the container by the runtime's `exec`."""

    def __init__(self, execs: Execs, peer: Peer, msg: dict[str, Any], number: int) -> None:
        self._execs = execs
        self._peer: Peer | None = peer
        self._process_file = str(msg["process"])
        self._tty = bool(msg.get("tty"))
        self._detached = bool(msg.get("detach"))
        self._let_go = self._detached or (self._tty and oci.family(execs.runtime.argv) != oci.CRUN)
        """The runtime does not wait for the process (runc cannot, with a terminal): we do, as its subreaper.
        """
        self._size: list[int] | None = msg.get("size")
        self._preserve: list[int] = msg.get("preserve", [])
        """Numbers of the descriptors that the process gets besides the standard ones."""
        self._secrets: dict[str, Any] | None = msg.get("secrets")
        base = f"{execs.run_dir}/exec-{number}"
        self._log_file, self._pid_file = base + ".log", base + ".pid"
        self._console: terminal.Console | None = None
        self._console_name = f"exec-{number}.sock"
        self._master_fd = -1
        self._draining = False
        self._runtime_pid = 0
        self._pid = 0

    def start(self, fds: list[int]) -> None:
        """Spawn the runtime. With a terminal the answer follows when the runtime sends its master."""
        execs = self._execs
        if self._secrets is not None:
            from libpod.monitor import secretfiles  # lazy: seldom used

            fd = fds.pop()
            try:
                self._process_file = secretfiles.process_file(self._secrets, fd, self._process_file)
            except BaseException:
                self._clean_up()
                raise
            finally:
                os.close(fd)
        numbers = self._preserve if self._tty else [0, 1, 2, *self._preserve]
        if len(fds) not in (0, len(numbers)):
            raise errors.MonitorError(f"exec takes {len(numbers)} descriptors, or none")
        streams = dict(zip(numbers, fds, strict=False))
        if self._tty:
            from libpod.monitor import terminal  # lazy: termios

            self._console = terminal.Console(execs.loop, execs.run_dir, self._console_name, self._got_master)
        argv = oci.execute(
            execs.runtime.argv,
            self._log_file,
            self._process_file,
            self._pid_file,
            self._console.path if self._console is not None else "",
            self._let_go,
            oci.preserved(streams),
            execs.runtime.cid,
        )
        try:
            self._runtime_pid = limits.start(argv, fds=streams, new_session=True)
        except BaseException:
            self._clean_up()
            raise
        failpoint.hit("monitor:after-exec")
        eventlog.from_monitor(execs.run_dir, execs.events, "exec")
        execs.loop.on_child(self._runtime_pid, self._runtime_ended)
        if not self._tty and not self._detached:
            self._tell({"t": "exec-started", "pid": 0})

    def signal(self, number: int, tries: int = 50) -> None:
        """Send a signal to the process itself, not to the runtime that waits for it."""
        pid = self._pid or _read_pid(self._pid_file)
        if not pid:
            if self._runtime_pid and tries:  # the runtime has not written it down yet
                self._execs.loop.after(_PID_S, lambda: self.signal(number, tries - 1))
            return
        try:
            fd = os.pidfd_open(pid)
        except OSError:
            return
        try:
            if self._let_go or _parent(pid) == self._runtime_pid:
                _signal.pidfd_send_signal(fd, number)
        except OSError as error:
            log.debug("cannot signal an exec process", pid=pid, error=error)
        finally:
            os.close(fd)

    def resize(self, rows: int, cols: int) -> None:
        """Give its terminal a size."""
        self._size = [rows, cols]
        if self._master_fd >= 0:
            _resize(self._master_fd, rows, cols)

    def leave(self) -> None:
        """Go on without a client: the process stays, and what it writes to its terminal is read and lost."""
        self._peer = None
        if self._master_fd >= 0 and not self._draining:
            self._draining = True
            os.set_blocking(self._master_fd, False)
            self._execs.loop.watch(self._master_fd, READ, lambda _: self._discard())

    def kill_runtime(self) -> None:
        """End the runtime's process that waits."""
        if self._runtime_pid:
            os.kill(self._runtime_pid, 9)

    def _got_master(self, master_fd: int) -> None:
        self._master_fd = master_fd
        if self._size:
            _resize(master_fd, *self._size)
        if self._console is not None:
            self._console.close()
        if self._peer is None:
            self.leave()
        elif not self._detached:
            self._peer.send({"t": "exec-started", "pid": 0}, [master_fd])

    def _discard(self) -> None:
        try:
            if os.read(self._master_fd, 65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close_master()

    def _runtime_ended(self, code: int) -> None:
        """Tell the client how it went, by the runtime's exit code and by what it has logged."""
        self._runtime_pid = 0
        if self._console is not None:
            self._console.take()  # a short command: its end may be seen before its terminal
        execs = self._execs
        subject = f'container "{execs.name}"'
        failed = code != 0 and os.path.exists(self._log_file) and os.path.getsize(self._log_file) > 0
        if failed:
            if self._peer is not None:
                self._peer.send_error(execs.runtime.error(code, self._log_file, subject))
        elif self._let_go:
            self._pid = _read_pid(self._pid_file)
            if self._detached:
                self._tell({"t": "exec-started", "pid": self._pid})
            if self._pid:
                self._remove_files()
                execs.loop.on_child(self._pid, self._process_ended)
                return
        else:
            self._process_ended(code)
            return
        self._clean_up()

    def _process_ended(self, code: int) -> None:
        code = code if code >= 0 else 128 - code
        eventlog.from_monitor(self._execs.run_dir, self._execs.events, "exec_died", code=code)
        self._tell({"t": "exec-exited", "code": code})
        self._clean_up()

    def _tell(self, msg: dict[str, Any]) -> None:
        if self._peer is not None:
            self._peer.send(msg)

    def _clean_up(self) -> None:
        self._execs.ended(self)
        if self._peer is not None:
            self._peer.exec = None
            self._peer = None
        if self._console is not None:
            self._console.close()
        self._close_master()
        self._remove_files()

    def _close_master(self) -> None:
        if self._master_fd >= 0:
            self._execs.loop.unwatch(self._master_fd)
            os.close(self._master_fd)
            self._master_fd = -1

    def _remove_files(self) -> None:
        for path in (self._process_file, self._log_file, self._pid_file):
            try:
                os.unlink(path)
            except OSError:
                pass


def _resize(master_fd: int, rows: int, cols: int) -> None:
    from libpod.monitor import terminal

    terminal.resize(master_fd, rows, cols)


def _read_pid(path: str) -> int:
    try:
        with open(path, "rb", buffering=0) as stream:
            return int(stream.read(32))
    except (OSError, ValueError):
        return 0


def _parent(pid: int) -> int:
    """Return the parent of a process (proc_pid_stat(5), field 4); 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as stream:
            raw = stream.read()
    except OSError:
        return 0
    return int(raw[raw.rindex(b")") + 2 :].split()[1])
