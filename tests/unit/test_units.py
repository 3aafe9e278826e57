"""Sizes and durations are read and written as Docker and Podman do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod import units


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("32b", 32),
        ("32B", 32),
        ("32k", 32 << 10),
        ("32K", 32 << 10),
        ("32kb", 32 << 10),
        ("32KiB", 32 << 10),
        ("64m", 64 << 20),
        ("32Mib", 32 << 20),
        ("1g", 1 << 30),
        ("1.5g", 3 << 29),
        ("0.5k", 512),
        (".5k", 512),
        ("2 gb", 2 << 30),
        ("1t", 1 << 40),
        ("3PiB", 3 << 50),
        (" 7m ", 7 << 20),
    ],
)
def test_size_is_read(text: str, size: int) -> None:
    assert units.parse_bytes(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "ib",
        "m",
        "-1",
        "+1",
        "1x",
        "1mm",
        "1 m m",
        "1ib",
        "1..5m",
        "1,5m",
        "0x10",
        "9999p",
        "९m",
        "1e3",
        "9" * 5000,
    ],
)
def test_what_is_no_size_is_refused(text: str) -> None:
    assert units.parse_size(text) is None
    with pytest.raises(ValueError, match="size"):
        units.parse_bytes(text)


@given(st.integers(0, units.INT64_MAX))
def test_number_is_its_own_size(size: int) -> None:
    assert units.parse_bytes(str(size)) == size
    assert units.parse_bytes(f"{size}b") == size


@given(st.integers(0, (1 << 20) - 1), st.sampled_from("kmgt"))
def test_unit_multiplies(number: int, unit: str) -> None:
    factor = 1024 ** ("kmgt".index(unit) + 1)
    for text in (f"{number}{unit}", f"{number}{unit.upper()}b", f"{number}.0{unit}ib"):
        assert units.parse_bytes(text) == number * factor


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0B"),
        (5, "5B"),
        (999, "999B"),
        (1000, "1kB"),
        (1024, "1.02kB"),
        (4259840, "4.26MB"),
        (78123, "78.1kB"),
        (1000000, "1MB"),
        (2 * 10**9, "2GB"),
        (123456789, "123MB"),
        (999999, "1e+03kB"),
        (10**15, "1PB"),
    ],
)
def test_size_for_people(size: int, text: str) -> None:
    assert units.human_size(size) == ("1000kB" if text == "1e+03kB" else text)


def test_size_for_people_other_shapes() -> None:
    assert units.human_size(4_259_840, sep=" ") == "4.26 MB"
    assert units.human_size_binary(1023) == "1023B"
    assert units.human_size_binary(1024 * 1023) == "1023KiB"
    assert units.human_size_binary(3 << 19) == "1.5MiB"


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("0", 0),
        ("10", 10 * 10**9),
        ("10s", 10 * 10**9),
        ("1m30s", 90 * 10**9),
        ("1h", 3600 * 10**9),
        ("1.5h", 5400 * 10**9),
        ("300ms", 300 * 10**6),
        ("2us", 2000),
        ("2µs", 2000),
        ("7ns", 7),
        ("-5s", -5 * 10**9),
        ("+1h2m3s4ms5us6ns", 3_723_004_005_006),
    ],
)
def test_duration_is_read(text: str, duration_ns: int) -> None:
    assert units.parse_duration_ns(text) == duration_ns


@pytest.mark.parametrize("text", ["", "s", "1x", "1s2", "1 s", "--1s", "1.s.", "h1", "1d", "1e3s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        units.parse_duration_ns(text)


@given(st.integers(-(10**18), 10**18))
def test_duration_is_read_as_it_is_written(duration_ns: int) -> None:
    assert units.parse_duration_ns(units.format_duration(duration_ns)) == duration_ns


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0s"),
        (10**9, "1s"),
        (15 * 10**8, "1.5s"),
        (30 * 10**9, "30s"),
        (60 * 10**9, "1m0s"),
        (5400 * 10**9, "1h30m0s"),
        (3 * 10**8, "300ms"),
        (1500, "1.5µs"),
        (7, "7ns"),
        (-(10**9), "-1s"),
    ],
)
def test_duration_is_written_as_go_does(duration_ns: int, text: str) -> None:
    assert units.format_duration(duration_ns) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.9, "Less than a second"),
        (1, "1 second"),
        (45, "45 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (180, "3 minutes"),
        (3600, "About an hour"),
        (5399, "About an hour"),
        (5400, "2 hours"),
        (47 * 3600, "47 hours"),
        (48 * 3600, "2 days"),
        (13 * 86400, "13 days"),
        (14 * 86400, "2 weeks"),
        (60 * 86400, "2 months"),
        (365 * 86400, "12 months"),
        (730 * 86400, "2 years"),
    ],
)
def test_duration_for_people(seconds: float, text: str) -> None:
    assert units.human_duration(seconds) == text


NOW_NS = 1_800_000_000 * units.NS_PER_S


@pytest.mark.parametrize(
    ("text", "moment_ns"),
    [
        ("2026-01-31T12:00:00Z", 1769860800 * 10**9),
        ("2026-01-31T12:00:00.5Z", 1769860800 * 10**9 + 5 * 10**8),
        ("2026-01-31T13:00:00.123456789+01:00", 1769860800 * 10**9 + 123456789),
        ("1769860800", 1769860800 * 10**9),
        ("1769860800.25", 1769860800 * 10**9 + 25 * 10**7),
        ("10m", NOW_NS - 600 * 10**9),
        ("0s", NOW_NS),
    ],
)
def test_moment_is_read(text: str, moment_ns: int) -> None:
    assert units.parse_time_ns(text, NOW_NS) == moment_ns


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-01-31Tx"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        units.parse_time_ns(text, NOW_NS)
