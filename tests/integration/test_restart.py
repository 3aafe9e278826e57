"""Restart policies: the monitor starts its container again."""

from __future__ import annotations

import os
import signal
import urllib.request
from typing import Any

import pytest

from tests.support import processes
from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap")

QUICK = {"PYPOD_TEST_MAX_BACKOFF": "0.001"}
SLOW = ["IMAGE", "sh", "-c", "test -e /ran && exit 3; touch /ran; sleep 7001"]
"""Runs until it is killed, and ends at once from then on."""


def count(pypod: Pypod, name: str) -> int:
    return int(pypod("inspect", "--format", "{{.RestartCount}}", name).out)


def monitor(pypod: Pypod, name: str) -> int:
    return int(pypod.state(name)["MonitorPid"])


def answered(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bytes(reply.read())
    except OSError:
        return b""


def kill_first(pypod: Pypod, name: str) -> None:
    """End its first process behind the engine's back."""
    processes.kill(int(pypod.state(name)["Pid"]))


def waits(pypod: Pypod, name: str) -> None:
    """Bring a container that ends at once into its pauses, of which each is twice as long."""
    wait_until(lambda: count(pypod, name) >= 3, what="three restarts")
    wait_until(lambda: pypod.state(name)["Status"] == "restarting", what="a pause")


# covers: run --restart
def test_on_failure_ends_after_so_many_restarts(shared: Pypod) -> None:
    words = ("--name", "c", "--restart", "on-failure:2", "IMAGE", "sh", "-c", "echo x; exit 3")
    done = shared.run(*words, check=False)
    assert (done.code, done.out) == (3, "x"), "who is attached sees the first run, as with Podman"
    assert shared("wait", "c").out == "3"
    assert shared("logs", "c").lines == ["x"] * 3
    assert count(shared, "c") == 2
    policy = shared("inspect", "--format", "{{json .HostConfig.RestartPolicy}}", "c").json()
    assert policy == {"Name": "on-failure", "MaximumRetryCount": 2}
    only = f"container={shared('inspect', '--format', '{{.Id}}', 'c').out}"  # others had the name before
    events = shared("events", "--stream=false", "--filter", only, "--format", "{{.Status}}").lines
    assert events == [
        *("create", "init", "start", "attach", "died"),
        *("restart", "init", "start", "died") * 2,
        "cleanup",
    ]


# covers: create --restart
def test_success_is_no_failure(shared: Pypod) -> None:
    shared("create", "--name", "c", "--restart", "on-failure", shared.image, "true")
    shared("start", "c")
    assert shared("wait", "c").out == "0"
    assert count(shared, "c") == 0


# covers: run --restart
def test_network_ports_and_files_stay(shared: Pypod) -> None:
    shared.run(
        "-d", "--name", "c", "--restart", "always", "-p", "80", *SLOW[:3], "echo x >>/f; exec sleep 7001"
    )
    before = (monitor(shared, "c"), shared("port", "c").out)
    net = os.readlink(f"/proc/{shared.state('c')['Pid']}/ns/net")
    kill_first(shared, "c")
    wait_until(lambda: count(shared, "c") == 1 and shared.state("c")["Status"] == "running", what="it runs")
    assert (monitor(shared, "c"), shared("port", "c").out) == before
    assert os.readlink(f"/proc/{shared.state('c')['Pid']}/ns/net") == net
    assert shared("exec", "c", "cat", "/f").lines == ["x", "x"]
    shared("stop", "-t", "0", "c")
    assert shared.state("c")["Status"] == "exited"
    assert count(shared, "c") == 1
    shared("start", "c")
    assert count(shared, "c") == 0


@pytest.mark.parametrize("policy", ["always", "unless-stopped"])
# covers: run --restart
def test_what_is_stopped_or_killed_stays_so(shared: Pypod, policy: str) -> None:
    shared.run("-d", "--name", "c", "--restart", policy, "IMAGE", "sleep", "7001")
    for words in (["stop", "-t", "0", "c"], ["kill", "c"]):
        shared(*words)
        assert shared.state("c")["Status"] == "exited"
        assert shared("wait", "c").out == "137"
        assert count(shared, "c") == 0
        shared("start", "c")
    shared("rm", "-f", "-t", "0", "c")
    assert shared("ps", "-aq").out == ""


# covers: run --restart
def test_what_can_be_done_in_the_pause(shared: Pypod) -> None:
    shared.run("-d", "--name", "c", "--restart", "always", "IMAGE", "sh", "-c", "exit 4")
    waits(shared, "c")
    shown: dict[str, Any] = shared.state("c")
    assert (shown["Restarting"], shown["Running"], shown["ExitCode"], shown["Pid"]) == (True, True, 4, 0)
    assert shared("ps", "--format", "{{.Status}}").out.startswith("Restarting (4)")
    for words in ("pause c", "exec c true", "attach c", "top c", "kill -s HUP c"):
        waits(shared, "c")
        failed = shared(*words.split(), check=False)
        assert failed.code in (125, 255, 1), str(failed)
        assert "about to be started again" in failed.stderr, str(failed)
    assert shared("rm", "c", check=False).code == 2
    shared("stop", "c")
    assert shared.state("c")["Status"] == "exited"
    assert shared("wait", "c").out == "4"
    assert count(shared, "c") >= 3
    shared("start", "c")
    waits(shared, "c")
    shared("kill", "c")
    assert shared.state("c")["Status"] == "exited"
    shared("start", "c")
    waits(shared, "c")
    shared("rm", "-f", "c")
    assert shared("ps", "-aq").out == ""


# covers: run --restart
def test_a_crash_loop_leaves_nothing_behind(shared: Pypod) -> None:
    shared.run("-d", "--name", "c", "--restart", "on-failure:30", "IMAGE", "sh", "-c", "exit 1", env=QUICK)
    pid = monitor(shared, "c")
    wait_until(lambda: count(shared, "c") >= 5, what="some restarts")
    descriptors = len(os.listdir(f"/proc/{pid}/fd")) if os.access(f"/proc/{pid}/fd", os.R_OK) else 0
    wait_until(lambda: count(shared, "c") >= 25, what="more restarts")
    if descriptors:
        assert len(os.listdir(f"/proc/{pid}/fd")) <= descriptors + 12  # those of one start
    assert shared("wait", "c").out == "1"
    assert count(shared, "c") == 30


# covers: run --restart, create --restart
def test_what_is_refused(shared: Pypod) -> None:
    for words, says in (
        (["--rm", "--restart=always"], "--rm"),
        (["--rm", "--restart=unless-stopped"], "--rm"),
        (["--restart=sometimes"], "sometimes"),
        (["--restart=always:3"], "always:3"),
        (["--restart=on-failure:-1"], "on-failure:-1"),
    ):
        failed = shared.run(*words, "IMAGE", "true", check=False)
        assert (failed.code, says in failed.stderr) == (125, True), str(failed)
    assert shared("ps", "-aq").out == ""


# covers: run --restart
def test_removed_at_the_last_end(shared: Pypod) -> None:
    shared.run("-d", "--rm", "--name", "c", "--restart", "on-failure:2", "IMAGE", "sh", "-c", "exit 5")
    shared("wait", "c", check=None)
    wait_until(lambda: shared("ps", "-aq").out == "", what="it is removed")
    words = ("--rm", "--name", "d", "--restart", "on-failure:1", "IMAGE", "sh", "-c", "exit 5")
    assert shared.run(*words, check=False).code == 5
    wait_until(lambda: shared("ps", "-aq").out == "", what="it is removed")


# covers: update --restart
def test_another_policy_for_one_that_runs(shared: Pypod) -> None:
    shared.run("-d", "--name", "c", "IMAGE", "sleep", "7001")
    shared("update", "--restart", "always", "c")
    kill_first(shared, "c")
    wait_until(lambda: count(shared, "c") == 1 and shared.state("c")["Status"] == "running", what="it runs")
    shared("update", "--restart", "no", "c")
    kill_first(shared, "c")
    assert shared("wait", "c").out == "137"
    assert count(shared, "c") == 1
    shared("update", "--restart", "on-failure:4", "c")
    clone = shared("container", "clone", "c").out
    policy = shared("inspect", "--format", "{{json .HostConfig.RestartPolicy}}", clone).json()
    assert policy == {"Name": "on-failure", "MaximumRetryCount": 4}


# covers: run --restart
@pytest.mark.parametrize("options", [["-t"], ["-i"], ["--userns=auto"], ["--network=host"]])
def test_with_a_terminal_and_other_namespaces(shared: Pypod, options: list[str]) -> None:
    shared.run(
        "-d", "--name", "c", *options, "--restart", "on-failure:2", "IMAGE", "sh", "-c", "echo x; exit 1"
    )
    assert shared("wait", "c").out == "1"
    assert shared("logs", "c").stdout.split() == ["x"] * 3


# covers: run --restart
def test_an_orderly_end_of_the_machine_is_the_end(shared: Pypod) -> None:
    """Also when the monitor executes itself again between the signal and the end of the container."""
    shared.run("-d", "--name", "c", "--restart", "always", "--stop-timeout", "4", "IMAGE", "sleep", "7001")
    pid = monitor(shared, "c")
    os.kill(pid, signal.SIGTERM)
    assert shared("wait", "c").out == "137"
    assert count(shared, "c") == 0


# covers: run --restart
@pytest.mark.parametrize("options", [[], ["--userns=auto"]])
def test_a_published_port_leads_to_the_next_run(shared: Pypod, options: list[str]) -> None:
    serve = "mkdir -p /w; echo hi >/w/index.html; exec httpd -f -h /w -p 80"
    shared.run("-d", "--name", "c", *options, "--restart", "always", "-p", "80", "IMAGE", "sh", "-c", serve)
    url = f"http://127.0.0.1:{shared('port', 'c').lines[0].rpartition(':')[2]}/"
    for restarts in range(3):
        wait_until(lambda number=restarts: count(shared, "c") == number, what="the next run")
        wait_until(lambda: answered(url) == b"hi\n", what="an answer")
        kill_first(shared, "c")


# covers: ps --filter, start --filter
def test_containers_by_their_policy(shared: Pypod) -> None:
    for name, policy in (("a", "always"), ("f", "on-failure:3"), ("n", "no")):
        shared("create", "--name", name, "--restart", policy, shared.image, "sleep", "7001")
    for policy, name in (("always", "a"), ("on-failure", "f"), ("no", "n")):
        assert (
            shared("ps", "-a", "--filter", f"restart-policy={policy}", "--format", "{{.Names}}").out == name
        )
    assert shared("ps", "--filter", "restart-policy=x", check=False).code == 125
    shared("start", "--all", "--filter", "restart-policy=always")
    assert shared("ps", "--format", "{{.Names}}").out == "a"


# covers: run --restart
def test_a_member_of_a_pod(shared: Pypod) -> None:
    shared("pod", "create", "p")
    shared.run("-d", "--pod", "p", "--name", "c", "--restart", "always", "IMAGE", "sleep", "7001")
    kill_first(shared, "c")
    wait_until(lambda: count(shared, "c") == 1 and shared.state("c")["Status"] == "running", what="it runs")
    shared("pod", "stop", "-t", "0", "p")
    assert shared.state("c")["Status"] == "exited"
    shared("pod", "rm", "-f", "p")


# covers: run --restart
@pytest.mark.parametrize("point", ["monitor:before-restart", "monitor:again-created", "monitor:restarted"])
@pytest.mark.parametrize("action", ["kill", "fail"])
def test_the_monitor_dies_on_the_way(shared: Pypod, point: str, action: str) -> None:
    """Then the status is true, what is known of the last end is told, and the container can be started."""
    armed = {"PYPOD_FAILPOINT": f"{point}={action}"}
    shared.run("-d", "--name", "c", "--restart", "always", *SLOW, env=armed)
    pid = monitor(shared, "c")
    wait_until(lambda: shared("exec", "c", "test", "-e", "/ran", check=None).code == 0, what="it has begun")
    kill_first(shared, "c")
    wait_until(lambda: processes.read(pid) is None, what="the monitor is gone")
    wait_until(lambda: shared.state("c")["Status"] in ("exited", "initialized"), what="the truth")
    if point == "monitor:before-restart":
        assert shared.state("c")["ExitCode"] == 137
    shared("stop", "-t", "0", "c")
    shared("start", "c")
    waits(shared, "c")
    shared("rm", "-f", "c")
