"""Large trees are emptied by several threads, and nothing outside of them is touched."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from libpod.util import clearing, staging


def fill(top: Path, directories: int, files: int) -> None:
    for number in range(directories):
        directory = top / f"d{number % 7}" / f"e{number}"
        directory.mkdir(parents=True)
        for file in range(files):
            (directory / f"f{file}").touch()


def clear(path: Path) -> None:
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        clearing.clear(fd, path.name)
    finally:
        os.close(fd)


def count_threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    really = clearing._thread.start_new_thread
    started: list[int] = []

    def start(act: Callable[[], object], args: tuple[()]) -> int:
        started.append(1)
        return really(act, args)

    monkeypatch.setattr(clearing._thread, "start_new_thread", start)
    return started


def test_only_directories_stay_of_a_large_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "tree", 100, 3)
    (tmp_path / "tree" / "wide").mkdir()
    for number in range(500):
        (tmp_path / "tree" / "wide" / f"f{number}").touch()
    started = count_threads(monkeypatch)
    before = len(os.listdir("/proc/self/fd"))
    clear(tmp_path / "tree")
    assert started
    assert [files for _, _, files in os.walk(tmp_path / "tree") if files] == []
    assert len(os.listdir("/proc/self/fd")) == before
    staging.remove_tree(str(tmp_path / "tree"))
    assert os.listdir(tmp_path) == []


def test_a_small_tree_gets_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "tree", 4, 3)
    started = count_threads(monkeypatch)
    staging.remove_tree(str(tmp_path / "tree"))
    assert started == []
    assert os.listdir(tmp_path) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    fill(tmp_path / "keep", 2, 2)
    (tmp_path / "tree" / "below").mkdir(parents=True)
    (tmp_path / "tree" / "below" / "link").symlink_to(tmp_path / "keep")
    (tmp_path / "name").symlink_to(tmp_path / "keep")
    clear(tmp_path / "tree")
    clear(tmp_path / "name")
    assert sum(len(files) for _, _, files in os.walk(tmp_path / "keep")) == 4


def test_without_threads_the_work_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise RuntimeError("can't start new thread")

    fill(tmp_path / "tree", 100, 1)
    monkeypatch.setattr(clearing._thread, "start_new_thread", refuse)
    staging.remove_tree(str(tmp_path / "tree"))
    assert os.listdir(tmp_path) == []


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    fill(tmp_path / "tree", 200, 5)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            staging.remove_tree(str(tmp_path / "tree"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert os.listdir(tmp_path) == []


def test_a_mount_point_is_not_entered(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys\n"
        "from libpod.util import clearing\n"
        "top = sys.argv[1]\n"
        "subprocess.run(['mount', '--bind', top + '/keep', top + '/tree/m'], check=True)\n"
        "clearing.clear(os.open(top, os.O_RDONLY), 'tree')\n"
        "assert os.listdir(top + '/keep') == ['f'], os.listdir(top + '/keep')\n"
        "assert os.listdir(top + '/tree') == ['m'], os.listdir(top + '/tree')\n"
    )
    for name in ("keep", "tree/m"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "keep" / "f").touch()
    (tmp_path / "tree" / "f").touch()
    words = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(words, check=False)
    assert done.returncode == 0
