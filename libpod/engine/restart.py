"""Owns: `restart`: stop, then start, with the same settings and files."""

from __future__ import annotations

from libpod import errors
from libpod.engine import containers, start_again
from libpod.engine import stop as stopping
from libpod.util import eventlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord


def restart(
    session: Session, starter: start_again.Starter, record: ContainerRecord, timeout_s: int | None = None
) -> None:
    """Stop the container if it runs, as `stop` does, and start it in the background.

    Raises StateError for one with `--rm`: it is removed when it ends.
    """
    if record["remove"] and containers.is_running(containers.status(session, record)):
        raise errors.StateError(
            f'cannot restart container "{record["name"]}": it was made with --rm, so its end removes it',
            remedy=f'make it again with "pypod run", or use "pypod kill --signal HUP {record["name"]}"',
            name=record["name"],
        )
    eventlog.container(session.paths.events, record, "restart")
    stopping.stop(session, record, timeout_s)
    starter.start(record)
