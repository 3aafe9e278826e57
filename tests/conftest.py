"""Rules for every test: the programs that a test needs, and strictness."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from typing import NoReturn

import hypothesis
import pytest

PACKAGE_OF = {
    "crun": "crun",
    "runc": "runc",
    "slirp4netns": "slirp4netns",
    "pasta": "passt",
    "newuidmap": "uidmap",
    "fuse-overlayfs": "fuse-overlayfs",
    "busybox": "busybox",
    "catatonit": "catatonit",
    "podman": "podman",
    "systemctl": "systemd",
    "journalctl": "systemd",
}
"""The Debian package of a program, where its name differs or may not be guessed."""

STRICT = os.environ.get("PYPOD_TEST_STRICT") == "1"

# A run in CI finds the same cases each time; a developer's looks for new ones. Nothing is stored in the tree.
hypothesis.settings.register_profile("pypod", database=None, deadline=None, derandomize=STRICT)
hypothesis.settings.load_profile("pypod")


def pytest_runtest_setup(item: pytest.Item) -> None:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if shutil.which(program, path=path) is None:
                missing(f"{program} is not installed: apt-get install {PACKAGE_OF.get(program, program)}")


def missing(reason: str) -> NoReturn:
    """Skip the running test, or fail it in a strict run, where everything must be there."""
    if STRICT:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a fixture's teardown know that the test failed: then its own findings are no news."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report
