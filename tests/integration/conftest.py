"""One store for the tests of this folder: an import for each of them would take most of the time."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import engine
from tests.support.engine import Pypod
from tests.support.needs import missing


@pytest.fixture(scope="session")
def common_store(image_tar: Path) -> Iterator[Pypod]:
    """A store with the busybox image in it."""
    if os.getuid() == 0:
        missing("these tests are for an unprivileged account: run scripts/test")
    run_base = Path(os.environ.get("XDG_RUNTIME_DIR", "/tmp")) / "t"
    pypod = Pypod(Path.home() / "t", run_base, image_tar)
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
    if _entries(pypod.graphroot / "containers"):
        pypod("rm", "-af", "-t", "0", check=None)
    if _entries(pypod.graphroot / "volumes"):
        pypod("volume", "rm", "-af", check=None)


def _entries(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []
