"""Owns: which containers need which: those whose namespaces they join."""

from __future__ import annotations

from libpod.state import containers

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    return list(dict.fromkeys(joined))


def with_dependents(session: Session, record: ContainerRecord) -> list[ContainerRecord]:
    """The container and all that need it, directly or not: those that nobody needs first, it last."""
    needed_by: dict[str, list[ContainerRecord]] = {}
    for one in containers.all_records(session.db):
        for cid in needs(one):
            needed_by.setdefault(cid, []).append(one)
    order: list[ContainerRecord] = []
    seen = {record["id"]}

    def visit(one: ContainerRecord) -> None:
        for dependent in needed_by.get(one["id"], ()):
            if dependent["id"] not in seen:
                seen.add(dependent["id"])
                visit(dependent)
        order.append(one)

    visit(record)
    return order
