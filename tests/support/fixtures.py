"""Owns: the fixtures of the tests that start real containers."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import engine
from tests.support.engine import Pypod
from tests.support.machine import Machine
from tests.support.needs import missing


def _base() -> Path:
    """A short folder on a real disk: a socket's path has 107 bytes, an overlay needs extended attributes."""
    return Path.home() / "t"


def _run_base() -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / "t"


@pytest.fixture(scope="session")
def image_tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tarball of a root file system: this machine's busybox, bash, and their libraries."""
    return engine.make_image(tmp_path_factory.mktemp("image", numbered=False) / "busybox.tar")


@pytest.fixture
def pypod(image_tar: Path, request: pytest.FixtureRequest) -> Iterator[Pypod]:
    """The command with a store of its own. No process, mount, cgroup or file of it may be left afterwards."""
    if os.getuid() == 0:
        missing("these tests are for an unprivileged account: run scripts/test")
    before = engine.snapshot()
    pypod = Pypod(_base(), _run_base(), image_tar)
    try:
        yield pypod
        pypod.stop_clients()
        pypod.remove()
        found = pypod.leftovers() + engine.leaks_since(before)
        failed_already = getattr(request.node, "failed", False)
        assert not found or failed_already, "the test left behind:\n  " + "\n  ".join(found)
    finally:
        pypod.stop_clients()
        engine.kill_all_since(before)
        pypod.destroy()


@pytest.fixture(scope="session")
def common_store(image_tar: Path) -> Iterator[Pypod]:
    """A store with the busybox image in it."""
    if os.getuid() == 0:
        missing("these tests are for an unprivileged account: run scripts/test")
    pypod = Pypod(_base(), _run_base(), image_tar)
    try:
        assert pypod.image
        yield pypod
    finally:
        pypod.remove()
        pypod.destroy()


@pytest.fixture
def shared(common_store: Pypod, request: pytest.FixtureRequest) -> Iterator[Pypod]:
    """The command with that store. Containers and volumes are the test's own, and are removed behind it;
    then no process, mount, cgroup or file of them may be left."""
    before = engine.snapshot()
    pypod = copy.copy(common_store)
    pypod.env, pypod.options = {}, list(common_store.options)
    pypod._children, pypod._terminals = [], []
    try:
        yield pypod
        pypod.stop_clients()
        _remove(pypod)
        found = pypod.leftovers() + engine.leaks_since(before)
        failed_already = getattr(request.node, "failed", False)
        assert not found or failed_already, "the test left behind:\n  " + "\n  ".join(found)
    finally:
        pypod.stop_clients()
        engine.kill_all_since(before)
        _remove(pypod)


def _remove(pypod: Pypod) -> None:
    pypod.env = {}
    if _entries(pypod.graphroot / "pods"):
        pypod("pod", "rm", "-af", "-t", "0", check=None)
    if _entries(pypod.graphroot / "containers"):
        pypod("rm", "-af", "-t", "0", check=None)
    if _entries(pypod.graphroot / "volumes"):
        pypod("volume", "rm", "-af", check=None)
    if _entries(pypod.graphroot / "secrets"):
        pypod("secret", "rm", "-a", check=None)


def _entries(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


@pytest.fixture(scope="session")
def outside() -> Machine:
    """Runs scripts of tests/support/bed/lives in other surroundings on this machine; `user` names them."""
    path = os.environ.get("PYPOD_TEST_OUTSIDE")
    if not path:
        missing(
            "nobody makes other surroundings: run sudo scripts/test tests/integration/test_surroundings.py"
        )
    return Machine(path)


@pytest.fixture(scope="session")
def machine() -> Machine:
    """A booted Debian with systemd as PID 1 and the lingering user "tester"."""
    path = os.environ.get("PYPOD_TEST_MACHINE")
    if not path:
        missing("no booted machine: run sudo scripts/test tests/systemd")
    return Machine(path)
