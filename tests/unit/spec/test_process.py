"""The process of an exec."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from libpod.conf.security import ALL_CAPS
from libpod.spec import process, users
from tests.unit.spec.conftest import GROUP, PASSWD, Maker
from tests.unit.spec.test_assemble import _SCHEMA


def run(make: Maker, *, as_user: str | None = None, container: Any = None, **asked: Any) -> Any:
    base = make.config(["sleep"], **(container or {}))["process"]
    who = None if as_user is None else users.resolve_user(as_user, PASSWD, GROUP)
    found = process.exec_process(base, command=["ls"], user=who, **asked)
    schema = {**_SCHEMA["$defs"]["process"], "$defs": _SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(found)
    return found


def test_it_is_like_the_containers_own(make: Maker) -> None:
    container = {"workdir": "/srv", "umask": "077", "ulimit": ["nofile=5"], "oom_score_adj": "7"}
    found = run(make, container=container)
    assert found["args"] == ["ls"]
    assert found["cwd"] == "/srv"
    assert found["user"]["umask"] == 0o077
    assert found["oomScoreAdj"] == 7
    assert {"type": "RLIMIT_NOFILE", "soft": 5, "hard": 5} in found["rlimits"]
    assert found["terminal"] is False


def test_it_can_differ(make: Maker) -> None:
    found = run(make, workdir="/tmp", env=["A=1", "TERM=vt100"], tty=True, console_size=[24, 80])
    assert found["cwd"] == "/tmp"
    assert {"A=1", "TERM=vt100"} <= set(found["env"])
    assert found["consoleSize"] == {"height": 24, "width": 80}


@pytest.mark.parametrize(
    ("container", "as_user", "sets"),
    [
        ({}, None, {"bounding", "effective", "permitted"}),
        ({}, "web", {"bounding"}),
        ({"user": "web"}, None, {"bounding"}),
        ({"user": "web"}, "root", {"bounding", "effective", "permitted"}),
        (
            {"user": "web", "cap_add": ["NET_RAW"]},
            None,
            {"bounding", "effective", "permitted", "inheritable", "ambient"},
        ),
        (
            {"user": "web", "cap_add": ["NET_RAW"]},
            "web",
            {"bounding", "effective", "permitted", "inheritable", "ambient"},
        ),
        ({"user": "web", "cap_add": ["NET_RAW"]}, "4242", {"bounding"}),
    ],
)
def test_capabilities(container: Any, as_user: str | None, sets: set[str], make: Maker) -> None:
    caps = run(make, container=container, as_user=as_user)["capabilities"]
    assert set(caps) == sets
    if "ambient" in sets:
        assert caps["ambient"] == ["CAP_NET_RAW"]


def test_privileged_widens_the_bounding_set(make: Maker) -> None:
    caps = run(make, privileged=True)["capabilities"]
    assert caps["bounding"] == caps["effective"] == sorted(ALL_CAPS)
    assert set(run(make, privileged=True, as_user="web")["capabilities"]) == {"bounding"}


def home(found: Any) -> str:
    return next(str(item) for item in found["env"] if item.startswith("HOME="))


def test_home_is_that_of_the_user(make: Maker) -> None:
    assert home(run(make)) == "HOME=/root"
    assert home(run(make, as_user="web")) == "HOME=/home/web"
    assert home(run(make, as_user="web", env=["HOME=/mine"])) == "HOME=/mine"
    container = {"env": ["HOME=/set"]}
    assert home(run(make, container=container, as_user="web", container_env=["HOME=/set"])) == "HOME=/set"
