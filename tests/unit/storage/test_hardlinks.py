"""Changed files with several names, between two runs of fuse-overlayfs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libpod.storage import hardlinks

ORIGIN = "user.fuseoverlayfs.origin"


@pytest.fixture
def layers(tmp_path: Path) -> tuple[Path, Path, Path]:
    """(upper, layer above, layer below); the layer below has a file of five names."""
    upper, above, below = (tmp_path / name for name in ("upper", "above", "below"))
    for folder in (upper, above, below / "d/e", below / "hidden"):
        folder.mkdir(parents=True)
    (below / "one").write_text("old")
    for name in ("two", "d/e/three", "hidden/four", "gone"):
        os.link(below / "one", below / name)
    (below / "d/e").chmod(0o711)
    (above / "gone").write_text("other")
    (above / "hidden").mkdir()
    os.setxattr(above / "hidden", "user.overlay.opaque", b"y")
    return upper, above, below


def copy(upper: Path, name: str, origin: bytes) -> Path:
    made = upper / name
    made.write_text("new")
    os.setxattr(made, ORIGIN, origin)
    return made


def mend(layers: tuple[Path, Path, Path]) -> None:
    hardlinks.mend(str(layers[0]), [str(layers[1]), str(layers[2])])


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_copy_gets_the_names_that_are_seen(layers: tuple[Path, Path, Path]) -> None:
    upper = layers[0]
    made = copy(upper, "two", b"two\0")
    for _ in range(2):
        mend(layers)
        assert tree(upper) == ["d", "d/e", "d/e/three", "one", "two"]
    assert made.stat().st_nlink == 3
    assert (upper / "d/e/three").read_text() == "new"
    assert (upper / "d/e").stat().st_mode & 0o777 == 0o711
    assert (layers[2] / "one").read_text() == "old"


def test_what_the_container_has_made_or_removed_stays(layers: tuple[Path, Path, Path]) -> None:
    upper = layers[0]
    copy(upper, "renamed", b"one\0")
    (upper / "one").write_text("mine")
    (upper / "d").symlink_to("/")
    mend(layers)
    assert tree(upper) == ["d", "one", "renamed", "two"]
    assert (upper / "one").read_text() == "mine"


@pytest.mark.parametrize(
    "origin", [b"", b"/", b"../below/one", b"none", b"d", b"d/../one", b"/one", b"\xff\n"]
)
def test_marks_that_make_no_sense(layers: tuple[Path, Path, Path], origin: bytes) -> None:
    upper = layers[0]
    copy(upper, "x", origin)
    mend(layers)
    assert tree(upper) == ["x"]
