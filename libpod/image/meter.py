"""Owns: how far each part of a transfer has come, counted in children, shown by the parent."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    Rows = list[tuple[str, int, int]]
    """(digest, bytes moved, bytes of the whole) of each part."""

    class Display(Protocol):
        def show(self, rows: Rows) -> None:
            """Show the rows in the place of those shown before."""

        def close(self) -> None:
            """What was shown stays."""


_MAX_PARTS = 1024


class Meter:
    """Counters in memory that is shared with forked children; `tick` shows them, None when nobody looks. A
    context manager.
    """

    def __init__(self, display: Display | None) -> None:
        self._display = display
        self._parts: list[tuple[str, int]] = []
        if display is not None:
            from mmap import mmap

            self._counts = memoryview(mmap(-1, 8 * _MAX_PARTS)).cast("q")

    def add(self, digest: str, size: int) -> Callable[[int], None]:
        """Add a part; returns what takes the bytes moved so far (in this process or a child)."""
        number = len(self._parts)
        if self._display is None or number >= _MAX_PARTS:
            return lambda position: None
        self._parts.append((digest, size))
        counts = self._counts

        def moved(position: int) -> None:
            counts[number] = position

        return moved

    @property
    def tick(self) -> Callable[[], None] | None:
        return self._tick if self._display is not None else None

    def _tick(self) -> None:
        assert self._display is not None
        self._display.show([(d, self._counts[n], size) for n, (d, size) in enumerate(self._parts)])

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if self._display is not None:
            if kind is None:
                self._tick()
            self._display.close()
