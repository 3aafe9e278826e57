"""Owns: `rename`: another name for a container, whatever it does."""

from __future__ import annotations

from libpod import errors
from libpod.engine import containers, names
from libpod.state import containers as store
from libpod.util import eventlog
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session


def rename(session: Session, name: str, new: str) -> None:
    """Give a container a new name; its host name and what it was told at its start stay.

    Raises NotFoundError; UsageError for a bad name; ConflictError for one that is taken, also by itself.
    """
    names.check(new)
    cid = containers.find(session, name)["id"]
    with session.locks.take(RANK_CONTAINER, cid):
        record = store.get(session.db, cid)
        if record["name"] == new:
            raise errors.ConflictError(f'container "{new}" has this name already', name=new)
        record["name"] = new
        store.update(session.db, record)
        eventlog.container(session.paths.events, record, "rename")
        eventlog.rewrite(session.paths.run_dir(cid), session.paths.events, record)
