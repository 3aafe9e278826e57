"""Owns: forking the monitor of a container that is about to start.

It comes before everything that the monitor does not need: what is loaded at the fork stays in the monitor's
memory, and what is loaded after it loads on the other core while the monitor gets ready.
"""

from __future__ import annotations

from libpod import errors, monitorctl
from libpod.rootless import cgroups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.monitorctl import Launch


class Launched:
    """The forked monitor of a container that is about to start, and the place that is made for it."""

    __slots__ = ("monitor", "place")

    def __init__(self, monitor: Launch, place: cgroups.Making) -> None:
        self.monitor = monitor
        self.place = place

    def close(self) -> None:
        """Let go of it: the monitor ends. Idempotent."""
        self.monitor.close()

    def end(self) -> None:
        """Let go of it and wait until it has undone everything."""
        self.monitor.end()


def launch(session: Session, cid: str, *, mode: str, stop_timeout_s: int) -> Launched:
    """Fork the monitor of a container, and begin to make the place for its cgroups. Must come before the
    database is opened. `mode` is `--cgroups`."""
    session.enter()
    plan = session.cgroups_for(mode)
    monitor = monitorctl.launch(
        session.paths, session.hold_in_child, moves_itself=plan["manager"] == "cgroupfs"
    )
    try:
        return Launched(monitor, cgroups.make(plan, cid, monitor.pid, stop_timeout_s))
    except errors.PypodError:
        monitor.close()
        raise
