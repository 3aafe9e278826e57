"""Owns: which containers need which: those whose namespaces they join, and those of `--requires`."""

from __future__ import annotations

from libpod import errors
from libpod.state import containers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord


def needs(record: ContainerRecord) -> list[str]:
    """The full ids of the containers that it cannot run without."""
    spaces = record["namespaces"]
    joined = [
        v.partition(":")[2]
        for v in (spaces["pid"], spaces["ipc"], spaces["uts"])
        if v.startswith("container:")
    ]
    if record["network"]["container"]:
        joined.append(record["network"]["container"])
    if record["userns"]["mode"] == "container":
        joined.append(record["userns"]["join"])
    return list(dict.fromkeys(joined + record.get("requires", [])))


def needed_by(session: Session, record: ContainerRecord) -> list[ContainerRecord]:
    """The containers that need it themselves."""
    return [one for one in containers.naming(session.db, record["id"]) if record["id"] in needs(one)]


def refuse_needed(session: Session, record: ContainerRecord) -> None:
    """Raise InUseError (exit code 125) for a container that others need."""
    others = needed_by(session, record)
    if others:
        names = ", ".join(f'"{one["name"]}"' for one in others)
        raise errors.InUseError(
            f'container "{record["name"]}" cannot be removed: it is needed by {names}',
            remedy=f'remove them first, or all of them with "pypod rm --depend {record["name"]}"',
            name=record["name"],
            exit_code=125,
        )


def with_dependents(session: Session, record: ContainerRecord) -> list[ContainerRecord]:
    """The container and all that need it, directly or not: those that nobody needs first, it last."""
    order: list[ContainerRecord] = []
    seen = {record["id"]}

    def visit(one: ContainerRecord) -> None:
        for dependent in needed_by(session, one):
            if dependent["id"] not in seen:
                seen.add(dependent["id"])
                visit(dependent)
        order.append(one)

    visit(record)
    return order


def start_needed(session: Session, names: Iterable[str]) -> None:
    """Start the containers of these names or ids that do not run, each after those that it needs itself.
    Raises what failed. No lock of a container may be held."""
    from libpod.engine import start_again  # lazy: seldom

    starter = None
    try:
        for name in names:
            record = containers.lookup(session.db, name)
            if record.get("infra"):
                continue  # that is started with its pod
            starter = starter or start_again.Starter(session)
            starter.start(record)
    finally:
        if starter is not None:
            starter.close()
