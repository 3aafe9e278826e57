"""The detach-key finder and the writer of streams."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from libpod.engine.streams import DetachKeys, write_all


def feed_all(keys: bytes, pieces: list[bytes]) -> tuple[bytes, bool]:
    finder = DetachKeys(keys)
    out = b""
    for piece in pieces:
        data, done = finder.feed(piece)
        out += data
        if done:
            return out, True
    return out, False


def test_detach_keys_in_one_piece() -> None:
    assert feed_all(b"\x10\x11", [b"ab\x10\x11cd"]) == (b"ab", True)


def test_detach_keys_split_over_reads() -> None:
    assert feed_all(b"\x10\x11", [b"ab\x10", b"\x11"]) == (b"ab", True)


def test_begun_sequence_is_passed_on_when_it_does_not_complete() -> None:
    assert feed_all(b"\x10\x11", [b"ab\x10", b"x"]) == (b"ab\x10x", False)


def test_no_keys_never_detach() -> None:
    assert feed_all(b"", [b"\x10\x11"]) == (b"\x10\x11", False)


@given(st.binary(min_size=1, max_size=4), st.lists(st.binary(max_size=6), max_size=20))
def test_split_does_not_matter(keys: bytes, pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    out, done = feed_all(keys, pieces)
    at = whole.find(keys)
    assert done == (at >= 0)
    if done:
        assert out == whole[:at]
    else:
        assert whole.startswith(out)
        assert keys.startswith(whole[len(out) :])


def test_write_all_waits_for_a_full_non_blocking_pipe() -> None:
    r, w = os.pipe()
    os.set_blocking(w, False)
    pid = os.fork()
    if pid == 0:
        total = 0
        os.close(w)
        while data := os.read(r, 65536):
            total += len(data)
        os._exit(0 if total == 1 << 20 else 1)
    os.close(r)
    write_all(w, b"x" * (1 << 20))
    os.close(w)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
