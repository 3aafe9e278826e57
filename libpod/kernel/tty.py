"""Owns: size and modes of terminals, termios(3) and ioctl_tty(2)."""

from __future__ import annotations

import fcntl
import termios
from _struct import pack, unpack_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SIZE = "HHHH"  # struct winsize: rows, columns, pixels across and down (unused)


def get_size(fd: int) -> tuple[int, int]:
    """Return rows and columns; (0, 0) where the terminal does not know. OSError ENOTTY if it is none."""
    rows, cols = unpack_from("HH", fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8)))
    return rows, cols


def set_size(fd: int, rows: int, cols: int) -> None:
    """Tell the terminal its size; who is in its foreground gets SIGWINCH if that is a change."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, pack(_SIZE, rows & 0xFFFF, cols & 0xFFFF, 0, 0))


def make_raw(fd: int) -> list[Any]:
    """Switch to raw mode as cfmakeraw(3) does, output processing off too; return what `restore` wants."""
    saved = termios.tcgetattr(fd)
    raw = [*saved[:6], list(saved[6])]
    raw[0] &= ~(
        termios.IGNBRK
        | termios.BRKINT
        | termios.PARMRK
        | termios.ISTRIP
        | termios.INLCR
        | termios.IGNCR
        | termios.ICRNL
        | termios.IXON
    )
    raw[1] &= ~termios.OPOST
    raw[2] = raw[2] & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    raw[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
    raw[6][termios.VMIN] = 1
    raw[6][termios.VTIME] = 0
    termios.tcsetattr(fd, termios.TCSADRAIN, raw)
    return saved


def restore(fd: int, saved: list[Any]) -> None:
    """Give the terminal the modes back that `make_raw` returned, when all output is out."""
    termios.tcsetattr(fd, termios.TCSADRAIN, saved)
