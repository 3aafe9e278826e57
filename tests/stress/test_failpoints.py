"""The process dies, or its step fails, at every point that changes something (libpod/util/failpoint.py).

Afterwards `ps` tells the truth, the command works when it is repeated, and `rm -af` leaves nothing. The
commands of one test run side by side in one store.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
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


@pytest.fixture
def store(shared: Pypod) -> Iterator[Pypod]:
    """The shared store; `rm -af` must take everything out of it that a test has left."""
    before = engine.snapshot()
    yield shared
    shared.stop_clients()
    shared("rm", "-af", "-t", "0")
    found = engine.leaks_since(before)
    shared("volume", "rm", "-af")  # the next one to enter removes what killed ones have left in ns/
    for folder in ("containers", "trash", "tmp", "ns"):
        found += [f"{folder}/{name}" for name in os.listdir(shared.graphroot / folder)]
    found += [f"locks/{name}" for name in os.listdir(shared.graphroot / "locks") if name[:3] == "40-"]
    assert not found, "left behind:\n  " + "\n  ".join(found)


class Attempt:
    """One command that meets an armed failpoint; it works on a container of its own."""

    def __init__(self, pypod: Pypod, label: str, action: str, script: str, options: list[str]) -> None:
        self.name = "-".join([*label.replace("-", "").split(), action])
        self.label = label
        self.words = self._words(pypod, script, options)

    def _words(self, pypod: Pypod, script: str, options: list[str]) -> list[str]:
        rest = [*options, "--name", self.name, pypod.image, "sh", "-c", f"exec {script}"]
        if script == SHORT:
            rest[-1] = script
        if self.label in COMMANDS:
            return [*COMMANDS[self.label], *rest]
        pypod("create", *rest)
        return [self.label, self.name]

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
        clients.append(pypod.start(*words))
    for one, client in zip(tries, clients, strict=True):
        out, err = client.communicate(timeout=30)
        wanted = 3 if script == SHORT and one.words[0] == "run" and "-d" not in one.words else 0
        assert client.returncode == wanted, f"{one} once more: {client.returncode} {out}{err}"
    if script == LONG:
        states = {c["Names"][0]: c["State"] for c in listed(pypod)}
        alive = [one.name for one in tries if one.label != "create"]
        assert {name: states.get(name) for name in alive} == dict.fromkeys(alive, "running")


def listed(pypod: Pypod) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pypod("ps", "-a", "--format", "json").json()
    return found


def lies(pypod: Pypod) -> list[str]:
    """Where `ps` and the processes disagree: one that runs and is not shown, or is shown and does not run."""
    shown = {}
    for row in listed(pypod):
        if row["State"] in ("running", "paused", "stopping", "initialized"):
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
