"""Many clients at once: none of them may see an error, and nothing may be left."""

from __future__ import annotations

import subprocess

import pytest

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
