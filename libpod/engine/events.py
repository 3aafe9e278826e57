"""Owns: `events`: which events were asked for."""

from __future__ import annotations

import time

from libpod import errors, units
from libpod import events as service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from libpod.engine.session import Session
    from libpod.events import Event

    Test = Callable[[Event, str], bool]


def events(
    session: Session,
    *,
    filters: Sequence[str] = (),
    since: str = "",
    until: str = "",
    stream: bool = True,
) -> Iterator[Event]:
    """The events that fit, oldest first; with `stream` also those to come, until `until` or for ever.

    `since` and `until` are moments or durations, back from now and ahead of it. Without `since` a stream has
    what comes alone. Raises UsageError.
    """
    now_ns = time.time_ns()
    since_ns = _moment("--since", since, now_ns, ahead=False)
    until_ns = _moment("--until", until, now_ns, ahead=True)
    if until_ns is not None and since_ns is None:
        since_ns = 0
    wanted = _filters(filters)
    if not session.paths.events:
        raise errors.UsageError(
            'cannot read events with the "none" backend', remedy="leave --events-backend out"
        )
    session.ensure_store()
    for event in service.read(session.paths.events, since_ns=since_ns, until_ns=until_ns, follow=stream):
        if all(any(test(event, value) for test, value in group) for group in wanted):
            yield event


def _moment(option: str, value: str, now_ns: int, *, ahead: bool) -> int | None:
    if not value:
        return None
    try:
        return units.parse_time_ns(value, now_ns, ahead=ahead)
    except ValueError as e:
        raise errors.UsageError(
            f'{option}: "{value}" is not a time', remedy='give a time like 2026-01-31T12:00:00Z, or "10m"'
        ) from e


def _filters(filters: Sequence[str]) -> list[list[tuple[Test, str]]]:
    """One group for each key: an event must fit one of its values."""
    groups: dict[str, list[tuple[Test, str]]] = {}
    for text in filters:
        key, equals, value = text.partition("=")
        test = _TESTS.get(key.lower())
        if not equals or not value or test is None:
            raise errors.UsageError(
                f'"{text}" is an invalid filter', remedy=f"give KEY=VALUE with a key of {', '.join(_TESTS)}"
            )
        groups.setdefault("event" if key == "status" else key.lower(), []).append((test, value))
    return list(groups.values())


def _named(kind: str) -> Test:
    def test(event: Event, value: str) -> bool:
        return event["type"] == kind and (
            event.get("name") == value or (bool(event.get("id")) and str(event["id"]).startswith(value))
        )

    return test


def _status(event: Event, value: str) -> bool:
    return bool(event["status"] == ("died" if value == "die" else value))


def _label(event: Event, value: str) -> bool:
    labels = event.get("attributes") or {}
    key, equals, wanted = value.partition("=")
    return key in labels and (not equals or labels[key] == wanted)


def _kind(event: Event, value: str) -> bool:
    return bool(event["type"] == value)


_TESTS: dict[str, Test] = {
    "container": _named("container"),
    "event": _status,
    "image": _named("image"),
    "label": _label,
    "pod": _named("pod"),
    "status": _status,
    "type": _kind,
    "volume": _named("volume"),
}
