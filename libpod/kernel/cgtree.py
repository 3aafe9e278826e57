"""Owns: the cgroups of one container: `supervisor` for our processes, `payload` for its own.

    <base>/pypod/<cid>/supervisor     monitor, network and mount programs
    <base>/pypod/<cid>/payload        the container (made by the runtime)
    <base>/pypod/leaving              monitors on their way out: a process cannot remove the cgroup it is in
    <scope>/{supervisor,payload}      the same where systemd gave us a scope
    .../payload/<cid>                 each container of a pod, below the payload of the pod's infra container

No process sits in an inner cgroup, so that controllers can be passed on ("no internal processes").
"""

from __future__ import annotations

import errno

from libpod.errors import KernelError
from libpod.kernel import cgroup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class CgroupPlace(TypedDict):
        """What the monitor is told; all paths are below the cgroup2 mount."""

        manager: str
        """`cgroupfs`, `systemd` or `disabled`."""
        mount_needed: bool
        """The monitor mounts cgroup2 in a cgroup namespace of its own: on hybrid and v1 hosts."""
        base: str
        """The delegated cgroup; empty with `disabled`."""
        inner: str
        """Holds `supervisor` and `payload`."""
        supervisor: str
        payload: str
        """As everybody sees it who is not in the monitor's cgroup namespace."""
        runtime_path: str
        """The payload as the runtime sees it (cgroupsPath); empty = let the runtime not touch cgroups."""
        controllers: list[str]
        """What can be limited."""
        member: bool
        """`inner` is the payload itself, in the cgroup of a pod; `supervisor` is the pod's, or in a scope of
        the monitor's own."""
        scope: str
        """systemd unit; empty with `cgroupfs` and `disabled`."""
        reason: str
        """Why cgroups are disabled."""


TOP = "pypod"
LEAVING = "leaving"


def prepare(place: CgroupPlace) -> None:
    """Put this process (the monitor) into `supervisor` and make `payload` possible.

    In its own mount namespace.

    Where `mount_needed`, /sys/fs/cgroup becomes cgroup2 with `inner` as its root, for this process and what
    it starts.
    """
    inner = place["inner"]
    if inner:
        if place["member"]:
            cgroup.create(place["supervisor"])
            cgroup.move(place["supervisor"])
            return
        if place["manager"] == "cgroupfs":
            _make_inner(place)
            _start_afresh(place)
        cgroup.create(place["supervisor"])
    if place["mount_needed"]:
        if inner:
            cgroup.move(inner)  # the root of the new namespace is where one is when one makes it
        cgroup.mount_cgroup2()
        if inner:
            cgroup.move("/supervisor")
            cgroup.enable("/", set(place["controllers"]))
    elif inner:
        cgroup.move(place["supervisor"])
        cgroup.enable(inner, set(place["controllers"]))


def leave(place: CgroupPlace) -> bool:
    """Move this process out and remove the container's cgroups; False if a process is left in them.

    The last thing a monitor does. With systemd the scope goes by itself when its last process ends. From a
    cgroup namespace of our own we may leave unless cgroup2 is mounted with `nsdelegate` (ENOENT,
    cgroup_namespaces(7)); then a client removes them.
    """
    if place["manager"] != "cgroupfs":
        return cgroup.remove_tree(place["inner"]) if place["member"] else not place["inner"]
    if place["mount_needed"]:
        cgroup.unmount_cgroup2()
    leaving = f"{place['base'].rstrip('/')}/{TOP}/{LEAVING}"
    cgroup.create(leaving)
    try:
        cgroup.move(leaving)
    except KernelError as error:
        if place["mount_needed"] and error.errno == errno.ENOENT:
            return False
        raise
    return cgroup.remove_tree(place["inner"])


def remove(place: CgroupPlace, timeout_s: float = 5.0) -> bool:
    """Kill what is left in the container's cgroups and remove them; False when something does not die.

    From outside, idempotent.
    """
    inner = place["inner"]
    if not inner:
        return True
    cgroup.kill(inner)
    cgroup.wait_empty(inner, timeout_s)
    return cgroup.remove_tree(inner)


def _start_afresh(place: CgroupPlace) -> None:
    """Make `inner` such that a process can go into it for a moment: it does where `mount_needed`, and what an
    earlier run passed on is in the way (EBUSY).
    """
    inner = place["inner"]
    if place["mount_needed"] and cgroup.enabled(inner):
        remove(place)
        cgroup.create(inner)


def _make_inner(place: CgroupPlace) -> None:
    inner = place["inner"]
    try:
        cgroup.create(inner)
    except KernelError as error:
        if error.errno != errno.ENOENT:
            raise
        top = f"{place['base'].rstrip('/')}/{TOP}"
        cgroup.create(top)
        cgroup.enable(top, set(place["controllers"]))
        cgroup.create(inner)
