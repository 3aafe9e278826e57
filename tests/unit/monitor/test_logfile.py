"""The log keeps every byte, in records that can be read back, and rotates without losing any."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from libpod.monitor import logfile

STAMP = b"2026-11-24T04:28:37.123456789+00:00"
RECORD = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\+00:00) (stdout|stderr) ([FP]) ")

chunks = st.lists(
    st.one_of(st.binary(max_size=60), st.sampled_from([b"\n", b"a\n\nb", b"x" * 20000, b"\n\n"]))
)


def read_back(text: bytes) -> dict[bytes, bytes]:
    """Return what each stream wrote, by the format's own rules."""
    streams = {b"stdout": b"", b"stderr": b""}
    for line in text.split(b"\n")[:-1]:
        head = RECORD.match(line)
        assert head, line[:80]
        streams[head[2]] += line[head.end() :] + (b"\n" if head[3] == b"F" else b"")
    assert text == b"" or text.endswith(b"\n")
    return streams


@given(chunks, st.booleans())
def test_any_bytes_come_back(pieces: list[bytes], hold: bool) -> None:
    text, held = b"", b""
    for piece in pieces:
        out, held = logfile.records(STAMP, 1, held + piece, hold)
        text += out
        assert len(held) <= logfile.LIMIT
        assert hold or not held
    text += logfile.records(STAMP, 1, held, False)[0]
    assert read_back(text)[b"stdout"] == b"".join(pieces)


@given(st.binary(max_size=100_000))
def test_no_record_is_longer_than_the_limit(data: bytes) -> None:
    text, _ = logfile.records(STAMP, 2, data, False)
    assert all(len(line) <= len(STAMP) + 10 + logfile.LIMIT for line in text.split(b"\n"))


def test_an_unfinished_line_is_written_at_once() -> None:
    assert logfile.records(STAMP, 1, b"one\npassword: ", False) == (
        STAMP + b" stdout F one\n" + STAMP + b" stdout P password: \n",
        b"",
    )


def test_the_rest_of_an_unfinished_line_is_its_own_record() -> None:
    assert logfile.records(STAMP, 2, b"\n", False)[0] == STAMP + b" stderr F \n"


@pytest.mark.parametrize(
    ("now_ns", "stamp"),
    [
        (0, b"1970-01-01T00:00:00.000000000+00:00"),
        (1795494517_123456789, b"2026-11-24T04:28:37.123456789+00:00"),
        (1795494517_000000001, b"2026-11-24T04:28:37.000000001+00:00"),
    ],
)
def test_time_stamps(now_ns: int, stamp: bytes) -> None:
    assert logfile.Clock().stamp(now_ns) == stamp


def test_the_clock_follows_the_seconds() -> None:
    clock = logfile.Clock()
    stamps = [clock.stamp(n) for n in (5_900_000_000, 6_000_000_000, 5_100_000_000)]
    assert [s[17:29] for s in stamps] == [b"05.900000000", b"06.000000000", b"05.100000000"]


def write_lines(log: logfile.LogFile, lines: Iterable[bytes]) -> bytes:
    written = b""
    for line in lines:
        log.write(1, line, False)
        written += line
    log.close()
    return written


@pytest.mark.parametrize("batch", [1, 7, 500])
def test_rotation_keeps_size_and_number_of_files(tmp_path: Path, batch: int) -> None:
    path = tmp_path / "ctr.log"
    log = logfile.LogFile(str(path), 2000, 3)
    lines = [
        b"".join(b"line %d\n" % n for n in range(at, min(at + batch, 500))) for at in range(0, 500, batch)
    ]
    written = write_lines(log, lines)
    files = [tmp_path / name for name in ("ctr.log.2", "ctr.log.1", "ctr.log")]
    assert sorted(os.listdir(tmp_path)) == sorted(f.name for f in files)
    assert all(f.stat().st_size <= 2000 for f in files)
    kept = b"".join(read_back(f.read_bytes())[b"stdout"] for f in files)
    assert written.endswith(kept)
    assert kept.startswith(b"line ")


def test_one_file_alone_starts_again_when_full(tmp_path: Path) -> None:
    path = tmp_path / "ctr.log"
    write_lines(logfile.LogFile(str(path), 1000, 1), [b"line %d\n" % n for n in range(100)])
    assert os.listdir(tmp_path) == ["ctr.log"]
    assert path.stat().st_size <= 1000
    assert read_back(path.read_bytes())[b"stdout"].endswith(b"line 99\n")


def test_a_record_larger_than_the_limit_of_a_file_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "ctr.log"
    write_lines(logfile.LogFile(str(path), 100, 3), [b"a\n", b"x" * 500 + b"\n", b"b\n"])
    found = b"".join(read_back(f.read_bytes())[b"stdout"] for f in sorted(tmp_path.iterdir(), reverse=True))
    assert b"x" * 500 + b"\nb\n" in found


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "ctr.log"
    for text in (b"one\n", b"two\n"):
        write_lines(logfile.LogFile(str(path), 0, 1), [text])
    assert read_back(path.read_bytes())[b"stdout"] == b"one\ntwo\n"


def test_a_full_disk_loses_records_and_leaves_no_torn_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ctr.log"
    log = logfile.LogFile(str(path), 0, 1)
    log.write(1, b"before\n", False)
    real = os.write

    def full(fd: int, data: bytes) -> int:
        if fd == log.fileno() and len(data) > 20:
            return real(fd, data[:20])  # what fits
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        log.write(1, b"lost\n", False)
    log.write(1, b"after\n", False)
    log.close()
    assert read_back(path.read_bytes())[b"stdout"] == b"before\nafter\n"
