"""Many clients at once: none of them may see an error, and nothing may be left."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.support import processes
from tests.support.engine import Pypod

pytestmark = [pytest.mark.needs("crun", "slirp4netns", "newuidmap"), pytest.mark.slow]

STEPS = {
    "run": ["run", "-d", "--name", "NAME", "IMAGE", "sleep", "1000"],
    "exec": ["exec", "NAME", "true"],
    "stop": ["stop", "-t", "0", "NAME"],
    "start": ["start", "NAME"],
    "rm": ["rm", "-f", "-t", "0", "NAME"],
}


def finish(children: list[subprocess.Popen[str]], codes: set[int]) -> None:
    """Wait for commands and report every one that failed, with what it said."""
    wrong = []
    for child in children:
        out, err = child.communicate(timeout=120)
        if child.returncode not in codes or "Traceback" in err:
            wrong.append(f"{child.args!r}: exit code {child.returncode}: {out}{err}")
    assert not wrong, "\n".join(wrong)


# covers: run --rm
def test_twenty_clients_run_and_remove_at_once(pypod: Pypod) -> None:
    image = pypod.image
    for _ in range(2):
        children = [pypod.start("run", "--rm", image, "sh", "-c", f"exit {n % 3}") for n in range(20)]
        for n, child in enumerate(children):
            _, err = child.communicate(timeout=120)
            assert (child.returncode, err) == (n % 3, "")
    assert pypod("ps", "-aq").out == ""


def test_twenty_clients_go_through_a_whole_life_at_once(pypod: Pypod) -> None:
    words = {"IMAGE": pypod.image}
    for step in STEPS.values():
        lines = [[{**words, "NAME": f"c{n}"}.get(word, word) for word in step] for n in range(20)]
        finish([pypod.start(*line) for line in lines], {0})
    assert pypod("ps", "-aq").out == ""


def test_one_name_is_given_once(pypod: Pypod) -> None:
    image = pypod.image
    children = [pypod.start("create", "--name", "only", image, "true") for _ in range(12)]
    codes = sorted(child.wait(timeout=60) for child in children)
    assert codes == [0] + [125] * 11
    assert pypod("ps", "-a", "--format", "{{.Names}}").lines == ["only"]


def test_start_and_remove_race_without_damage(pypod: Pypod) -> None:
    """Whoever comes first: the loser gets an error, the container is gone or runs, and no command hangs."""
    image = pypod.image
    for _ in range(5):
        pypod("create", "--name", "web", image, "sleep", "1000")
        lines = [
            ["start", "web"],
            ["rm", "-f", "-t", "0", "web"],
            ["start", "web"],
            ["stop", "-t", "0", "web"],
            ["rm", "-f", "-t", "0", "web"],
            ["ps", "-a"],
        ]
        # 2 is what rm answers for a container that runs again
        finish([pypod.start(*line) for line in lines], {0, 1, 2, 125})
        pypod("rm", "-f", "-i", "-t", "0", "web")
        assert pypod("ps", "-aq").out == ""


def test_readers_never_fail_while_others_write(pypod: Pypod) -> None:
    image = pypod.image
    writers = [pypod.start("run", "--rm", image, "true") for _ in range(10)]
    rounds = 0
    while any(child.poll() is None for child in writers):
        lines = [["ps", "-a"], ["images"], ["ps", "-a", "--format", "json"]]
        finish([pypod.start(*line) for line in lines], {0})
        rounds += 1
    finish(writers, {0})
    assert rounds


# covers: run --name
def test_twenty_clients_run_with_the_same_name(pypod: Pypod) -> None:
    """One gets it, the others a message, and nothing is left of them."""
    image = pypod.image
    children = [pypod.start("run", "-d", "--name", "X", image, "sleep", "1000") for _ in range(20)]
    results = [(*child.communicate(timeout=60), child.returncode) for child in children]
    assert sorted(code for _, _, code in results) == [0] + [125] * 19
    (winner,) = [out.strip() for out, _, code in results if code == 0]
    for out, err, code in results:
        if code:
            assert (out, f'the container name "X" is already in use by {winner}' in err) == ("", True), err
    assert pypod("ps", "-aq", "--no-trunc").lines == [winner]
    for folder, names in (("containers", [winner]), ("locks", [f"40-{winner}"]), ("trash", [])):
        found = os.listdir(pypod.graphroot / folder)
        assert [name for name in found if folder != "locks" or name.startswith("40-")] == names
    assert {p.ppid for p in processes.of_account() if p.cmdline == "sleep 1000"} == {pypod.monitor_pid("X")}


def test_many_clients_are_about_one_container(pypod: Pypod) -> None:
    pypod.detached("--name", "web")
    finish([pypod.start("exec", "web", "sh", "-c", "exit 7") for _ in range(20)], {7})
    finish([pypod.start("stop", "-t", "0", "web") for _ in range(10)], {0})
    assert pypod.state("web")["Status"] == "exited"
    pypod("start", "web")
    lines = [
        ["rm", "-f", "-t", "0", "web"],
        ["stop", "-t", "0", "web"],
        ["start", "web"],
        ["exec", "web", "true"],
    ]
    finish([pypod.start(*line) for line in lines * 3], {0, 1, 125, 137})
    pypod("rm", "-f", "-t", "0", "web")
    assert pypod("ps", "-aq").out == ""
