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
    from libpod.rootless.cgroups import CgroupPlan


class Launched:
    """The forked monitor of a container that is about to start, and the place that is made for it."""

    __slots__ = ("is_its_own", "monitor", "place")

    def __init__(self, monitor: Launch, place: cgroups.Making) -> None:
        self.monitor = monitor
        self.place = place
        self.is_its_own = False
        """It has all that it needs: whether the container runs is no longer ours to decide."""

    def close(self) -> None:
        """Let go of it: the monitor ends. Idempotent."""
        self.monitor.close()

    def end(self) -> None:
        """Let go of it and wait until it has undone everything."""
        self.monitor.end()


class Forked:
    """A monitor that does not know its container yet."""

    __slots__ = ("monitor", "place", "plan")

    def __init__(self, place: tuple[str, str], plan: CgroupPlan, monitor: Launch) -> None:
        self.place = place
        """`--cgroups` and `--cgroup-parent` of the container that it can take."""
        self.plan = plan
        self.monitor = monitor

    def close(self) -> None:
        """Let go of it: it ends. Idempotent."""
        self.monitor.close()


def fork(session: Session, mode: str = "", parent: str = "") -> Forked:
    """Fork a monitor, for a container with this `--cgroups` and `--cgroup-parent` (empty: the settings').

    Best before the database is opened: its pages would stay in the monitor's memory.
    """
    session.enter()
    mode = mode or session.settings.cgroups
    parent = parent or session.settings.cgroup_parent
    plan = session.cgroups_for(mode, parent)
    moves_itself = plan["manager"] == "cgroupfs"
    return Forked(
        (mode, parent),
        plan,
        monitorctl.launch(session.paths, session.hold_in_child, moves_itself=moves_itself),
    )


def place(forked: Forked, cid: str, stop_timeout_s: int) -> Launched:
    """Give the monitor its container, and begin to make the place for its cgroups."""
    try:
        return Launched(forked.monitor, cgroups.make(forked.plan, cid, forked.monitor.pid, stop_timeout_s))
    except errors.PypodError:
        forked.close()
        raise
