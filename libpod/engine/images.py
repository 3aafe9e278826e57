"""Owns: the rows of `images`, and small questions about images (`exists`, `tag`, `untag`)."""

from __future__ import annotations

from libpod import errors
from libpod.state import containers
from libpod.state import images as rows
from libpod.util import eventlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from libpod.engine.session import Session
    from libpod.model.image import ImageRecord

    JsonDict = dict[str, object]
    Test = Callable[[ImageRecord, str], bool]

SORT_KEYS = ("created", "id", "repository", "size", "tag")
NONE = "<none>"


def images(
    session: Session, name: str = "", *, filters: Sequence[str] = (), sort: str = "created"
) -> list[JsonDict]:
    """One dict for each name of each image (and for each image without one), with Podman's members.

    Members that begin with a small letter (`repository`, `tag`, `created_ns`) are for tables and templates
    and are not part of `--format json`. `name` shows only what it fits, as `--filter reference=`. Nothing
    is entered or locked.
    """
    if sort not in SORT_KEYS:
        raise errors.UsageError(
            f'"{sort}" is not a valid field for sorting. Choose from: {", ".join(SORT_KEYS)}', name=sort
        )
    records = rows.all_images(session.db)
    tests = [_filter(session, text) for text in filters]
    if name:
        tests.append(("reference", _reference(session, name)))
    counts = containers.counts_by_image(session.db)
    history = rows.name_history(session.db)
    out: list[JsonDict] = []
    for record in records:
        summary: JsonDict | None = None
        for stored in [*record["names"], *record["digest_names"]] or [""]:
            if tests and not _passes(record, stored, tests):
                continue
            if summary is None:
                summary = _summary(record, counts.get(record["id"], 0), history.get(record["id"], []))
            repo, tag = _split(stored)
            out.append({**summary, "repository": repo, "tag": tag})
    out.sort(key=_SORTERS[sort], reverse=sort == "created")
    return out


def exists(session: Session, name: str) -> bool:
    """True if the name or id fits an image."""
    return rows.lookup(session.db, name) is not None


def tag(session: Session, name: str, targets: Sequence[str]) -> None:
    """Give an image more names. Raises NotFoundError, or ImageError for a name that is none."""
    from libpod.image import ref

    stored = []
    for target in targets:
        if "@" in target:
            raise errors.UsageError(f'"{target}" has a digest: a tag cannot be made of it', name=target)
        stored.append(ref.normalise(target))
    record, _ = rows.find(session.db, name)
    rows.tag(session.db, record["id"], stored)
    for name in stored:
        eventlog.image(session.paths.events, "tag", record["id"], name)


def untag(session: Session, name: str, targets: Sequence[str] = ()) -> list[str]:
    """Take names from an image, all of them when none is given; returns those that went."""
    from libpod.image import ref

    record, _ = rows.find(session.db, name)
    stored = [ref.normalise(t) for t in targets] or [*record["names"], *record["digest_names"]]
    missing = [s for s in stored if s not in record["names"] and s not in record["digest_names"]]
    if missing:
        raise errors.NotFoundError(f"{missing[0]}: tag not known", name=missing[0])
    gone = rows.untag(session.db, record["id"], stored)
    for name in gone:
        eventlog.image(session.paths.events, "untag", record["id"], name)
    return gone


def _split(stored: str) -> tuple[str, str]:
    if not stored:
        return NONE, NONE
    repo = rows.repo_of(stored)
    return repo, NONE if "@" in stored else stored[len(repo) + 1 :]


def repo_digests(record: ImageRecord) -> list[str]:
    """`repository@digest` of every repository that the image has a name in."""
    repos = dict.fromkeys(rows.repo_of(name) for name in [*record["names"], *record["digest_names"]])
    return [f"{repo}@{record['manifest_digest']}" for repo in repos]


def _summary(record: ImageRecord, count: int, history: list[str]) -> JsonDict:
    names = [*record["names"], *record["digest_names"]]
    seconds = record["created_ns"] // 1_000_000_000
    out: JsonDict = {
        "Id": record["id"],
        "ParentId": "",
        "RepoTags": None,
        "RepoDigests": repo_digests(record),
        "Size": record["size_bytes"],
        "SharedSize": 0,
        "VirtualSize": record["size_bytes"],
        "Labels": record["config"]["labels"] or None,
        "Containers": count,
    }
    if names:
        out["Names"] = names
    else:
        out["Dangling"] = True
    out["Digest"] = record["manifest_digest"]
    if history:
        out["History"] = history
    out["Created"] = seconds
    out["CreatedAt"] = _rfc3339(seconds)
    out["created_ns"] = record["created_ns"]
    return out


