"""Owns: what every message of an error must be."""

from __future__ import annotations

from libpod.errors import PypodError


def one_line(error: PypodError) -> None:
    """One line without control characters, and a remedy."""
    assert error.message.isprintable()
    assert error.remedy.isprintable()
    assert error.remedy
