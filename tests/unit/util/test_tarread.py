"""The tar reader says what the standard library's says, and refuses what is damaged."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libpod.errors import ImageError
from libpod.util.tarread import BLOCK, Entry, TarReader
from tests.support.messages import one_line

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
KINDS = {
    tarfile.REGTYPE: "0",
    tarfile.LNKTYPE: "1",
    tarfile.SYMTYPE: "2",
    tarfile.CHRTYPE: "3",
    tarfile.BLKTYPE: "4",
    tarfile.DIRTYPE: "5",
    tarfile.FIFOTYPE: "6",
}

FEW = settings(max_examples=60)

names = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=40
).filter(lambda s: s not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=9).map("/".join)


@st.composite
def members(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(draw(paths))
    info.type = draw(st.sampled_from(list(KINDS)))
    info.mode = draw(st.integers(0, 0o7777))
    info.uid = draw(st.integers(0, 2**31))
    info.gid = draw(st.integers(0, 2**31))
    info.mtime = draw(st.integers(0, 2**33))
    data = b""
    if info.type == tarfile.REGTYPE:
        data = draw(st.binary(max_size=2000))
        info.size = len(data)
    if info.type in (tarfile.LNKTYPE, tarfile.SYMTYPE):
        info.linkname = draw(paths)
    if info.type in (tarfile.CHRTYPE, tarfile.BLKTYPE):
        info.devmajor, info.devminor = draw(st.integers(0, 4095)), draw(st.integers(0, 255))
    return info, data


def in_pieces(data: bytes, size: int) -> Callable[[int], bytes]:
    stream = io.BytesIO(data)
    return lambda count: stream.read(min(count, size))


def read_all(data: bytes, piece: int = 1 << 20) -> list[tuple[Entry, bytes]]:
    reader = TarReader(in_pieces(data, piece))
    found = []
    while (entry := reader.next()) is not None:
        found.append((entry, b"".join(map(bytes, reader.data()))))
    reader.finish()
    return found


def make(entries: list[tuple[tarfile.TarInfo, bytes]], form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for info, data in entries:
            try:
                tar.addfile(info, io.BytesIO(data))
            except ValueError:  # ustar has no room for it
                pass
    return out.getvalue()


@FEW
@given(st.lists(members(), max_size=6), st.sampled_from(FORMATS), st.sampled_from([100, 512, 5000, 1 << 20]))
def test_reads_what_the_standard_library_reads(
    entries: list[tuple[tarfile.TarInfo, bytes]], form: int, piece: int
) -> None:
    data = make(entries, form)
    mine = read_all(data, piece)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        theirs = tar.getmembers()
        assert len(mine) == len(theirs)
        for (entry, content), info in zip(mine, theirs, strict=True):
            assert os.fsdecode(entry.name).rstrip("/") == info.name
            assert entry.kind == KINDS[info.type]
            assert (entry.mode, entry.uid, entry.gid) == (info.mode, info.uid, info.gid)
            assert entry.mtime_ns == int(info.mtime) * 10**9
            assert entry.size == info.size
            if info.issym() or info.islnk():
                assert os.fsdecode(entry.link) == info.linkname
            if info.isdev() and not info.isfifo():
                assert (entry.major, entry.minor) == (info.devmajor, info.devminor)
            if info.isreg():
                source = tar.extractfile(info)
                assert source is not None
                assert content == source.read()


@FEW
@given(st.lists(members(), min_size=1, max_size=3), st.sampled_from(FORMATS), st.data())
def test_a_damaged_archive_is_an_image_error_and_nothing_else(
    entries: list[tuple[tarfile.TarInfo, bytes]], form: int, data: st.DataObject
) -> None:
    raw = bytearray(make(entries, form))
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_all(bytes(raw))
    except ImageError as e:
        one_line(e)


@FEW
@given(st.binary(max_size=4096))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_all(data)
    except ImageError as e:
        one_line(e)


@FEW
@given(st.lists(members(), min_size=1, max_size=3), st.sampled_from(FORMATS), st.data())
def test_a_cut_archive_gives_its_beginning_or_an_error(
    entries: list[tuple[tarfile.TarInfo, bytes]], form: int, data: st.DataObject
) -> None:
    raw = make(entries, form)
    whole = read_all(raw)
    cut = data.draw(st.integers(0, len(raw)))
    try:
        part = read_all(raw[:cut])
    except ImageError as e:
        one_line(e)
        part = []
    assert [e.name for e, _ in part] == [e.name for e, _ in whole][: len(part)]


def pax(records: dict[str, str], kind: bytes = b"x") -> bytes:
    text = b""
    for key, value in records.items():
        body = f" {key}={value}\n".encode()
        length = len(body)
        while len(str(length)) + len(body) != length:
            length = len(str(length)) + len(body)
        text += str(length).encode() + body
    return raw_header(b"pax", kind, len(text)) + text + bytes(-len(text) % BLOCK)


def raw_header(name: bytes, kind: bytes, length: int, **fields: bytes) -> bytes:
    block = bytearray(BLOCK)
    block[:100] = name[:100].ljust(100, b"\0")
    block[100:108] = fields.get("mode", b"0000644\0")
    block[108:116] = fields.get("uid", b"0000000\0")
    block[116:124] = fields.get("gid", b"0000000\0")
    block[124:136] = fields.get("size", b"%011o\0" % length)
    block[136:148] = fields.get("mtime", b"00000000000\0")
    block[156:157] = kind
    block[157:257] = fields.get("link", b"").ljust(100, b"\0")
    block[257:265] = fields.get("magic", b"ustar\x0000")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def one(data: bytes) -> Entry:
    ((entry, _),) = read_all(data + bytes(2 * BLOCK))
    return entry


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1350244992.023960108", 1350244992023960108),
        ("1350244992", 1350244992000000000),
        ("1350244992.3", 1350244992300000000),
        ("-1.5", -1500000000),
        ("0.0000000019", 1),
        ("99999999999999999999", (2**63 // 10**9 - 1) * 10**9),
    ],
)
def test_pax_times_are_exact(text: str, ns: int) -> None:
    assert one(pax({"mtime": text}) + raw_header(b"f", b"0", 0)).mtime_ns == ns


def test_numbers_in_base_256() -> None:
    big = b"\x80\0\0\0" + (3_000_000_000).to_bytes(4, "big")
    entry = one(raw_header(b"f", b"0", 0, uid=big, mtime=b"\xff" * 12))
    assert entry.uid == 3_000_000_000
    assert entry.mtime_ns == -(10**9)


def test_pax_overrides_the_header_and_a_global_record_applies_to_all() -> None:
    data = (
        pax({"uid": "7", "path": "global"}, b"g")
        + pax({"path": "dir/ünï", "gid": "70000", "size": "3"})
        + raw_header(b"short", b"0", 0)
        + b"abc".ljust(BLOCK, b"\0")
        + raw_header(b"second", b"0", 0)
    )
    (first, content), (second, _) = read_all(data + bytes(2 * BLOCK))
    assert (first.name, first.uid, first.gid, content) == ("dir/ünï".encode(), 7, 70000, b"abc")
    assert (second.name, second.uid) == (b"global", 7)


def test_extended_attributes_of_both_spellings() -> None:
    entry = one(
        pax(
            {
                "SCHILY.xattr.user.a": "one",
                "LIBARCHIVE.xattr.user.a": "dHdv",
                "LIBARCHIVE.xattr.user.b%2Fc": "dHdv",
            }
        )
        + raw_header(b"f", b"0", 0)
    )
    assert entry.xattrs == {"user.a": b"one", "user.b/c": b"two"}


def test_an_attribute_may_hold_any_bytes() -> None:
    value = bytes(range(256))
    body = b" SCHILY.xattr.user.x=" + value + b"\n"
    record = str(len(body) + 3).encode() + body
    data = (
        raw_header(b"p", b"x", len(record)) + record + bytes(-len(record) % BLOCK) + raw_header(b"f", b"0", 0)
    )
    assert one(data).xattrs == {"user.x": value}


def test_a_directory_of_the_oldest_format_has_a_slash() -> None:
    assert one(raw_header(b"dir/", b"\0", 0, magic=b"\0" * 8)).kind == "5"


def test_links_and_directories_have_no_data_whatever_they_say() -> None:
    data = raw_header(b"d", b"5", 5000) + raw_header(b"l", b"2", 5000, link=b"x") + raw_header(b"f", b"0", 0)
    assert [e.name for e, _ in read_all(data + bytes(2 * BLOCK))] == [b"d", b"l", b"f"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", "cut off"),
        (b"x" * BLOCK, "not a tar archive"),
        (raw_header(b"f", b"0", 5), "cut off"),
        (raw_header(b"f", b"0", 5) + b"ab", "cut off"),
        (raw_header(b"f", b"0", 0, size=b"-0000000010\0"), "bad size"),
        (raw_header(b"f", b"0", 0, size=b"0000000zz0\0\0"), "bad size"),
        (raw_header(b"f", b"0", 0, uid=b"\xff" * 8), "bad owner"),
        (raw_header(b"f", b"M", 0), "not supported"),
        (raw_header(b"", b"0", 0), "empty or invalid name"),
        (raw_header(b"x", b"x", 1 << 30), "extended header of 1073741824 bytes"),
        (raw_header(b"x", b"x", 4) + b"9999".ljust(BLOCK, b"\0"), "bad extended header"),
        (raw_header(b"x", b"x", 6) + b"6 a=bc".ljust(BLOCK, b"\0"), "bad extended header"),
        (pax({"size": "-5"}) + raw_header(b"f", b"0", 0), "bad size"),
        (pax({"uid": "9" * 30}) + raw_header(b"f", b"0", 0), "bad owner"),
        (pax({"mtime": "1e9"}) + raw_header(b"f", b"0", 0), "bad time"),
        (pax({"path": "a\0b"}) + raw_header(b"f", b"0", 0), "invalid name"),
        (pax({"LIBARCHIVE.xattr.user.a": "!"}) + raw_header(b"f", b"0", 0), "bad extended attribute"),
        (pax({"path": "x"}), "cut off"),
        (raw_header(b"f", b"0", 0, size=b"\x80" + b"\x7f" * 11), "bad size"),
        (pax({"size": str(1 << 63)}) + raw_header(b"f", b"0", 0), "bad size"),
        (
            pax({"GNU.sparse.size": str(1 << 63), "GNU.sparse.map": "0,0"}) + raw_header(b"f", b"0", 0),
            "bad sparse size",
        ),
        (
            pax({f"k{n}": "v" * 1000 for n in range(900)}, b"g")
            + pax({f"l{n}": "v" * 1000 for n in range(900)}, b"g"),
            "records for all its members",
        ),
        (
            pax({"GNU.sparse.size": "5", "GNU.sparse.map": "0,9"}) + raw_header(b"f", b"0", 9),
            "bad sparse map",
        ),
        (pax({"GNU.sparse.size": "5", "GNU.sparse.map": "3"}) + raw_header(b"f", b"0", 0), "bad sparse map"),
        (
            pax({"GNU.sparse.major": "1", "GNU.sparse.realsize": "5"}) + raw_header(b"f", b"0", 3),
            "bad sparse map",
        ),
    ],
)
def test_damage_is_named(data: bytes, words: str) -> None:
    with pytest.raises(ImageError) as caught:
        read_all(data)
    assert words in caught.value.message


def test_stops_at_the_bound_of_the_stream() -> None:
    reader = TarReader(lambda count: bytes(count), max_bytes=1 << 20)
    assert reader.next() is None
    with pytest.raises(ImageError, match="free on the disk"):
        reader.finish()


def test_digest_is_over_everything_also_what_follows_the_end() -> None:
    import hashlib

    data = make([(tarfile.TarInfo("f"), b"")], tarfile.PAX_FORMAT) + b"trailing"
    reader = TarReader(in_pieces(data, 700), hashlib.sha256())
    while reader.next() is not None:
        pass
    assert reader.finish() == hashlib.sha256(data).hexdigest()


def test_skipping_gives_the_places_of_the_data() -> None:
    data = make(
        [(info(f"f{n}", b"x" * n), b"x" * n) for n in (0, 1, 511, 512, 513, 700_000)], tarfile.GNU_FORMAT
    )
    at = 0

    def read(count: int) -> bytes:
        nonlocal at
        piece = data[at : at + min(count, 4096)]
        at += len(piece)
        return piece

    def skip(count: int) -> None:
        nonlocal at
        at += count

    reader = TarReader(read, skip=skip)
    while (entry := reader.next()) is not None:
        assert data[reader.position : reader.position + entry.size] == b"x" * entry.size


def info(name: str, data: bytes = b"") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = len(data)
    return made


@pytest.mark.parametrize("style", ["gnu", "posix-0.0", "posix-0.1", "posix-1.0"])
def test_sparse_files_of_gnu_tar(tmp_path: Path, style: str) -> None:
    file = tmp_path / "sparse"
    with file.open("wb") as f:
        for number in range(40):  # more than fit into one header
            f.seek(number * 1_000_000)
            f.write(b"data %d" % number)
        f.truncate(50_000_000)
    form, _, version = style.partition("-")
    argv = ["tar", f"--format={form}", "-S", "-C", str(tmp_path), "-cf", str(tmp_path / "a.tar")]
    if version:
        argv.append(f"--sparse-version={version}")
    subprocess.run([*argv, "sparse"], check=True)
    ((entry, content),) = read_all((tmp_path / "a.tar").read_bytes())
    assert entry.name == b"sparse"
    assert entry.size == 50_000_000
    assert entry.segments
    whole = bytearray(entry.size)
    at = 0
    for offset, length in entry.segments:
        whole[offset : offset + length] = content[at : at + length]
        at += length
    assert at == len(content) < 1_000_000
    assert whole == file.read_bytes()
