"""Which modules each entry point loads, held against its budget: the surest guard of start-up time.

Times differ from machine to machine, the list of modules does not. What is not in a budget is refused.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache

import pytest

from tests.support import engine
from tests.support.engine import Pypod, environment
from tests.support.sources import PACKAGES, package_dir

BOOT = "__future__ _stat stat _collections_abc genericpath posixpath os errno fcntl"
JSON = "_json"
CTYPES = "ctypes _ctypes struct _struct ctypes._endian types"
SQLITE = "_sqlite3 functools _functools collections _collections itertools keyword operator _operator reprlib"
"""The C core imports functools by itself, which brings the rest."""
QUICK = f"{BOOT} {JSON} {CTYPES} {SQLITE} _socket _datetime datetime select termios unicodedata".split()
"""ps, inspect, logs, images, version: os sys errno json sqlite3 fcntl ctypes, by their C cores."""
_STARTS = "array binascii gc _posixsubprocess _random _sha2 _sha256 _hashlib _thread grp pwd resource"
START = [*QUICK, *_STARTS.split(" ")]
"""run, exec, start, stop, rm."""
MONITOR = f"{BOOT} {JSON} {CTYPES} _socket select array gc termios _thread resource".split()
"""The monitor of every container: os sys errno fcntl select signal socket time json ctypes."""


@cache
def baseline() -> frozenset[str]:
    """What the bare interpreter loads."""
    return frozenset(loaded("-c", "pass"))


def loaded(*words: str) -> list[str]:
    """Run the interpreter as the launcher does and return the modules that it loaded, children's included."""
    argv = ["/usr/bin/python3", "-I", "-S", "-X", "importtime", *words]
    done = subprocess.run(argv, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    names = [m[1] for line in done.stderr.splitlines() if (m := re.match(r"import time:.*\| +(\S+)$", line))]
    return [name for name in names if name != "package"]


def foreign(names: list[str]) -> list[str]:
    """Leave out our own modules and the interpreter's."""
    known = baseline()
    return sorted({n for n in names if n not in known and n.split(".")[0] not in PACKAGES})


def over(names: list[str], budget: list[str]) -> str:
    """Return what is loaded beyond a budget, as a message; empty when it is kept."""
    extra = [n for n in foreign(names) if n not in budget]
    return f"loads {' '.join(extra)}" if extra else ""


def launcher() -> str:
    """The installed command, which is a Python script."""
    path = engine.command()[0]
    with open(path) as f:
        assert "python3 -IS" in f.readline(), f"{path} is not the launcher that scripts/quickstart installs"
    return path


def test_version_loads_nothing() -> None:
    assert foreign(loaded(launcher(), "--version")) in ([], ["__future__"])


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["ps", "-a"], id="ps"),
        pytest.param(["ps", "-a", "--format", "{{.ID}} {{.Names}}"], id="ps-format"),
        pytest.param(["images"], id="images"),
        pytest.param(["volume", "ls"], id="volume-ls"),
        pytest.param(["inspect", "none"], id="inspect"),
        pytest.param(["logs", "none"], id="logs"),
        pytest.param(["version"], id="version"),
        pytest.param(["events", "--stream=false"], id="events"),
    ],
)
def test_reading_commands_keep_the_budget(pypod: Pypod, words: list[str]) -> None:
    message = over(loaded(launcher(), *pypod.options, *words), QUICK)
    assert not message, f"{' '.join(words)}: {message}"


@pytest.mark.needs("crun", "slirp4netns", "newuidmap")
def test_commands_of_a_container_keep_the_budget(pypod: Pypod) -> None:
    image = pypod.image
    pypod("run", "--rm", image, "true")  # reads the configuration files and keeps what they say
    steps = [
        ["run", "--rm", image, "true"],
        ["run", "-d", "--name", "web", image, "sleep", "1000"],
        ["exec", "web", "true"],
        ["inspect", "web"],
        ["ps"],
        ["logs", "web"],
        ["top", "web"],
        ["stats", "--no-stream", "web"],
        ["cp", "web:/etc/passwd", "/dev/null/none"],
        ["update", "web"],
        ["stop", "-t", "0", "web"],
        ["start", "web"],
        ["rm", "-f", "-t", "0", "web"],
    ]
    found = []
    for words in steps:
        budget = [*START, "zlib"] if words[0] == "cp" else START  # the sums of a tar's headers
        message = over(loaded(launcher(), *pypod.options, *words), budget)
        if message:
            found.append(f"{words[0]}: {message}")
    assert not found, "\n" + "\n".join(found)


def test_the_monitor_keeps_the_budget() -> None:
    root = package_dir("libpod").parent
    code = f"import sys; sys.path.append({str(root)!r}); import libpod.monitorctl, libpod.monitor.main"
    message = over(loaded("-c", code), MONITOR)
    assert not message, message
