"""A mount point below a tree that goes is left alone and named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libpod.errors import ErrorList, StorageError
from libpod.kernel import mount
from libpod.util import staging


@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_mount_point_is_left_alone(tmp_path: Path, kind: str) -> None:
    keep, tree = tmp_path / "keep", tmp_path / "tree"
    for path in (keep, tree / "a" / "mnt", tree / "b" / "c"):
        path.mkdir(parents=True)
    (tree / "b" / "f").write_text("x")
    if kind == "bind":
        mount.bind(str(keep), str(tree / "a" / "mnt"))
    else:
        mount.mount("none", str(tree / "a" / "mnt"), "tmpfs")
    (tree / "a" / "mnt" / "precious").write_text("x")
    with pytest.raises(StorageError, match="mnt") as raised:
        staging.discard(str(tree), str(tmp_path / "trash"))
    assert "unmount" in raised.value.remedy
    (left,) = (tmp_path / "trash").iterdir()
    assert os.listdir(left) == ["a"]
    assert (left / "a" / "mnt" / "precious").read_text() == "x"
    with pytest.raises(ErrorList, match="mnt"):
        staging.empty(str(tmp_path / "trash"))
    mount.umount(str(left / "a" / "mnt"))
    staging.empty(str(tmp_path / "trash"))
    assert os.listdir(tmp_path / "trash") == []
    assert (keep / "precious").exists() == (kind == "bind")


def test_tree_that_is_a_mount_point_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    mount.mount("none", str(tmp_path / "tree"), "tmpfs")
    with pytest.raises(StorageError, match="cannot remove"):
        staging.discard(str(tmp_path / "tree"), str(tmp_path / "trash"))
