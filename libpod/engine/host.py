"""Owns: the facts about this host that the pure functions of `libpod.spec` need, gathered once in a
command."""

from __future__ import annotations

import os

from libpod.kernel import cgroup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.request import HostFacts

NO_DEVICE_RULES = "this root has no CAP_SYS_RESOURCE, which device rules of a container need"
APPARMOR = "/sys/kernel/security/apparmor"
_RLIMITS = (
    "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack"
)


def facts(session: Session, mode: str = "", parent: str = "") -> HostFacts:
    """Taken as the calling user, before or after the user namespace is entered. `mode` is `--cgroups`,
    `parent` is `--cgroup-parent`."""
    uname = os.uname()
    plan = session.cgroups_for(mode, parent)
    found: HostFacts = {
        "hostname": uname.nodename,
        "uid": session.uid,
        "gid": session.gid,
        "rootless": session.uid != 0,
        "controllers": list(plan["controllers"]),
        "cgroup_mode": cgroup.mode(),
        "cgroup_manager": plan["manager"],
        "cgroup_base": plan["base"],
        "cgroup_reason": plan["reason"],
        "rlimits": rlimits(),
        "apparmor": os.path.isdir(APPARMOR),
        "arch": uname.machine,
        "kernel": uname.release,
    }
    if session.uid == 0:
        from libpod.kernel import caps  # lazy: an unprivileged user has all in its own namespace

        found["capabilities"] = sorted(caps.bounding())
    entry = session.entry
    if entry is not None:
        found["uid_rows"] = [list(row) for row in entry.idmap.uids]
        found["gid_rows"] = [list(row) for row in entry.idmap.gids]
    return found


def pid_max() -> int:
    """How many processes the kernel numbers, which Podman takes as the highest limit. 0 = unknown."""
    try:
        with open("/proc/sys/kernel/pid_max", "rb", buffering=0) as f:
            return int(f.read(32))
    except (OSError, ValueError):
        return 0


def device_rules() -> bool:
    """Whether real root can restrict a container's devices: runtimes raise RLIMIT_MEMLOCK for the program
    that does it. Not so where the machine is a container itself."""
    from libpod.kernel import caps  # lazy: real root only

    return "CAP_SYS_RESOURCE" in caps.effective()


def rlimits() -> dict[str, list[int]]:
    """The limits of this process by name, [soft, hard], -1 = unlimited: getrlimit(2), as /proc/self/limits
    would show them."""
    import resource

    found: dict[str, list[int]] = {}
    for name in _RLIMITS.split():
        number = getattr(resource, "RLIMIT_" + name.upper(), None)
        if number is not None:
            found[name] = list(resource.getrlimit(number))
    return found
