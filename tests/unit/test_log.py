"""Log lines are single lines, with fields, at the level asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from libpod import log


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    log.set_level("warn")
    log.set_output(2, with_time=False)


def test_level_decides(capfd: pytest.CaptureFixture[str]) -> None:
    log.info("not shown")
    log.warning("shown")
    log.set_level("debug")
    log.debug("shown too")
    assert log.enabled(log.DEBUG)
    log.set_level("fatal")
    log.error("not shown either")
    assert capfd.readouterr().err == "pypod: warning: shown\npypod: debug: shown too\n"


def test_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="loud"):
        log.set_level("loud")
    assert "debug" in log.levels()


def test_fields_are_quoted_when_needed(capfd: pytest.CaptureFixture[str]) -> None:
    log.error("failed", cid="abc", path="/a b", empty="", number=3)
    assert capfd.readouterr().err == 'pypod: error: failed cid=abc path="/a b" empty="" number=3\n'


def test_line_stays_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    log.error("one\ntwo\x1b[31m", name="a\nb", bad="\udc80")
    assert capfd.readouterr().err == 'pypod: error: one\\ntwo\\x1b[31m name="a\\nb" bad="\\udc80"\n'


def test_other_descriptor_with_time() -> None:
    read_fd, write_fd = os.pipe()
    log.set_output(write_fd, with_time=True)
    log.error("x")
    line = os.read(read_fd, 100).decode()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z pypod: error: x\n", line)
    os.close(read_fd)
    os.close(write_fd)
    log.error("a closed log breaks nothing")
