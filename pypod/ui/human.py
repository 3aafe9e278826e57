"""Owns: sizes, durations and times as people read them, in the words of Podman."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def size(size_bytes: int, precision: int = 3, gap: str = "") -> str:
    """`2991226` as `2.99MB`: decimal units, `precision` significant digits, `gap` before the unit."""
    value = float(size_bytes)
    unit = 0
    while value >= 1000.0 and unit < len(_UNITS) - 1:
        value /= 1000.0
        unit += 1
    return f"{value:.{precision}g}{gap}{_UNITS[unit]}"


def duration(seconds: float) -> str:
    """`200` as `3 minutes`: one unit, rounded as Podman rounds."""
    whole = int(seconds)
    minutes = int(seconds / 60)
    hours = int(seconds / 3600 + 0.5)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
        return f"{whole} seconds"
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    if hours == 1:
        return "About an hour"
    for limit, hours_each, name in (
        (48, 1, "hours"),
        (24 * 14, 24, "days"),
        (24 * 60, 24 * 7, "weeks"),
        (24 * 365 * 2, 24 * 30, "months"),
    ):
        if hours < limit:
            return f"{hours // hours_each} {name}"
    return f"{int(seconds / 3600) // 24 // 365} years"


def ago(then_ns: int, now_ns: int | None = None) -> str:
    """How long ago a moment was: `3 minutes ago`."""
    now_ns = time.time_ns() if now_ns is None else now_ns
    return duration((now_ns - then_ns) / 1e9) + " ago"


def up(started_ns: int, now_ns: int | None = None) -> str:
    """The status of what runs: `Up 3 minutes`."""
    now_ns = time.time_ns() if now_ns is None else now_ns
    return "Up " + duration((now_ns - started_ns) / 1e9)


class GoTime(str):
    """Text by RFC 3339 that a template shows as Go shows a time."""

    __slots__ = ()

    @property
    def shown(self) -> str:
        return str(self).replace("T", " ").replace("Z", " +0000 UTC")


class Moment(GoTime):
    """A moment: in JSON it is text by RFC 3339, in a template it is shown as Go shows a time."""

    __slots__ = ()

    def __new__(cls, ns: int) -> Moment:
        return str.__new__(cls, rfc3339(ns))


class Lookup(dict):  # type: ignore[type-arg]
    """A method that takes the name of a value, as `.Label "team"`; `default` stands for all that it has
    not."""

    def __init__(self, values: Mapping[str, str], default: str = "") -> None:
        super().__init__(values)
        self.default = default


def rfc3339(ns: int) -> str:
    """Nanoseconds since the epoch as `2026-11-24T04:53:59.573319138Z`; 0 is Go's zero time."""
    if ns <= 0:
        return "0001-01-01T00:00:00Z"
    whole, part = divmod(ns, 1_000_000_000)
    t = time.gmtime(whole)
    text = f"{t.tm_year:04d}-{t.tm_mon:02d}-{t.tm_mday:02d}T{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}"
    return text + (f".{part:09d}".rstrip("0") if part else "") + "Z"


def short_command(words: list[str], whole: bool = False) -> str:
    """A command as the list of containers shows it: one line, 17 characters and an ellipsis."""
    text = " ".join(words)
    if whole or len(text) <= 20:
        return text
    return text[:17] + "..."


def short_id(object_id: str) -> str:
    """The first 12 digits of an id, without the name of the digest."""
    return object_id.rpartition(":")[2][:12]
