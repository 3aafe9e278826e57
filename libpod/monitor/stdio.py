"""Owns: what the container's first process gets as standard input, output and error, by log driver and
terminal.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod.monitor.logfile import LogFile
from libpod.monitor.streams import Streams
from libpod.util import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from libpod.monitor import terminal
    from libpod.monitor.journal import Journal
    from libpod.monitor.loop import Loop

CONSOLE_S = 10.0
_KEYS = ("log", "terminal", "stdin", "stdin_once", "size")


class Stdio:
    """Pipes, a terminal, or the client's own descriptors."""

    def __init__(
        self, loop: Loop, msg: Mapping[str, Any], run_id: str, log_fd: int = -1, lost: int = -1
    ) -> None:
        """`log_fd` and `lost`: what the log had, before execve(2)."""
        self._msg: dict[str, Any] = {**{key: msg.get(key) for key in _KEYS}, "run_id": run_id}
        self._loop = loop
        self._log = _open_log(msg["log"], run_id, log_fd, lost)
        self.streams = Streams(loop, self._log)
        self.has_terminal = bool(msg.get("terminal"))
        self._keeps_stdin = bool(msg.get("stdin"))
        self._once = bool(msg.get("stdin_once"))
        self._size: list[int] | None = msg.get("size")
        self._discard = False
        self._theirs: dict[int, int] = {}
        self._ours: dict[int, int] = {}
        self._console: terminal.Console | None = None
        self._master_fd = self._slave_fd = -1

    def open(self, run_dir: str, inherited: Sequence[int], preserved: Mapping[int, int]) -> None:
        """Make what the container gets; with `passthrough`, duplicates of these descriptors. `preserved`:
        what it gets besides, number there -> ours (taken over).
        """
        passed = self.is_passed
        if passed and self.has_terminal:
            raise errors.UsageError(
                "--log-driver=passthrough cannot be used with a terminal", remedy="leave --tty out"
            )
        if self.has_terminal:
            from libpod.monitor import terminal  # lazy: termios

            self._console = terminal.Console(self._loop, run_dir, "console", self._got_master)
        elif passed:
            self._theirs = {number: os.dup(fd) for number, fd in enumerate(inherited)}
        else:
            self._make_pipes()
        self._theirs.update(preserved)

    def state(self) -> dict[str, Any]:
        """Return what `resumed` makes it again from."""
        return {
            "msg": self._msg,
            "outputs": list(self.streams.outputs.items()),
            "input": self.streams.input_fd,
            "master": self._master_fd,
            "slave": self._slave_fd,
            "size": self._size,
            "log_fd": -1 if self._log is None else self._log.fileno(),
            "lost": 0 if self._log is None else self._log.lost,
        }

    @classmethod
    def resumed(cls, loop: Loop, state: Mapping[str, Any]) -> Stdio:
        """Make it again in the same process, after execve(2)."""
        self = cls(loop, state["msg"], state["msg"]["run_id"], state["log_fd"], state["lost"])
        self._master_fd, self._slave_fd, self._size = state["master"], state["slave"], state["size"]
        if state["input"] >= 0:
            terminal = self._master_fd >= 0
            self.streams.set_input(state["input"], once=self._once and not terminal)
        for fd, number in state["outputs"]:
            self.streams.add_output(fd, number)
        return self

    def anew(self) -> Stdio:
        """Return what the next run of the same container gets."""
        return Stdio(self._loop, {**self._msg, "size": self._size}, self._msg["run_id"])

    @property
    def is_passed(self) -> bool:
        """Say whether the container has the client's own streams."""
        return bool(self._msg["log"]["driver"] == "passthrough")

    @property
    def console(self) -> str:
        """Path of the console socket for the runtime; empty without a terminal."""
        return self._console.path if self._console is not None else ""

    @property
    def for_runtime(self) -> dict[int, int]:
        """Descriptors for the runtime's create, which the container inherits."""
        return self._theirs

    def connect(self) -> None:
        """Take our side of the streams, when the runtime has created the container."""
        if self._console is not None:
            if not self._loop.run_until(lambda: self._master_fd >= 0, CONSOLE_S):
                raise errors.MonitorError("the runtime did not send the terminal")
            self._console.close()
            self._console = None
            from libpod.monitor import terminal

            self._slave_fd = terminal.keep_slave(self._master_fd)
            if self._size:
                self.resize(*self._size)
            if self._keeps_stdin:
                self.streams.set_input(os.dup(self._master_fd), once=False)
            self._ours = {wire.STDOUT: os.dup(self._master_fd)}
            self._close_theirs()
            return
        self._close_theirs()
        if wire.STDIN in self._ours:
            self.streams.set_input(self._ours.pop(wire.STDIN), once=self._once)

    def flow(self) -> None:
        """Begin to read the output: when the client knows that the container has started. Idempotent."""
        for number, fd in self._ours.items():
            self.streams.add_output(fd, number)
        self._ours = {}

    def resize(self, rows: int, cols: int) -> None:
        """Give the terminal a size; kept for it if it is not there yet."""
        self._size = [rows, cols]
        if self._master_fd >= 0:
            from libpod.monitor import terminal

            terminal.resize(self._master_fd, rows, cols)

    def discard(self) -> None:
        """Let nothing of it be logged: it is what the runtime had to say about its own failure."""
        self._discard = True

    def close(self) -> None:
        """Read what is left into the log, and close everything. Idempotent."""
        self._close_theirs()
        if not self._discard:
            self.flow()
        self.streams.drain()
        for fd in (*self._ours.values(), self._master_fd, self._slave_fd):
            if fd >= 0:
                os.close(fd)
        self._ours = {}
        self._master_fd = self._slave_fd = -1
        if self._console is not None:
            self._console.close()
            self._console = None

    def _make_pipes(self) -> None:
        for number in (wire.STDOUT, wire.STDERR):
            self._ours[number], self._theirs[number] = os.pipe2(os.O_CLOEXEC)
        if self._keeps_stdin:
            self._theirs[wire.STDIN], self._ours[wire.STDIN] = os.pipe2(os.O_CLOEXEC)

    def _close_theirs(self) -> None:
        for fd in self._theirs.values():
            os.close(fd)
        self._theirs = {}

    def _got_master(self, master_fd: int) -> None:
        self._master_fd = master_fd


def _open_log(log: Mapping[str, Any], run_id: str, fd: int, lost: int) -> LogFile | Journal | None:
    """Return the log of this driver; None if it keeps none."""
    driver = log["driver"]
    if driver in ("k8s-file", "json-file"):
        return LogFile(log["path"], int(log.get("max_size_bytes") or 0), int(log.get("max_files") or 1), fd)
    if driver in ("none", "passthrough"):
        return None
    assert driver == "journald", driver
    from libpod.monitor.journal import Journal  # lazy: for its containers only

    return Journal(log, run_id, lost)
