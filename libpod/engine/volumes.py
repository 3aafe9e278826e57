"""Owns: the verbs of named volumes: create, ls, inspect, exists, prune, rm."""

from __future__ import annotations

from libpod import errors
from libpod import volumes as service
from libpod.engine import tidy
from libpod.spec import volumeopts
from libpod.state import volumes as rows
from libpod.util import eventlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from libpod.engine.session import Session
    from libpod.model.volume import VolumeRecord

    JsonDict = dict[str, object]
    Test = Callable[[VolumeRecord], bool]

EXIT_MISSING = 1
EXIT_IN_USE = 2
_ALL_MUST = ("label", "label!")
"""Filters that must all hold when they are given more than once; of others one will do."""


def create(
    session: Session,
    name: str = "",
    *,
    labels: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    driver: str = "local",
    ignore: bool = False,
    uid: int | None = None,
    gid: int | None = None,
) -> str:
    """Make a volume and return its name. `ignore`: one that exists is fine."""
    if driver not in ("", "local"):
        raise errors.NotSupportedError(
            f'the volume driver "{driver}" is not supported, only local', name=driver
        )
    asked = volumeopts.parse(options or {})
    session.enter()
    try:
        record = service.create(
            session.paths,
            session.db,
            name,
            labels=labels,
            options=options,
            device=asked.device,
            copy_up=asked.copy_up,
            owner=(asked.uid if uid is None else uid, asked.gid if gid is None else gid),
        )
    except errors.ConflictError:
        if not ignore:
            raise
        return name
    return record["name"]


def exists(session: Session, name: str) -> bool:
    try:
        rows.get(session.db, name)
    except errors.NotFoundError:
        return False
    return True


def ls(session: Session, filters: Sequence[str] = ()) -> list[JsonDict]:
    """The JSON of every volume that fits, by name. Nothing is entered or locked."""
    tests = [_filter(session, text) for text in filters]
    out = []
    for record in rows.all_volumes(session.db):
        outcome: dict[str, bool] = {}
        for key, test in tests:
            held = test(record)
            outcome[key] = (
                outcome.get(key, True) and held if key in _ALL_MUST else outcome.get(key, False) or held
            )
        if all(outcome.values()):
            out.append(volume(session, record))
    return out


def inspect(session: Session, name: str) -> JsonDict:
    """The JSON of one volume. Raises NotFoundError."""
    return volume(session, rows.get(session.db, name))


def volume(session: Session, record: VolumeRecord) -> JsonDict:
    """A volume with Podman's member names."""
    from libpod.engine.inspect import rfc3339

    out: JsonDict = {
        "Name": record["name"],
        "Driver": record["driver"],
        "Mountpoint": service.data_dir(session.paths, record["name"]),
        "CreatedAt": rfc3339(record["created_ns"]),
        "Labels": record["labels"],
        "Scope": "local",
        "Options": record["options"],
    }
    if record["uid"]:
        out["UID"] = record["uid"]
    if record["gid"]:
        out["GID"] = record["gid"]
    if record["anonymous"]:
        out["Anonymous"] = True
    out["MountCount"] = 0
    if record["needs_copy_up"]:
        out["NeedsCopyUp"] = True
        out["NeedsChown"] = True
    return out


def rm(
    session: Session,
    names: Sequence[str],
    say: Callable[[str], None],
    *,
    every: bool = False,
    force: bool = False,
    timeout_s: int | None = None,
) -> None:
    """Remove volumes; every one is tried, `say` takes the names of those that went. `every`: all that are
    not used.

    `force`: containers that use it are removed first, and a missing one is fine. Raises what failed, with
    exit code 1 (no such volume), 2 (in use) or 125.
    """
    if not names and not every:
        raise errors.UsageError(
            "must specify at least one volume name", remedy='say which, or "pypod volume rm --all"'
        )
    session.enter()
    tidy.tidy(session)
    wanted = [r["name"] for r in rows.all_volumes(session.db)] if every else list(names)
    failed: list[errors.PypodError] = []
    for name in wanted:
        try:
            if force:
                _remove_containers(session, name, timeout_s)
            service.remove(session.paths, session.db, name)
            say(name)
        except errors.NotFoundError as e:
            e.exit_code = EXIT_MISSING
            if not force and not every:
                failed.append(e)
        except errors.InUseError as e:
            e.exit_code = EXIT_IN_USE
            failed.append(e)
        except errors.PypodError as e:
            failed.append(e)
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)


def prunable(session: Session, filters: Sequence[str] = ()) -> list[str]:
    """The names of the volumes that fit and that no container uses now."""
    found = [str(row["Name"]) for row in ls(session, filters)]
    return [name for name in found if not rows.users(session.db, name)]


def prune(session: Session, say: Callable[[str], None], *, filters: Sequence[str] = ()) -> None:
    """Remove the volumes that fit and that no container uses; every one is tried. `say` takes each name.

    One that a container took meanwhile stays. Raises what failed.
    """
    names = prunable(session, filters)
    session.enter()
    tidy.tidy(session)
    failed: list[errors.PypodError] = []
    for name in names:
        try:
            service.remove(session.paths, session.db, name)
            eventlog.volume(session.paths.events, "prune", name)
            say(name)
        except (errors.InUseError, errors.NotFoundError):
            continue
        except errors.PypodError as e:
            failed.append(e)
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)


def _remove_containers(session: Session, name: str, timeout_s: int | None) -> None:
    from libpod.engine import rm  # lazy: only with --force
    from libpod.state import containers

    for cid in rows.users(session.db, name):
        try:
            rm.rm(session, containers.get(session.db, cid), force=True, timeout_s=timeout_s)
        except errors.NotFoundError:
            pass


def _filter(session: Session, text: str) -> tuple[str, Test]:
    key, sep, value = text.partition("=")
    if key == "name" and sep:
        import re  # lazy: only for this filter

        try:
            pattern = re.compile(value)
        except re.error as e:
            raise errors.UsageError(f'invalid filter "{text}": {e}') from e
        return key, lambda record: pattern.search(record["name"]) is not None
    if key == "label" and sep:
        label, has_value, wanted = value.partition("=")
        return (
            key,
            lambda record: label in record["labels"] and (not has_value or record["labels"][label] == wanted),
        )
    if key == "label!" and sep:
        test = _filter(session, f"label={value}")[1]
        return key, lambda record: not test(record)
    if key == "until" and sep:
        limit_ns = _moment_ns(text, value)
        return key, lambda record: record["created_ns"] < limit_ns
    if key == "driver" and sep:
        return key, lambda record: record["driver"] == value
    if key == "scope" and sep:
        return key, lambda record: value == "local"
    if key == "dangling" and value.lower() in ("true", "false", "1", "0"):
        free = value.lower() in ("true", "1")
        return key, lambda record: (not rows.users(session.db, record["name"])) == free
    raise errors.UsageError(
        f'"{key}" is an invalid volume filter' if sep else f'invalid filter "{text}": it must be KEY=VALUE',
        remedy="the filters are dangling, driver, label, label!, name, scope, until",
    )


def _moment_ns(text: str, value: str) -> int:
    import time

    from libpod import units

    try:
        return units.parse_time_ns(value, time.time_ns())
    except ValueError as e:
        raise errors.UsageError(
            f'invalid filter "{text}"',
            remedy="the value is a time as in 2026-01-31T12:00:00Z, a Unix time, or a duration as in 10m",
        ) from e
