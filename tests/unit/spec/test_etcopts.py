"""Options about the files of /etc: entries stay entries of their file, whatever the values are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from libpod.spec import etcopts

VALUES = st.fixed_dictionaries(
    {word: st.text(max_size=8) for word in ("USERNAME", "UID", "GID", "NAME", "HOME")}
)


@given(VALUES)
def test_a_value_keeps_to_its_field(values: dict[str, str]) -> None:
    line = etcopts.fill("$USERNAME:*:$UID:${GID}:$NAME:$HOME:/bin/sh", values)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    clean = {word: "".join(c for c in value if c not in ":\n") for word, value in values.items()}
    expected = [clean["USERNAME"], "*", clean["UID"], clean["GID"], clean["NAME"], clean["HOME"], "/bin/sh"]
    assert line[:-1].split(":") == expected


def test_words_inside_of_values_are_text() -> None:
    assert etcopts.fill("$NAME:$UID:$OTHER$", {"NAME": "$UID", "UID": "7"}) == "$UID:7:$OTHER$\n"


@given(st.text(alphabet="a:$\n ", max_size=12))
def test_an_entry_is_one_line_of_its_fields(value: str) -> None:
    try:
        found = etcopts.parse({"group_entry": value}, "/")
    except UsageError:
        assert value.removesuffix("\n").count(":") != 3 or "\n" in value or value[0] == ":"
        return
    entry = found.get("group_entry", "")
    assert entry == value.removesuffix("\n")
    assert not entry or (entry.count(":") == 3 and "\n" not in entry and entry[0] != ":")


@pytest.mark.parametrize(
    ("given_dirs", "dirs"),
    [([], None), (["/a//b/../c/", "/a/c", "/"], ["/a/c"]), (["/x", "/y"], ["/x", "/y"])],
)
def test_directories_are_cleaned(given_dirs: list[str], dirs: list[str] | None) -> None:
    assert etcopts.parse({"chrootdirs": given_dirs}, "/").get("chrootdirs") == dirs


def test_a_hosts_file_is_a_path_or_a_word() -> None:
    for value, found in (("image", "image"), ("none", "none"), ("h", "/w/h"), ("/h", "/h")):
        assert etcopts.parse({"hosts_file": value}, "/w") == {"hosts_file": found}
