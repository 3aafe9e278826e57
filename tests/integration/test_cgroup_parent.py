"""`--cgroup-parent`: below which cgroup a container gets its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import engine
from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


@pytest.fixture
def top(shared: Pypod) -> Iterator[Path]:
    """The delegated subtree. The cgroup `work` that a test made there is the user's to remove."""
    found = engine.own_cgroup_top()
    assert found is not None, "no cgroup is delegated to this account: run scripts/test"
    yield found
    shared("rm", "-af", "-t", "0")
    wait_until(lambda: removed(found / "work"), what="the last monitor has left its cgroup")


def removed(cgroup: Path) -> bool:
    try:
        for at, _, _ in os.walk(cgroup, topdown=False):
            os.rmdir(at)
    except OSError:
        return False
    return True


def cgroup_of(pypod: Pypod, name: str) -> str:
    return Path(f"/proc/{pypod.init_pid(name)}/cgroup").read_text().strip().rpartition("0::")[2]


# covers: run --cgroup-parent, create --cgroup-parent
@pytest.mark.parametrize("absolute", [True, False])
def test_below_another_cgroup(shared: Pypod, top: Path, absolute: bool) -> None:
    """It is made if need be, and every start of the container goes there."""
    whole = "/" + str(top.relative_to("/sys/fs/cgroup")) + "/work/deep"
    parent = whole if absolute else "work/deep"
    cid = shared("create", "--name", "c", "--cgroup-parent", parent, shared.image, "sleep", "1000").out
    for _ in range(2):
        shared("start", "c")
        assert cgroup_of(shared, "c").startswith(f"{whole}/pypod/{cid}/")
        assert shared("exec", "c", "true").code == 0
        shared("stop", "-t", "0", "c")
    assert shared.inspect("c")["HostConfig"]["CgroupParent"] == parent
    shared.detached("--name", "d", "--cgroup-parent", parent)
    assert cgroup_of(shared, "d").startswith(f"{whole}/pypod/")
    assert not cgroup_of(shared, shared.detached()).startswith(whole)


# covers: run --cgroup-parent
def test_a_cgroup_that_cannot_be_had(shared: Pypod) -> None:
    for parent, text in (
        ("/nobody-may-make-this", "cannot make the cgroup"),
        ("/", "may not put containers"),
        ("work.slice", "systemd"),
    ):
        result = shared.run("--rm", "--cgroup-parent", parent, "IMAGE", "true", check=False)
        assert (result.code, "--cgroup-parent" in result.stderr, text in result.stderr) == (
            125,
            True,
            True,
        ), result
    result = shared.run("--rm", "--cgroups=disabled", "--cgroup-parent", "x", "IMAGE", "true", check=False)
    assert (result.code, "--cgroup-parent" in result.stderr) == (125, True)
    assert not shared("ps", "-aq").out
