"""Owns: doing several independent pieces of work at once, each in a forked child."""

from __future__ import annotations

import os
import select

from libpod.errors import PypodError
from libpod.kernel import process
from libpod.util import jsonio, lock, spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

TICK_S = 0.1
_SIGKILL = 9


def workers() -> int:
    """How many children help on this machine."""
    return min(len(os.sched_getaffinity(0)), 8)


def run(
    jobs: Sequence[Callable[[], Any]], limit: int = 0, tick: Callable[[], None] | None = None
) -> list[Any]:
    """Run every job in a child of its own, `limit` at a time (0 = as many as there are processors); results
    in order.

    A result must be JSON. The first error stops the others and is raised here, with its class. A job
    inherits all open descriptors and holds none of our locks; it must not use a database connection made
    before. A single job is run here, without a child. `tick` is called here every TICK_S while they work.
    """
    if len(jobs) == 1 and tick is None:
        return [jobs[0]()]
    running: dict[int, tuple[int, int, list[bytes]]] = {}  # result pipe -> (pid, number, what came so far)
    results: list[Any] = [None] * len(jobs)
    waiting = list(enumerate(jobs))
    waiting.reverse()
    try:
        while waiting or running:
            while waiting and len(running) < (limit or workers()):
                number, job = waiting.pop()
                read_fd, pid = _start(job, list(running))
                running[read_fd] = (pid, number, [])
            ready, _, _ = select.select(list(running), [], [], TICK_S if tick else None)
            if tick:
                tick()
            for fd in ready:
                data = os.read(fd, 1 << 16)
                pid, number, parts = running[fd]
                if data:
                    parts.append(data)
                    continue
                os.close(fd)
                del running[fd]
                results[number] = _result(b"".join(parts), os.waitpid(pid, 0)[1])
    finally:
        for fd, (pid, _number, _parts) in running.items():
            os.kill(pid, _SIGKILL)  # our own child, not yet waited for: the number cannot be another process
            os.waitpid(pid, 0)
            os.close(fd)
    return results


def first(jobs: Sequence[Callable[[], Any]]) -> Any:
    """Run all jobs at once, as `run` does, and return the result of the one that ends first; the others are
    killed."""
    running: dict[int, tuple[int, list[bytes]]] = {}
    try:
        for job in jobs:
            read_fd, pid = _start(job, list(running))
            running[read_fd] = (pid, [])
        while True:
            ready, _, _ = select.select(list(running), [], [])
            for fd in ready:
                pid, parts = running[fd]
                data = os.read(fd, 1 << 16)
                if data:
                    parts.append(data)
                    continue
                os.close(fd)
                del running[fd]
                return _result(b"".join(parts), os.waitpid(pid, 0)[1])
    finally:
        for fd, (pid, _parts) in running.items():
            os.kill(pid, _SIGKILL)
            os.waitpid(pid, 0)
            os.close(fd)


def _start(job: Callable[[], Any], others: list[int]) -> tuple[int, int]:
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid:
        os.close(write_fd)
        return read_fd, pid
    code = 1
    try:
        process.set_pdeathsig(_SIGKILL)  # nobody would wait for the result
        os.close(read_fd)
        for fd in others:
            os.close(fd)
        lock.close_all_in_child()
        try:
            answer = {"result": job()}
        except BaseException as e:
            answer = {"error": spawn.pack_error(e)}
        data = jsonio.dumps(answer).encode()
        while data:
            data = data[os.write(write_fd, data) :]
        code = 0
    finally:
        os._exit(code)


def _result(data: bytes, status: int) -> Any:
    if status or not data:
        how = f"was killed by signal {status & 0x7F}" if status & 0x7F else "ended without a result"
        raise PypodError(f"a child process that did part of the work {how}")
    answer = jsonio.loads(data)
    if "error" in answer:
        raise spawn.unpack_error(answer["error"])
    return answer["result"]
