"""Work in several children at once: results in order, the first error stops the rest."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable

import pytest

from libpod.errors import ImageError, PypodError
from libpod.util import fanout


def job(value: int, delay_s: float = 0.0) -> Callable[[], list[int]]:
    def work() -> list[int]:
        time.sleep(delay_s)
        return [value, os.getpid()]

    return work


def test_results_are_in_the_order_of_the_jobs() -> None:
    results = fanout.run([job(n, 0.02 * (5 - n)) for n in range(5)], limit=3)
    assert [value for value, _ in results] == [0, 1, 2, 3, 4]
    assert os.getpid() not in [pid for _, pid in results]


def test_a_single_job_needs_no_child() -> None:
    assert fanout.run([job(1)]) == [[1, os.getpid()]]
    assert fanout.run([]) == []


def test_big_results_come_whole() -> None:
    assert fanout.run([lambda: "x" * 1_000_000, lambda: "y" * 1_000_000]) == [
        "x" * 1_000_000,
        "y" * 1_000_000,
    ]


def fail() -> None:
    raise ImageError("bad archive", remedy="get another")


def test_the_first_error_stops_the_others_with_its_class() -> None:
    begin = time.monotonic()
    with pytest.raises(ImageError, match="bad archive") as caught:
        fanout.run([job(1, 30), fail, job(2, 30)], limit=3)
    assert caught.value.remedy == "get another"
    assert time.monotonic() - begin < 5


def test_a_child_that_dies_is_an_error() -> None:
    with pytest.raises(PypodError, match="killed by signal 9"):
        fanout.run([lambda: os.kill(os.getpid(), 9), job(1)])


def own_children() -> set[str]:
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as f:
        return set(f.read().split())


def test_nothing_is_left_open() -> None:
    gc.collect()  # descriptors of other tests would be closed in between
    before, children = len(os.listdir("/proc/self/fd")), own_children()
    fanout.run([job(n) for n in range(20)], limit=4)
    with pytest.raises(ImageError):
        fanout.run([job(1, 30), fail])
    assert len(os.listdir("/proc/self/fd")) == before
    assert own_children() == children


def test_the_first_result_ends_the_others() -> None:
    before, children = time.monotonic(), own_children()
    assert fanout.first([job(1, 60), job(2), job(3, 60)])[0] == 2
    assert time.monotonic() - before < 30
    assert own_children() == children
