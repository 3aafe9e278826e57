"""Owns: how failures are shown: `Error: what failed`, then what to do about it on a line of its own."""

from __future__ import annotations

import os
import sys

from libpod.errors import ErrorList, PypodError


def failure(error: BaseException) -> int:
    """Print an error and return the exit code for it."""
    try:
        sys.stdout.flush()
    except OSError:
        pass
    if isinstance(error, ErrorList):
        for one in error.errors:
            show(one)
        return error.exit_code
    if isinstance(error, PypodError):
        show(error)
        code = error.exit_code
    else:
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        _write(
            _error_word() + f" internal error: {_plain(reason)}\n",
            "run it with --log-level=debug to see where",
        )
        code = 125
    if "--log-level=debug" in sys.argv or ("debug" in sys.argv and "--log-level" in sys.argv):
        import traceback

        sys.stderr.write("".join(traceback.format_exception(error)))
        sys.stderr.flush()
    return code


def show(error: PypodError) -> None:
    """Print one error, and its remedy."""
    _write(f"{_error_word()} {_plain(error.message)}\n", _plain(error.remedy or ""))


def _plain(text: str) -> str:
    """Lines without control characters: names and answers of others are in it, and may talk to a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def _write(text: str, remedy: str) -> None:
    try:
        sys.stderr.write(text + (f"{remedy}\n" if remedy else ""))
        sys.stderr.flush()
    except OSError:
        pass  # nobody reads; the exit code still tells


def _error_word() -> str:
    return "\x1b[31mError:\x1b[0m" if coloured(2) else "Error:"


def coloured(fd: int) -> bool:
    """True if colours may be written to `fd`: a terminal that knows them, and nobody objects (NO_COLOR)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return False
    try:
        return os.isatty(fd)
    except OSError:
        return False
