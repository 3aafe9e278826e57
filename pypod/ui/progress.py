"""Owns: bars for transfers on a terminal, on stderr: a row for each part, drawn again in its place."""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_ROWS = 12
"""More would leave the screen; what has ended goes first."""
_BAR = 24


class Bars:
    """Draws rows of (digest, bytes moved, bytes of the whole)."""

    def __init__(self) -> None:
        self._drawn = 0
        self._rows: Sequence[tuple[str, int, int]] = ()
        self._started_s = time.monotonic()

    def show(self, rows: Sequence[tuple[str, int, int]]) -> None:
        """Draw the rows in the place of those drawn before."""
        self._rows = rows
        width = _columns()
        shown = rows
        if len(rows) > _MAX_ROWS:
            running = [r for r in rows if r[1] < r[2]]
            shown = running[:_MAX_ROWS] or rows[-1:]
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        lines = [line(row, width) for row in shown]
        lines += [""] * (self._drawn - len(lines))
        sys.stderr.write(up + "".join(f"\r\x1b[2K{text}\n" for text in lines))
        sys.stderr.flush()
        self._drawn = len(lines)

    def close(self) -> None:
        """Leave what is drawn; the next line goes below it."""
        self._drawn = 0


def line(row: tuple[str, int, int], width: int) -> str:
    """One row, no wider than the terminal."""
    digest, moved, whole = row
    name = f"Copying blob {digest.partition(':')[2][:12]} "
    if moved >= whole:
        text = name + "done"
    else:
        filled = _BAR * moved // whole
        bar = "=" * max(filled - 1, 0) + (">" if filled else "") + " " * (_BAR - filled)
        text = f"{name}[{bar}] {_size(moved)} / {_size(whole)}"
    return text[: max(width - 1, 20)]


def _size(size_bytes: int) -> str:
    from libpod.units import human_size_binary

    return human_size_binary(size_bytes)


def _columns() -> int:
    try:
        return os.get_terminal_size(2).columns or 80
    except OSError:
        return 80
