"""Reading k8s-file logs: the bulk case, partial records, tail, filters."""

from __future__ import annotations

import os
import pathlib
import tempfile

from hypothesis import given
from hypothesis import strategies as st

from libpod.engine import logs

STAMP = b"2026-11-24T04:28:37.123456789+00:00"
PLAIN = logs.Filter()


def record(text: bytes, stream: bytes = b"stdout", tag: bytes = b"F", stamp: bytes = STAMP) -> bytes:
    return stamp + b" " + stream + b" " + tag + b" " + text + b"\n"


def shown(data: bytes, wanted: logs.Filter = PLAIN) -> list[tuple[int, bytes]]:
    out: list[tuple[int, bytes]] = []
    logs.Printer(lambda n, b: out.append((n, b)), wanted).feed(data)
    return out


def test_streams_stay_in_order() -> None:
    data = record(b"a") + record(b"b", b"stderr") + record(b"c")
    assert shown(data) == [(1, b"a\n"), (2, b"b\n"), (1, b"c\n")]


def test_partial_records_are_joined() -> None:
    assert shown(record(b"ab", tag=b"P") + record(b"cd")) == [(1, b"abcd\n")]


def test_timestamps() -> None:
    at = STAMP.replace(b"+00:00", b"Z")
    assert shown(record(b"a"), logs.Filter(timestamps=True)) == [(1, at + b" a\n")]


def test_a_line_of_several_records_has_one_timestamp() -> None:
    data = record(b"a", tag=b"P") + record(b"x", b"stderr") + record(b"b") + record(b"c")
    at = STAMP.replace(b"+00:00", b"Z") + b" "
    got = shown(data, logs.Filter(timestamps=True))
    assert b"".join(text for number, text in got if number == 1) == at + b"ab\n" + at + b"c\n"
    assert b"".join(text for number, text in got if number == 2) == at + b"x\n"


@given(st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b), max_size=30))
def test_any_bytes_come_back(lines: list[bytes]) -> None:
    """A carriage return is no end of a line: progress bars are full of them."""
    data = b"".join(record(line) for line in lines)
    for wanted in (PLAIN, logs.Filter(since="2000")):
        assert b"".join(text for _n, text in shown(data, wanted)) == b"".join(line + b"\n" for line in lines)


def test_since_and_until_compare_times() -> None:
    early, late = record(b"a", stamp=b"2026-11-24T04:28:36.000000000+00:00"), record(b"b")
    assert shown(early + late, logs.Filter(since="2026-11-24T04:28:37")) == [(1, b"b\n")]
    assert shown(early + late, logs.Filter(until="2026-11-24T04:28:37")) == [(1, b"a\n")]


def tail(count: int, *files: pathlib.Path) -> bytes:
    """The records that `--tail` takes from files, oldest first."""
    fds = [os.open(path, os.O_RDONLY) for path in files]
    try:
        return b"".join(data for _fd, _end, data in logs._tail(fds, count))
    finally:
        logs._close(fds)


@given(st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b), max_size=30), st.integers(0, 35))
def test_tail_is_the_end_of_everything(lines: list[bytes], count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "ctr.log")
        path.write_bytes(b"".join(record(line) for line in lines))
        got = tail(count, path)
    assert got == b"".join(record(line) for line in lines[len(lines) - min(count, len(lines)) :])


def test_tail_reaches_into_the_rotated_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "l.1").write_bytes(record(b"a") + record(b"b"))
    (tmp_path / "l").write_bytes(record(b"c"))
    assert tail(2, tmp_path / "l.1", tmp_path / "l") == record(b"b") + record(b"c")


def test_tail_counts_a_split_line_once(tmp_path: pathlib.Path) -> None:
    (tmp_path / "l").write_bytes(record(b"a") + record(b"b", tag=b"P") + record(b"c"))
    assert tail(1, tmp_path / "l") == record(b"b", tag=b"P") + record(b"c")


def test_a_line_without_an_end_is_the_last_line(tmp_path: pathlib.Path) -> None:
    end = record(b"b", tag=b"P") + record(b"c", tag=b"P")
    (tmp_path / "l").write_bytes(record(b"a") + end)
    assert [tail(n, tmp_path / "l") for n in (0, 1, 2)] == [b"", end, record(b"a") + end]


def test_tail_shows_the_whole_of_a_line_that_is_longer_than_a_block(tmp_path: pathlib.Path) -> None:
    long = b"".join(record(b"x" * 16000, tag=b"P") for _ in range(50)) + record(b"end")
    (tmp_path / "l").write_bytes(record(b"a") + long)
    assert tail(1, tmp_path / "l") == long


def test_a_record_that_is_being_written_is_left_for_later(tmp_path: pathlib.Path) -> None:
    (tmp_path / "l").write_bytes(record(b"a") + record(b"b")[:-1])
    assert tail(5, tmp_path / "l") == record(b"a")


def test_large_file_in_blocks(tmp_path: pathlib.Path) -> None:
    data = b"".join(record(b"%d" % n * 50) for n in range(20000))
    (tmp_path / "l").write_bytes(data)
    fds = [os.open(tmp_path / "l", os.O_RDONLY)]
    pieces = list(logs._all(fds))
    logs._close(fds)
    assert b"".join(d for _p, _e, d in pieces) == data
    assert len(pieces) > 1
    assert pieces[-1][1] == len(data)


def test_files_are_opened_oldest_first_and_only_the_younger_ones(tmp_path: pathlib.Path) -> None:
    names = [str(tmp_path / "l"), str(tmp_path / "l.1"), str(tmp_path / "l.2")]
    (tmp_path / "l").write_bytes(b"1")
    first = logs._open_files(names)
    os.rename(names[0], names[1])
    (tmp_path / "l").write_bytes(b"2")
    os.rename(names[1], names[2])
    os.rename(names[0], names[1])
    (tmp_path / "l").write_bytes(b"3")
    younger, every = logs._open_files(names, first[0]), logs._open_files(names)
    assert [os.read(fd, 9) for fd in younger] == [b"2", b"3"]
    assert [os.read(fd, 9) for fd in every] == [b"1", b"2", b"3"]
    for fds in (first, younger, every):
        logs._close(fds)
