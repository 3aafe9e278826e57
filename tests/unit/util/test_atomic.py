"""A file is replaced whole, with the mode asked for, and nothing is left when that fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libpod.util import atomic


@pytest.mark.parametrize("durable", [True, False])
def test_replaces_content_and_mode(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "f"
    path.write_text("old content, longer")
    before = os.umask(0o077)
    try:
        atomic.write(str(path), "new", mode=0o644, durable=durable)
    finally:
        os.umask(before)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o7777 == 0o644
    assert os.listdir(tmp_path) == ["f"]


def test_reader_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        atomic.write(str(path), b"new")
        assert reader.read() == b"old"


def test_link_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("keep")
    (tmp_path / "link").symlink_to("target")
    atomic.write(str(tmp_path / "link"), "new")
    assert (tmp_path / "target").read_text() == "keep"
    assert not (tmp_path / "link").is_symlink()


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(IsADirectoryError):
        atomic.write(str(tmp_path / "d"), "x")
    assert os.listdir(tmp_path) == ["d"]


def test_name_of_any_length(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    atomic.write(str(path), "x")
    assert path.read_text() == "x"
