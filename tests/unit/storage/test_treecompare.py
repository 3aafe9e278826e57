"""Whether two trees are the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from libpod.storage import treecompare
from libpod.util import staging


def differences(one: Path, other: Path, **options: object) -> list[str]:
    fds = [os.open(path, os.O_PATH) for path in (one, other)]
    try:
        return list(treecompare.differences(*fds, **options))  # type: ignore[arg-type]
    finally:
        for fd in fds:
            os.close(fd)


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    one = tmp_path / "one"
    (one / "dir").mkdir(parents=True)
    (one / "dir" / "file").write_text("content")
    os.link(one / "dir" / "file", one / "hard")
    os.mkfifo(one / "fifo")
    (one / "link").symlink_to("nowhere")
    os.setxattr(one / "dir", "user.x", b"1")
    os.utime(one / "dir", (5, 5))
    shutil.copytree(one, tmp_path / "two", symlinks=True, ignore=shutil.ignore_patterns("hard", "fifo"))
    two = tmp_path / "two"
    os.link(two / "dir" / "file", two / "hard")
    os.mkfifo(two / "fifo")
    for name in ("fifo", "link", "dir", "."):
        facts = os.lstat(one / name)
        os.utime(two / name, ns=(facts.st_mtime_ns, facts.st_mtime_ns), follow_symlinks=False)
    return one, two


def test_copies_are_equal(trees: tuple[Path, Path]) -> None:
    assert differences(*trees) == []
    assert differences(trees[1], trees[0]) == []


def test_a_time_that_says_nothing(trees: tuple[Path, Path]) -> None:
    one, two = trees
    os.utime(two / "dir")
    os.utime(two)
    assert differences(one, two) == ['".": its time of change differs', '"dir": its time of change differs']
    assert differences(one, two, any_time={"dir", "."}) == []


def test_each_entry_has_a_line(trees: tuple[Path, Path]) -> None:
    one, two = trees
    (two / "dir" / "file").write_text("CONTENT")
    (two / "dir" / "\x1bodd\n").touch()
    (two / "fifo").unlink()
    for name in ("dir", ".", "hard"):
        facts = os.lstat(one / name)
        os.utime(two / name, ns=(facts.st_mtime_ns, facts.st_mtime_ns))
    assert differences(one, two) == [
        '"fifo": it is missing',
        '"hard": its content differs',
        '"dir/\\x1bodd\\n": it does not belong there',
        '"dir/file": its content differs',
    ]


def test_no_depth_is_too_deep(tmp_path: Path) -> None:
    for side in ("one", "two"):
        path = f"{tmp_path}/{side}"
        os.mkdir(path)
        for _ in range(1200):
            path += "/d"
            os.mkdir(path)
        os.close(os.open(f"{path}/{side}", os.O_CREAT | os.O_WRONLY))
        for depth in range(1201):
            os.utime(f"{tmp_path}/{side}" + "/d" * depth, (5, 5))
    try:
        found = [line.rpartition(": ")[2] for line in differences(tmp_path / "one", tmp_path / "two")]
        assert found == ["it is missing", "it does not belong there"]
    finally:
        for side in ("one", "two"):
            staging.remove_tree(f"{tmp_path}/{side}")
