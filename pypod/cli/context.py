"""Owns: what a command's function gets besides its options: global options, the engine's session, output."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from libpod.engine.session import Session
    from libpod.image.meter import Display
    from pypod.cli.globals import GlobalOptions


class Context:
    """One run of one command."""

    __slots__ = ("_session", "command", "global_words", "globals")

    def __init__(self, command: str, options: GlobalOptions, global_words: list[str]) -> None:
        self.command = command
        """The command's words as the user means them, without the program's name: `container list`."""
        self.globals = options
        self.global_words = global_words
        """The global options as words of a command line, to start this program again with the same."""
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The engine, opened when it is first asked for."""
        if self._session is None:
            from libpod.engine.session import open_session

            self._session = open_session(self.globals, self.self_argv(), note)
            self._session.transfer_display = display if sys.stderr.isatty() else None
        return self._session

    def close(self) -> None:
        """The command is over: give up what others need not find."""
        if self._session is not None:
            self._session.close()

    def self_argv(self) -> list[str]:
        """The command that starts this program again with the same global options."""
        return [*program_argv(), *self.global_words]

    def out(self, text: str) -> None:
        """Write to stdout; one call for a whole table is cheapest."""
        sys.stdout.write(text)

    def flush(self) -> None:
        """Hand what was written to the reader now."""
        sys.stdout.flush()

    def todo(self) -> NoReturn:
        """For the body of a command that is declared and not written yet."""
        from libpod.errors import NotSupportedError

        raise NotSupportedError(f'"pypod {self.command}" is not supported yet')


def note(text: str) -> None:
    """Write one line that the user should read to stderr."""
    sys.stdout.flush()
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def display() -> Display:
    """What shows the progress of transfers on a terminal."""
    from pypod.ui import progress

    return progress.Bars()


def program_argv() -> list[str]:
    """How this program was started: the launcher, or the interpreter with our path if there is none."""
    import os

    started = sys.argv[0]
    if os.path.isabs(started) and started.endswith("/pypod") and os.access(started, os.X_OK):
        return [started]
    roots = [p for p in sys.path if p and os.path.isabs(p)]
    code = f"import sys; sys.path[:] = {roots!r}; from pypod.cli.entry import main; main()"
    return [sys.executable, "-I", "-S", "-c", code]
