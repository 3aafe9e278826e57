"""Differences of two trees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libpod.kernel import path
from libpod.storage import treediff


def changes(new: Path, old: Path | None, **options: object) -> list[str]:
    new_fd = path.open_root(str(new))
    old_fd = path.open_root(str(old)) if old else -1
    try:
        found = treediff.changes(new_fd, old_fd, **{"layer": False, **options})  # type: ignore[arg-type]
    finally:
        os.close(new_fd)
        if old_fd >= 0:
            os.close(old_fd)
    return [f"{kind} {name.decode()}" for kind, name in found]


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    for side in ("old", "new"):
        for name in ("kept", "changed", "mode"):
            (tmp_path / side / name).mkdir(parents=True)
        for name in ("kept/file", "changed/file", "changed/same"):
            (tmp_path / side / name).write_bytes(b"1")
            os.utime(tmp_path / side / name, (5, 5))
    return tmp_path / "new", tmp_path / "old"


def test_trees_that_are_equal(trees: tuple[Path, Path]) -> None:
    new, old = trees
    os.utime(new / "kept")  # the time of a directory says nothing
    os.utime(new / "kept" / "file", ns=(0, 5_300_000_000))
    assert changes(new, old) == []


def test_what_was_added_changed_and_removed(trees: tuple[Path, Path]) -> None:
    new, old = trees
    (new / "changed" / "file").write_bytes(b"2")
    (new / "added" / "below").mkdir(parents=True)
    (new / "mode").chmod(0o700)
    (old / "gone" / "below").mkdir(parents=True)
    (old / "to-file").mkdir()
    (new / "to-file").touch()
    assert changes(new, old) == [
        "A /added",
        "A /added/below",
        "C /changed",
        "C /changed/file",
        "D /gone",
        "C /mode",
        "C /to-file",
    ]


def test_against_nothing_all_is_new(trees: tuple[Path, Path]) -> None:
    new, _ = trees
    assert changes(new, None)[:3] == ["A /changed", "A /changed/file", "A /changed/same"]


def test_silent_paths_do_not_hide_what_is_below_them(trees: tuple[Path, Path]) -> None:
    new, old = trees
    (new / "run").mkdir()
    (new / "run" / "x").touch()
    (new / "kept" / "hosts").touch()
    assert changes(new, old, silent={b"/run", b"/kept/hosts"}) == ["A /run/x"]


def test_a_layer_has_only_what_is_new(trees: tuple[Path, Path]) -> None:
    new, old = trees
    (new / "kept" / "file").unlink()
    assert changes(new, old, layer=True) == ["C /changed", "C /changed/file", "C /changed/same"]
