"""Locks exclude, come in the order of their ranks, and survive the removal of their file."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from libpod.errors import LockOrderError
from libpod.util import lock
from libpod.util.lock import RANK_CONTAINER, RANK_POD, RANK_VOLUME, Locks


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Locks]:
    monkeypatch.setenv(lock.STRICT_ENV, "1")
    yield Locks(str(tmp_path))
    assert lock.held_ranks() == []


def test_ranks_go_up(locks: Locks) -> None:
    with locks.take(RANK_POD, "p"), locks.take(RANK_CONTAINER, "c"), locks.take(RANK_VOLUME, "v"):
        assert lock.held_ranks() == [RANK_POD, RANK_CONTAINER, RANK_VOLUME]


@pytest.mark.parametrize("second", [RANK_POD, RANK_CONTAINER])
def test_rank_not_above_the_held_one_is_an_error(locks: Locks, second: int) -> None:
    with locks.take(RANK_CONTAINER, "c"), pytest.raises(LockOrderError, match="40-c is held"):
        locks.take(second, "x").acquire()


def test_out_of_order_is_logged_in_production(
    locks: Locks, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(lock.STRICT_ENV)
    with locks.take(RANK_CONTAINER, "c"), locks.take(RANK_POD, "p"):
        pass
    assert "out of order" in capfd.readouterr().err


def test_several_of_one_rank_are_taken_sorted(locks: Locks, tmp_path: Path) -> None:
    with locks.take(RANK_CONTAINER, "b", "a", "b"):
        assert sorted(os.listdir(tmp_path)) == ["40-a", "40-b"]
        assert lock.held_ranks() == [RANK_CONTAINER]


@pytest.mark.parametrize("name", ["", "a/b", "..", ".x"])
def test_name_that_is_a_path_is_refused(locks: Locks, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        locks.take(RANK_POD, name)


def test_processes_exclude_each_other(tmp_path: Path) -> None:
    """A read-modify-write of a counter loses nothing."""
    counter = tmp_path / "counter"
    counter.write_text("0")
    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            try:
                for _ in range(50):
                    with Locks(str(tmp_path)).take(RANK_CONTAINER, "c"):
                        counter.write_text(str(int(counter.read_text()) + 1))
                os._exit(0)
            finally:
                os._exit(1)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
    assert counter.read_text() == "200"


def test_processes_exclude_each_other_while_the_file_is_removed(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            try:
                for _ in range(50):
                    held = Locks(str(tmp_path)).take(RANK_CONTAINER, "c").acquire()
                    counter.write_text(str(int(counter.read_text()) + 1))
                    held.remove()
                os._exit(0)
            finally:
                os._exit(1)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
    assert counter.read_text() == "200"
    assert os.listdir(tmp_path) == ["counter"]


def test_killed_owner_gives_it_back(tmp_path: Path) -> None:
    ready_r, ready_w = os.pipe()
    pid = os.fork()
    if pid == 0:
        Locks(str(tmp_path)).take(RANK_POD, "p").acquire()
        os.write(ready_w, b"1")
        signal.pause()
    os.read(ready_r, 1)
    threading.Timer(0.1, os.kill, (pid, signal.SIGKILL)).start()
    with Locks(str(tmp_path)).take(RANK_POD, "p"):
        pass
    os.waitpid(pid, 0)
    os.close(ready_r)
    os.close(ready_w)


def test_child_drops_what_it_inherited(locks: Locks, tmp_path: Path) -> None:
    held = locks.take(RANK_POD, "p").acquire()
    dropped_r, dropped_w = os.pipe()
    pid = os.fork()
    if pid == 0:
        lock.close_all_in_child()
        os.write(dropped_w, b"1" if lock.held_ranks() == [] else b"0")
        signal.pause()
    assert os.read(dropped_r, 1) == b"1"
    held.release()
    held.release()
    with locks.take(RANK_POD, "p"):  # would wait for ever if the child had it
        pass
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(dropped_r)
    os.close(dropped_w)