def _rfc3339(seconds: int) -> str:
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


_SORTERS: dict[str, Callable[[JsonDict], Any]] = {
    "created": lambda row: row["created_ns"],
    "id": lambda row: row["Id"],
    "repository": lambda row: (row["repository"], row["tag"]),
    "size": lambda row: row["Size"],
    "tag": lambda row: (row["tag"], row["repository"]),
}


# -- filters
# --------------------------------------------------------------------------------------------------


def _passes(record: ImageRecord, stored: str, tests: list[tuple[str, Test]]) -> bool:
    """Filters of one key are alternatives, those of different keys must all hold; of labels every one
    must.
    """
    outcome: dict[str, bool] = {}
    for key, test in tests:
        held = test(record, stored)
        outcome[key] = (
            outcome.get(key, True) and held if key.startswith("label") else outcome.get(key, False) or held
        )
    return all(outcome.values())


def _filter(session: Session, text: str) -> tuple[str, Test]:
    key, sep, value = text.partition("=")
    make = _FILTERS.get(key)
    if make is None:
        raise errors.UsageError(
            f'unsupported image filter "{key}"',
            remedy=f"the filters are {', '.join(sorted(_FILTERS))}",
            name=key,
        )
    if not sep:
        raise errors.UsageError(f'invalid image filter "{text}": must be in the format "filter=value"')
    return key, make(session, value)


def _boolean(key: str, value: str) -> bool:
    if value.lower() in ("1", "t", "true"):
        return True
    if value.lower() in ("0", "f", "false"):
        return False
    raise errors.UsageError(f'invalid value "{value}" of the image filter "{key}": it must be true or false')


def _dangling(_session: Session, value: str) -> Test:
    wanted = _boolean("dangling", value)
    return lambda record, stored: (not stored) == wanted


def _in_use(session: Session, value: str) -> Test:
    wanted = _boolean("containers", value)
    counts = containers.counts_by_image(session.db)
    return lambda record, stored: (record["id"] in counts) == wanted


def _readonly(_session: Session, value: str) -> Test:
    wanted = _boolean("readonly", value)
    return lambda record, stored: not wanted


def _id(_session: Session, value: str) -> Test:
    return lambda record, stored: record["id"].startswith(value.removeprefix("sha256:"))


def _label(_session: Session, value: str) -> Test:
    key, sep, wanted = value.partition("=")

    def test(record: ImageRecord, _stored: str) -> bool:
        labels = record["config"]["labels"]
        return key in labels and (not sep or labels[key] == wanted)

    return test


def _no_label(session: Session, value: str) -> Test:
    has = _label(session, value)
    return lambda record, stored: not has(record, stored)


def _intermediate(_session: Session, value: str) -> Test:
    wanted = _boolean("intermediate", value)
    return lambda record, stored: not wanted


def _age(newer: bool) -> Callable[[Session, str], Test]:
    def make(session: Session, value: str) -> Test:
        than = rows.find(session.db, value)[0]["created_ns"]
        if newer:
            return lambda record, stored: record["created_ns"] > than
        return lambda record, stored: record["created_ns"] < than

    return make


def _until(_session: Session, value: str) -> Test:
    """Made before a time, or longer ago than a duration."""
    import time

    from libpod import units

    try:
        limit_ns = units.parse_time_ns(value, time.time_ns())
    except ValueError as e:
        raise errors.UsageError(f'invalid image filter "until={value}": {e}') from e
    return lambda record, stored: record["created_ns"] < limit_ns


def _reference(_session: Session, value: str) -> Test:
    """A pattern over the name: whole, without its tag, or the end of either; `*` does not match a slash."""
    pattern = value.split("/")

    def test(record: ImageRecord, stored: str) -> bool:
        if not stored:
            return bool(value) and record["id"].startswith(value)
        for text in (stored, rows.repo_of(stored)):
            parts = text.split("/")
            for length in {len(pattern), len(parts)}:
                tail = parts[-length:]
                if len(tail) == len(pattern) and all(map(_fits, tail, pattern)):
                    return True
        return False

    return test


def _fits(text: str, pattern: str) -> bool:
    from fnmatch import fnmatchcase  # lazy: pulls re

    return text == pattern or fnmatchcase(text, pattern)


_FILTERS: dict[str, Callable[[Session, str], Test]] = {
    "after": _age(True),
    "before": _age(False),
    "containers": _in_use,
    "dangling": _dangling,
    "id": _id,
    "intermediate": _intermediate,
    "label": _label,
    "label!": _no_label,
    "readonly": _readonly,
    "reference": _reference,
    "since": _age(True),
    "until": _until,
}
