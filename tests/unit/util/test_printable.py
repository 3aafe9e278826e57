"""Text of strangers is shown on one line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from libpod.util.printable import printable


@given(st.one_of(st.text(max_size=400), st.binary(max_size=400)))
def test_anything_becomes_one_printable_line(text: str | bytes) -> None:
    assert printable(text).isprintable()
    assert len(printable(text, 10)) <= 10 * 10 + 3


def test_what_is_printable_stays() -> None:
    assert printable("web/ünï:1") == "web/ünï:1"
    assert printable("a\n\x1b[31m") == "a\\n\\x1b[31m"
    assert printable(b"\xff") == "\\xff"
    assert printable("x" * 300) == "x" * 200 + "..."
