"""Owns: what becomes of a test when something it needs is not there."""

from __future__ import annotations

import os
from typing import NoReturn

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
    "htpasswd": "apache2-utils",
    "podman": "podman",
    "systemctl": "systemd",
    "journalctl": "systemd",
}
"""The Debian package of a program, where its name differs or may not be guessed."""

STRICT = os.environ.get("PYPOD_TEST_STRICT") == "1"


def missing(reason: str) -> NoReturn:
    """Skip the running test, or fail it in a strict run, where everything must be there."""
    if STRICT:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
