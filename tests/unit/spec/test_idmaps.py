"""User namespaces: modes and maps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from libpod.spec import idmaps
from tests.unit.spec.conftest import HOST, Maker


def host(**changes: Any) -> Any:
    return {**HOST, **changes}


def resolve(mode: str, **changes: Any) -> Any:
    return idmaps.resolve(idmaps.parse({"userns": mode}), "host", host(**changes))


def test_host_is_the_users_own_namespace() -> None:
    assert resolve("host") == {"mode": "host", "uidmap": [], "gidmap": []}
    assert resolve("") == {"mode": "host", "uidmap": [], "gidmap": []}


def test_keep_id_shows_the_user_under_the_own_number() -> None:
    found = resolve("keep-id")
    assert found["uidmap"] == [[0, 1, 1004], [1004, 0, 1], [1005, 1005, 64532]]
    assert found["gidmap"] == found["uidmap"]


def test_keep_id_under_another_number_and_smaller() -> None:
    found = resolve("keep-id:uid=200,gid=0,size=1000")
    assert found["uidmap"] == [[0, 1, 200], [200, 0, 1], [201, 201, 799]]
    assert found["gidmap"] == [[0, 0, 1], [1, 1, 999]]


def test_keep_id_with_a_number_above_all_subordinate_ids() -> None:
    assert resolve("keep-id", uid=1_000_000)["uidmap"] == [[0, 1, 65536], [1_000_000, 0, 1]]


def test_keep_id_with_a_single_id() -> None:
    assert resolve("keep-id", uid_rows=[[0, 1004, 1]], gid_rows=[[0, 1004, 1]])["uidmap"] == [[1004, 0, 1]]


def test_rows_are_split_along_the_ranges_of_the_user() -> None:
    rows = [[0, 1004, 1], [1, 100000, 500], [501, 300000, 1000]]
    found = resolve("keep-id", uid_rows=rows, gid_rows=rows)
    assert found["uidmap"] == [[0, 1, 500], [500, 501, 504], [1004, 0, 1], [1005, 1005, 496]]


def test_keep_id_means_nothing_for_root() -> None:
    with pytest.raises(UsageError, match="no meaning for root"):
        resolve("keep-id", rootless=False)


def test_given_maps_are_checked_against_the_ids_of_the_user() -> None:
    request = idmaps.parse({"uidmap": ["0:1:1000", "1000:0"]})
    found = idmaps.resolve(request, "host", host())
    assert found["uidmap"] == [[0, 1, 1000], [1000, 0, 1]]
    assert found["gidmap"] == found["uidmap"]
    with pytest.raises(UsageError, match="not one of yours") as caught:
        idmaps.resolve(idmaps.parse({"uidmap": ["0:0:100000"]}), "host", host())
    assert "65536" in caught.value.message


def test_the_user_of_a_keep_id_container(make: Maker) -> None:
    assert make.record(userns="keep-id")["user"] == "1004:1004"
    assert make.record(userns="keep-id:uid=5,gid=6")["user"] == "5:6"
    assert make.record(userns="keep-id", user="root")["user"] == "root"
    assert make.record(userns="host")["user"] == ""


def test_the_mode_of_the_settings_counts_when_none_is_given(make: Maker) -> None:
    make.settings.userns = "keep-id:uid=7"
    assert make.record()["userns"]["mode"] == "keep-id"
    assert make.record()["user"] == "7:1004"
    assert make.record(userns="host")["userns"]["mode"] == "host"


def image_of(rows: list[list[int]]) -> dict[int, int]:
    return {inside + i: outside + i for inside, outside, size in rows for i in range(size)}


@given(
    st.integers(0, 60),
    st.lists(st.integers(1, 20), min_size=0, max_size=4),
    st.integers(0, 40),
)
def test_keep_id_maps_every_id_once_and_no_row_crosses_a_range(own: int, sizes: list[int], size: int) -> None:
    rows, start = [[0, 1004, 1]], 1
    for i, count in enumerate(sizes):
        rows.append([start, 100000 * (i + 1), count])
        start += count
    request = idmaps.parse({"userns": f"keep-id:uid={own},gid={own}" + (f",size={size}" if size else "")})
    found = idmaps.resolve(request, "host", host(uid_rows=rows, gid_rows=rows))
    table = image_of(found["uidmap"])
    total = min(start, size or start)
    assert table[own] == 0
    assert sorted(table.values()) == list(range(total))
    assert len(table) == sum(row[2] for row in found["uidmap"])
    for _, outside, count in found["uidmap"]:
        assert any(first <= outside and outside + count <= first + length for first, _, length in rows)


@given(st.text("0123456789:+@-x", max_size=12))
def test_no_text_breaks_the_parser(text: str) -> None:
    from libpod.errors import PypodError

    try:
        found = idmaps.parse({"uidmap": [text]})
    except PypodError as e:
        if not e.remedy:
            pytest.fail(f"no remedy: {e.message}")
        return
    assert all(size > 0 for _, _, size in found["uidmap"])
