"""What completion offers, and that the scripts of shells hold together."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pypod.cli import complete, names, shells


@pytest.fixture(autouse=True)
def _no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = {
        "containers": [("web", "busybox")],
        "running": [("web", "busybox")],
        "images": [("busybox", "")],
    }
    monkeypatch.setattr(names, "of_kind", lambda kind, options: objects.get(kind, []))


def offered(*words: str) -> list[str]:
    return [word for word, _ in complete.complete(list(words)).rows]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ru"], ["run"]),
        (["container", "in"], ["init", "inspect"]),
        (["container", "ls", "--noh"], ["--noheading"]),
        (["rm", ""], ["web"]),
        (["rm", "web", ""], []),
        (["run", "bu"], ["busybox"]),
        (["run", "--rm", "-e", "A=1", "bu"], ["busybox"]),
        (["run", "--network", "no"], ["none"]),
        (["run", "--network=no"], ["--network=none"]),
        (["run", "--net", "no"], ["none"]),
        (["run", "-it", "--sig-proxy=f"], ["--sig-proxy=false"]),
        (["ps", "--sort", "na"], ["names"]),
        (["kill", "-s", "SIGK"], ["SIGKILL"]),
        (["--log-level", "de"], ["debug"]),
        (["--log-level=debug", "unsh"], ["unshare"]),
        (["--root", "/x", "ps", "--al"], ["--all"]),
        (["help", "container", "exi"], ["exists"]),
        (["run", "busybox", "--rm"], []),
        (["ps", "--format", "js"], ["json"]),
        (["ps", "--hel"], ["--help"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
    ],
)
def test_candidates(words: list[str], expected: list[str]) -> None:
    # covers: completion
    assert offered(*words) == expected


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["load", "-i", ""], "files"),
        (["--root", ""], "dirs"),
        (["run", "--env-file", ""], "files"),
        (["exec", "web", ""], "files"),
        (["cp", "./"], "files"),
        (["ps", ""], "none"),
    ],
)
def test_what_the_shell_adds(words: list[str], what: str) -> None:
    assert complete.complete(words).what == what


def test_answer_has_descriptions_and_ends_with_what_to_add() -> None:
    lines = complete.complete(["rm"]).text().splitlines()
    assert lines == ["rm\tRemove containers", "rmi\tRemove images from the store", ":none"]


@pytest.mark.parametrize("line", ["pypod run --network = no", "pypod run --network no"])
def test_bash_puts_words_together_again(line: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    asked = tmp_path / "asked"
    command = tmp_path / "pypod"
    command.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{asked}\nprintf "%s\\n" --network=none :none\n')
    command.chmod(0o755)
    script.write_text(
        shells.script("bash") + f"COMP_WORDS=({line}); COMP_CWORD=$(({len(line.split())} - 1)); COMP_TYPE=9\n"
        '__pypod_complete 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", str(script)], env=env, capture_output=True, text=True, check=True)
    together = "=" in line
    assert asked.read_text().split() == ["__complete", *line.replace(" = ", "=").split()[1:]]
    assert done.stdout.split() == (["none"] if together else ["--network=none"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("descriptions", [True, False])
def test_scripts_are_whole(shell: str, descriptions: bool) -> None:
    text = shells.script(shell, descriptions)
    assert "@" not in text.replace('"$@"', "").replace("[@]", "").replace("(@)", "")
    if shutil.which(shell):
        flags = ["-n"] if shell != "fish" else ["--no-execute"]
        subprocess.run([shell, *flags, "/dev/stdin"], input=text, text=True, check=True)
