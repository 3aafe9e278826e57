"""Owns: what a killed monitor has left: the container's first process, and the cgroups of the run.

Nobody watches them; whoever stops, removes or starts the container does it from here.
"""

from __future__ import annotations

import os

from libpod import monitorctl
from libpod.kernel import cgroup, process
from libpod.monitor import stray
from libpod.oci import runtime as oci
from libpod.util import alive, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths


def stop(paths: Paths, cid: str, timeout_s: float = 10.0) -> bool:
    """Kill the first process of a container whose monitor is dead, by pidfd; with it goes its pid namespace.

    What else is in its cgroups is killed too, and they are removed. False if something does not end in time.
    Idempotent; works from outside the user namespace."""
    pid, start = lost_init(paths, cid)
    ended = not pid or stray.kill(pid, start, timeout_s)
    return remove_cgroup(paths, cid, timeout_s) and ended


def lost_init(paths: Paths, cid: str) -> tuple[int, int]:
    """Return pid and start time of a first process that nobody watches: its monitor was killed; (0, 0) if
    there is none.
    """
    run_dir = paths.run_dir(cid)
    if alive.held(run_dir + "/alive"):
        return 0, 0
    ran = monitorctl.load(run_dir + "/status.json")
    if ran is not None and ran["boot_id"] == process.boot_id() and monitorctl.is_here(ran):
        pid, start = int(ran["init_pid"]), int(ran["init_start"])
        if process.alive(pid, start):
            return pid, start
    return runtime_init(run_dir)[:2]


def cgroup_of_run(paths: Paths, cid: str) -> str:
    """Return the cgroup in which everything of the last run is or was; empty if there is none."""
    try:
        return os.readlink(paths.cgroup_link(cid))
    except OSError:
        return ""


def remove_cgroup(paths: Paths, cid: str, timeout_s: float = 10.0) -> bool:
    """Kill what a killed monitor has left in a run's cgroup, and remove it; False if something does not end
    in time.
    """
    inner = cgroup_of_run(paths, cid)
    if inner and os.path.isdir(cgroup.directory(inner)):
        cgroup.kill(inner)
        if not cgroup.wait_empty(inner, timeout_s):
            return False
    return remove_empty_cgroup(paths, cid)


def remove_empty_cgroup(paths: Paths, cid: str) -> bool:
    """Remove a run's cgroup, and what says where it is; False if a process is still in it."""
    inner = cgroup_of_run(paths, cid)
    if not inner:
        return True
    if cgroup.populated(inner) or not cgroup.remove_tree(inner):
        return False
    try:
        os.unlink(paths.cgroup_link(cid))
    except FileNotFoundError:
        pass
    return True


def runtime_init(run_dir: str) -> tuple[int, int, bool]:
    """Return pid and start time of the first process as the runtime has noted it, and whether it waits to be
    started; (0, 0, False) if there is none.
    """
    directory = run_dir + "/crun"
    try:
        cids = os.listdir(directory)
    except FileNotFoundError:
        return 0, 0, False
    for cid in cids:
        for file in ("status", "state.json"):
            try:
                pid, start = oci.init_of(jsonio.load_file(f"{directory}/{cid}/{file}"))
            except (OSError, ValueError, AttributeError):
                continue
            if pid and process.alive(pid, start):
                return pid, start, os.path.lexists(f"{directory}/{cid}/exec.fifo")
    return 0, 0, False
