"""Single values: numbers, sizes, booleans, pairs, signals."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from libpod.spec import signals, values


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("512", 512),
        ("1k", 1024),
        ("1.5g", 3 << 29),
        ("64MiB", 64 << 20),
        ("2MB", 2 << 20),
        ("0", 0),
        ("1t", 1 << 40),
    ],
)
def test_sizes_are_binary(value: str, size: int) -> None:
    assert values.size({"memory": value}, "memory") == size


@pytest.mark.parametrize("value", ["", "k", "1x", "1kk", "-1", "1e3", "0x10", "1_0", "١", "9" * 30, "1,5g"])
def test_what_is_not_a_size_is_refused(value: str) -> None:
    if value == "":
        assert values.size({"memory": value}, "memory", 7) == 7
        return
    with pytest.raises(UsageError):
        values.size({"memory": value}, "memory")


def test_no_limit_is_minus_one_where_it_is_allowed() -> None:
    assert values.size({"memory_swap": "-1"}, "memory_swap", unlimited=True) == -1


@given(st.text(max_size=12))
def test_numbers_are_plain_ascii_digits(text: str) -> None:
    found = values.try_int(text)
    if found is not None:
        assert text.lstrip("+-").isascii()
        assert found == int(text)


@given(st.integers(-(10**18), 10**18))
def test_every_number_is_read_back(number: int) -> None:
    assert values.try_int(str(number)) == number


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [(True, True), (False, False), ("true", True), ("0", False), ("YES", True), ("off", False), (None, True)],
)
def test_flags(given_value: Any, expected: bool) -> None:
    assert values.flag({"init": given_value}, "init", True) is expected


def test_text_takes_what_the_command_line_may_give() -> None:
    assert values.text({"cpus": 1.5}, "cpus") == "1.5"
    assert values.text({"x": False}, "x") == ""
    assert values.text({}, "x") == ""
    assert values.words({"x": "one"}, "x") == ["one"]
    assert values.words({"x": ("a", 1)}, "x") == ["a", "1"]
    assert values.comma_words({"x": ["a, b", "c"]}, "x") == ["a", "b", "c"]


def test_pairs_read_files_first_and_the_option_wins() -> None:
    options = {"label": ["a=1", "c"], "label_file_lines": ["# no", "", "a=0", "b = 2"]}
    assert values.pairs(options, "label", "a label", "label_file_lines") == {"a": "1", "b": " 2", "c": ""}


@pytest.mark.parametrize("name", [s.name for s in signal.Signals if s.name.startswith("SIG")])
def test_signal_names_are_those_of_the_system(name: str) -> None:
    number = int(getattr(signal, name))
    assert signals.parse(name) == number
    assert signals.parse(name[3:].lower()) == number
    assert signals.parse(str(number)) == number


@pytest.mark.parametrize(
    ("value", "number"),
    [("RTMIN+3", 37), ("SIGRTMIN", 34), ("sigrtmax-1", 63), ("RTMAX", 64), ("9", 9), ("SIGPOLL", 29)],
)
def test_real_time_signals(value: str, number: int) -> None:
    assert signals.parse(value) == number


@pytest.mark.parametrize(
    "value", ["", "0", "65", "FOO", "RTMIN+31", "RTMAX-40", "RTMIN+", "RTMIN*2", "-9", "٩"]
)
def test_what_is_not_a_signal(value: str) -> None:
    assert signals.parse(value) is None


@given(st.integers(1, 64))
def test_names_of_signals_are_read_back(number: int) -> None:
    name = signals.name_of(number)
    assert signals.parse(name) == number or name in ("32", "33")


def test_number_without_a_name_is_shown_as_a_number() -> None:
    assert signals.name_of(99) == "99"
