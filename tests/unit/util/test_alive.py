"""The lock says whether its owner lives, whatever it died of, and asking disturbs nobody."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from libpod.util import alive


def child_that_holds(path: str) -> tuple[int, Callable[[], None]]:
    """Return a child that holds the lock, and how to end it without a word."""
    ready_r, ready_w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            alive.hold(path)
            os.write(ready_w, b"1")
            signal.pause()
        finally:
            os._exit(1)
    os.close(ready_w)
    assert os.read(ready_r, 1) == b"1"
    os.close(ready_r)

    def end() -> None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    return pid, end


def test_no_file_is_not_alive(tmp_path: Path) -> None:
    assert not alive.held(str(tmp_path / "alive"))


def test_held_until_killed(tmp_path: Path) -> None:
    path = str(tmp_path / "alive")
    _, end = child_that_holds(path)
    assert alive.held(path)
    assert alive.try_hold(path) is None
    assert not alive.remove_stale(path)
    end()
    assert not alive.held(path)
    assert os.stat(path).st_mode & 0o777 == 0o600
    fd = alive.try_hold(path)
    assert fd is not None
    os.close(fd)
    assert alive.remove_stale(path)
    assert not os.path.exists(path)
    assert alive.remove_stale(path)


def test_own_lock_counts_for_others_only(tmp_path: Path) -> None:
    path = str(tmp_path / "alive")
    fd = alive.hold(path)
    assert alive.held(path)
    assert not alive.held_fd(fd)
    assert not os.get_inheritable(fd)
    os.close(fd)


def test_forked_child_keeps_it_until_it_closes_it(tmp_path: Path) -> None:
    """The reason why a child must drop what it inherits."""
    path = str(tmp_path / "alive")
    fd = alive.hold(path)
    go_r, go_w = os.pipe()
    done_r, done_w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.read(go_r, 1)
        os.close(fd)
        os.write(done_w, b"1")
        signal.pause()
    os.close(fd)
    assert alive.held(path)
    os.write(go_w, b"1")
    os.read(done_r, 1)
    assert not alive.held(path)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for end in (go_r, go_w, done_r, done_w):
        os.close(end)


def test_waits_for_the_holder_and_locks_the_file_that_is_there_then(tmp_path: Path) -> None:
    path = str(tmp_path / "alive")
    first = alive.hold(path)
    got: list[int] = []
    waiter = threading.Thread(target=lambda: got.append(alive.hold(path)))
    waiter.start()
    os.unlink(path)  # what remove_stale and `leave` do
    os.close(first)
    waiter.join(10)
    assert os.fstat(got[0]).st_ino == os.stat(path).st_ino
    assert alive.held(path)
    os.close(got[0])


def test_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        alive.hold(str(tmp_path / "link"))
