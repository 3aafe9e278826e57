"""Owns: log lines on stderr or in the monitor's own file.

One line, one write, so that lines of several processes do not mix.

The standard logging module costs 31 ms to import and keeps locks over a fork.
"""

from __future__ import annotations

import os
import time

DEBUG, INFO, WARN, ERROR, OFF = 10, 20, 30, 40, 100

_LEVELS = {
    "trace": DEBUG,
    "debug": DEBUG,
    "info": INFO,
    "warn": WARN,
    "warning": WARN,
    "error": ERROR,
    "fatal": OFF,
    "panic": OFF,
}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:@%,[]{}()")

_level = WARN
_fd = 2
_with_time = False


def levels() -> list[str]:
    """Return the names that `set_level` knows, from the most talkative on."""
    return list(_LEVELS)


def set_level(name: str) -> None:
    """Show lines of this level and above. ValueError for an unknown name."""
    global _level
    level = _LEVELS.get(name.lower())
    if level is None:
        raise ValueError(f'unknown log level "{name}", expected one of {", ".join(_LEVELS)}')
    _level = level


def set_output(fd: int, *, with_time: bool) -> None:
    """Write to this descriptor from now on (borrowed); `with_time` puts the time in UTC before each line."""
    global _fd, _with_time
    _fd = fd
    _with_time = with_time


def enabled(level: int) -> bool:
    """Say whether lines of this level are shown: for messages that are dear to build."""
    return level >= _level


def debug(msg: str, **fields: object) -> None:
    """Log a decision, a command line or a timing."""
    if _level <= DEBUG:
        _write("debug", msg, fields)


def info(msg: str, **fields: object) -> None:
    """Log a change of state."""
    if _level <= INFO:
        _write("info", msg, fields)


def warning(msg: str, **fields: object) -> None:
    """Log that something is degraded and goes on."""
    if _level <= WARN:
        _write("warning", msg, fields)


def error(msg: str, **fields: object) -> None:
    """Log what the user must act on."""
    if _level <= ERROR:
        _write("error", msg, fields)


def _value(value: object) -> str:
    text = str(value)
    if text and _PLAIN.issuperset(text):
        return text
    return '"' + _clean(text).replace('"', '\\"') + '"'


def _clean(text: str) -> str:
    """Keep a line a line, and a terminal safe from what names and messages may hold."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _write(level: str, msg: str, fields: dict[str, object]) -> None:
    line = f"pypod: {level}: {_clean(msg)}"
    for key, value in fields.items():
        line += f" {key}={_value(value)}"
    if _with_time:
        now_ns = time.time_ns()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_ns // 1_000_000_000))
        line = f"{stamp}.{now_ns // 1_000_000 % 1000:03d}Z {line}"
    try:
        os.write(_fd, (line + "\n").encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # a closed or full log must not break the work
