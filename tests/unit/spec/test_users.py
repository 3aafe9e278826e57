"""Users and groups by the container's own files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from libpod.spec import users

PASSWD = b"""root:x:0:0:root:/root:/bin/sh
# comment
broken
bad:x:minus:0::/:/bin/sh
huge:x:99999999999:0::/:/bin/sh
web:x:1000:1001::/home/web:/bin/sh
web:x:7:7::/second:/bin/sh
nohome:x:1002:1002
123:x:500:500::/numeric:/bin/sh
\xff\xfe:x:600:600::/odd:/bin/sh
"""
GROUP = b"""root:x:0:
wheel:x:10:root, web
video:x:44:web,
bad:x:no:web
audio:x:63
short
"""


@pytest.mark.parametrize(
    ("user", "ids"),
    [
        ("", (0, 0, [], "/root", "root")),
        ("0", (0, 0, [10], "/root", "root")),
        ("root", (0, 0, [10], "/root", "root")),
        ("web", (1000, 1001, [1001, 10, 44], "/home/web", "web")),
        ("1000", (1000, 1001, [1001, 10, 44], "/home/web", "web")),
        ("web:video", (1000, 44, [44], "/home/web", "web")),
        ("web:5", (1000, 5, [5], "/home/web", "web")),
        (":video", (0, 44, [44], "/root", "root")),
        ("4242", (4242, 0, [], "/", "")),
        ("4242:63", (4242, 63, [63], "/", "")),
        ("nohome", (1002, 1002, [1002], "/", "nohome")),
        ("123", (500, 500, [500], "/numeric", "123")),
        ("500", (500, 500, [500], "/numeric", "123")),
    ],
)
def test_users(user: str, ids: tuple[int, int, list[int], str, str]) -> None:
    found = users.resolve_user(user, PASSWD, GROUP)
    expected = (found["uid"], found["gid"], found["groups"], found["home"], found["name"])
    assert expected == (*ids[:2], [10] if user == "" else ids[2], *ids[3:])


@pytest.mark.parametrize("user", ["nobody", "web:nogroup", "-1", "99999999999", "bad", "4294967295"])
def test_names_without_an_entry_are_an_error_with_a_remedy(user: str) -> None:
    with pytest.raises(UsageError) as caught:
        users.resolve_user(user, PASSWD, GROUP)
    assert caught.value.remedy
    assert caught.value.name


def test_further_groups_are_added_by_name_and_number() -> None:
    found = users.resolve_user("web", PASSWD, GROUP, ["audio", "7", "44", "keep-groups"])
    assert found["groups"] == [1001, 10, 44, 63, 7]
    with pytest.raises(UsageError, match="nothere"):
        users.resolve_user("web", PASSWD, GROUP, ["nothere"])


def test_without_files_everybody_is_a_number() -> None:
    assert users.resolve_user("", b"", b"") == {"uid": 0, "gid": 0, "groups": [], "home": "/", "name": ""}


def test_lines_for_users_that_the_image_does_not_know() -> None:
    line = users.passwd_line("me", 1004, 1004, "/home/me")
    assert users.resolve_user("me", line.encode(), b"")["uid"] == 1004
    assert users.has_user(1004, line.encode())
    assert not users.has_user(5, line.encode())
    assert users.has_group(1004, users.group_line("me", 1004).encode())


@given(st.binary(max_size=80), st.binary(max_size=80), st.sampled_from(["", "0", "5", "a", "0:0", "a:b"]))
def test_no_file_can_break_the_lookup(passwd: bytes, group: bytes, user: str) -> None:
    try:
        found = users.resolve_user(user, passwd, group)
    except UsageError:
        assert not user.replace(":", "").isdigit()
        assert user
        return
    assert 0 <= found["uid"] <= users.MAX_ID
    assert 0 <= found["gid"] <= users.MAX_ID


names = st.text("abcdefgh", min_size=1, max_size=6)


@given(
    st.dictionaries(names, st.tuples(st.integers(0, 70000), st.integers(0, 70000)), min_size=1, max_size=6)
)
def test_what_is_in_the_file_is_found(table: dict[str, tuple[int, int]]) -> None:
    passwd = "".join(f"{n}:x:{u}:{g}::/home/{n}:/bin/sh\n" for n, (u, g) in table.items()).encode()
    for name, (uid, gid) in table.items():
        found = users.resolve_user(name, passwd, b"")
        assert (found["uid"], found["gid"], found["home"]) == (uid, gid, f"/home/{name}")
