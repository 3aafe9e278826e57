"""Owns: what counts as an id or the beginning of one, for every kind of object."""

from __future__ import annotations

_HEX = frozenset("0123456789abcdef")


def is_id(text: str) -> bool:
    """True for a full id: 64 lower-case hex digits."""
    return len(text) == 64 and _HEX.issuperset(text)


def prefix_range(text: str) -> tuple[str, str] | None:
    """The bounds for `id >= ? AND id < ?` that select every id beginning with `text`; None if no id can."""
    if text and len(text) <= 64 and _HEX.issuperset(text):
        return text, text + "g"
    return None
