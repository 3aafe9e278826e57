"""kill -9 of every process that belongs to a container, at every step of its life.

Afterwards `ps` tells the truth, `rm -f` works, and (the fixture) no process, mount or cgroup is left.
"""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from tests.support import processes
from tests.support.engine import Pypod
from tests.support.processes import Handle, wait_until

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap")


def status(pypod: Pypod, name: str) -> str:
    return pypod("ps", "-a", "--filter", f"name={name}", "--format", "{{.Status}}").out


def is_truthful(pypod: Pypod, name: str) -> bool:
    """What `inspect` says agrees with the process that it names: "running" means that this one lives."""
    shown = pypod("inspect", "--format", "{{json .State}}", name, check=None)
    if shown.code:  # `--rm`: the monitor may remove it at any moment; then nothing may list it
        assert "no such" in shown.stderr, shown
        return not pypod("ps", "-aq", "--filter", f"name={name}").out
    state = json.loads(shown.out)
    alive = bool(state["Pid"]) and processes.read(int(state["Pid"])) is not None
    return (state["Status"] in ("running", "paused", "initialized")) == alive


def remove(pypod: Pypod, name: str) -> None:
    pypod("rm", "-f", "-t", "0", name)
    assert pypod("ps", "-aq").out == ""


def long_exec(pypod: Pypod, name: str) -> subprocess.Popen[str]:
    """A command that runs inside the container, and has begun to."""
    client = pypod.start("exec", name, "sh", "-c", "echo in; exec sleep 500")
    assert client.stdout
    assert client.stdout.readline() == "in\n"
    return client


def long_run(pypod: Pypod, *options: str) -> subprocess.Popen[str]:
    """An attached container, which has begun to run."""
    words = ["run", *options, "--name", "web", pypod.image, "sh", "-c", "echo up; exec sleep 1000"]
    client = pypod.start(*words)
    wait_until(lambda: pypod("logs", "web", check=None).stdout == "up\n", what="the first line of the log")
    return client


def test_init_killed(pypod: Pypod) -> None:
    pypod.detached("--name", "web")
    processes.kill(pypod.init_pid("web"))
    wait_until(lambda: status(pypod, "web").startswith("Exited (137)"), what="Exited (137)")
    remove(pypod, "web")


def test_monitor_killed(pypod: Pypod) -> None:
    pypod.detached("--name", "web")
    init = pypod.init_pid("web")
    processes.kill(pypod.monitor_pid("web"))
    assert is_truthful(pypod, "web")
    if processes.read(init):
        assert status(pypod, "web").startswith("Up")
        with Handle(init) as handle:
            pypod("stop", "-t", "0", "web")
            assert handle.wait_gone()
    assert status(pypod, "web").startswith("Exited")
    assert pypod.state("web")["ExitCode"] != 0, "an exit code that nobody saw is never 0"
    remove(pypod, "web")


def test_monitor_killed_then_started_again(pypod: Pypod) -> None:
    pypod.detached("--name", "web")
    processes.kill(pypod.monitor_pid("web"))
    pypod("stop", "-t", "0", "web")
    pypod("start", "web")
    assert pypod("exec", "web", "echo", "inside").out == "inside"
    remove(pypod, "web")


def test_monitor_and_init_killed(pypod: Pypod) -> None:
    pypod.detached("--name", "web")
    init, monitor = pypod.init_pid("web"), pypod.monitor_pid("web")
    processes.kill(monitor)
    processes.kill(init)
    assert is_truthful(pypod, "web")
    assert status(pypod, "web").startswith("Exited")
    assert pypod.state("web")["ExitCode"] != 0
    pypod("start", "web")
    assert pypod("exec", "web", "echo", "inside").out == "inside"
    remove(pypod, "web")


def test_network_helper_killed(pypod: Pypod) -> None:
    pypod.detached("--name", "web")
    processes.kill(pypod.slirp_pid("web"))
    assert is_truthful(pypod, "web")
    assert pypod("exec", "web", "echo", "inside").out == "inside"
    pypod("stop", "-t", "0", "web")
    pypod("start", "web")
    assert pypod.slirp_pid("web")
    remove(pypod, "web")


def test_attached_client_killed(pypod: Pypod) -> None:
    client = long_run(pypod)
    client.kill()
    client.wait()
    assert status(pypod, "web").startswith("Up")
    assert pypod("exec", "web", "echo", "inside").out == "inside"
    remove(pypod, "web")


