"""Steps are taken back in reverse, all of them, and only when the block fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from libpod.util.undo import Undo


def fail_after(undo: Undo, *steps: Callable[[], object]) -> None:
    """Do the steps in the block of `undo`, then fail in it."""
    with undo:
        for step in steps:
            step()
        raise KeyError


def test_runs_in_reverse_when_the_block_raises() -> None:
    done: list[int] = []
    undo = Undo()
    with pytest.raises(KeyError):
        fail_after(undo, lambda: undo.push(done.append, 1), lambda: undo.push(done.append, 2))
    assert done == [2, 1]


def test_nothing_runs_after_success_or_dismissal() -> None:
    done: list[int] = []
    with Undo() as undo:
        undo.push(done.append, 1)
    with pytest.raises(KeyError):
        fail_after(undo, lambda: undo.push(done.append, 2), undo.dismiss)
    assert done == []


def test_failing_step_does_not_stop_the_others(capfd: pytest.CaptureFixture[str]) -> None:
    done: list[int] = []
    undo = Undo()
    with pytest.raises(KeyError):
        fail_after(undo, lambda: undo.push(done.append, 1), lambda: undo.push(lambda: 1 / 0))
    assert done == [1]
    assert [type(error) for error in undo.errors] == [ZeroDivisionError]
    assert "cannot undo" in capfd.readouterr().err


def test_run_takes_back_by_hand_and_once() -> None:
    done: list[int] = []
    undo = Undo()
    undo.push(done.append, 1)
    assert undo.run() == []
    assert undo.run() == []
    assert done == [1]
