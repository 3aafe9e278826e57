"""Trees go away whatever they hold, and nothing outside of them is touched."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from libpod.errors import KernelError, StorageError
from libpod.util import staging


def fill(top: Path) -> None:
    for name in ("a/b/c", "a/empty", "z"):
        (top / name).mkdir(parents=True)
    for name in ("f", "a/f", "a/b/c/f", "a/b/.hidden"):
        (top / name).write_text("x")
    (top / "a" / "dangling").symlink_to("nowhere")
    os.mkfifo(top / "a" / "fifo")


def test_tree_goes_by_way_of_the_trash(tmp_path: Path) -> None:
    fill(tmp_path / "tree")
    assert staging.discard(str(tmp_path / "tree"), str(tmp_path / "trash"))
    assert os.listdir(tmp_path) == ["trash"]
    assert os.listdir(tmp_path / "trash") == []
    assert not staging.discard(str(tmp_path / "tree"), str(tmp_path / "trash"))


def test_links_are_not_followed(tmp_path: Path) -> None:
    fill(tmp_path / "keep")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to(tmp_path / "keep")
    staging.remove_tree(str(tmp_path / "tree"))
    assert (tmp_path / "keep" / "a" / "b" / "c" / "f").exists()
    (tmp_path / "link").symlink_to(tmp_path / "keep")
    staging.remove_tree(str(tmp_path / "link"))
    assert os.listdir(tmp_path) == ["keep"]
    assert (tmp_path / "keep" / "f").exists()


def test_single_file_and_nothing(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    staging.remove_tree(str(tmp_path / "f"))
    staging.remove_tree(str(tmp_path / "f"))
    staging.remove_tree(str(tmp_path / "no" / "such"))
    assert os.listdir(tmp_path) == []


def test_directories_without_rights_go_too(tmp_path: Path) -> None:
    fill(tmp_path / "tree")
    for name in ("a/b/c", "a/b", "a"):
        (tmp_path / "tree" / name).chmod(0)
    staging.remove_tree(str(tmp_path / "tree"))
    assert os.listdir(tmp_path) == []


def test_a_link_in_the_place_of_a_directory_without_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who still has the tree open swaps the two: what the link names keeps its rights."""
    victim, tree = tmp_path / "victim", tmp_path / "tree"
    (tree / "closed").mkdir(parents=True)
    (tree / "closed" / "f").write_text("x")
    victim.mkdir(mode=0o755)
    really = staging.open_dir_no_xdev

    def swap(dir_fd: int, name: str) -> int:
        if name == "closed":
            (tree / "closed").rename(tmp_path / "moved")
            (tree / "closed").symlink_to(victim)
            raise KernelError(errno.EACCES, "openat2", name)
        return really(dir_fd, name)

    monkeypatch.setattr(staging, "open_dir_no_xdev", swap)
    monkeypatch.setattr(staging.clearing, "clear", lambda _dir_fd, _name: None)  # root could read it at once
    with pytest.raises(StorageError):
        staging.remove_tree(str(tree))
    assert stat.S_IMODE(victim.stat().st_mode) == 0o755


def test_deep_tree_goes(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=fd)
        deeper = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = deeper
    os.close(fd)
    staging.remove_tree(str(tmp_path / "d"))
    assert os.listdir(tmp_path) == []


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    for number in range(30):
        fill(tmp_path / "trash" / str(number))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            staging.empty(str(tmp_path / "trash"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert os.listdir(tmp_path / "trash") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove everything")
def test_what_cannot_be_removed_is_named_and_the_rest_goes(tmp_path: Path) -> None:
    assert os.path.exists("/proc/self/fdinfo")
    with pytest.raises(StorageError, match="cannot remove"):
        staging.remove_tree("/proc/self/fdinfo")
    staging.empty(str(tmp_path / "nothing"))
