"""`--secret`: what is given is a file or a variable, with a place of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from libpod.spec import secretopts

WORDS = st.sampled_from(
    [
        *["type=env", "type=mount", "target=/x/../y", "target=a/b", "target=A"],
        *["uid=5", "gid=0", "mode=0400", "mode=8", "x", "uid="],
    ]
)


@given(st.text(alphabet="ab=,/", max_size=4), st.lists(WORDS, max_size=4))
def test_every_use_is_whole(name: str, words: list[str]) -> None:
    try:
        found = secretopts.parse({"secret": [",".join([name, *words])]})
    except UsageError:
        return
    (use,) = found
    assert use["name"]
    assert "," not in use["name"]
    if use["type"] == "env":
        assert "=" not in use["target"]
    else:
        assert use["target"].startswith("/")
        assert ".." not in use["target"].split("/")
    assert 0 <= use["mode"] <= 0o7777


def test_defaults() -> None:
    assert secretopts.parse({"secret": ["s"]}) == [
        {
            "id": "",
            "name": "s",
            "type": "mount",
            "target": "/run/secrets/s",
            "uid": 0,
            "gid": 0,
            "mode": 0o444,
        }
    ]
    assert secretopts.parse({"secret": ["s,type=env"]})[0]["target"] == "s"


def test_two_for_one_place_are_refused() -> None:
    with pytest.raises(UsageError, match="/run/secrets/s"):
        secretopts.parse({"secret": ["s", "t,target=s"]})
