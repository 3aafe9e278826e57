"""Owns: `rm`."""

from __future__ import annotations

from libpod import errors
from libpod.engine import cleanup, containers, stop
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord

EXIT_MISSING = 1
EXIT_RUNNING = 2
_TRIES = 5


def rm(
    session: Session,
    record: ContainerRecord,
    *,
    force: bool,
    timeout_s: int | None = None,
    volumes: bool = False,
    with_pod: bool = False,
) -> None:
    """Remove one container; with `force` a running one is stopped first. Raises StateError (exit code 2)
    otherwise. The infra container of a pod goes with the pod only: `with_pod` = that may be."""
    if record.get("infra"):
        from libpod.engine import pods  # lazy: seldom

        pods.remove_infra(session, record, force=force, with_pod=with_pod)
        return
    status = containers.status(session, record)
    if containers.is_running(status) or status["state"] == "initialized":
        if not force and status["state"] != "initialized":
            raise errors.StateError(
                f'container "{record["name"]}" ({record["id"][:12]}) is {status["state"]}: '
                "it cannot be removed while it runs",
                remedy=f'stop it with "pypod stop {record["name"]}", or use "pypod rm -f {record["name"]}"',
                name=record["name"],
                exit_code=EXIT_RUNNING,
            )
        stop.stop(session, record, timeout_s)
    session.enter()
    for _again in range(_TRIES if force else 1):
        with session.locks.take(RANK_CONTAINER, record["id"]) as held:
            if not containers.is_running(containers.status(session, record)):
                cleanup.remove_locked(session, record, anonymous_volumes=volumes or record["remove"])
                held.remove()
                return
        if force:  # a command that was starting it had the lock before us
            stop.stop(session, record, timeout_s)
    raise errors.StateError(
        f'container "{record["name"]}" was started again meanwhile',
        remedy="repeat the command",
        exit_code=EXIT_RUNNING,
    )
