"""When a container is started again, and after which pause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from libpod.monitor import restarts
from libpod.spec import restartopts


@given(st.integers(0, 2**31 - 1))
def test_a_policy_with_a_number_comes_back_as_it_was(count: int) -> None:
    policy = restartopts.parse(f"on-failure:{count}")
    assert restartopts.split(policy) == ("on-failure", count)
    assert restartopts.parse(policy) == policy


@given(st.text(max_size=20))
def test_any_word_is_a_policy_or_wrong_usage(word: str) -> None:
    try:
        policy = restartopts.parse(word)
    except UsageError:
        return
    name, count = restartopts.split(policy)
    assert name in ("no", "always", "unless-stopped", "on-failure")
    assert count == 0 or word.startswith("on-failure:")


WRONG = ["never", "Always", "always:3", "no:1", "on-failure:", "on-failure:-1", "on-failure:x", ":1", " no"]


@pytest.mark.parametrize("word", [*WRONG, "on-failure:99999999999"])
def test_what_is_no_policy(word: str) -> None:
    with pytest.raises(UsageError):
        restartopts.parse(word)


@pytest.mark.parametrize(("policy", "fits"), [("no", True), ("on-failure:2", True), ("always", False)])
def test_removal_at_the_end_and_a_policy(policy: str, fits: bool) -> None:
    restartopts.check_remove(policy, False)
    if fits:
        restartopts.check_remove(policy, True)
    else:
        with pytest.raises(UsageError):
            restartopts.check_remove(policy, True)


@pytest.mark.parametrize(
    ("policy", "count", "code", "again"),
    [
        ("no", 0, 1, False),
        ("always", 10_000, 0, True),
        ("unless-stopped", 5, 137, True),
        ("on-failure", 10_000, 1, True),
        ("on-failure", 0, 0, False),
        ("on-failure:2", 1, 1, True),
        ("on-failure:2", 2, 1, False),
    ],
)
def test_what_a_policy_wants(policy: str, count: int, code: int, again: bool) -> None:
    assert restarts.wanted({**restartopts.plan(policy), "count": count}, code) is again


def test_the_pause_doubles_up_to_a_minute_and_begins_anew() -> None:
    waits = [0.0]
    for _ in range(20):
        waits.append(restarts.backoff(waits[-1], 1.0))
    assert waits[1:5] == [0.1, 0.2, 0.4, 0.8]
    assert waits[-1] == restarts.MAX_S
    assert restarts.backoff(waits[-1], restarts.CALM_S) == 0.0
    assert restarts.backoff(0.0, 1.0) == restarts.FIRST_S


@given(st.floats(0, 1e6), st.floats(-1, 1e9), st.floats(0.001, 60))
def test_no_pause_is_longer_than_the_limit(last_s: float, lived_s: float, limit_s: float) -> None:
    assert 0 <= restarts.backoff(last_s, lived_s, limit_s) <= limit_s
