"""Descriptors of the caller in the container: `--preserve-fds`, `--preserve-fd`, sockets of systemd."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support import engine
from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "runc", "slirp4netns", "newuidmap", "busybox")

OPEN = ["sh", "-c", 'exec 3<"$1" 5>"$2"; shift 2; exec "$@"', "sh"]
LISTENING = ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$@" 3<"$0"']


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, Path]:
    """What is open as 3, to read, and as 5, to write."""
    (tmp_path / "in").write_text("what came in\n")
    return str(tmp_path / "in"), tmp_path / "out"


def call(pypod: Pypod, around: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    argv = [*around, *pypod.argv(*(pypod.image if word == "IMAGE" else word for word in words))]
    return subprocess.run(
        argv,
        capture_output=True,
        text=True,
        env=engine.environment(),
        timeout=60,
        cwd=pypod.base,
        check=False,
    )


# covers: run --preserve-fds, run --preserve-fd
@pytest.mark.parametrize("runtime", ["crun", "runc"])
def test_a_container_gets_them_under_their_numbers(
    shared: Pypod, files: tuple[str, Path], runtime: str
) -> None:
    """What lies between them is closed to what the runtime itself has open: its log got in as 4."""
    around = [*OPEN, files[0], str(files[1])]
    script = "cat <&3; echo out >&5; readlink /proc/self/fd/4"
    done = call(
        shared, around, "--runtime", runtime, "run", "--rm", "--preserve-fd=3,5", "IMAGE", "sh", "-c", script
    )
    assert (done.stdout, files[1].read_text()) == ("what came in\n/dev/null\n", "out\n"), done.stderr
    done = call(shared, around, "run", "--rm", "--preserve-fds=1", "IMAGE", "sh", "-c", "cat <&3; echo >&5")
    assert done.stdout == "what came in\n"
    assert "5" in done.stderr
    assert "what came in" not in call(shared, around, "run", "--rm", "IMAGE", "sh", "-c", "cat <&3").stdout


# covers: run --preserve-fd
def test_one_in_the_background_keeps_them(shared: Pypod, files: tuple[str, Path]) -> None:
    script = "read go < /dev/null; sleep 0.1; cat <&3 >&5"
    done = call(
        shared,
        [*OPEN, files[0], str(files[1])],
        "run",
        "-d",
        "--preserve-fd",
        "3,5",
        "IMAGE",
        "sh",
        "-c",
        script,
    )
    assert done.returncode == 0, done.stderr
    wait_until(lambda: files[1].read_text() == "what came in\n", what="the container has written")


# covers: exec --preserve-fds, exec --preserve-fd
@pytest.mark.parametrize("runtime", ["crun", "runc"])
def test_a_further_process_gets_them(shared: Pypod, files: tuple[str, Path], runtime: str) -> None:
    shared.options += ["--runtime", runtime]
    shared.detached("--name", "c")
    around = [*OPEN, files[0], str(files[1])]
    done = call(
        shared, around, "exec", "--preserve-fd", "5", "--preserve-fds", "1", "c", "sh", "-c", "cat <&3 >&5"
    )
    assert (done.returncode, files[1].read_text()) == (0, "what came in\n"), done.stderr


# covers: run --preserve-fds, run --preserve-fd, exec --preserve-fds
@pytest.mark.parametrize(
    "option",
    [
        "--preserve-fds=2",
        "--preserve-fds=20",
        "--preserve-fds=300",
        "--preserve-fd=4",
        "--preserve-fd=1",
        "--preserve-fd=x",
    ],
)
def test_what_is_not_open_is_said(shared: Pypod, files: tuple[str, Path], option: str) -> None:
    """A descriptor that the command has opened for itself never gets into a container."""
    shared.detached("--name", "c")
    around = [*OPEN, files[0], str(files[1])]
    for words in (["run", "--rm", option, "IMAGE", "true"], ["exec", option, "c", "true"]):
        done = call(shared, around, *words)
        assert (done.returncode, option.partition("=")[0] in done.stderr) == (125, True), done


# covers: run, start
def test_sockets_of_systemd(shared: Pypod, files: tuple[str, Path]) -> None:
    """The variables and descriptors that sd_listen_fds(3) looks for, for process 1 of the container."""
    script = "echo $LISTEN_PID $LISTEN_FDS $LISTEN_FDNAMES; cat <&3"
    around = [*LISTENING, files[0]]
    done = call(shared, around, "run", "--name", "c", "IMAGE", "sh", "-c", script)
    assert done.stdout == "1 1 web\nwhat came in\n", done.stderr
    done = call(shared, around, "start", "-a", "c")
    assert done.stdout == "1 1 web\nwhat came in\n", done.stderr
    assert "LISTEN" not in shared.run("--rm", "IMAGE", "env", env={"LISTEN_PID": "1", "LISTEN_FDS": "1"}).out
