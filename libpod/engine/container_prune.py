"""Owns: `container prune`: removing containers that do not run."""

from __future__ import annotations

from libpod import errors
from libpod.engine import cleanup, containers, prune_filters, tidy
from libpod.engine import list as lists
from libpod.state import containers as rows
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from libpod.engine.session import Session

_AT_REST = ("created", "exited")


def prune(session: Session, say: Callable[[str], None], *, filters: Sequence[str] = ()) -> None:
    """Remove the containers that have ended or were never started; every one is tried. `say` takes each id.

    One that was started meanwhile stays, and so does one that `run` is about to start: both have the lock
    first. Raises what failed.
    """
    prune_filters.check(filters, "container prune")
    found = lists.ps(session, every=True, filters=list(filters))
    session.enter()
    tidy.tidy(session)
    failed: list[errors.PypodError] = []
    for record, status in found:
        if status["state"] not in _AT_REST or record.get("infra"):
            continue
        try:
            if _remove(session, record["id"]):
                say(record["id"])
        except errors.PypodError as e:
            failed.append(e)
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)


def _remove(session: Session, cid: str) -> bool:
    """Whether it is this call that removed it."""
    with session.locks.take(RANK_CONTAINER, cid) as held:
        try:
            record = rows.get(session.db, cid)
        except errors.NotFoundError:
            held.remove()
            return False
        if containers.status(session, record)["state"] not in _AT_REST:
            return False
        cleanup.remove_locked(session, record, anonymous_volumes=record["remove"])
        held.remove()
    return True