def test_attached_client_with_rm_killed(pypod: Pypod) -> None:
    """The monitor removes the container in the client's place when it ends."""
    client = long_run(pypod, "--rm")
    client.kill()
    client.wait()
    processes.kill(pypod.init_pid("web"))
    wait_until(lambda: pypod("ps", "-aq").out == "", what="the container to be removed")


def test_exec_client_killed(pypod: Pypod) -> None:
    pypod.detached("--name", "web")
    client = long_exec(pypod, "web")
    client.kill()
    client.wait()
    assert status(pypod, "web").startswith("Up")
    assert pypod("exec", "web", "echo", "again").out == "again"
    remove(pypod, "web")


def test_monitor_killed_during_exec(pypod: Pypod) -> None:
    pypod.detached("--name", "web")
    client = long_exec(pypod, "web")
    processes.kill(pypod.monitor_pid("web"))
    assert client.wait(timeout=20) != 0
    assert is_truthful(pypod, "web")
    remove(pypod, "web")


def test_init_killed_during_exec(pypod: Pypod) -> None:
    pypod.detached("--name", "web")
    client = long_exec(pypod, "web")
    processes.kill(pypod.init_pid("web"))
    assert client.wait(timeout=20) == 137
    wait_until(lambda: status(pypod, "web").startswith("Exited (137)"), what="Exited (137)")
    remove(pypod, "web")


LIFE = {
    "run": ["run", "-d", "--name", "web", "IMAGE", "sleep", "1000"],
    "run-rm": ["run", "--rm", "--name", "web", "IMAGE", "sleep", "0.05"],
    "start": ["start", "web"],
    "exec": ["exec", "web", "sleep", "0.05"],
    "stop": ["stop", "-t", "0", "web"],
    "rm": ["rm", "-f", "-t", "0", "web"],
}


def make_ready(pypod: Pypod, step: str) -> list[str]:
    """Bring the container to where the step begins; return the words of the step."""
    if step == "start":
        pypod("create", "--name", "web", pypod.image, "sleep", "1000")
    elif step in ("exec", "stop", "rm"):
        pypod("run", "-d", "--name", "web", pypod.image, "sleep", "1000")
    return [pypod.image if word == "IMAGE" else word for word in LIFE[step]]


def check_and_remove(pypod: Pypod, when: str) -> None:
    wait_until(lambda: is_truthful(pypod, "web"), what=f"the truth after {when}")
    pypod("rm", "-f", "-i", "-t", "0", "web")
    assert pypod("ps", "-aq").out == "", f"left after {when}"


@pytest.mark.slow
@pytest.mark.parametrize("step", LIFE)
def test_client_killed_at_any_moment(pypod: Pypod, step: str) -> None:
    """The moment moves through the command; `ps` must be truthful and `rm -f` must work each time."""
    pypod("run", "--rm", pypod.image, "true")
    for n in range(14):
        words = make_ready(pypod, step)
        client = pypod.start(*words)
        time.sleep(0.008 * n)
        client.kill()
        client.wait()
        check_and_remove(pypod, f"{8 * n} ms of {step}")


@pytest.mark.slow
@pytest.mark.parametrize("step", ["run", "exec", "stop", "rm"])
@pytest.mark.parametrize("victim", ["monitor", "init", "slirp4netns"])
def test_helper_killed_at_any_moment(pypod: Pypod, step: str, victim: str) -> None:
    """While a command works, one process of the container dies; no command hangs, and the rest holds."""
    pypod("run", "--rm", pypod.image, "true")
    for n in range(8):
        before = {proc.pid for proc in processes.of_account()}
        words = make_ready(pypod, step)
        client = pypod.start(*words)
        time.sleep(0.012 * n)
        for pid in find(victim, before, client):
            processes.kill(pid)
        client.communicate(timeout=30)
        check_and_remove(pypod, f"{12 * n} ms of {step}")


def find(victim: str, before: set[int], client: subprocess.Popen[str]) -> list[int]:
    """The processes of this container that are the victim, if there are any yet."""
    own = [p for p in processes.of_account() if p.pid not in before and p.pid != client.pid]
    match victim:
        case "monitor":
            return [p.pid for p in own if "monitor" in p.cmdline]
        case "init":
            return [p.pid for p in own if p.cmdline.startswith("sleep 1000")]
        case _:
            return [p.pid for p in own if p.name == victim]
