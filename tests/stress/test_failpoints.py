"""The process dies, or its step fails, at every point that changes something (libpod/util/failpoint.py).

Afterwards `ps` tells the truth, the command works when it is repeated, and `rm -af` leaves nothing. The
commands of one test run side by side in one store.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import engine, processes
from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = [pytest.mark.needs("crun", "slirp4netns", "newuidmap"), pytest.mark.slow]

LONG = "sleep 7001"
"""What a container of these tests runs until it is ended."""
SHORT = "exit 3"
KILLED = -9

COMMANDS = {
    "create": ["create"],
    "run": ["run"],
    "run --rm": ["run", "--rm"],
    "run -d": ["run", "-d"],
    "run -d --rm": ["run", "-d", "--rm"],
}
RUNS = ["run", "run --rm", "run -d", "run -d --rm"]
STARTS = [*RUNS, "start"]
ON_CREATED = {"start": ["start"], "rm": ["rm", "-v"]}
ON_RUNNING = {"rm -f": ["rm", "-f", "-t", "0"], "stop": ["stop", "-t", "1"], "exec": ["exec", "NAME", "true"]}


@pytest.fixture
def store(shared: Pypod) -> Iterator[Pypod]:
    """The shared store; `rm -af` must take everything out of it that a test has left."""
    before = engine.snapshot()
    yield shared
    shared.stop_clients()
    shared("rm", "-af", "-t", "0")
    found = engine.leaks_since(before)
    shared("volume", "rm", "-af")  # the next one to enter removes what killed ones have left in ns/
    for folder in ("containers", "volumes", "trash", "tmp", "ns", "cgroups"):
        found += [f"{folder}/{name}" for name in os.listdir(shared.graphroot / folder)]
    locks = os.listdir(shared.graphroot / "locks")
    found += [f"locks/{name}" for name in locks if name.startswith(("40-", "50-"))]
    assert not found, "left behind:\n  " + "\n  ".join(found)


class Attempt:
    """One command that meets an armed failpoint; it works on a container of its own."""

    def __init__(self, pypod: Pypod, label: str, action: str, script: str, options: list[str]) -> None:
        self.name = "-".join([*label.replace("-", "").split(), action])
        self.label = label
        self.words = self._words(pypod, script, options)

    def _words(self, pypod: Pypod, script: str, options: list[str]) -> list[str]:
        options = [word.replace("NAME", self.name) for word in options]
        rest = [*options, "--name", self.name, pypod.image, "sh", "-c", f"exec {script}"]
        if script == SHORT:
            rest[-1] = script
        if self.label in COMMANDS:
            return [*COMMANDS[self.label], *rest]
        if self.label in ON_CREATED:
            pypod("create", *rest)
            return [*ON_CREATED[self.label], self.name]
        pypod("run", "-d", *rest)
        words = ON_RUNNING[self.label]
        if "NAME" not in words:
            words = [*words, "NAME"]
        return [self.name if word == "NAME" else word for word in words]

    def __str__(self) -> str:
        return " ".join(self.words)


def at_once(
    pypod: Pypod,
    point: str,
    labels: list[str],
    actions: list[str],
    script: str,
    options: list[str] | None = None,
) -> dict[str, tuple[int, str]]:
    """Let the commands meet the failpoint, all at the same time; their exit codes and messages by name.

    Then look at what they have left, and repeat them.
    """
    if options is None:
        options = []
    tries = [Attempt(pypod, label, action, script, options) for action in actions for label in labels]
    clients = []
    for one in tries:
        armed = {"PYPOD_FAILPOINT": f"{point}={one.name.rpartition('-')[2]}"}
        clients.append(pypod.start(*one.words, env=armed))
    results = {}
    for one, client in zip(tries, clients, strict=True):
        _, err = client.communicate(timeout=30)
        assert "Traceback" not in err, f"{one}: {err}"
        results[one.name] = (client.returncode, err)
    wait_until(lambda: not lies(pypod), what=f"the truth after {point}: {lies(pypod)}")
    repeat(pypod, tries, script)
    return results


def repeat(pypod: Pypod, tries: list[Attempt], script: str) -> None:
    """Give the same commands again, without a failpoint. `run` and `create` need the name."""
    named = [one.name for one in tries if one.label in COMMANDS]
    if named:
        pypod("rm", "-f", "-t", "0", *named)
    clients = []
    for one in tries:
        words = one.words
        if script == LONG and words[0] == "run" and "-d" not in words:
            words = ["run", "-d", *words[1:]]
        if words[0] == "rm":  # it may be gone already
            words = ["rm", "-f", *words[1:]]
        clients.append(pypod.start(*words))
    for one, client in zip(tries, clients, strict=True):
        out, err = client.communicate(timeout=30)
        wanted = 3 if script == SHORT and one.words[0] == "run" and "-d" not in one.words else 0
        assert client.returncode == wanted, f"{one} once more: {client.returncode} {out}{err}"
    if script == LONG:
        states = {c["Names"][0]: c["State"] for c in listed(pypod)}
        alive = [one.name for one in tries if one.label in ("start", *RUNS)]
        assert {name: states.get(name) for name in alive} == dict.fromkeys(alive, "running")


def listed(pypod: Pypod) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pypod("ps", "-a", "--format", "json").json()
    return found


def lies(pypod: Pypod) -> list[str]:
    """Where `ps` and the processes disagree: one that runs and is not shown, or is shown and does not run."""
    shown = {}
    for row in listed(pypod):
        if row["State"] in ("running", "paused", "stopping", "initialized") and not row["IsInfra"]:
            shown[int(row["Pid"])] = f"{row['Names'][0]} {row['State']}"
    real = {p.pid: p for p in processes.of_account() if p.cmdline == LONG}
    wrong = [f"not shown: {proc}" for pid, proc in real.items() if pid not in shown]
    for pid, text in shown.items():
        if pid not in real and ("initialized" not in text or processes.read(pid) is None):
            wrong.append(f"shown: {text}, and its process {pid} is {processes.read(pid)}")
        if pid in real and "initialized" in text:
            wrong.append(f"shown: {text}, and it runs")
    return wrong


CLIENT_STARTS = {
    "create:after-dirs": ["create", *RUNS],
    "create:after-row": ["create", *RUNS],
    "run:after-insert": RUNS,
    "start:after-prepared": STARTS,
    "start:after-bundle": STARTS,
}


@pytest.mark.parametrize("point", CLIENT_STARTS)
def test_the_client_dies_before_the_start(store: Pypod, point: str) -> None:
    """Then nothing has run: everything is undone, by the client or by the monitor that it leaves behind."""
    results = at_once(store, point, CLIENT_STARTS[point], ["kill", "fail"], LONG)
    for name, (code, err) in results.items():
        if name.endswith("kill"):
            assert code == KILLED, (name, err)
        else:
            assert (code, err.splitlines()[0]) == (125, f"Error: failpoint {point}"), name


CLIENT_STARTED = {"start:after-started": STARTS, "run:after-start": RUNS}


@pytest.mark.parametrize("point", CLIENT_STARTED)
def test_the_client_dies_after_the_start(store: Pypod, point: str) -> None:
    results = at_once(store, point, CLIENT_STARTED[point], ["kill"], LONG)
    assert {code for code, _ in results.values()} == {KILLED}


MONITOR_STARTS = [
    "monitor:forked",
    "monitor:after-mount-namespace",
    "monitor:after-surround-message",
    "monitor:after-alive",
    "monitor:after-slirp",
    "monitor:after-network",
    "monitor:after-prepare-message",
    "monitor:after-mount",
    "monitor:after-prepared",
    "monitor:after-start-message",
    "monitor:after-cgroup",
    "monitor:after-create",
    "monitor:before-ready",
    "monitor:before-start",
    "monitor:after-start",
    "monitor:after-status",
]


@pytest.mark.parametrize("point", MONITOR_STARTS)
def test_the_monitor_dies_while_it_starts(store: Pypod, point: str) -> None:
    results = at_once(store, point, ["run", "run --rm", "run -d", "start"], ["kill", "fail"], LONG)
    for name, (code, err) in results.items():
        wanted = "the container's monitor ended" if name.endswith("kill") else f"failpoint {point}"
        assert (code, wanted in err) == (125, True), (name, code, err)


@pytest.mark.parametrize("point", ["monitor:after-ports", "monitor:after-forwarder"])
def test_the_monitor_dies_while_it_publishes(store: Pypod, point: str) -> None:
    results = at_once(
        store, point, ["run", "run --rm", "run -d", "start"], ["kill", "fail"], LONG, ["-p", "80"]
    )
    for name, (code, err) in results.items():
        wanted = "the container's monitor ended" if name.endswith("kill") else f"failpoint {point}"
        assert (code, wanted in err) == (125, True), (name, code, err)


def test_the_monitor_dies_when_it_has_started(store: Pypod) -> None:
    """The client has been told already: one in the background may be content."""
    results = at_once(
        store, "monitor:after-started", ["run", "run --rm", "run -d", "start"], ["kill", "fail"], LONG
    )
    assert {code for name, (code, _) in results.items() if "run" in name and "d-" not in name} <= {125, 137}


MONITOR_ENDS = {
    "monitor:after-exit": RUNS,
    "monitor:after-drain": RUNS,
    "monitor:after-exit-file": RUNS,
    "monitor:after-delete": RUNS,
    "monitor:before-ports-free": RUNS,
    "monitor:after-unmount": ["run --rm", "run -d --rm"],
    "monitor:after-exited": RUNS,
    "monitor:before-cleanup": ["run -d --rm"],
}


@pytest.mark.parametrize("point", MONITOR_ENDS)
def test_the_monitor_dies_while_it_finishes(store: Pypod, point: str) -> None:
    """An exit code that was seen is never lost, one that was not is never 0; a step that fails is no loss."""
    results = at_once(store, point, MONITOR_ENDS[point], ["kill", "fail"], SHORT)
    for name, (code, err) in results.items():
        if name.startswith("run-d"):
            assert code == 0, (name, err)
        elif name.endswith("fail") or point == "monitor:after-exited":
            assert code == 3, (name, err)
        else:
            assert (code, "monitor ended" in err) == (125, True), (name, code, err)


def test_the_monitor_dies_when_the_client_has_removed_the_container(store: Pypod) -> None:
    """Nobody is left who knows of its cgroup; the next `rm` finds it."""
    armed = {"PYPOD_FAILPOINT": "monitor:after-exited=pause"}
    before = processes.of_account()
    assert store.run("--rm", "IMAGE", "sh", "-c", SHORT, env=armed, check=None).code == 3
    stopped = [p for p in processes.of_account() - before if p.cmdline.startswith("pypod: monitor")]
    inner = Path(os.readlink(next((store.graphroot / "cgroups").iterdir())))
    assert inner.name in {Path(path).name for path in engine.cgroups()}
    store("rm", "-af")
    assert inner.name in {Path(path).name for path in engine.cgroups()}, "its monitor was still there"
    for monitor in stopped:
        processes.kill(monitor.pid)
    wait_until(lambda: not processes.of_account() - before, what="the monitor's helpers have ended")
    store("rm", "-af")
    assert inner.name not in {Path(path).name for path in engine.cgroups()}


def test_the_client_dies_when_it_has_removed_the_container(store: Pypod) -> None:
    results = at_once(store, "run:before-cleaned", ["run --rm"], ["kill", "fail"], SHORT)
    assert [code for code, _ in results.values()] == [KILLED, 125]


REMOVALS = {"remove:after-trash": ["rm", "rm -f"], "remove:after-row": ["rm", "rm -f"]}


@pytest.mark.parametrize("point", REMOVALS)
def test_the_client_dies_while_it_removes(store: Pypod, point: str) -> None:
    results = at_once(store, point, REMOVALS[point], ["kill", "fail"], LONG)
    for name, (code, err) in results.items():
        assert code == (KILLED if name.endswith("kill") else 125), (name, err)


@pytest.mark.parametrize("point", REMOVALS)
def test_whoever_removes_after_the_end_dies(store: Pypod, point: str) -> None:
    """With `-d` the command dies that the monitor starts to remove the container."""
    results = at_once(store, point, ["run --rm", "run -d --rm"], ["kill", "fail"], SHORT)
    assert [code for code, _ in results.values()] == [KILLED, 0, 125, 0]


@pytest.mark.parametrize("point", ["stop:before-signal", "stop:after-signal"])
def test_the_client_dies_while_it_stops(store: Pypod, point: str) -> None:
    """The container is not `stopping` any longer."""
    results = at_once(store, point, ["stop"], ["kill", "fail"], LONG)
    assert [code for code, _ in results.values()] == [KILLED, 125]


def test_the_client_dies_before_it_kills(store: Pypod) -> None:
    store.detached("--name", "c")
    for action, code in (("kill", KILLED), ("fail", 125)):
        armed = {"PYPOD_FAILPOINT": f"kill:before-signal={action}"}
        assert store("kill", "c", env=armed, check=None).code == code
        assert store.state("c")["Status"] == "running"
    store("kill", "c")
    assert store("wait", "c").out == "137"


VOLUMES = {
    "volume:after-dir": ["create", *RUNS],
    "volume:after-copy": STARTS,
    "volume:before-row": STARTS,
}


@pytest.mark.parametrize("point", VOLUMES)
def test_the_client_dies_while_it_makes_a_volume(store: Pypod, point: str) -> None:
    """The volume is whole afterwards: filled by the command that comes next."""
    options = ["-v", "NAME:/etc", "-v", "/root"]
    results = at_once(store, point, VOLUMES[point], ["kill", "fail"], LONG, options)
    for name, (code, err) in results.items():
        assert code == (KILLED if name.endswith("kill") else 125), (name, err)
        if not name.startswith("create"):
            assert store("exec", name, "test", "-e", "/etc/passwd").code == 0


def test_the_client_dies_while_it_removes_a_volume(store: Pypod) -> None:
    results = at_once(store, "volume:after-row", ["rm", "rm -f"], ["kill", "fail"], LONG, ["-v", "/root"])
    assert {code for name, (code, _) in results.items() if name.startswith("rm-kill")} == {KILLED}
    for action, code in (("kill", KILLED), ("fail", 125)):
        store("volume", "create", "data")
        armed = {"PYPOD_FAILPOINT": f"volume:after-row={action}"}
        assert store("volume", "rm", "data", env=armed, check=None).code == code
        assert "data" not in store("volume", "ls", "-q").lines


def test_the_monitor_dies_when_it_has_begun_an_exec(store: Pypod) -> None:
    tries = {}
    for action in ("kill", "fail"):
        store.run(
            "-d",
            "--name",
            action,
            "IMAGE",
            "sleep",
            "7001",
            env={"PYPOD_FAILPOINT": f"monitor:after-exec={action}"},
        )
        tries[action] = store("exec", action, "true", check=False)
        assert not lies(store)
    assert "failpoint" in tries["fail"].stderr
    assert "ended before" in tries["kill"].stderr
    store("stop", "-t", "0", "kill")
    store("start", "kill")
    for name in ("kill", "fail"):
        assert store("exec", name, "echo", "inside", check=None).code == (0 if name == "kill" else 125)


RESUMPTION = {
    "monitor:before-exec": {"kill": "unmonitored", "fail": "running"},
    "monitor:resumed": {"kill": "unmonitored", "fail": "exited"},
}


def test_the_monitor_dies_while_it_executes_itself_again(store: Pypod) -> None:
    """One that cannot do it stays as it was; one that cannot go on ends its container in order."""
    for point, actions in RESUMPTION.items():
        for action in actions:
            name = f"{point[8:]}-{action}"
            store.run(
                "-d", "--name", name, "IMAGE", "sleep", "7001", env={"PYPOD_FAILPOINT": f"{point}={action}"}
            )
    for point, actions in RESUMPTION.items():
        for action, wanted in actions.items():
            name = f"{point[8:]}-{action}"
            if wanted == "running":
                assert store("exec", name, "echo", "inside").out == "inside"
                continue
            wait_until(
                lambda name=name: store("exec", name, "true", check=None).code, what=f"{name} has met it"
            )
            assert store.state(name)["Status"] == ("exited" if wanted == "exited" else "running")
            store("stop", "-t", "0", name)
            store("start", name)
            assert store("exec", name, "echo", "inside").out == "inside"
    assert not lies(store)


def test_the_client_dies_while_it_makes_a_pod(store: Pypod) -> None:
    """Either the pod is there with its infra container, or neither is; the same command works then."""
    for point in ("pod-create:after-dirs", "pod-create:after-row"):
        for action, code in (("kill", KILLED), ("fail", 125)):
            name = f"{point[11:]}-{action}"
            armed = {"PYPOD_FAILPOINT": f"{point}={action}"}
            assert store("pod", "create", name, env=armed, check=None).code == code
            there = name in store("pod", "ps", "--format", "{{.Name}}").lines
            assert there == (point == "pod-create:after-row")
            store("pod", "create", "--replace", "--name", name)
            store.run("-d", "--pod", name, "IMAGE", "sleep", "7001")
    assert not lies(store)


def test_the_client_dies_while_it_removes_a_pod(store: Pypod) -> None:
    for point in ("pod-rm:after-members", "pod-rm:after-infra"):
        for action, code in (("kill", KILLED), ("fail", 125)):
            name = f"{point[7:]}-{action}"
            store("pod", "create", name)
            store.run("-d", "--pod", name, "IMAGE", "sleep", "7001")
            armed = {"PYPOD_FAILPOINT": f"{point}={action}"}
            assert store("pod", "rm", "-f", "-t", "0", name, env=armed, check=None).code == code
            assert name in store("pod", "ps", "--format", "{{.Name}}").lines
            store("pod", "rm", "-f", name)
    assert store("pod", "ps", "-q").out == store("ps", "-aq").out == ""


def test_the_client_dies_while_it_keeps_a_secret(store: Pypod) -> None:
    """Nothing is listed, the same command works then, and the data that was left goes some time later."""
    for action, code in (("kill", KILLED), ("fail", 125)):
        armed = {"PYPOD_FAILPOINT": f"secret:after-data={action}"}
        assert store("secret", "create", "s", "-", input="x", env=armed, check=None).code == code
        assert store("secret", "ls", "-q").out == ""
    left = [store.graphroot / "secrets" / name for name in os.listdir(store.graphroot / "secrets")]
    for path in left:
        os.utime(path, (1, 1))
    made = store("secret", "create", "s", "-", input="x").out
    store("rm", "-af")
    assert os.listdir(store.graphroot / "secrets") == [made]
    store("secret", "rm", "s")
