"""Failpoints do nothing unless armed, and then what they are armed with."""

from __future__ import annotations

import os
import re
import signal

import pytest

from libpod.errors import PypodError
from libpod.util import failpoint
from tests.support.sources import TREE, iter_modules

FROM_THE_SOURCE = ("libpod.image.blobs", "libpod.image.store", "libpod.storage.layers")
"""Modules whose points the tests of layers and of the image store take from the source, all of them."""


def test_unarmed_and_other_names_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYPOD_FAILPOINT", raising=False)
    failpoint.hit("a")
    monkeypatch.setenv("PYPOD_FAILPOINT", "b,c=fail")
    failpoint.hit("a")


def test_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYPOD_FAILPOINT", "b, a=fail")
    with pytest.raises(PypodError, match="failpoint a"):
        failpoint.hit("a")


def test_unknown_action_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYPOD_FAILPOINT", "a=dance")
    with pytest.raises(PypodError, match="dance"):
        failpoint.hit("a")


@pytest.mark.parametrize("armed", ["a", "a=kill"])
def test_kills(monkeypatch: pytest.MonkeyPatch, armed: str) -> None:
    monkeypatch.setenv("PYPOD_FAILPOINT", armed)
    pid = os.fork()
    if pid == 0:
        failpoint.hit("a")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYPOD_FAILPOINT", "a=pause")
    pid = os.fork()
    if pid == 0:
        failpoint.hit("a")
        os._exit(7)
    assert os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1])
    os.kill(pid, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_every_point_has_a_test() -> None:
    """A point that no test names is a state in which nobody has looked at what a dead process leaves."""
    tests = "".join(path.read_text() for path in (TREE / "tests").rglob("*.py"))
    points = {
        point
        for module, path in iter_modules("libpod")
        if module not in FROM_THE_SOURCE
        for point in re.findall(r'hit\("([a-z]+:[a-z-]+)"\)', path.read_text())
    }
    assert len(points) > 40
    assert sorted(point for point in points if point not in tests) == []
