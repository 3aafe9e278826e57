"""The loop: descriptors, children, signals and time, each when it happens and not otherwise."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from libpod.monitor.loop import READ, Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    before = {number: signal.getsignal(number) for number in (signal.SIGCHLD, signal.SIGTERM)}
    yield Loop()
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


def exiting(code: int) -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(code)
    return pid


def test_exit_codes_of_children(loop: Loop) -> None:
    codes: dict[int, int] = {}
    pids = [exiting(code) for code in (0, 3, 255)]
    for pid in pids:
        loop.on_child(pid, lambda code, pid=pid: codes.__setitem__(pid, code))
    assert loop.run_until(lambda: len(codes) == 3, 5)
    assert [codes[pid] for pid in pids] == [0, 3, 255]


def test_a_killed_child_has_a_negative_code(loop: Loop) -> None:
    pid = os.fork()
    if pid == 0:
        signal.pause()
    codes: list[int] = []
    loop.on_child(pid, codes.append)
    os.kill(pid, signal.SIGKILL)
    assert loop.run_until(lambda: bool(codes), 5)
    assert codes == [-signal.SIGKILL]


def test_a_child_that_has_ended_before_it_is_asked_for(loop: Loop) -> None:
    pid = exiting(7)
    loop.run_until(lambda: False, 0.3)
    codes: list[int] = []
    loop.on_child(pid, codes.append)
    assert codes == [7]
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def test_strays_are_reaped_and_not_kept_for_ever(loop: Loop) -> None:
    for _ in range(100):
        exiting(0)
    loop.run_until(lambda: False, 0.5)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert len(loop._strays) <= 64


def test_timers_fire_in_time_and_can_be_cancelled(loop: Loop) -> None:
    fired: list[str] = []
    loop.after(0.05, lambda: fired.append("second"))
    loop.after(0.01, lambda: fired.append("first"))
    loop.after(0.02, lambda: fired.append("never")).cancel()
    began = time.monotonic()
    assert loop.run_until(lambda: len(fired) == 2, 5)
    assert fired == ["first", "second"]
    assert time.monotonic() - began >= 0.05


def test_the_time_limit_ends_the_wait(loop: Loop) -> None:
    began = time.monotonic()
    assert not loop.run_until(lambda: False, 0.05)
    assert 0.05 <= time.monotonic() - began < 1


def test_a_handler_may_forget_another_one_that_is_ready_too(loop: Loop) -> None:
    pipes = [os.pipe() for _ in range(2)]
    seen: list[int] = []

    def handle(index: int) -> None:
        seen.append(index)
        for read_fd, _ in pipes:
            loop.unwatch(read_fd)

    for index, (read_fd, write_fd) in enumerate(pipes):
        loop.watch(read_fd, READ, lambda _, index=index: handle(index))
        os.write(write_fd, b"x")
    loop.run_until(lambda: False, 0.05)
    assert len(seen) == 1
    for fd in (fd for pipe in pipes for fd in pipe):
        os.close(fd)


def test_signals_are_handled_in_the_loop(loop: Loop) -> None:
    got: list[int] = []
    loop.on_signal(signal.SIGTERM, lambda: got.append(signal.SIGTERM))
    os.kill(os.getpid(), signal.SIGTERM)
    assert loop.run_until(lambda: bool(got), 5)


def test_an_error_of_a_handler_comes_out(loop: Loop) -> None:
    def fail() -> None:
        raise ValueError("from the handler")

    loop.after(0, fail)
    with pytest.raises(ValueError, match="from the handler"):
        loop.run_until(lambda: False, 5)
