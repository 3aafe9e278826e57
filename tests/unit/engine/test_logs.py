"""Reading k8s-file logs: the bulk case, partial records, tail, filters."""

from __future__ import annotations

import pathlib

from hypothesis import given
from hypothesis import strategies as st

from libpod.engine import logs

STAMP = b"2026-11-24T04:28:37.123456789+00:00"
PLAIN = logs.Filter()


def record(text: bytes, stream: bytes = b"stdout", tag: bytes = b"F", stamp: bytes = STAMP) -> bytes:
    return stamp + b" " + stream + b" " + tag + b" " + text + b"\n"


def shown(data: bytes, wanted: logs.Filter = PLAIN) -> list[tuple[int, bytes]]:
    out: list[tuple[int, bytes]] = []
    logs._emit(data, lambda n, b: out.append((n, b)), wanted)
    return out


def test_streams_stay_in_order() -> None:
    data = record(b"a") + record(b"b", b"stderr") + record(b"c")
    assert shown(data) == [(1, b"a\n"), (2, b"b\n"), (1, b"c\n")]


def test_partial_records_are_joined() -> None:
    assert shown(record(b"ab", tag=b"P") + record(b"cd")) == [(1, b"abcd\n")]


def test_timestamps() -> None:
    assert shown(record(b"a"), logs.Filter(timestamps=True)) == [(1, STAMP + b" a\n")]


def test_since_and_until_compare_times() -> None:
    early, late = record(b"a", stamp=b"2026-11-24T04:28:36.000000000+00:00"), record(b"b")
    assert shown(early + late, logs.Filter(since="2026-11-24T04:28:37")) == [(1, b"b\n")]
    assert shown(early + late, logs.Filter(until="2026-11-24T04:28:37")) == [(1, b"a\n")]


@given(st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b), max_size=30), st.integers(0, 35))
def test_tail_is_the_end_of_everything(lines: list[bytes], count: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "ctr.log")
        path.write_bytes(b"".join(record(line) for line in lines))
        got = b"".join(data for _p, _e, data in logs._tail([str(path)], count))
    assert got == b"".join(record(line) for line in lines[len(lines) - min(count, len(lines)) :])


def test_tail_reaches_into_the_rotated_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "l.1").write_bytes(record(b"a") + record(b"b"))
    (tmp_path / "l").write_bytes(record(b"c"))
    got = b"".join(d for _p, _e, d in logs._tail([str(tmp_path / "l.1"), str(tmp_path / "l")], 2))
    assert got == record(b"b") + record(b"c")


def test_tail_counts_a_split_line_once(tmp_path: pathlib.Path) -> None:
    (tmp_path / "l").write_bytes(record(b"a") + record(b"b", tag=b"P") + record(b"c"))
    got = b"".join(d for _p, _e, d in logs._tail([str(tmp_path / "l")], 1))
    assert got == record(b"b", tag=b"P") + record(b"c")


def test_large_file_in_blocks(tmp_path: pathlib.Path) -> None:
    data = b"".join(record(b"%d" % n * 50) for n in range(20000))
    (tmp_path / "l").write_bytes(data)
    pieces = list(logs._all([str(tmp_path / "l")]))
    assert b"".join(d for _p, _e, d in pieces) == data and len(pieces) > 1 and pieces[-1][1] == len(data)
