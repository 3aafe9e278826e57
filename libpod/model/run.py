"""Owns: the shapes of the files in a container's `run/` directory and of the status derived from them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, NotRequired, TypedDict

    from libpod.model.container import PortRecord

    RunState = Literal["created", "running", "restarting"]

    class RestartPlan(TypedDict):
        """The restart policy of a container as its monitor follows it."""

        policy: str
        """`on-failure`, `always`, `unless-stopped`."""
        max: int
        """Restarts of `on-failure`; 0 = any number."""
        count: int
        """Restarts since the start."""
        delay_s: float
        """The last pause before a start."""

    class OverRecord(TypedDict):
        """How a run has ended that another one follows."""

        code: int
        oom: bool
        finished_ns: int

    class StatusFile(TypedDict):
        """run/status.json, written by the monitor when the state changes. Valid in the boot that wrote it
        only."""

        v: int
        boot_id: str
        run_id: str
        state: RunState
        monitor_pid: int
        monitor_start: int
        """Start time of the process in clock ticks since boot (proc(5), stat field 22): tells a recycled
        pid."""
        init_pid: int
        init_start: int
        pid_ns: int
        """Inode of the pid namespace that both ids are of: elsewhere they name others."""
        started_ns: int
        cgroup: str
        """Absolute path of the payload cgroup below the cgroup2 mount; empty if cgroups are disabled."""
        netns: str
        """`/proc/<monitor>/fd/N`; empty with the host's network."""
        ports: NotRequired[list[PortRecord]]
        """What is published, with the numbers that were chosen; absent = nothing."""
        restarts: NotRequired[int]
        """How often it was started again; absent = never."""
        over: NotRequired[OverRecord]
        """While it is `restarting`."""
        merged: str
        """Path of the mounted root file system in the monitor's mount namespace."""

    class ExitFile(TypedDict):
        """run/exit.json, written by the monitor after the output was drained."""

        v: int
        boot_id: str
        run_id: str
        code: int
        """As a shell would say it: 0-255, 128+n when killed by signal n."""
        oom: bool
        started_ns: int
        finished_ns: int
        error: str
        restarts: NotRequired[int]

    class RunStatus(TypedDict):
        state: Literal["created", "initialized", "running", "paused", "stopping", "restarting", "exited"]
        unmonitored: bool
        """The monitor is gone and the container's init still runs."""
        elsewhere: bool
        """It was started in another pid namespace: only its monitor can reach its processes."""
        pid: int
        """0 when nothing runs, or elsewhere."""
        exit_code: int | None
        """None = never ran, runs, or ended unseen (then `exit_known` is False)."""
        exit_known: bool
        started_ns: int
        finished_ns: int
        oom: bool
        error: str
        cgroup: str
        netns: str
        ports: list[PortRecord]
        """What is published now."""
        restarts: int
        """How often its monitor has started it again since `start`."""
        monitor_pid: int
