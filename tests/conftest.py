"""Rules for every test: the programs that a test needs, and strictness."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Generator

import hypothesis
import pytest

from tests.support.fixtures import common_store, image_tar, machine, outside, pypod, shared
from tests.support.needs import PACKAGE_OF, STRICT, missing

__all__ = ["common_store", "image_tar", "machine", "outside", "pypod", "shared"]

# A run in CI finds the same cases each time; a developer's looks for new ones. Nothing is stored in the tree.
hypothesis.settings.register_profile("pypod", database=None, deadline=None, derandomize=STRICT)
hypothesis.settings.load_profile("pypod")


def pytest_configure() -> None:
    """A run in the background of a script inherits that some signals are ignored; what is tested must not.

    execve(2) turns a handler into the default action.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if shutil.which(program, path=path) is None:
                missing(f"{program} is not installed: apt-get install {PACKAGE_OF.get(program, program)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a fixture's teardown know that the test failed: then its own findings are no news."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report
