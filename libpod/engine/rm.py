"""Owns: `rm`."""

from __future__ import annotations

from libpod import errors
from libpod.engine import cleanup, containers, depend, stop
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.run import RunStatus

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
    otherwise, and InUseError when others need it. The infra container of a pod goes with the pod only:
    `with_pod` = that may be."""
    if record.get("infra"):
        from libpod.engine import pods  # lazy: seldom

        pods.remove_infra(session, record, force=force, with_pod=with_pod)
        return
    status = containers.status(session, record)
    is_up = containers.is_running(status) or status["state"] == "initialized"
    if is_up and not force:
        refuse_running(record, status)
    depend.refuse_needed(session, record)
    if is_up:
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


def refuse_running(record: ContainerRecord, status: RunStatus) -> None:
    """Raise StateError (exit code 2) for a container that must be stopped before it can be removed."""
    if containers.is_running(status):
        raise errors.StateError(
            f'container "{record["name"]}" ({record["id"][:12]}) is {status["state"]}: '
            "it cannot be removed while it runs",
            remedy=f'stop it with "pypod stop {record["name"]}", or use "pypod rm -f {record["name"]}"',
            name=record["name"],
            exit_code=EXIT_RUNNING,
        )


def rm_with_dependents(
    session: Session,
    record: ContainerRecord,
    gone: Callable[[ContainerRecord], None],
    *,
    force: bool,
    timeout_s: int | None,
    volumes: bool,
) -> None:
    """Remove a container and all that need it, which go first; an infra container with its pod. `gone` takes
    each that was removed. Nothing is removed when one of them runs, unless `force` stops it."""
    found = depend.with_dependents(session, record)
    if not force:
        for one in found:
            refuse_running(one, containers.status(session, one))
    for one in found:
        rm(session, one, force=force, timeout_s=timeout_s, volumes=volumes, with_pod=True)
        gone(one)
