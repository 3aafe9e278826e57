"""Owns: from the names a user gives to container records with their status."""

from __future__ import annotations

from libpod import errors, monitorctl
from libpod.state import containers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.run import RunStatus

RUNNING = ("running", "paused", "stopping", "restarting")


def find(session: Session, name: str) -> ContainerRecord:
    """The container of that name, id or unambiguous id prefix. Raises NotFoundError, AmbiguousError."""
    return containers.lookup(session.db, name)


def latest(session: Session) -> ContainerRecord:
    """The container that was created last (`--latest`)."""
    record = containers.latest(session.db)
    if record is None:
        raise errors.NotFoundError("no containers", remedy='make one with "pypod create" or "pypod run"')
    return record


def status(session: Session, record: ContainerRecord) -> RunStatus:
    return monitorctl.status(session.paths, record["id"])


def log_path(session: Session, record: ContainerRecord) -> str:
    """The file that the container's output is written to."""
    return record["log"]["path"] or session.paths.container_dir(record["id"]) + "/logs/ctr.log"


def refuse_hollow(record: ContainerRecord, verb: str) -> None:
    """Raise StateError for the infra container of a pod that runs nothing."""
    if record.get("infra") == "hollow":
        raise errors.StateError(
            f'cannot {verb} container "{record["name"]}": as the infra container of a pod it runs nothing',
            remedy="name another container of the pod",
            name=record["name"],
            exit_code=125,
        )


def is_restarting(record: ContainerRecord, verb: str) -> errors.StateError:
    """The error for what cannot be done in the pause before a container is started again."""
    return errors.StateError(
        f'cannot {verb} container "{record["name"]}": it has ended and is about to be started again',
        remedy=f'repeat the command, or see why it ends with "pypod logs {record["name"]}"',
        name=record["name"],
    )


def is_running(state: RunStatus) -> bool:
    return state["state"] in RUNNING


def select(
    session: Session,
    names: list[str],
    *,
    every: bool = False,
    newest: bool = False,
    running_only: bool = False,
) -> list[ContainerRecord]:
    """Records for `NAME...`, `--all` or `--latest`. Each name that fits nothing raises; use `each` for
    batches."""
    if every:
        records = containers.all_records(session.db)
        return [r for r in records if is_running(status(session, r))] if running_only else records
    if newest:
        return [latest(session)]
    return [find(session, name) for name in names]


def each(items: Iterable[str], act: Callable[[str], None]) -> None:
    """Do `act` for every item, whatever fails; then raise what failed (one error, or an ErrorList)."""
    failed: list[errors.PypodError] = []
    for item in items:
        try:
            act(item)
        except errors.PypodError as e:
            failed.append(e)
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise errors.ErrorList(failed)
