"""Owns: a program under a terminal of its own, driven as a person would do it."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence

from tests.support.processes import Handle


class Terminal:
    """Runs `argv` as the leader of a new session whose controlling terminal is a new pty."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], *, rows: int = 24, cols: int = 80
    ) -> None:
        self.master, slave = os.openpty()
        self.before = self.attributes()
        """The terminal's settings before the program ran."""
        self.screen = b""
        """All that came out so far."""
        self._seen = 0
        self._code: int | None = None
        self.resize(rows, cols)
        # opened by its name in the new session, the terminal becomes the controlling one
        name = os.ttyname(slave)
        actions = [(os.POSIX_SPAWN_OPEN, fd, name, os.O_RDWR, 0) for fd in (0, 1, 2)]
        self.pid = os.posix_spawnp(argv[0], list(argv), dict(env), file_actions=actions, setsid=True)
        self.handle = Handle(self.pid)
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def resize(self, rows: int, cols: int) -> None:
        """Change the window's size; the foreground program gets SIGWINCH from the kernel."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def send(self, data: bytes | str) -> None:
        """Type something."""
        os.write(self.master, data.encode() if isinstance(data, str) else data)

    def _read(self, timeout_s: float) -> bool:
        """Read what is there; False when nothing came within the time or the other side is closed."""
        ready, _, _ = select.select([self.master], [], [], max(timeout_s, 0))
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: no process has the terminal open any more
            return False
        self.screen += data
        return bool(data)

    def expect(self, text: bytes | str, timeout_s: float = 10) -> bytes:
        """Wait for `text` behind what was expected last; return all up to and with it."""
        wanted = text.encode() if isinstance(text, str) else text
        end = time.monotonic() + timeout_s
        while True:
            at = self.screen.find(wanted, self._seen)
            if at >= 0:
                before = self.screen[self._seen : at + len(wanted)]
                self._seen = at + len(wanted)
                return before
            left = end - time.monotonic()
            if not self._read(left) and (left <= 0 or self.handle.wait_gone(0)):
                raise AssertionError(f"{wanted!r} did not appear; the screen: {self.screen!r}")

    def attributes(self) -> list[object]:
        """Return the terminal's settings (termios(3)), to see that raw mode was taken back."""
        return list(termios.tcgetattr(self.master))

    def wait(self, timeout_s: float = 20) -> int:
        """Read until the program ends and return its exit code, 128+n when a signal ended it."""
        end = time.monotonic() + timeout_s
        while self._code is None:
            self._read(min(0.05, max(end - time.monotonic(), 0)))
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self._code = code if code >= 0 else 128 - code
            elif time.monotonic() > end:
                raise AssertionError(f"still running after {timeout_s:g} s; the screen: {self.screen!r}")
        while self._read(0):
            pass
        return self._code

    def close(self) -> None:
        """End the program if it still runs, and the terminal."""
        if self.handle.fd >= 0 and self._code is None:
            self.handle.signal(signal.SIGKILL)
            self.wait()
        self.handle.close()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
