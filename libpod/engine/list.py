"""Owns: the rows of `ps`: records with their status, filtered; nothing is entered or locked."""

from __future__ import annotations

from libpod import errors, log, monitorctl
from libpod.engine import cleanup, containers
from libpod.state import containers as rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.run import RunStatus

    Row = tuple[ContainerRecord, RunStatus]

STATES = ("created", "initialized", "running", "paused", "stopping", "restarting", "exited")


def ps(session: Session, *, every: bool, last: int = 0, filters: list[str] = []) -> list[Row]:  # noqa: B006 never changed
    """Containers, newest first. `every`: also those that do not run; `last` > 0: the newest so many,
    whatever their state."""
    tests = [_filter(session, f) for f in filters]
    if any(f.partition("=")[0] == "status" for f in filters):
        every = True
    found: list[Row] = []
    summaries = rows.summaries(session.db)
    try:
        cleanup.sweep(session, {record["id"] for record in summaries})
    except errors.PypodError as e:
        log.debug("cannot remove what an interrupted command left", error=e.message)
    for record in reversed(summaries):
        status = containers.status(session, record)
        if record["remove"] and _is_reaped(session, record, status):
            continue
        if not (every or last or containers.is_running(status)):
            continue
        if _passes(record, status, tests):
            joined = record["network"]["container"]
            if joined and record.get("pod") and containers.is_running(status):
                status["ports"] = monitorctl.status(session.paths, joined)["ports"]  # the pod's are its own
            found.append((record, status))
    return found[:last] if last > 0 else found


def _is_reaped(session: Session, record: ContainerRecord, status: RunStatus) -> bool:
    """A list does not fail because something cannot be cleared up here: then it is shown."""
    try:
        return cleanup.reap(session, record, status)
    except errors.PypodError as e:
        log.debug("cannot remove a container that has ended", container=record["id"][:12], error=e.message)
        return False


def _passes(record: ContainerRecord, status: RunStatus, tests: list[tuple[str, Callable[..., bool]]]) -> bool:
    """Filters of the same key are alternatives, different keys must all hold (labels: every one)."""
    outcome: dict[str, bool] = {}
    for key, test in tests:
        held = test(record, status)
        outcome[key] = (
            (outcome.get(key, True) and held) if key == "label" else (outcome.get(key, False) or held)
        )
    return all(outcome.values())


def _filter(session: Session, text: str) -> tuple[str, Callable[..., bool]]:
    key, sep, value = text.partition("=")
    make = _FILTERS.get(key)
    if not sep or make is None:
        raise errors.UsageError(
            f'invalid filter "{text}"',
            remedy="filters are KEY=VALUE with one of the keys " + ", ".join(sorted(_FILTERS)),
        )
    return key, make(session, value)


def _by_id(_s: Session, value: str) -> Callable[..., bool]:
    """The beginning of an id, or a regular expression: one is known by its characters."""
    if value.isalnum():
        return lambda r, s: r["id"].startswith(value)
    fits = _pattern("id", value)
    return lambda r, s: fits(r["id"])


def _by_name(_s: Session, value: str) -> Callable[..., bool]:
    fits = _pattern("name", value)
    return lambda r, s: fits(r["name"])


def _pattern(key: str, value: str) -> Callable[[str], bool]:
    import re  # lazy: only with this filter

    try:
        pattern = re.compile(value)
    except re.error as e:
        raise errors.UsageError(
            f'invalid filter "{key}={value}": {e}', remedy="the value is a regular expression"
        ) from e
    return lambda text: pattern.search(text) is not None


def _by_label(_s: Session, value: str) -> Callable[..., bool]:
    key, sep, wanted = value.partition("=")
    return lambda r, s: key in r["labels"] and (not sep or r["labels"][key] == wanted)


def _by_not_label(_s: Session, value: str) -> Callable[..., bool]:
    test = _by_label(_s, value)
    return lambda r, s: not test(r, s)


def _by_status(_s: Session, value: str) -> Callable[..., bool]:
    if value not in (*STATES, "stopped", "unknown", "removing"):
        raise errors.UsageError(f'invalid filter "status={value}"', remedy="states are " + ", ".join(STATES))
    return lambda r, s: s["state"] == ("exited" if value == "stopped" else value)


def _by_restart_policy(_s: Session, value: str) -> Callable[..., bool]:
    names = ("no", "always", "on-failure", "unless-stopped")
    if value not in names:
        raise errors.UsageError(
            f'invalid filter "restart-policy={value}"', remedy="policies are " + ", ".join(names)
        )
    return lambda r, s: r["restart_policy"].partition(":")[0] == value


def _by_exited(_s: Session, value: str) -> Callable[..., bool]:
    if not value.lstrip("-").isdigit():
        raise errors.UsageError(f'invalid filter "exited={value}"', remedy="the value is an exit code")
    return lambda r, s: s["state"] == "exited" and s["exit_code"] == int(value)


def _by_ancestor(_s: Session, value: str) -> Callable[..., bool]:
    def test(r: ContainerRecord, _status: RunStatus) -> bool:
        names = (r["image"], r["image_name"], r["image_name"].rpartition(":")[0])
        short = r["image_name"].rpartition("/")[2]
        return value in (*names, short, short.partition(":")[0]) or r["image_id"].startswith(
            value.removeprefix("sha256:")
        )

    return test


def _by_created(newer: bool) -> Callable[[Session, str], Callable[..., bool]]:
    def make(session: Session, value: str) -> Callable[..., bool]:
        than = containers.find(session, value)["created_ns"]
        return (lambda r, s: r["created_ns"] > than) if newer else (lambda r, s: r["created_ns"] < than)

    return make


def _by_network(_s: Session, value: str) -> Callable[..., bool]:
    return lambda r, s: r["network"]["mode"] == value


def _by_volume(_s: Session, value: str) -> Callable[..., bool]:
    return lambda r, s: any(value in (m["source"], m["destination"]) for m in r["mounts"])


def _by_until(_s: Session, value: str) -> Callable[..., bool]:
    import time

    from libpod import units

    try:
        moment_ns = units.parse_time_ns(value, time.time_ns())
    except ValueError as e:
        raise errors.UsageError(
            f'invalid filter "until={value}"',
            remedy="the value is a time as in 2026-01-31T12:00:00Z, a Unix time, or a duration as in 10m",
        ) from e
    return lambda r, s: r["created_ns"] < moment_ns


def _by_pod(session: Session, value: str) -> Callable[..., bool]:
    """The containers of a pod, by its name or the beginning of its id."""
    names = pod_names(session)
    ids = {pod_id for pod_id, name in names.items() if name == value or pod_id.startswith(value)}
    return lambda r, s: r.get("pod", "") in ids


def pod_names(session: Session) -> dict[str, str]:
    """The name of each pod by its id."""
    from libpod.state import pods

    return {pod["id"]: pod["name"] for pod in pods.all_pods(session.db)}


_FILTERS: dict[str, Callable[[Session, str], Callable[..., bool]]] = {
    "ancestor": _by_ancestor,
    "before": _by_created(False),
    "exited": _by_exited,
    "id": _by_id,
    "label": _by_label,
    "label!": _by_not_label,
    "name": _by_name,
    "network": _by_network,
    "pod": _by_pod,
    "restart-policy": _by_restart_policy,
    "since": _by_created(True),
    "status": _by_status,
    "until": _by_until,
    "volume": _by_volume,
}
