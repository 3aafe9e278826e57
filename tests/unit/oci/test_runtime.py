"""Command lines of the runtimes, and what their state files say."""

from __future__ import annotations

import pytest

from libpod.oci import runtime


@pytest.mark.parametrize(
    ("program", "family"),
    [
        ("/usr/bin/crun", "crun"),
        ("crun", "crun"),
        ("/opt/crun-1.21", "crun"),
        ("/usr/sbin/runc", "runc"),
        ("/usr/bin/youki", ""),
        ("/usr/bin/crunch", ""),
    ],
)
def test_family(program: str, family: str) -> None:
    assert runtime.family([program]) == family


def test_a_state_directory_is_added_unless_named() -> None:
    assert runtime.with_root(["crun", "--debug"], "/r") == ["crun", "--root", "/r", "--debug"]
    for given in (["crun", "--root", "/own"], ["crun", "--root=/own"]):
        assert runtime.with_root(given, "/r") == given
        assert runtime.root(given) == "/own"
    assert runtime.root(["crun", "--root"]) == ""


def test_create() -> None:
    argv = runtime.create(["crun", "--root", "/r"], "/log", "/b", "/pid", "/sock", 0, "c1")
    assert argv == [
        *["crun", "--root", "/r", "--log", "/log", "--log-format", "json"],
        *["create", "--bundle", "/b", "--pid-file", "/pid", "--console-socket", "/sock", "c1"],
    ]
    assert "--console-socket" not in runtime.create(["crun"], "/log", "/b", "/pid", "", 0, "c1")
    argv = runtime.create(["crun"], "/log", "/b", "/pid", "", runtime.preserved([0, 3, 5]), "c1")
    assert argv[-3:] == ["--preserve-fds", "3", "c1"]
    assert runtime.preserved([0, 1, 2]) == runtime.preserved([]) == 0


def test_exec() -> None:
    plain = runtime.execute(["runc"], "/log", "/p.json", "/pid", "", False, 0, "c1")
    assert plain[-6:] == ["exec", "--process", "/p.json", "--pid-file", "/pid", "c1"]
    terminal = runtime.execute(["runc"], "/log", "/p.json", "/pid", "/sock", True, 0, "c1")
    assert terminal[-5:] == ["--tty", "--console-socket", "/sock", "--detach", "c1"]


def test_state_files() -> None:
    assert runtime.state_file(["crun", "--root", "/r"], "c1") == "/r/c1/status"
    assert runtime.state_file(["runc", "--root", "/r"], "c1") == "/r/c1/state.json"
    assert runtime.state_file(["crun"], "c1") == ""
    assert runtime.init_of({"pid": 7, "process-start-time": 99}) == (7, 99)
    assert runtime.init_of({"init_process_pid": 8, "init_process_start": 98}) == (8, 98)
    for damaged in ({}, {"pid": "7", "process-start-time": 1}, {"pid": 0, "process-start-time": 1}):
        assert runtime.init_of(damaged) == (0, 0)
