"""All ranges of a user, by name and by number, and no id twice; what cannot be used is named."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.rootless import idmap
from libpod.rootless.idmap import IdMap

NUMBERS = st.integers(1, 1 << 31)
RANGES = st.lists(st.tuples(st.integers(1, 1 << 20), NUMBERS, st.integers(1, 100_000)), max_size=10)
IDS = st.integers(1, 1 << 31)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["me", "1000", "you", "2000"]), st.integers(1, 1 << 30), st.integers(1, 1 << 20)
        )
    )
)
def test_ranges_of_the_user_are_found_and_no_others(lines: list[tuple[str, int, int]]) -> None:
    text = "\n".join(f"{name}:{first}:{count}" for name, first, count in lines)
    ranges, problems = idmap.parse_ranges(text, {"me", "1000"}, "/f")
    assert problems == []
    assert ranges == [
        (number, first, count)
        for number, (name, first, count) in enumerate(lines, 1)
        if name in ("me", "1000")
    ]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    ranges, problems = idmap.parse_ranges(text, {"me", "0", ""}, "/f")
    for _, first, count in ranges:
        assert first > 0
        assert first + count - 1 <= 0xFFFFFFFE
    assert all(problem.startswith("/f:") for problem in problems)


@given(RANGES, IDS)
def test_map_takes_no_id_twice(ranges: list[tuple[int, int, int]], own: int) -> None:
    usable, problems = idmap.without_overlaps(ranges, own, "/f")
    rows = idmap.rows_of(own, usable)
    assert rows[0] == (0, own, 1)
    for column in (0, 1):
        spans = sorted((row[column], row[column] + row[2]) for row in rows)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    assert [row[0] for row in rows[1:]] == [
        1 + sum(size for _, size in usable[:n]) for n in range(len(usable))
    ]
    assert len(usable) + len(problems) <= len(ranges)


@given(RANGES, IDS)
def test_more_ranges_extend_a_map(ranges: list[tuple[int, int, int]], own: int) -> None:
    usable, _ = idmap.without_overlaps(ranges, own, "/f")
    whole = idmap.rows_of(own, usable)
    for count in range(len(usable) + 1):
        part = idmap.rows_of(own, usable[:count])
        assert IdMap(whole, whole).extends(IdMap(part, part))
        assert IdMap(part, part).extends(IdMap(whole, whole)) == (count == len(usable))


@given(RANGES, IDS)
def test_recorded_map_is_read_back(ranges: list[tuple[int, int, int]], own: int) -> None:
    rows = idmap.rows_of(own, idmap.without_overlaps(ranges, own, "/f")[0])
    assert idmap.from_json(IdMap(rows, rows[:1]).to_json()) == IdMap(rows, rows[:1])


def test_row_may_be_cut_in_two() -> None:
    whole = [(0, 1000, 1), (1, 5000, 100)]
    cut = [(0, 1000, 1), (1, 5000, 40), (41, 5040, 60)]
    moved = [(0, 1000, 1), (1, 5000, 40), (41, 6040, 60)]
    assert IdMap(cut, cut).extends(IdMap(whole, whole))
    assert not IdMap(moved, moved).extends(IdMap(whole, whole))
    assert not IdMap(cut, cut[:2]).extends(IdMap(whole, whole))


@pytest.mark.parametrize(
    "line",
    [
        "me",
        "me:",
        "me:1",
        "me:1:",
        "me:x:1",
        "me:1:x",
        "me:-1:5",
        "me:1:2:3",
        "me:1:0",
        "me:0:5",
        "me:4294967295:1",
        "me:1:4294967295",
        "me:१:2",
    ],
)
def test_invalid_line_is_named(line: str) -> None:
    ranges, problems = idmap.parse_ranges(f"# comment\nyou:broken\n{line}\nme:7:8\n", {"me"}, "/etc/subuid")
    assert ranges == [(4, 7, 8)]
    assert len(problems) == 1
    assert problems[0].startswith("/etc/subuid:3: ")


def test_overlapping_line_is_named() -> None:
    ranges = [(1, 100, 50), (2, 100, 50), (5, 149, 10), (6, 990, 20), (7, 150, 10)]
    usable, problems = idmap.without_overlaps(ranges, 1000, "/etc/subgid")
    assert usable == [(100, 50), (150, 10)]
    assert problems == [
        "/etc/subgid:5: the range overlaps that of line 1, it is left out",
        "/etc/subgid:6: the range holds the user's own id 1000, it is left out",
    ]


def files(tmp_path: Path, uids: str, gids: str) -> dict[str, str]:
    (tmp_path / "subuid").write_text(uids)
    (tmp_path / "subgid").write_text(gids)
    return {"subuid": str(tmp_path / "subuid"), "subgid": str(tmp_path / "subgid")}


def test_map_of_a_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(idmap, "find_tool", lambda program: "/usr/bin/" + program)
    where = files(tmp_path, "you:1:1\nme:100000:65536\n1000:300000:10\nme:100:x\n", "1000:200000:65536\n")
    ids = idmap.load(1000, 1001, "me", **where)
    assert ids.uids == [(0, 1000, 1), (1, 100000, 65536), (65537, 300000, 10)]
    assert ids.gids == [(0, 1001, 1), (1, 200000, 65536)]
    assert not ids.single
    assert "subuid:4" in capfd.readouterr().err
    assert str(ids) == "uids 0:1000:1,1:100000:65536,65537:300000:10 gids 0:1001:1,1:200000:65536"


@pytest.mark.parametrize(
    ("uids", "gids", "missing"), [("", "me:1:5", "subuid"), ("me:1:5", "you:1:5", "subgid")]
)
def test_without_ranges_there_is_a_single_id(tmp_path: Path, uids: str, gids: str, missing: str) -> None:
    ids = idmap.load(1000, 1001, "me", **files(tmp_path, uids, gids))
    assert ids.single
    assert (ids.uids, ids.gids) == ([(0, 1000, 1)], [(0, 1001, 1)])
    assert missing in ids.reason
    assert "usermod --add-sub" in ids.remedy
    assert idmap.load(1000, 1001, "me", subuid="/no/such", subgid="/no/such").single


def test_without_the_tools_there_is_a_single_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idmap, "find_tool", lambda program: "")
    ids = idmap.load(1000, 1001, "me", **files(tmp_path, "me:1:5", "me:1:5"))
    assert ids.single
    assert ids.reason == "newuidmap is not installed"
    assert "apt-get install uidmap" in ids.remedy


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"uid": []},
        {"uid": [[0, 1, 1]]},
        {"uid": [[0, 1]], "gid": [[0, 1, 1]]},
        {"uid": [[0, -1, 1]], "gid": [[0, 1, 1]]},
        {"uid": [["0", 1, 1]], "gid": [[0, 1, 1]]},
    ],
)
def test_damaged_record_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"\$|object"):
        idmap.from_json(data)
