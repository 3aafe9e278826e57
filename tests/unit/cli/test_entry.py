"""The program as a process: exit codes, streams, output options. Nothing here touches a store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pypod

ROOT = os.path.dirname(os.path.dirname(pypod.__file__))
PROGRAM = f"import sys; sys.path[:0] = [{ROOT!r}]; "
MAIN = "from pypod.cli.entry import main; main()"


def run(*words: str, code: str = MAIN, shell: str = "") -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-I", "-c", PROGRAM + code, *words]
    if shell:
        argv = ["bash", "-c", f'"$@" {shell}', "-", *argv]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


def failing(error: str) -> str:
    """The program with a command `version` that raises `error`."""
    body = f"def f(ctx, **o): {error}\nv.version = f\n"
    return f"import pypod.cli.version as v; from libpod.errors import *\n{body}{MAIN}"


def test_version_ends_with_0() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"pypod version {pypod.__version__}\n", "")


def test_wrong_usage_ends_with_125() -> None:
    done = run("ps", "--foo")
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr == "Error: unknown flag: --foo\nSee 'pypod ps --help'\n"


def test_group_alone_shows_its_help_and_fails() -> None:
    done = run("volume")
    assert done.returncode == 125
    assert "Available Commands:\n  create" in done.stdout
    assert done.stderr == "Error: missing command 'pypod volume COMMAND'\n"


def test_help_of_a_command_that_is_not_there_yet() -> None:
    done = run("help", "build")
    assert (done.returncode, done.stderr.split("\n")[0]) == (125, 'Error: "pypod build" is not supported yet')


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ('raise CommandNotFound("x: no such file")', 127, "Error: x: no such file\n"),
        ('raise CommandNotExecutable("x", remedy="chmod it")', 126, "Error: x\nchmod it\n"),
        ('raise ErrorList([NotFoundError("a"), StateError("b")])', 125, "Error: a\nError: b\n"),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise BrokenPipeError", 141, ""),
        (
            'raise ValueError("odd")',
            125,
            "Error: internal error: ValueError: odd\nrun it with --log-level=debug to see where\n",
        ),
        ("return 3", 3, ""),
        ("return None", 0, ""),
    ],
)
def test_how_a_command_ends(error: str, code: int, message: str) -> None:
    done = run("version", code=failing(error))
    assert (done.returncode, done.stderr) == (code, message)


def test_a_trace_only_for_who_asks() -> None:
    # covers: pypod --log-level
    done = run("--log-level=debug", "version", code=failing('raise StateError("x")'))
    assert "Traceback" in done.stderr
    assert "Traceback" not in run("version", code=failing('raise StateError("x")')).stderr


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    # covers: pypod --out
    done = run("--out", str(tmp_path / "o"), "version")
    assert (done.returncode, done.stdout) == (0, "")
    assert "API Version" in (tmp_path / "o").read_text()
    done = run("--out", str(tmp_path / "no" / "o"), "version")
    assert (done.returncode, done.stderr) == (
        125,
        f'Error: --out "{tmp_path}/no/o": No such file or directory\n',
    )


def test_no_output() -> None:
    # covers: pypod --noout
    done = run("--noout", "version")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(closed: str) -> None:
    assert run("version", shell=closed).returncode == 0
    assert run("ps", "--foo", shell=closed).returncode == 125


def test_a_reader_that_leaves_is_no_error() -> None:
    done = run("run", "--help", shell="| head -1")
    assert (done.stdout, done.stderr) == ("Run a command in a new container\n", "")


def test_a_full_disk_is_an_error() -> None:
    done = run("version", shell=">/dev/full")
    assert done.returncode == 125
    assert "No space left on device" in done.stderr
