"""init, container cleanup, container clone, update, port: verbs around a container's start and end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integration import raw
from tests.support import processes
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


def status(pypod: Pypod, name: str) -> str:
    return str(pypod.state(name)["Status"])


# init


# covers: init, container init
def test_init_prepares_and_start_goes_on(shared: Pypod) -> None:
    cid = shared("create", "--network=none", shared.image, "sh", "-c", "echo $$ up; sleep 1000").out
    assert shared("init", cid).out == cid
    assert status(shared, cid) == "initialized"
    pid = shared.init_pid(cid)
    assert not shared("logs", cid).out
    for words in (["init", cid], ["container", "init", cid], ["exec", cid, "true"], ["pause", cid]):
        assert shared(*words, check=False).code == 125
    shared("start", cid)
    assert shared.init_pid(cid) == pid
    shared.wait_for_log(cid, "1 up")
    failed = shared("init", cid, check=False)
    assert failed.code == 125
    assert "already been created" in failed.stderr


# covers: init, start --attach
@pytest.mark.parametrize("tty", [[], ["-t"]])
def test_start_attached_after_init_misses_nothing(shared: Pypod, tty: list[str]) -> None:
    cid = shared("create", "--network=none", *tty, shared.image, "sh", "-c", "echo first; exit 7").out
    shared("init", cid)
    done = shared("start", "-a", cid, check=None)
    assert done.stdout.split() == ["first"]
    assert done.code == 7
    assert status(shared, cid) == "exited"


# covers: init --all, init --latest
def test_init_of_several(shared: Pypod) -> None:
    running = shared.detached("--network=none")
    made = [shared("create", "--network=none", shared.image, "true").out for _ in range(2)]
    assert set(shared("init", "--all").lines) >= {running, *made}
    assert {status(shared, cid) for cid in made} == {"initialized"}
    assert status(shared, running) == "running"
    last = shared("create", "--network=none", shared.image, "true").out
    assert shared("init", "-l").out == last
    assert shared("init", "nx", last, check=False).code == 125
    for words in (["stop", made[0]], ["rm", made[1]], ["rm", "-f", last]):
        shared(*words)
    assert status(shared, made[0]) == "created"
    assert shared("start", "-a", made[0]).code == 0


# covers: init
def test_a_killed_monitor_leaves_an_initialized_container_that_starts_anew(shared: Pypod) -> None:
    cid = shared("create", "--network=none", shared.image, "sleep", "1000").out
    shared("init", cid)
    pid = shared.init_pid(cid)
    with processes.Handle(shared.monitor_pid(cid)) as monitor:
        monitor.kill()
    shared("start", cid)
    assert status(shared, cid) == "running"
    assert shared.init_pid(cid) != pid


# container cleanup


# covers: container cleanup, container cleanup --rm, container cleanup --stopped-only
# covers: container cleanup --latest
def test_cleanup(shared: Pypod) -> None:
    running = shared.detached("--network=none")
    refused = shared("container", "cleanup", running, check=False)
    assert refused.code == 125
    assert "refusing to clean up" in refused.stderr
    shared("container", "cleanup", "--stopped-only", running, "nx")
    assert status(shared, running) == "running"
    ended = shared.run("-d", "--network=none", "IMAGE", "true").out
    shared("wait", ended)
    assert shared("container", "cleanup", ended).out == ended
    assert status(shared, ended) == "exited"
    assert shared("container", "cleanup", "-l").out == ended
    assert shared("container", "cleanup", "--rm", ended).out == ended
    assert shared("container", "exists", ended, check=None).code == 1
    assert shared("container", "cleanup", ended, check=False).code == 125
    assert shared("container", "cleanup", check=False).code == 125


# covers: container cleanup --all, container cleanup --exec
def test_cleanup_of_all_and_of_an_exec(pypod: Pypod) -> None:
    cid = pypod.run("-d", "--network=none", "IMAGE", "true").out
    pypod("wait", cid)
    assert pypod("container", "cleanup", "--all").out == cid
    gone = pypod("container", "cleanup", "--exec", "abc", cid, check=False)
    assert gone.code == 125
    assert "no such exec session" in gone.stderr
    assert pypod("container", "cleanup", "--exec", "abc", "--rm", cid, check=False).code == 125


# covers: container cleanup --rmi
def test_cleanup_removes_the_image(pypod: Pypod) -> None:
    cid = pypod.run("-d", "--network=none", "IMAGE", "true").out
    pypod("wait", cid)
    assert pypod("container", "cleanup", "--rmi", cid, check=False).code != 0
    pypod("container", "cleanup", "--rm", "--rmi", cid)
    assert not pypod("images", "-q").out


# container clone


# covers: container clone, container clone --name
def test_clone(shared: Pypod) -> None:
    words = ["--network=none", "-e", "A=1", "-w", "/tmp", "--label", "l=1", "-v", "/anon", "--name", "orig"]
    cid = shared("create", *words, shared.image, "sh", "-c", "echo $A $PWD; echo x > /written").out
    assert shared("start", "-a", cid).out == "1 /tmp"
    names = []
    for more in ([cid], ["orig", "second"], ["--name", "third", "orig"], ["orig"]):
        made = shared.inspect(shared("container", "clone", *more).out)
        assert made["State"]["Status"] == "created"
        assert made["Config"]["Labels"] == {"l": "1"}
        assert made["Config"]["Hostname"] == made["Id"][:12]
        assert made["Mounts"][0]["Name"] != shared.inspect(cid)["Mounts"][0]["Name"]
        names.append(made["Name"])
        assert shared("start", "-a", made["Id"]).out == "1 /tmp"
    assert names == ["orig-clone", "second", "third", "orig-clone1"]
    assert shared("container", "clone", "orig", "third", check=False).code == 125
    assert shared("container", "clone", "nx", check=False).code == 125
    assert shared("container", "clone", "--name", "a", "orig", "b", check=False).code == 125
    fresh = shared("container", "clone", "orig").out
    assert "A /written" not in shared("diff", fresh).lines
    shared("rm", "-af")


# covers: container clone --run, container clone --destroy, container clone --force
def test_clone_runs_and_takes_the_place(shared: Pypod) -> None:
    cid = shared.detached("--network=none", "--name=orig")
    refused = shared("container", "clone", "--destroy", cid, "next", check=False)
    assert refused.code == 125
    assert shared("container", "exists", "next", check=None).code == 1
    assert shared("container", "clone", "-f", cid, check=False).code == 125
    made = shared("container", "clone", "--destroy", "--force", "--run", cid, "next").out
    assert status(shared, made) == "running"
    assert shared("container", "exists", cid, check=None).code == 1


# covers: container clone
def test_clone_with_another_image(pypod: Pypod) -> None:
    cid = pypod("create", "--network=none", pypod.image, "cat", "/mark").out
    other = pypod.detached("--network=none")
    pypod("exec", other, "sh", "-c", "echo marked > /mark")
    pypod("commit", "-q", other, "marked")
    made = pypod("container", "clone", cid, "two", "marked").out
    assert pypod("start", "-a", made).out == "marked"
    pypod("rm", cid)
    assert pypod("rmi", "marked", check=False).code != 0


# update


LIMITS = (
    ("memory", "--memory", "64m", "memory.max", "67108864"),
    ("memory", "--memory-reservation", "32m", "memory.low", "33554432"),
    ("memory", "--memory-swap", "-1", "memory.swap.max", "max"),
    ("cpu", "--cpus", "1.5", "cpu.max", "150000 100000"),
    ("cpu", "--cpu-quota", "20000", "cpu.max", "20000 100000"),
    ("cpu", "--cpu-period", "50000", "cpu.max", "20000 50000"),
    ("cpu", "--cpu-shares", "2", "cpu.weight", "1"),
    ("cpuset", "--cpuset-cpus", "0", "cpuset.cpus", "0"),
    ("cpuset", "--cpuset-mems", "0", "cpuset.mems", "0"),
    ("pids", "--pids-limit", "77", "pids.max", "77"),
    ("io", "--blkio-weight", "1000", "", ""),
    ("io", "--blkio-weight-device", "/dev/nx:100", "", "/dev/nx"),
    ("io", "--device-read-bps", "/dev/nx:1m", "", "/dev/nx"),
    ("io", "--device-read-iops", "/dev/nx:10", "", "/dev/nx"),
    ("io", "--device-write-bps", "/dev/nx:1m", "", "/dev/nx"),
    ("io", "--device-write-iops", "/dev/nx:10", "", "/dev/nx"),
)
"""Controller, option, value, the file of a running container and its content; without a file, the error."""


# covers: container update, update --memory, update --memory-swap, update --memory-reservation, update --cpus
# covers: update --cpu-quota, update --cpu-period, update --cpu-shares, update --cpuset-cpus
# covers: update --cpuset-mems, update --pids-limit, update --blkio-weight, update --blkio-weight-device
# covers: update --device-read-bps, update --device-read-iops, update --device-write-bps
# covers: update --device-write-iops
def test_update_limits_or_names_the_controller(shared: Pypod) -> None:
    cid = shared.detached("--network=none")
    have = raw.controllers()
    lines = Path(f"/proc/{shared.init_pid(cid)}/cgroup").read_text().splitlines()
    cgroup = "/sys/fs/cgroup" + next(line[3:] for line in lines if line.startswith("0::"))
    for controller, option, value, file, content in LIMITS:
        done = shared("container", "update", option, value, cid, check=None)
        if controller in have and file:
            assert done.out == cid
            assert Path(cgroup, file).read_text().strip() == content
        elif controller in have and content:
            assert content in done.stderr
        elif controller not in have and option != "--memory-swap":
            assert done.code == 125, option
            assert f'controller "{controller}"' in done.stderr


# covers: container clone --memory, container clone --memory-reservation, container clone --memory-swap
# covers: container clone --cpus, container clone --cpu-quota, container clone --cpu-period
# covers: container clone --cpu-shares, container clone --cpuset-cpus, container clone --cpuset-mems
# covers: container clone --blkio-weight, container clone --blkio-weight-device
# covers: container clone --device-read-bps, container clone --device-read-iops
# covers: container clone --device-write-bps, container clone --device-write-iops
def test_clone_with_other_limits(shared: Pypod) -> None:
    cid = shared("create", "--network=none", shared.image, "true").out
    have = raw.controllers()
    for controller, option, value, file, _content in LIMITS:
        if option in ("--pids-limit", "--memory-swap"):
            continue
        done = shared("container", "clone", option, value, cid, check=None)
        if controller not in have:
            assert done.code == 125, option
            assert f'controller "{controller}"' in done.stderr
        elif file:
            shared("start", "-a", done.out)
    if "memory" in have:
        made = shared("container", "clone", "--memory=64m", "--memory-swap=96m", cid).out
        assert shared.inspect(made)["HostConfig"]["MemorySwap"] == 96 << 20


# covers: update --cpu-rt-period, update --cpu-rt-runtime, update --memory-swappiness
# covers: container clone --cpu-rt-period, container clone --cpu-rt-runtime
# covers: container clone --memory-swappiness
def test_limits_of_cgroup_v1_are_said_to_have_no_effect(shared: Pypod) -> None:
    cid = shared("create", "--network=none", shared.image, "true").out
    for option in ("--cpu-rt-period=1000", "--cpu-rt-runtime=1000", "--memory-swappiness=5"):
        for words in (["update", option, cid], ["container", "clone", option, cid]):
            assert "v1" in shared(*words).stderr


# covers: update, update --env, update --unsetenv, update --latest
def test_update_of_the_environment(shared: Pypod) -> None:
    words = ["--network=none", "-e", "A=1", "-e", "B=2"]
    cid = shared("create", *words, shared.image, "sh", "-c", "echo $A-$B-$C").out
    assert shared("update", "--env", "A=3", "-e", "C=x=y", "--unsetenv", "B", cid).out == cid
    assert shared("start", "-a", cid).out == "3--x=y"
    assert shared("update", "-l").out == cid
    assert shared("start", "-a", cid).out == "3--x=y"


# covers: update
@pytest.mark.parametrize("action", ["kill", "fail"])
def test_an_interrupted_update_changes_nothing(shared: Pypod, action: str) -> None:
    cid = shared("create", "--network=none", "-e", "A=1", shared.image, "sh", "-c", "echo $A").out
    shared("update", "-e", "A=2", cid, env={"PYPOD_FAILPOINT": f"update:after-cgroup={action}"}, check=False)
    assert shared("start", "-a", cid).out == "1"
    shared("update", "-e", "A=2", cid)
    assert shared("start", "-a", cid).out == "2"


# covers: update, container clone --pod
def test_update_refuses(shared: Pypod) -> None:
    cid = shared("create", "--network=none", "--cgroups=disabled", shared.image, "true").out
    for words, says in (
        (["--cpus=1", cid], "--cgroups=disabled"),
        (["--restart=sometimes", cid], "sometimes"),
        (["--memory=bogus", cid], "memory"),
        (["--cpus=1", "nx"], "nx"),
        (["--cpus=1"], "container"),
        (["--device-read-bps=/nx:1mb", cid], "device-read-bps"),
    ):
        failed = shared("update", *words, check=False)
        assert failed.code == 125
        assert says in failed.stderr
    failed = shared("container", "clone", "--pod=p", cid, check=False)
    assert failed.code == 125


# port


# covers: port, port --all, port --latest, container port
def test_port(shared: Pypod) -> None:
    cid = shared("create", "--network=none", shared.image, "true").out
    for words in ([cid], ["-a"], ["-l"]):
        assert not shared("port", *words).stdout
    assert not shared("container", "port", cid).stdout
    for words in (["nx"], [], ["-a", cid], [cid, "80"], [cid, "x"], [cid, "80", "81"]):
        assert shared("port", *words, check=False).code == 125


def test_checkpoints_are_refused_with_what_to_do(shared: Pypod) -> None:
    for verb in ("checkpoint", "restore"):
        failed = shared("container", verb, "x", check=False)
        assert failed.code == 125
        assert "not supported yet" in failed.stderr
        assert "pypod commit" in failed.stderr
    assert os.getuid() != 0
