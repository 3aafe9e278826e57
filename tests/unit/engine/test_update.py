"""Writing limits into a cgroup: all of them, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from libpod import errors
from libpod.engine import update
from libpod.kernel import cgroup


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cgroup, "directory", lambda path: str(tmp_path) + path)
    (tmp_path / "c").mkdir()
    (tmp_path / "c/memory.max").write_text("max\n")
    (tmp_path / "c/pids.max").write_text("max\n")
    return tmp_path / "c"


def content(place: Path, name: str) -> str:
    return (place / name).read_text().strip()[:3]


def test_all_are_written(place: Path) -> None:
    wanted = [("memory.max", "123"), ("pids.max", "456")]
    assert update.write("/c", wanted, "web") == [("pids.max", "max"), ("memory.max", "max")]
    assert content(place, "memory.max") == "123"
    assert content(place, "pids.max") == "456"


def test_after_a_failure_all_are_as_they_were(place: Path) -> None:
    with pytest.raises(errors.StateError, match=r"cpu\.max"):
        update.write("/c", [("memory.max", "123"), ("cpu.max", "1 2"), ("pids.max", "456")], "web")
    assert content(place, "memory.max") == content(place, "pids.max") == "max"


def test_without_a_cgroup() -> None:
    with pytest.raises(errors.UsageError, match="without a cgroup"):
        update.write("", [("memory.max", "1")], "web")


def test_where_only_the_bfq_scheduler_has_weights(place: Path) -> None:
    (place / "io.bfq.weight").write_text("default 100\n")
    assert update.write("/c", [("io.weight", "default 10000")], "web") == [("io.bfq.weight", "default 100")]
    assert (place / "io.bfq.weight").read_text().strip() == "default 1000"
