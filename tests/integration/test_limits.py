"""Limits: ulimits, kernel parameters, and what needs a cgroup controller (or says which one is missing)."""

from __future__ import annotations

import os
import resource

import pytest

from libpod.util import wire
from tests.integration import raw
from tests.support import processes
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


# covers: run --ulimit
def test_ulimits(shared: Pypod) -> None:
    show = ["IMAGE", "sh", "-c", "ulimit -Sn; ulimit -Hn"]
    assert shared.run("--rm", "--ulimit", "nofile=100:200", *show).lines == ["100", "200"]
    assert shared.run("--rm", "--ulimit", "nofile=100", *show).lines == ["100", "100"]
    script = ["IMAGE", "sh", "-c", "ulimit -Sn; ulimit -Sc; ulimit -St"]
    options = ["--ulimit", "nofile=50", "--ulimit", "core=0:0", "--ulimit", "CPU=77"]
    assert shared.run("--rm", *options, *script).lines == ["50", "0", "77"]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert shared.run("--rm", "--ulimit", "host", *show).lines == [str(soft), str(hard)]
    assert shared.run("--rm", "--ulimit", f"nofile={raw.limits()}", *show).lines[1] == str(hard)


@pytest.mark.parametrize(
    "value", ["no-such-limit=1", "nofile", "nofile=x", "nofile=200:100", "nofile=-5", "="]
)
# covers: run --ulimit
def test_ulimits_that_cannot_be(shared: Pypod, value: str) -> None:
    assert shared.run("--rm", "--ulimit", value, "IMAGE", "true", check=False).code == 125


# covers: run --ulimit
def test_a_ulimit_above_the_callers_own(shared: Pypod) -> None:
    hard = raw.limits()
    if hard == resource.RLIM_INFINITY or os.getuid() == 0:
        return
    result = shared.run("--rm", "--ulimit", f"nofile={hard + 1}", "IMAGE", "true", check=False)
    assert (result.code, str(hard) in result.stderr) == (125, True)


# covers: run --sysctl
def test_kernel_parameters(shared: Pypod) -> None:
    options = ["--sysctl", "net.ipv4.ip_unprivileged_port_start=7", "--sysctl", "kernel.msgmax=5555"]
    out = shared.run(
        "--rm",
        *options,
        "IMAGE",
        "cat",
        "/proc/sys/net/ipv4/ip_unprivileged_port_start",
        "/proc/sys/kernel/msgmax",
    ).lines
    assert out == ["7", "5555"]
    listen = ["-u", "user", "IMAGE", "sh", "-c", "timeout 1 nc -l -p 80 2>&1 </dev/null; true"]
    assert "denied" in shared.run("--rm", *listen).out
    low = ["--sysctl", "net.ipv4.ip_unprivileged_port_start=0"]
    assert "denied" not in shared.run("--rm", *low, *listen).out


@pytest.mark.parametrize(
    "options",
    [
        ["--sysctl", "kernel.panic=1"],
        ["--sysctl", "vm.swappiness=1"],
        ["--sysctl", "net.core.somaxconn"],
        ["--sysctl", "=1"],
        ["--sysctl", "kernel/../vm.x=1"],
        ["--network", "host", "--sysctl", "net.ipv4.ip_forward=1"],
        ["--ipc", "host", "--sysctl", "kernel.msgmax=1"],
        ["--sysctl", "net.ipv4.no_such_parameter=1"],
    ],
    ids=" ".join,
)
# covers: run --sysctl
def test_kernel_parameters_that_cannot_be(shared: Pypod, options: list[str]) -> None:
    assert shared.run("--rm", *options, "IMAGE", "true", check=False).code == 125


