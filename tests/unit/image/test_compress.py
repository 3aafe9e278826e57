"""Compressed streams are told apart and read in bounded memory; damage is an error of ours."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from isal import isal_zlib

from libpod.errors import ImageError
from libpod.image import compress
from tests.support.messages import one_line


def zstd(data: bytes) -> bytes:
    try:
        from compression import zstd as module  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        from backports import zstd as module
    return cast(bytes, cast(Any, module).compress(data))


MAKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}
COMPRESSED = [kind for kind in MAKERS if kind]


CHOOSE = compress._inflater
INFLATERS = [pytest.param(zlib, id="zlib"), pytest.param(isal_zlib, id="isal")]


@pytest.fixture(params=INFLATERS, autouse=True, scope="module")
def inflater(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Everything here holds with and without the extra "fast"."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compress, "_inflater", lambda: request.param)
        yield request.param


def test_isal_is_taken_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CHOOSE() is isal_zlib
    monkeypatch.setitem(sys.modules, "isal", None)
    assert CHOOSE() is zlib


def reader(data: bytes, piece: int = 1 << 20) -> Callable[[int], bytes]:
    stream = io.BytesIO(data)
    return lambda count: stream.read(min(count, piece))


def read_all(data: bytes, piece: int = 1 << 20, size: int = 1 << 16) -> tuple[bytes, str]:
    read, kind = compress.opened(reader(data, piece))
    parts = []
    while part := read(size):
        assert len(part) <= size
        parts.append(part)
    assert read(size) == b""
    return b"".join(parts), kind


@given(
    st.sampled_from(list(MAKERS)),
    st.binary(max_size=5000),
    st.sampled_from([1, 3, 1000, 1 << 20]),
    st.integers(1, 9000),
)
def test_what_was_compressed_comes_back(kind: str, data: bytes, piece: int, size: int) -> None:
    if not kind and compress.kind_of(data):
        return
    assert read_all(MAKERS[kind](data), piece, size) == (data, kind)


@pytest.mark.parametrize("kind", COMPRESSED)
def test_several_members_and_padding_are_one_stream(kind: str) -> None:
    make = MAKERS[kind]
    assert read_all(make(b"one") + make(b"") + make(b"two"), 7) == (b"onetwo", kind)
    assert read_all(make(b"one") + bytes(5000), 700) == (b"one", kind)


@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_cut_stream_is_refused(kind: str) -> None:
    data = MAKERS[kind](bytes(range(256)) * 100)
    for length in (7, len(data) // 2, len(data) - 1):
        with pytest.raises(ImageError, match=rf"the {kind} data is (cut off|damaged)") as caught:
            read_all(data[:length])
        assert caught.value.remedy


@pytest.mark.parametrize("kind", COMPRESSED)
def test_other_data_after_the_end_is_refused(kind: str) -> None:
    for rest in (b"garbage", gzip.compress(b"x") if kind != "gzip" else bz2.compress(b"x"), b"\0\0x"):
        with pytest.raises(ImageError, match=r"other data|damaged|cut off"):
            read_all(MAKERS[kind](b"data") + rest)


@given(st.sampled_from(COMPRESSED), st.binary(min_size=100, max_size=400), st.data())
def test_damage_is_an_image_error_or_goes_unseen(kind: str, data: bytes, draw: st.DataObject) -> None:
    raw = bytearray(MAKERS[kind](data))
    raw[draw.draw(st.integers(0, len(raw) - 1))] ^= draw.draw(st.integers(1, 255))
    try:
        read_all(bytes(raw))
    except ImageError as e:
        one_line(e)


@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_bomb_needs_no_memory(kind: str) -> None:
    bomb = MAKERS[kind](bytes(50 << 20))
    read, _ = compress.opened(reader(bomb))
    tracemalloc.start()
    total = 0
    while part := read(compress.CHUNK):
        total += len(part)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 50 << 20
    assert peak < 10 << 20


def test_short_streams_are_not_compressed() -> None:
    for data in (b"", b"\x1f", b"BZ", b"plain text"):
        assert read_all(data) == (data, "")


def test_the_first_bytes_can_be_looked_at() -> None:
    peeked = compress.Peeked(reader(b"abcdefgh", 2))
    assert peeked.head == b"abcdef"
    assert peeked.read(4) + peeked.read(100) + peeked.read(100) == b"abcdefgh"
