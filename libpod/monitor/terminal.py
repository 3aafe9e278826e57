"""Owns: how a terminal comes from the runtime: over a console socket (runc docs/terminals.md, "console
socket").
"""

from __future__ import annotations

import _socket
import fcntl
import os
import sys

from libpod import log
from libpod.kernel import tty
from libpod.monitor.loop import NO_ROOM, READ, RETRY_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from libpod.monitor.loop import Loop

_TIOCGPTPEER = 0x5441  # asm-generic/ioctls.h, Linux 4.13
_SPACE = _socket.CMSG_SPACE(4)


class Console:
    """A socket on which the runtime sends one pty master. Owns it and its name in `run/`."""

    def __init__(self, loop: Loop, run_dir: str, name: str, on_master: Callable[[int], None]) -> None:
        self._loop = loop
        self._on_master = on_master
        self._name = f"{run_dir}/{name}"
        self._dir_fd = os.open(run_dir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC, 0)
        self._conn: _socket.socket | None = None
        self._has_waited = False
        # sun_path holds 108 bytes, unix(7): both sides name it by our descriptor of the directory.
        self.path = f"/proc/{os.getpid()}/fd/{self._dir_fd}/{name}"
        self._listener.bind(self.path)
        self._listener.listen(1)
        self._listener.setblocking(False)
        loop.watch(self._listener.fileno(), READ, lambda _: self._accept())

    def take(self) -> None:
        """Receive the master now, if the runtime has sent it already."""
        if self._dir_fd >= 0 and self._conn is None:
            self._accept()
        if self._conn is not None and self._conn.fileno() >= 0:
            self._receive()

    def close(self) -> None:
        """Close and remove the socket. Idempotent."""
        for sock in (self._listener, self._conn):
            if sock is not None and sock.fileno() >= 0:
                self._loop.unwatch(sock.fileno())
                sock.close()
        if self._dir_fd >= 0:
            os.close(self._dir_fd)
            self._dir_fd = -1
            try:
                os.unlink(self._name)
            except FileNotFoundError:
                pass

    def _accept(self) -> None:
        accept: Any = self._listener._accept  # type: ignore[attr-defined]  # what socket.accept is made of
        try:
            fd, _ = accept()
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            if not self._has_waited:
                self._has_waited = True
                log.warning("no descriptor for the runtime's connection: it has to wait", error=error)
            self._loop.change(self._listener.fileno(), 0)
            self._loop.after(RETRY_S, self._again)
            return
        if self._conn is not None:
            os.close(fd)
            return
        self._conn = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fd)
        self._conn.setblocking(False)
        self._loop.watch(fd, READ, lambda _: self._receive())

    def _again(self) -> None:
        if self._listener.fileno() >= 0:
            self._loop.change(self._listener.fileno(), READ)

    def _receive(self) -> None:
        assert self._conn is not None
        try:
            _, ancillary, _, _ = self._conn.recvmsg(4096, _SPACE, _socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return
        self._loop.unwatch(self._conn.fileno())
        self._conn.close()
        for level, kind, data in ancillary:
            if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS and len(data) >= 4:
                self._on_master(int.from_bytes(data[:4], sys.byteorder, signed=True))
                return


def keep_slave(master_fd: int) -> int:
    """Return an owned descriptor of the terminal's other side.

    While it is open, reading the master does not fail when the container closes its terminal for a moment (as
    an init that reopens /dev/console does); there is nothing to read then, and that is all.
    """
    flags = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC
    return int(fcntl.ioctl(master_fd, _TIOCGPTPEER, flags))


def resize(master_fd: int, rows: int, cols: int) -> None:
    """Give the terminal a size; one that has ended is fine."""
    try:
        tty.set_size(master_fd, rows, cols)
    except OSError:
        pass
