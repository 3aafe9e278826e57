"""Cgroups of a container: made, filled, frozen, killed, removed; in a delegated cgroup."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from libpod.kernel import cgroup, cgtree, mount, ns
from libpod.kernel.const import CGROUP2_SUPER_MAGIC, CLONE_NEWNS
from libpod.kernel.libc import file_system_type
from libpod.rootless import cgroups
from tests.support.needs import missing


class Monitor:
    """A stand-in for a container's monitor with a container of one sleeping process. We are its client."""

    def __init__(self) -> None:
        plan = cgroups.plan(None, {})
        if plan["manager"] != "cgroupfs":
            missing("no delegated cgroup: run scripts/test")
        self.place = cgroups.make(plan, os.urandom(32).hex()).wait()
        self.payload = self.place["payload"]
        said_r, said_w = os.pipe()
        self.asked_r, self.asked_w = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os._exit(self.work(said_w))
            finally:
                os._exit(99)
        os.close(said_w)
        self.container, self.own_path = os.read(said_r, 4096).decode().split()

    def work(self, said_w: int) -> int:
        os.close(self.asked_w)
        ns.unshare(CLONE_NEWNS)
        mount.private_root()
        cgtree.prepare(self.place)
        cgroup.create(self.place["runtime_path"])
        pid = os.fork()
        if pid == 0:
            signal.pause()
        cgroup.move(self.place["runtime_path"], pid)
        os.write(said_w, f"{pid} {cgroup.own_path()}".encode())
        os.read(self.asked_r, 1)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return 0 if cgtree.leave(self.place) else 1

    def end(self) -> int:
        """Ask it to leave and return whether it could remove its cgroups (0) or not."""
        os.write(self.asked_w, b"x")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    """Remove what a failed test left."""
    yield
    top = Path(cgroup.directory(cgroup.own_path())).parent / cgtree.TOP
    for left in top.glob("?" * 64):
        if not cgroup.populated("/" + str(left.relative_to(cgroup.root()))):
            cgroup.remove_tree("/" + str(left.relative_to(cgroup.root())))


def test_supervisor_and_payload_are_apart() -> None:
    monitor = Monitor()
    assert monitor.own_path.endswith("/supervisor")
    assert cgroup.pids(monitor.place["supervisor"]) == [monitor.pid]
    assert cgroup.pids(monitor.payload) == [int(monitor.container)]
    assert cgroup.populated(monitor.payload)
    assert cgroup.oom_kills(monitor.payload) == 0
    removed = monitor.end() == 0
    assert removed or monitor.place["mount_needed"]  # there `nsdelegate` may keep it from leaving
    assert os.path.exists(cgroup.directory(monitor.place["inner"])) != removed
    assert cgtree.remove(monitor.place)


def test_frozen_and_thawed_and_killed() -> None:
    monitor = Monitor()
    cgroup.freeze(monitor.payload, True)
    assert cgroup.wait_frozen(monitor.payload, True, 10)
    assert cgroup.frozen(monitor.payload)
    assert cgroup.freeze_requested(monitor.payload)
    cgroup.freeze(monitor.payload, False)
    assert cgroup.wait_frozen(monitor.payload, False, 10)
    cgroup.freeze(monitor.payload, True)
    cgroup.kill(monitor.payload)  # also what is frozen
    assert cgroup.wait_empty(monitor.payload, 10)
    assert cgroup.populated(monitor.place["supervisor"])
    monitor.end()
    assert cgtree.remove(monitor.place)


def test_without_cgroup_kill_all_die_too() -> None:
    monitor = Monitor()
    cgroup.create(monitor.payload + "/nested")
    cgroup.move(monitor.payload + "/nested", int(monitor.container))
    cgroup._kill_all(monitor.payload)
    assert not cgroup.populated(monitor.payload)
    assert cgroup.remove_tree(monitor.payload)
    monitor.end()
    assert cgtree.remove(monitor.place)


def test_occupied_cgroup_is_not_removed() -> None:
    monitor = Monitor()
    assert not cgroup.remove_tree(monitor.place["inner"])
    assert os.path.exists(cgroup.directory(monitor.payload))
    monitor.end()
    assert cgtree.remove(monitor.place)


def test_removal_from_outside_kills_and_removes() -> None:
    monitor = Monitor()
    cgroup.create(monitor.payload + "/nested")
    assert cgtree.remove(monitor.place)
    assert cgtree.remove(monitor.place)
    assert not os.path.exists(cgroup.directory(monitor.place["inner"]))
    assert os.waitpid(monitor.pid, 0)[1] == signal.SIGKILL


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
    assert file_system_type(cgroup.MOUNT) == CGROUP2_SUPER_MAGIC
    assert not cgroup.mount_cgroup2()
    if was != "v2":
        assert cgroup.own_path() == "/"


def test_processes_in_the_way_of_controllers_are_moved_down() -> None:
    """As in a unit with Delegate=yes: the command and a shell around it sit in the unit's own cgroup."""
    plan = cgroups.plan(None, {})
    if plan["manager"] != "cgroupfs":
        missing("no delegated cgroup: run scripts/test")
    base = f"{plan['base'].rstrip('/')}/{cgtree.TOP}/unit-{os.getpid()}"
    cgroup.create(os.path.dirname(base))
    cgroup.enable(os.path.dirname(base), set(plan["controllers"]))
    cgroup.create(base)
    sitting = [os.posix_spawn("/bin/sleep", ["sleep", "60"], {}) for _ in range(3)]
    try:
        for pid in sitting:
            cgroup.move(base, pid)
        assert cgroups._pass_on(base) == cgroup.controllers(base) == cgroup.enabled(base)
        if cgroup.controllers(base):
            assert cgroup.pids(base) == []
            assert sorted(cgroup.pids(f"{base}/{cgtree.TOP}/caller")) == sorted(sitting)
    finally:
        for pid in sitting:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        assert cgroup.remove_tree(base)
