"""Cgroups of a container: made, filled, frozen, killed, removed; in a delegated cgroup."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from libpod.kernel import cgroup, cgtree
from libpod.kernel.libc import file_system_type
from libpod.rootless import cgroups
from tests.support.needs import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.kernel.cgtree import CgroupPlace


def new_place() -> CgroupPlace:
    plan = cgroups.plan(None, {})
    if plan["manager"] != "cgroupfs":
        missing("no delegated cgroup: run scripts/test")
    return cgroups.for_container(plan, os.urandom(32).hex())


def sleeper(path: str) -> int:
    pid = os.fork()
    if pid == 0:
        signal.pause()
    cgroup.move(path, pid)
    return pid


def prepared() -> CgroupPlace:
    place = new_place()
    cgtree.prepare(place)
    cgroup.create(place["runtime_path"])
    return place


def test_supervisor_and_payload_are_apart() -> None:
    place = prepared()
    pid = sleeper(place["runtime_path"])
    assert cgroup.own_path().endswith("/supervisor")
    assert cgroup.pids(place["runtime_path"]) == [pid]
    assert cgroup.populated(place["runtime_path"])
    cgroup.kill(place["runtime_path"])
    assert cgroup.wait_empty(place["runtime_path"], 10)
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    assert cgroup.oom_kills(place["runtime_path"]) == 0
    assert cgroup.remove_tree(place["runtime_path"])
    if not place["mount_needed"]:
        assert cgtree.leave(place)
        assert not os.path.exists(cgroup.directory(place["inner"]))


def test_frozen_and_thawed() -> None:
    place = prepared()
    path = place["runtime_path"]
    pid = sleeper(path)
    cgroup.freeze(path, True)
    assert cgroup.wait_frozen(path, True, 10)
    assert cgroup.frozen(path)
    assert cgroup.freeze_requested(path)
    cgroup.freeze(path, False)
    assert cgroup.wait_frozen(path, False, 10)
    cgroup.freeze(path, True)
    cgroup.kill(path)  # also what is frozen
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    cgtree.leave(place)


def test_without_cgroup_kill_all_die_too(monkeypatch: pytest.MonkeyPatch) -> None:
    place = prepared()
    path = place["runtime_path"]
    cgroup.create(path + "/nested")
    pids = [sleeper(path), sleeper(path + "/nested")]
    for pid in pids:
        os.waitpid(pid, os.WNOHANG)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # they are reaped at once
    cgroup._kill_all(path)
    assert not cgroup.populated(path)
    assert cgroup.remove_tree(path)
    cgtree.leave(place)


def test_removal_from_outside_kills_and_removes() -> None:
    place = new_place()
    pid = os.fork()
    if pid == 0:
        cgtree.prepare(place)
        cgroup.create(place["runtime_path"])
        cgroup.create(place["runtime_path"] + "/nested")
        sleeper(place["runtime_path"])
        signal.pause()
    while not cgroup.populated(place["payload"]):
        os.sched_yield()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    assert cgtree.remove(place)
    assert cgtree.remove(place)
    assert not os.path.exists(cgroup.directory(place["inner"]))
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, 0)


def test_occupied_cgroup_is_not_removed() -> None:
    place = prepared()
    pid = sleeper(place["runtime_path"])
    assert not cgroup.remove_tree(place["runtime_path"])
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert cgroup.remove_tree(place["runtime_path"])
    cgtree.leave(place)


def test_what_is_gone_is_empty_and_dead() -> None:
    if cgroup.mode() not in ("v2", "hybrid"):
        missing("no cgroup2 on this machine")
    assert cgroup.pids("/no/such") == []
    assert not cgroup.populated("/no/such")
    assert cgroup.wait_empty("/no/such", 0.1)
    assert cgroup.remove_tree("/no/such")
    cgroup.kill("/no/such")


def test_cgroup2_is_shown_where_the_host_has_version_1() -> None:
    was = cgroup.mode()
    assert cgroup.mount_cgroup2() == (was != "v2")
    assert cgroup.mode() == "v2"
    assert file_system_type(cgroup.MOUNT) == 0x63677270
    assert not cgroup.mount_cgroup2()
    if was != "v2":
        assert cgroup.own_path() == "/"
        assert Path(cgroup.MOUNT, "cgroup.procs").exists()
