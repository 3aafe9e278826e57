"""Sizes, durations and times in Podman's words."""

from __future__ import annotations

import pytest

from pypod.ui import human

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [
        (0, "0B"),
        (12, "12B"),
        (999, "999B"),
        (1000, "1kB"),
        (789624, "790kB"),
        (2991226, "2.99MB"),
        (4_200_000, "4.2MB"),
        (1_500_000_000, "1.5GB"),
        (10**18, "1EB"),
    ],
)
def test_size(size_bytes: int, expected: str) -> None:
    assert human.size(size_bytes) == expected


def test_size_of_images_has_a_gap() -> None:
    assert human.size(2991226, gap=" ") == "2.99 MB"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.4, "Less than a second"),
        (1.9, "1 second"),
        (2, "2 seconds"),
        (59, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (180, "3 minutes"),
        (59 * 60, "59 minutes"),
        (60 * 60, "About an hour"),
        (89 * 60, "About an hour"),
        (90 * 60, "2 hours"),
        (47 * 3600, "47 hours"),
        (48 * 3600, "2 days"),
        (13 * 86400, "13 days"),
        (14 * 86400, "2 weeks"),
        (59 * 86400, "8 weeks"),
        (60 * 86400, "2 months"),
        (729 * 86400, "24 months"),
        (730 * 86400, "2 years"),
    ],
)
def test_duration(seconds: float, expected: str) -> None:
    assert human.duration(seconds) == expected


def test_ago_and_up() -> None:
    assert human.ago(10 * SECOND, 13 * SECOND) == "3 seconds ago"
    assert human.up(10 * SECOND, 12 * SECOND) == "Up 2 seconds"


def test_moments() -> None:
    moment = human.Moment(1795496039573319138)
    assert moment == "2026-11-24T04:53:59.573319138Z"
    assert moment.shown == "2026-11-24 04:53:59.573319138 +0000 UTC"
    assert human.rfc3339(0) == "0001-01-01T00:00:00Z"
    assert human.rfc3339(1795496039 * SECOND) == "2026-11-24T04:53:59Z"


def test_commands_and_ids_are_cut() -> None:
    assert human.short_command(["sleep", "1000"]) == "sleep 1000"
    assert human.short_command(["sh", "-c", "echo this is a very long line"]) == "sh -c echo this i..."
    assert human.short_command(["sh", "-c", "echo this is long"], whole=True) == "sh -c echo this is long"
    assert human.short_id("sha256:badbeab21a4fa61cd3ed46") == "badbeab21a4f"