@pytest.mark.parametrize(
    ("options", "controller", "file", "wanted"),
    [
        (["--memory", "64m"], "memory", "memory.max", "67108864"),
        (["-m", "64m", "--memory-swap", "96m"], "memory", "memory.swap.max", "33554432"),
        (["--memory-reservation", "32m"], "memory", "memory.low", "33554432"),
        (["--cpus", "0.5"], "cpu", "cpu.max", "50000 100000"),
        (["--cpu-period", "50000", "--cpu-quota", "20000"], "cpu", "cpu.max", "20000 50000"),
        (["-c", "1024"], "cpu", "cpu.weight", ""),
        (["--cpuset-cpus", "0"], "cpuset", "cpuset.cpus", "0"),
        (["--cpuset-mems", "0"], "cpuset", "cpuset.mems", "0"),
        (["--pids-limit", "33"], "pids", "pids.max", "33"),
        (["--pids-limit=-1"], "", "", ""),
        (["--blkio-weight", "200"], "io", "", ""),
        (["--device-read-bps", "/dev/vda:1m"], "io", "", ""),
        (["--device-read-iops", "/dev/vda:100"], "io", "", ""),
        (["--device-write-bps", "/dev/vda:1m"], "io", "", ""),
        (["--device-write-iops", "/dev/vda:100"], "io", "", ""),
        (["--blkio-weight-device", "/dev/vda:100"], "io", "", ""),
        (["--cgroup-conf", "pids.max=44"], "pids", "pids.max", "44"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
# covers: run --memory, run --memory-swap, run --memory-reservation, run --cpus, run --cpu-period
# covers: run --cpu-quota, run --cpu-shares, run --cpuset-cpus, run --cpuset-mems, run --pids-limit
# covers: run --blkio-weight, run --cgroup-conf, run --device-read-bps, run --device-read-iops
# covers: run --device-write-bps, run --device-write-iops, run --blkio-weight-device
def test_limits_hold_or_say_what_they_need(
    shared: Pypod, options: list[str], controller: str, file: str, wanted: str
) -> None:
    """Where the controller is delegated the file has the value; elsewhere nothing runs without its limit."""
    if controller and controller not in raw.controllers():
        result = shared.run("--rm", *options, "IMAGE", "true", check=False)
        assert (result.code, f'"{controller}"' in result.stderr) == (125, True), str(result)
        return
    cid = shared.detached(*options)
    if wanted:
        assert shared("exec", cid, "cat", f"/sys/fs/cgroup/{file}").out == wanted


@pytest.mark.parametrize(
    "options",
    [
        ["--memory", "x"],
        ["--memory=-1"],
        ["--memory-swap", "1m", "-m", "2m"],
        ["--memory-swap", "10m"],
        ["--cpus", "x"],
        ["--cpus=-1"],
        ["--cpus", "1", "--cpu-quota", "1000"],
        ["--pids-limit", "x"],
        ["--cpuset-cpus", "a-b"],
        ["--device-read-bps", "/dev/null"],
        ["--device-write-bps", "/dev/null:0"],
        ["--device-read-iops", "sda:5"],
        ["--device-write-iops", "/dev/null:x"],
        ["--blkio-weight-device", "/dev/null:5"],
        ["--blkio-weight", "5"],
        ["--cgroup-conf", "novalue"],
        ["--cpu-shares", "x"],
    ],
    ids=" ".join,
)
# covers: run --memory, run --cpus, run --pids-limit
def test_limits_that_make_no_sense(shared: Pypod, options: list[str]) -> None:
    assert shared.run("--rm", *options, "IMAGE", "true", check=False).code == 125


# covers: run --oom-score-adj
def test_the_score_of_the_oom_killer(shared: Pypod) -> None:
    out = shared.run("--rm", "--oom-score-adj", "555", "IMAGE", "cat", "/proc/self/oom_score_adj").out
    assert out == "555"
    assert shared.run("--oom-score-adj", "5000", "IMAGE", "true", check=False).code == 125


# covers: run --cpu-rt-period, run --memory-swappiness, run --oom-kill-disable, run --disable-content-trust
def test_options_without_effect_say_so(shared: Pypod) -> None:
    for options in (
        ["--cpu-rt-period", "1000"],
        ["--cpu-rt-runtime", "1000"],
        ["--memory-swappiness", "10"],
        ["--oom-kill-disable"],
        ["--disable-content-trust"],
    ):
        result = shared.run("--rm", *options, "IMAGE", "echo", "ran")
        assert result.out == "ran"
        assert "no effect" in result.stderr


def soft_and_hard(pid: int) -> tuple[int, int]:
    """RLIMIT_NOFILE of a process."""
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)


def test_a_monitor_has_all_the_descriptors_it_may_have_and_its_children_do_not(shared: Pypod) -> None:
    cid = shared.detached("--network", "slirp4netns")
    ours = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft_and_hard(shared.monitor_pid(cid)) == (ours[1], ours[1])
    assert soft_and_hard(shared.slirp_pid(cid)) == ours


def test_a_monitor_without_a_free_descriptor_lets_clients_wait_and_goes_on(shared: Pypod) -> None:
    cid = shared.detached()
    monitor = shared.monitor_pid(cid)
    run_dir = shared.graphroot / "containers" / cid / "run"
    resource.prlimit(monitor, resource.RLIMIT_NOFILE, (40, soft_and_hard(monitor)[1]))
    conns = []
    try:
        for _ in range(60):  # what is not accepted waits in the listener's queue
            conns.append(wire.connect(f"{run_dir}/control"))
        log = run_dir / "monitor.log"
        processes.wait_until(lambda: "no descriptor" in log.read_text(), what="the monitor has none left")
    finally:
        for conn in conns:
            conn.close()
    assert shared("exec", cid, "echo", "here").out == "here"
    assert log.read_text().count("no descriptor") == 1
    assert shared.monitor_pid(cid) == monitor
