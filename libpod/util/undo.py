"""Owns: the stack of steps that take back what a half-done operation did."""

from __future__ import annotations

from libpod import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Undo:
    """A context manager: when its block raises, what was pushed runs in reverse order; else nothing runs.

    A step that fails does not stop the others: it is logged and kept in `errors`, and the block's own
    exception goes on.
    """

    __slots__ = ("_steps", "errors")

    def __init__(self) -> None:
        self._steps: list[tuple[Callable[..., object], tuple[object, ...]]] = []
        self.errors: list[Exception] = []

    def push(self, function: Callable[..., object], *args: object) -> None:
        """Register `function(*args)` as the way back from the step just done."""
        self._steps.append((function, args))

    def dismiss(self) -> None:
        """Forget all steps: what was done stays."""
        self._steps.clear()

    def run(self) -> list[Exception]:
        """Run all steps now, last first; return the errors. Idempotent."""
        while self._steps:
            function, args = self._steps.pop()
            try:
                function(*args)
            except Exception as error:  # a cleanup list: all of it runs
                self.errors.append(error)
                log.warning(
                    "cannot undo a step", step=getattr(function, "__name__", repr(function)), error=str(error)
                )
        return self.errors

    def __enter__(self) -> Undo:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if kind is not None:
            self.run()
