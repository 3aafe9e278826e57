"""Where pypod may be called from: without a cgroup, a runtime directory, subordinate ids; old hosts; root."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support import processes
from tests.support.engine import Pypod
from tests.support.machine import Machine

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

SURROUNDINGS = {
    # name: cgroup versions, managers, root without root, single id
    "plain": ({"v2", "hybrid", "v1"}, {"disabled", "systemd"}, True, False),
    "hybrid": ({"hybrid"}, {"cgroupfs"}, True, False),
    "v1": ({"v1"}, {"disabled"}, True, False),
    "none": ({"none"}, {"disabled"}, True, False),
    "single": ({"v2", "hybrid", "v1"}, {"disabled", "systemd"}, True, True),
    "no-ids": ({"v2", "hybrid", "v1"}, {"disabled", "systemd"}, True, True),
    "root": ({"v2", "hybrid", "v1"}, {"cgroupfs", "systemd", "disabled"}, False, False),
}


def whole_life(outside: Machine, name: str, store: Path, tar: Path) -> dict[str, str]:
    out = outside.run("whole", str(store), str(tar), user=name, timeout_s=90).out
    return {key: value.strip() for key, _, value in (line.partition("=") for line in out.splitlines())}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_the_whole_life_of_a_container(name: str, outside: Machine, pypod: Pypod) -> None:
    versions, managers, rootless, single = SURROUNDINGS[name]
    store = pypod.graphroot if rootless else Path("/var/tmp") / f"pypod-{pypod.name}"
    seen = whole_life(outside, name, store, pypod.image_tar)
    info: dict[str, Any] = json.loads(seen["info"])
    host = info["host"]
    assert host["cgroupVersion"] in versions
    assert host["cgroupManager"] in managers
    assert (host["security"]["rootless"], host["singleId"]) == (rootless, single)
    assert info["store"]["graphDriverProblem"] == ""
    assert seen["run"].endswith("hello 0")
    assert seen["ps"].startswith("web Up")
    assert seen["exec"].split()[:2] == ["inside", "0"]
    assert seen["terminal"].startswith("/dev/pts/")
    assert (seen["logs"], seen["stop"], seen["started"]) == ("up", "web", "web")
    assert seen["stopped"].startswith("Exited (42)")
    assert "unmonitored" in seen["unmonitored"]
    assert "its monitor was killed" in seen["refused"]
    assert seen["stop_unmonitored"] == "web"
    assert seen["gone"].startswith("Exited")
    assert (seen["again"], seen["alive"], seen["rm"], seen["left"]) == ("web", "again", "web", "")
    told = {problem["what"] for problem in info["problems"]}
    assert ("only one id" in told) is single
    assert ("real root" in told) is not rootless
    assert ("cgroups" in told) is (host["cgroupManager"] == "disabled")
    if "memory" not in host["cgroupControllers"]:
        assert seen["limit"].startswith("Error: --memory")
    if single:
        assert seen["exec"].split()[-1] == "1"  # ids in the map


def test_a_store_with_all_ids_is_not_opened_with_one(outside: Machine, pypod: Pypod) -> None:
    """Files would change owners: both maps are named, and what mends it."""
    pypod.run("--rm", "IMAGE", "true")
    done = outside.run("whole", str(pypod.graphroot), str(pypod.image_tar), user="single", check=False)
    assert done.code == 125
    assert "was made with the ids" in done.err
    assert "newuidmap is not installed" in done.err
    assert "apt-get install uidmap" in done.err


def test_containers_of_another_pid_namespace_are_stopped_from_outside(outside: Machine, pypod: Pypod) -> None:
    """Their processes have other ids here, or none: only their monitors can reach them."""
    words = ["background", str(pypod.graphroot), str(pypod.image_tar), "one", "two", "three", "four"]
    there = threading.Thread(target=lambda: outside.run(*words, user="pids", check=False))
    there.start()
    try:
        processes.wait_until((pypod.graphroot / "ready").exists, 30, "containers in the background")
        assert len(pypod("ps", "-q").lines) == 4
        assert pypod.state("one")["Pid"] == 0
        assert "another pid namespace" in pypod("exec", "one", "true", check=False).stderr
        pypod("stop", "one")
        assert pypod.state("one")["ExitCode"] == 42
        pypod("kill", "two")
        assert pypod.state("two")["ExitCode"] == 137
        waiting = pypod.start("wait", "three")
        pypod("kill", "--signal", "TERM", "three")
        assert waiting.communicate(timeout=20)[0] == "42\n"
        pypod("rm", "-f", "four")
        assert pypod("ps", "-q").out == ""
        assert pypod("run", "--rm", pypod.image, "echo", "own").out == "own"
    finally:
        (pypod.graphroot / "end").touch()
        there.join(30)


@pytest.mark.parametrize("directory", ["", "/run/user/0", "/nowhere", "relative"])
def test_a_runtime_directory_that_is_not_the_users_is_passed_over(directory: str, pypod: Pypod) -> None:
    pypod.options = pypod.options[:2]
    pypod.env["XDG_RUNTIME_DIR"] = directory
    assert pypod.run("--rm", "IMAGE", "echo", "hello").out == "hello"
    assert pypod("info", "--format", "{{.Store.RunRoot}}").out in (
        f"/run/user/{os.getuid()}/pypod",
        f"/tmp/pypod-run-{os.getuid()}",
    )


def test_a_home_of_somebody_else_is_passed_over(pypod: Pypod) -> None:
    """As some `su` leave it: the store is found in the home of the password database."""
    pypod.options = []
    own = pypod("info", "--format", "{{.Store.GraphRoot}}").out
    pypod.env["HOME"] = "/root"
    assert pypod("info", "--format", "{{.Store.GraphRoot}}").out == own


def test_no_cgroups_by_wish(pypod: Pypod) -> None:
    pypod.options += ["--cgroup-manager", "disabled"]
    before = Path("/proc/self/cgroup").read_text()
    cid = pypod.detached("--cgroupns", "host")
    assert Path(f"/proc/{pypod.init_pid(cid)}/cgroup").read_text() == before
    assert pypod("exec", cid, "echo", "inside").out == "inside"
    refused = pypod.run("--memory", "64m", "IMAGE", "true", check=False)
    assert (refused.code, "--memory" in refused.stderr) == (125, True)
    processes.kill(pypod.monitor_pid(cid))
    assert "unmonitored" in pypod("ps", "--format", "{{.Status}}").out
    pypod("rm", "-f", "-t", "0", cid)
