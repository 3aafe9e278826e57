"""Owns: `pause` and `unpause`: the freezer of the payload cgroup (cgroup.freeze, cgroups(7)).

The monitor and the network helper lie in a cgroup beside it and go on.
"""

from __future__ import annotations

from libpod import errors
from libpod.engine import containers
from libpod.kernel import cgroup
from libpod.util import eventlog, failpoint
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord

WAIT_S = 10.0


def pause(session: Session, record: ContainerRecord) -> None:
    """Freeze all processes of a running container; they are frozen when this returns. Raises StateError."""
    with session.locks.take(RANK_CONTAINER, record["id"]):
        status = containers.status(session, record)
        if status["state"] == "restarting":
            raise containers.is_restarting(record, "pause")
        if status["state"] not in ("running", "stopping"):
            raise errors.StateError(
                f'cannot pause container "{record["name"]}": it is {status["state"]}, not running',
                remedy=f'start it with "pypod start {record["name"]}"' if status["state"] != "paused" else "",
                name=record["name"],
            )
        path = _cgroup(record, status["cgroup"])
        cgroup.freeze(path, True)
        failpoint.hit("pause:after-freeze")
        if not cgroup.wait_frozen(path, True, WAIT_S) and cgroup.populated(path):
            cgroup.freeze(path, False)
            raise errors.StateError(
                f'container "{record["name"]}" does not come to rest within {WAIT_S:.0f} s; it goes on',
                remedy=f'look for processes in state D with "pypod exec {record["name"]} ps"',
                name=record["name"],
            )
        eventlog.container(session.paths.events, record, "pause")


def unpause(session: Session, record: ContainerRecord) -> None:
    """Let a paused container go on. Raises StateError when it is not paused."""
    with session.locks.take(RANK_CONTAINER, record["id"]):
        status = containers.status(session, record)
        if status["state"] != "paused":
            raise errors.StateError(
                f'cannot unpause container "{record["name"]}": it is {status["state"]}, not paused',
                name=record["name"],
            )
        path = _cgroup(record, status["cgroup"])
        cgroup.freeze(path, False)
        failpoint.hit("unpause:after-thaw")
        cgroup.wait_frozen(path, False, WAIT_S)
        eventlog.container(session.paths.events, record, "unpause")


def _cgroup(record: ContainerRecord, path: str) -> str:
    if not path:
        raise errors.NotSupportedError(
            f'cannot pause container "{record["name"]}": it runs without a cgroup of its own',
            remedy='see "pypod info" for the reason, or create it without --cgroups=disabled',
            name=record["name"],
        )
    return path
