"""Owns: which processes are a container's: those in its cgroup, or in its pid namespace."""

from __future__ import annotations

from libpod import errors
from libpod.engine import containers, initproc
from libpod.kernel import cgroup, proctable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.run import RunStatus


def running(session: Session, record: ContainerRecord, verb: str) -> RunStatus:
    """The status of a container whose processes can be looked at. Raises StateError for others."""
    status = containers.status(session, record)
    if not containers.is_running(status):
        raise errors.StateError(
            f"{verb} can only be used on running containers",
            remedy=f'start it with "pypod start {record["name"]}"',
            name=record["name"],
            exit_code=125,
        )
    if status["state"] == "restarting":
        raise containers.is_restarting(record, f"{verb}")
    if status["elsewhere"]:
        raise errors.StateError(
            f'the processes of container "{record["name"]}" are not to be seen: it was started in another '
            "pid namespace (PrivatePIDs= of a unit, or a container)",
            remedy=f"run {verb} in there",
            name=record["name"],
            exit_code=125,
        )
    return status


def of_container(session: Session, record: ContainerRecord, status: RunStatus) -> list[int]:
    """Process ids of this pid namespace; the first process first. Inside the user namespace.

    By the time that they are looked at they may be others': one that has no id in the container's pid
    namespace is none of its processes."""
    init = initproc.of_container(session, record["id"])
    if init is None:
        return []
    with init:
        pid = init.pid
        if status["cgroup"]:
            found = cgroup.all_pids(status["cgroup"])
        elif record["namespaces"]["pid"] in ("", "private"):
            here = proctable.namespace(pid, "pid")
            found = [p for p in proctable.all_pids() if proctable.namespace(p, "pid") == here]
        else:
            found = _descendants(pid)
        return [pid, *sorted(set(found) - {pid})]


def _descendants(top: int) -> list[int]:
    """The process and all below it: what has no namespace of its own is known by its parents alone."""
    children: dict[int, list[int]] = {}
    for pid in proctable.all_pids():
        children.setdefault(proctable.parent(pid), []).append(pid)
    found = [top]
    for pid in found:
        found += children.get(pid, ())
    return found
