"""Environment variables: sources and their order."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from libpod.spec import env
from tests.unit.spec.conftest import Maker, image_config


def variables(make: Maker, image_env: list[str] | None = None, **options: Any) -> dict[str, str]:
    record = make.record(image=image_config(env=image_env or []), **options)
    return dict(item.split("=", 1) for item in record["env"])


def test_defaults_when_nobody_says_anything(make: Maker) -> None:
    assert variables(make) == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": "xterm",
        "container": "podman",
    }


def test_every_source_overrides_the_weaker_ones(make: Maker) -> None:
    make.settings.env = ["A=settings", "B=settings", "C=settings", "D=settings"]
    make.environ = {"C": "host", "D": "host"}
    found = variables(
        make,
        image_env=["B=image", "C=image", "D=image"],
        env_host=True,
        env_file_lines=["D=file"],
    )
    assert (found["A"], found["B"], found["C"], found["D"]) == ("settings", "image", "host", "file")
    assert variables(make, env_file_lines=["A=file"], env=["A=option"])["A"] == "option"


def test_files_of_variables(make: Maker) -> None:
    make.environ = {"FROM_HOST": "x", "PRE_A": "1", "PRE_B": "2"}
    lines = ["# a comment", "", "  A=1 ", "QUOTED='kept as it is'", "FROM_HOST", "PRE_*", "MISSING", "B=a=b"]
    found = variables(make, env_file_lines=lines)
    assert found["A"] == "1 "
    assert found["QUOTED"] == "'kept as it is'"
    assert (found["FROM_HOST"], found["PRE_A"], found["PRE_B"], found["B"]) == ("x", "1", "2", "a=b")
    assert "MISSING" not in found


def test_the_hosts_proxies_are_passed_on_unless_switched_off(make: Maker) -> None:
    make.environ = {"https_proxy": "http://p:1", "NO_PROXY": "x", "SECRET": "s"}
    found = variables(make)
    assert (found["https_proxy"], found["NO_PROXY"]) == ("http://p:1", "x")
    assert "SECRET" not in found
    assert "https_proxy" not in variables(make, http_proxy=False)


def test_defaults_of_the_image_can_be_unset(make: Maker) -> None:
    assert "A" not in variables(make, image_env=["A=1"], unsetenv=["A"])
    assert variables(make, image_env=["A=1"], unsetenv_all=True, env=["B=2"]) == {"B": "2"}
    assert variables(make, unsetenv=["TERM"], env=["TERM=vt100"])["TERM"] == "vt100"


names = st.text("ABC_", min_size=1, max_size=3)


@given(st.lists(st.tuples(names, st.text("x=y ", max_size=4)), max_size=12))
def test_the_last_value_of_a_name_wins_at_its_first_place(items: list[tuple[str, str]]) -> None:
    merged = env.merge([[f"{name}={value}" for name, value in items]])
    last = dict(items)
    assert merged == [f"{name}={last[name]}" for name in dict(items)]
    for name, value in last.items():
        assert env.get(merged, name) == value


def test_a_variable_that_is_not_there() -> None:
    assert env.get(["A=1"], "B") is None
