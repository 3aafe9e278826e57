"""Owns: showing text that somebody else wrote: one line, no control characters, not endless."""

from __future__ import annotations

LIMIT = 200


def printable(text: str | bytes, limit: int = LIMIT) -> str:
    """The text for a message or a list: what is not printable is escaped, what is too long is cut."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    if len(text) > limit:
        text = text[:limit] + "..."
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
