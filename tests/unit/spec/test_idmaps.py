"""User namespaces: modes and maps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import StateError, UsageError
from libpod.spec import autoids, idmaps
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
    assert all(row[2] > 0 for row in found["uidmap"])
    try:
        idmaps.resolve(found, "host", host())
    except PypodError as e:
        if not e.remedy:
            pytest.fail(f"no remedy: {e.message}")


def test_nomap_has_all_ids_but_the_users_own() -> None:
    assert resolve("nomap")["uidmap"] == [[0, 1, 65536]]
    with pytest.raises(UsageError, match="no ids but your own"):
        resolve("nomap", uid_rows=[[0, 1004, 1]])


def test_ranges_of_a_name() -> None:
    rows = [[0, 1004, 1], [1, 100000, 500], [501, 300000, 1000]]

    def named(uids: list[list[int]]) -> Any:
        request = idmaps.parse({"subuidname": "me"})
        return idmaps.resolve(request, "host", host(uid_rows=rows, gid_rows=rows), ranges=[uids, uids])

    assert named([[300000, 1000], [100000, 500]])["uidmap"] == [[0, 501, 1000], [1000, 1, 500]]
    assert named([[100100, 10]])["gidmap"] == [[0, 101, 10]]
    with pytest.raises(UsageError, match="not your ids"):
        named([[100400, 200]])
    with pytest.raises(UsageError, match="no range of ids"):
        named([])


def test_the_maps_of_what_is_joined() -> None:
    own = resolve("keep-id")
    for mode in ("container:web", "ns:/proc/7/ns/user"):
        found = idmaps.resolve(idmaps.parse({"userns": mode}), "host", host(), other=own)
        assert (found["uidmap"], found["gidmap"]) == (own["uidmap"], own["gidmap"])
        assert found["join"] == mode.partition(":")[2]
        assert "auto" not in found
    other = {**own, "auto": True}
    found = idmaps.resolve(idmaps.parse({"userns": "container:x"}), "", host(), other=other)  # type: ignore[arg-type]
    assert found["auto"]


def auto(text: str, size: int, others: list[Any], **changes: Any) -> Any:
    return autoids.assign(resolve(text, **changes), size, others, host(**changes))


def test_auto_takes_the_first_range_that_is_free() -> None:
    first = auto("auto", 1024, [])
    assert first["uidmap"] == [[0, 1, 1024]]
    second = auto("auto", 500, [first])
    assert second["uidmap"] == [[0, 1025, 500]]
    third = auto("auto", 2000, [second])
    assert third["uidmap"] == [[0, 1525, 2000]]
    assert auto("auto", 100, [second, third])["uidmap"] == [[0, 1, 100]]
    assert auto("auto", 64512, [first])["gidmap"] == [[0, 1025, 64512]]
    with pytest.raises(StateError, match=r"64513 uids are needed, and 64512 .* /etc/subuid") as caught:
        auto("auto", 64513, [first])
    assert "usermod --add-subuids" in caught.value.remedy


def test_auto_with_ids_that_are_given() -> None:
    found = auto("auto:uidmapping=200:0:1,gidmapping=0:1:1", 4096, [])
    assert found["uidmap"] == [[0, 1, 200], [200, 0, 1], [201, 201, 3895]]
    assert found["gidmap"] == [[0, 1, 1], [1, 2, 4095]]


def test_auto_where_the_free_ids_are_in_pieces() -> None:
    others = [{"uidmap": [[0, 1, 10], [10, 21, 65000]], "gidmap": []}]
    found = auto("auto", 50, others)
    assert found["uidmap"] == [[0, 65021, 50]]
    found = auto("auto", 520, others)
    assert found["uidmap"] == [[0, 11, 10], [10, 65021, 510]]
    rows = [[0, 1004, 1], [1, 100000, 500], [501, 300000, 1000]]
    assert auto("auto", 600, [], uid_rows=rows)["uidmap"] == [[0, 1, 500], [500, 501, 100]]


def test_the_size_comes_from_the_users_of_the_image() -> None:
    assert autoids.size_for([]) == 1024
    assert autoids.size_for([0, 65534]) == 1024
    assert autoids.size_for([2000, 5]) == 2001
    assert autoids.size_for([4_000_000_000]) == 65536


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.integers(0, 90), st.integers(0, 120), st.integers(1, 30)), max_size=6
    )
)
def test_no_id_is_given_to_two(asked: list[tuple[int, int, int, int]]) -> None:
    rows = [[0, 1004, 1], [1, 100000, 50], [51, 300000, 70]]
    made: list[Any] = []
    for size, inside, outside, count in asked:
        text = "auto" if inside > 60 else f"auto:uidmapping={inside}:{outside}:{min(count, 121 - outside)}"
        fixed = set() if inside > 60 else set(range(outside, outside + min(count, 121 - outside)))
        try:
            found = auto(text, size, made, uid_rows=rows, gid_rows=rows)
        except StateError:
            continue
        for key, own in (("uidmap", fixed), ("gidmap", set())):
            table = image_of(found[key])
            assert set(range(size)) <= set(table)
            assert len(set(table.values())) == len(table)
            for other in made:
                assert not (set(table.values()) - own) & set(image_of(other[key]).values())
            assert 0 not in set(table.values()) - own
        made.append(found)


def maps(**options: list[str]) -> tuple[list[list[int]], list[list[int]]]:
    rows = [[0, 1004, 1], [1, 100000, 500], [501, 300000, 1000]]
    found = idmaps.resolve(idmaps.parse(options), "host", host(uid_rows=rows, gid_rows=rows))
    return found["uidmap"], found["gidmap"]


def test_a_later_row_may_take_ids_from_earlier_ones() -> None:
    assert maps(uidmap=["0:0:500", "+1000:1:1"])[0] == [[0, 0, 1], [2, 2, 498], [1000, 1, 1]]
    assert maps(uidmap=["0:0:500", "+10:20:5"])[0] == [
        [0, 0, 1], [1, 1, 9], [10, 20, 5], [15, 15, 5], [25, 25, 475],
    ]  # fmt: skip
    assert maps(uidmap=["0:0:500", "+1000:1", "1:500"])[0] == [
        [0, 0, 1], [1, 500, 1], [2, 2, 498], [1000, 1, 1],
    ]  # fmt: skip


def test_with_a_first_row_that_extends_all_other_ids_are_mapped_too() -> None:
    kept = resolve("keep-id", uid_rows=[[0, 1004, 1], [1, 100000, 1500]])["uidmap"]
    request = idmaps.parse({"uidmap": ["+1004:0"]})
    found = idmaps.resolve(request, "", host(uid_rows=[[0, 1004, 1], [1, 100000, 1500]]))
    assert found["uidmap"] == kept
    assert maps(uidmap=["+2:0", "+0:700:2"])[0] == [
        [0, 700, 2], [2, 0, 1], [3, 1, 500], [503, 501, 199], [702, 702, 799],
    ]  # fmt: skip


def test_ids_of_the_host() -> None:
    assert maps(uidmap=["5:@100010:3"])[0] == [[5, 11, 3]]
    assert maps(uidmap=["5:@1004"])[0] == [[5, 0, 1]]
    for text in ("0:@5", "0:@100400:200"):
        with pytest.raises(UsageError, match="not one of yours"):
            maps(uidmap=[text])


def test_rows_for_one_kind_of_ids_only() -> None:
    both = [[0, 0, 1], [1, 1, 99]]
    assert maps(gidmap=["0:0:100", "g200:200:10"]) == (both, [*both, [200, 200, 10]])
    assert maps(uidmap=["u0:0:100"]) == (both, [[0, 0, 1], [1, 1, 500], [501, 501, 1000]])
    uids, gids = maps(gidmap=["+g900:@300000"])
    assert uids == [[0, 0, 1], [1, 1, 500], [501, 501, 1000]]
    assert [900, 501, 1] in gids
    assert sum(row[2] for row in gids) == 1501
    assert maps(uidmap=["0:0:5"], gidmap=["ug0:1:5"]) == ([[0, 0, 1], [1, 1, 4]], [[0, 1, 5]])


def test_no_id_is_given_twice() -> None:
    with pytest.raises(UsageError, match="given to two ids"):
        maps(uidmap=["0:0:10", "100:5:1"])
    with pytest.raises(UsageError, match="overlap in the container"):
        maps(uidmap=["+0:0:10", "5:20:1"])


rows_of_text = st.lists(
    st.builds(
        lambda flags, first, inner, size: f"{flags}{first}:{inner}:{size}",
        st.sampled_from(["+", "+u", "+g"]),
        st.integers(0, 60),
        st.integers(0, 60),
        st.integers(1, 30),
    ),
    min_size=1,
    max_size=5,
)


@given(rows_of_text)
def test_rows_that_extend_use_every_id_once(texts: list[str]) -> None:
    rows = [[0, 1004, 1], [1, 100000, 50], [51, 300000, 39]]
    found = idmaps.resolve(idmaps.parse({"uidmap": texts}), "host", host(uid_rows=rows, gid_rows=rows))
    for key, kind in (("uidmap", "u"), ("gidmap", "g")):
        table = image_of(found[key])
        assert sorted(table.values()) == list(range(90))
        assert len(table) == 90
        wanted: dict[int, int] = {}
        for text in texts:
            flags = text[: len(text) - len(text.lstrip("+ug"))]
            if kind not in flags and {"u", "g"} & set(flags):
                continue
            first, inner, size = map(int, text[len(flags) :].split(":"))
            for n in range(size):
                wanted = {c: i for c, i in wanted.items() if c != first + n and i != inner + n}
                wanted[first + n] = inner + n
        assert wanted.items() <= table.items()
