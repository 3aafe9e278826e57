"""What is refused, and how: options and commands that are not there yet, typing mistakes, help."""

from __future__ import annotations

import pytest

from pypod.cli import compat, table
from tests.integration import raw
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

LATER = sorted(name for name, state in compat.states().items() if state == "not yet" and " --" in name)


def test_there_is_something_to_look_at() -> None:
    assert any(name.startswith("run --") for name in LATER)
    assert table.MISSING


def test_options_of_run_that_are_not_there_yet_say_so(shared: Pypod) -> None:
    """None of them is taken in silence, and no container is left by the attempt."""
    for name in LATER:
        command, _, option = name.partition(" ")
        if command != "run":
            continue
        result = shared("run", "--rm", f"{option}=1", shared.image, "true", check=False)
        assert result.code == 125, str(result)
        assert result.stderr.startswith("Error: "), str(result)
    assert shared("ps", "-aq").out == ""


def test_commands_that_are_not_there_yet_say_so(shared: Pypod) -> None:
    for command in table.MISSING:
        result = shared(*command.split(), "x", check=False)
        assert (result.code, "not supported yet" in result.stderr) == (125, True), command


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "unrecognized command `pypod nothing`"),
        (["imges"], "images"),
        (["volume", "nothing"], "unrecognized command `pypod volume nothing`"),
        (["--nothing", "ps"], "unknown flag: --nothing"),
        (["ps", "--nothing"], "unknown flag: --nothing"),
        (["ps", "-z"], "unknown shorthand flag: 'z' in -z"),
        (["run", "--name"], "flag needs an argument: --name"),
        (["run", "-e"], "flag needs an argument: 'e' in -e"),
        (["run", "--rm=maybe", "busybox"], 'invalid argument "maybe" for "--rm" flag'),
        (["ps", "-n", "x"], 'invalid argument "x" for "-n, --last" flag'),
        (["stop", "-t", "-1", "c"], 'invalid argument "-1" for "-t, --time" flag'),
        (["ps", "argument"], "`pypod ps` takes no arguments"),
        (["images", "a", "b"], "accepts at most 1 arg(s), received 2"),
        (["container", "exists"], "accepts 1 arg(s), received 0"),
        (["run"], "requires at least 1 arg(s), only received 0"),
        (["container"], "missing command 'pypod container COMMAND'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_typing_mistakes(shared: Pypod, words: list[str], message: str) -> None:
    """In the words of Podman: scripts and people know them."""
    result = shared(*words, check=False)
    assert (result.code, message in result.stderr) == (125, True), str(result)


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--help"],
        ["ps", "--help"],
        ["help", "exec"],
        ["volume", "--help"],
        ["container", "--help"],
        ["image", "--help"],
        ["system", "--help"],
        ["--help"],
        ["help"],
    ],
    ids=" ".join,
)
# covers: help, container, image, volume, system
def test_help(shared: Pypod, words: list[str]) -> None:
    text = shared(*words).stdout
    assert "Usage:" in text
    assert "pypod" in text


# covers: run
def test_options_after_the_image_are_the_commands(shared: Pypod) -> None:
    assert shared.run("--rm", "IMAGE", "echo", "--rm", "-it", "--help").out == "--rm -it --help"
    assert shared.run("--rm", "--", "IMAGE", "echo", "x").out == "x"
    assert shared.run("--rm=true", "-e=A=1", "--env=B=2", "IMAGE", "sh", "-c", "echo $A$B").out == "12"
    assert shared.run("--rm", "-ieA=1", "IMAGE", "sh", "-c", "echo $A").out == "1"
    assert shared.run("--rm", "-e", "", "IMAGE", "echo", "x").out == "x"


# covers: run
def test_errors_go_to_stderr_and_nothing_to_stdout(shared: Pypod) -> None:
    for words in (
        ["run", "-d", "no-such-image"],
        ["run", "-d", shared.image, "no-such-command"],
        ["inspect"],
    ):
        result = shared(*words, check=False)
        assert result.stdout == ""
        assert "Error: " in result.stderr


# covers: pypod --log-level
def test_a_broken_pipe_is_no_traceback(shared: Pypod) -> None:
    for n in range(30):
        shared("create", "--name", f"c{n}", shared.image, "true")
    done = raw.shell(
        shared, '"$@" ps -a --no-trunc | head -1; "$@" inspect c0 | head -1; "$@" info >/dev/full'
    )
    assert b"Traceback" not in done.err
    assert done.out.startswith(b"CONTAINER ID")


# covers: pypod --root
def test_a_store_that_cannot_be_written(shared: Pypod) -> None:
    result = shared("--root", "/proc/no-store", "ps", check=False)
    assert (result.code, result.stderr.startswith("Error: ")) == (125, True)
    result = shared("--root", "/dev/null", "ps", check=False)
    assert (result.code, result.stderr.startswith("Error: ")) == (125, True)
