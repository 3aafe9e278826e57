"""Rules for every test: the programs that a test needs, and strictness."""

from __future__ import annotations

import os
import shutil

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


def pytest_runtest_setup(item: pytest.Item) -> None:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if shutil.which(program, path=path) is None:
                missing(f"{program} is not installed: apt-get install {PACKAGE_OF.get(program, program)}")


def missing(reason: str) -> None:
    """Skip the running test, or fail it in a strict run, where everything must be there."""
    if STRICT:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
