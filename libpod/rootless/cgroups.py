"""Owns: the decision in which cgroup containers run: a delegated one, a scope from systemd, or none.

A cgroup is ours to divide when its owner says so: systemd by giving away the cgroup of a unit, elsewhere
whoever made it writable for us. Else a systemd of the user gives a scope per container. With neither, the
runtime is told to leave cgroups alone. The layout below is in libpod/kernel/cgtree.py.
"""

from __future__ import annotations

import os

from libpod import log
from libpod.errors import KernelError, UsageError
from libpod.kernel import cgroup, cgtree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol, TypedDict

    from libpod.kernel.cgtree import CgroupPlace
    from libpod.rootless.scope import Scope

    class HasManager(Protocol):
        @property
        def cgroup_manager(self) -> str: ...

    class Facts(TypedDict):
        """What the decision rests on."""

        mode: str
        """`v2`, `hybrid`, `v1`, `none`."""
        own: str
        """The cgroup of this process; empty without cgroup2."""
        unit_delegated: bool
        """The systemd unit that `own` lies in may be divided by its processes."""
        own_writable: bool
        parent_writable: bool
        bus: str
        """The socket of the user's systemd; empty if there is none."""
        read_only: bool
        """Nothing can be made at /sys/fs/cgroup."""

    class CgroupPlan(TypedDict):
        manager: str
        """`cgroupfs`, `systemd` or `disabled`."""
        base: str
        """The cgroup below which containers get theirs; empty for `systemd` and `disabled`."""
        controllers: list[str]
        """What can be limited there, sorted."""
        mount_needed: bool
        """The monitor must mount cgroup2 for itself: the host shows version 1 at /sys/fs/cgroup."""
        bus: str
        slice: str
        """systemd's slice for the scopes of containers; empty = the usual one."""
        reason: str
        """Why cgroups are disabled or the wanted manager cannot be had; empty otherwise."""


REMEDY = (
    "run it in a login session with systemd, or give the user a cgroup of its own (Delegate=yes), "
    'or run "sudo loginctl enable-linger" for the user'
)
STOP_RESERVE_S = 5
"""What a monitor has, after its container's own time to stop, to write down how it ended."""
_CALLER = "caller"
_VACATE_ROUNDS = 5
_READ_ONLY = "cgroups are read-only here (ProtectControlGroups= in the unit that runs this?)"
_NO_CGROUP = "this user may not make cgroups here (no delegated cgroup, no systemd of the user)"


def plan(
    settings: HasManager | None, environ: Mapping[str, str], mode: str = "", parent: str = ""
) -> CgroupPlan:
    """Decide for this process. Reads a few files (0.2 ms) and passes controllers on to the base where needed.

    `mode` is `--cgroups`. `split`: the user says that the unit of this process is there to be divided;
    `disabled`: the container stays in the cgroup that this process is in. `parent` is `--cgroup-parent`: a
    slice of systemd's, or a cgroup (relative: below the one that would be taken), which is made. Raises
    UsageError for one that cannot be had.
    """
    wanted = settings.cgroup_manager if settings is not None else ""
    if mode == "disabled":
        wanted = mode
    if wanted == "disabled":
        return decide(wanted, _facts_of_mode())
    facts = gather(environ)
    if mode == "split":
        facts["unit_delegated"] = bool(unit_of(facts["own"])) and facts["own_writable"]
    decided = decide(wanted, facts)
    if parent:
        decided = _below(decided, parent)
    if decided["manager"] == "cgroupfs":
        return {**decided, "controllers": sorted(_pass_on(decided["base"]))}
    if decided["manager"] == "systemd":
        return {**decided, "controllers": sorted(_of_user_manager())}
    return decided


def decide(wanted: str, facts: Facts) -> CgroupPlan:
    """Return the plan for these facts. `wanted` is `cgroupfs`, `systemd`, `disabled` or empty. Pure."""
    base, reason = "", ""
    if wanted == "disabled":
        manager = "disabled"
    elif facts["read_only"]:
        manager, reason = "disabled", _READ_ONLY
    else:
        base = find_base(facts)
        managed = bool(unit_of(facts["own"])) and not facts["unit_delegated"]
        if facts["bus"] and facts["mode"] == "v2" and (wanted == "systemd" or managed or not base):
            manager = "systemd" if wanted != "cgroupfs" or not base else "cgroupfs"
        elif base:
            manager = "cgroupfs"
        else:
            manager, reason = "disabled", _NO_CGROUP
    if wanted == "systemd" and manager == "cgroupfs":
        reason = "the user's systemd cannot be reached: cgroupfs is used"
    return {
        "manager": manager,
        "base": base if manager == "cgroupfs" else "",
        "controllers": [],
        "mount_needed": facts["mode"] != "v2",
        "bus": facts["bus"] if manager == "systemd" else "",
        "slice": "",
        "reason": reason,
    }


def find_base(facts: Facts) -> str:
    """Return the cgroup that we may divide, or nothing. Never one that a container of ours is in. Pure."""
    own = facts["own"]
    if not own:
        return ""
    unit = unit_of(own)
    if unit and facts["unit_delegated"]:
        return unit
    above, found, _ = own.partition(f"/{cgtree.TOP}/")
    if found:
        return above or "/"
    if unit:
        return own if facts["own_writable"] else ""
    if facts["parent_writable"]:
        return os.path.dirname(own)
    return own if facts["own_writable"] else ""


def unit_of(own: str) -> str:
    """Return the cgroup of the systemd unit that a cgroup belongs to; empty when systemd did not make it.

    Pure.
    """
    at = own
    while len(at) > 1:
        if at.endswith((".service", ".scope")):
            return at
        at = os.path.dirname(at)
    return ""


def gather(environ: Mapping[str, str]) -> Facts:
    """Return the facts of this process."""
    facts = _facts_of_mode()
    own = cgroup.own_path()
    if own.startswith("/.."):
        own = ""  # outside of what can be seen here: entered by nsenter(1), cgroup_namespaces(7)
    unit = unit_of(own)
    facts["own"] = own
    facts["read_only"] = cgroup.read_only()
    facts["bus"] = user_manager_socket(environ)
    if unit:
        name = unit.rsplit("/", 1)[-1]
        ours = name.startswith("user@") or name.startswith("pypod-")
        facts["unit_delegated"] = not ours and _delegated(unit)
    if facts["unit_delegated"]:
        facts["own_writable"] = True
    elif own:
        facts["parent_writable"] = not unit and cgroup.writable(os.path.dirname(own))
        facts["own_writable"] = facts["parent_writable"] or cgroup.writable(own)
    return facts


def user_manager_socket(environ: Mapping[str, str]) -> str:
    """Return the private socket of the user's systemd, which needs no message bus; empty if none.

    From a pid namespace of one's own (PrivatePIDs=, a container) it cannot be told which process to move.
    """
    uid = host_uid()
    if uid != 0 and _first_is_ours():
        return ""
    if uid == 0:
        candidates = ["/run/systemd"]
    else:
        runtime = environ.get("XDG_RUNTIME_DIR", "")
        candidates = [f"{path}/systemd" for path in (runtime, f"/run/user/{uid}") if path.startswith("/")]
    for path in candidates:
        socket_path = path + "/private"
        try:
            facts = os.stat(socket_path)
        except OSError:
            continue
        if facts.st_uid == os.geteuid():
            return socket_path
    return ""


class Making:
    """The place of a container's cgroups, which systemd may still be making."""

    __slots__ = ("_cid", "_decided", "_name", "_scope", "by_systemd")

    def __init__(self, decided: CgroupPlan, cid: str, monitor_pid: int, stop_timeout_s: int) -> None:
        self._decided = decided
        self._cid = cid
        self._name = ""
        self._scope: Scope | None = None
        self.by_systemd = decided["manager"] == "systemd"
        """The monitor is moved by systemd at some time before `wait` returns."""
        if self.by_systemd:
            from libpod.rootless.scope import Scope  # lazy: only where systemd is asked

            # A name for each run: systemd forgets an old one some time after its last process.
            self._name = f"pypod-{cid[:12]}-{monitor_pid}.scope"
            self._scope = Scope(
                self._name,
                [monitor_pid],
                bus=decided["bus"],
                slice_name=decided["slice"] or ("user.slice" if host_uid() else "machine.slice"),
                description=f"pypod container {cid[:12]}",
                stop_timeout_s=stop_timeout_s + STOP_RESERVE_S if stop_timeout_s >= 0 else -1,
            )

    def wait(self) -> CgroupPlace:
        """Wait until it is there; the monitor calls `cgtree.prepare` with it. RootlessError when systemd
        refuses.
        """
        decided = self._decided
        base, inner = decided["base"], ""
        if self._scope is not None:
            inner = base = self._scope.wait()
        elif base:
            inner = f"{base.rstrip('/')}/{cgtree.TOP}/{self._cid}"
        payload = inner + "/payload" if inner else ""
        return {
            "manager": decided["manager"],
            "mount_needed": decided["mount_needed"],
            "base": base,
            "inner": inner,
            "supervisor": inner + "/supervisor" if inner else "",
            "payload": payload,
            "runtime_path": "/payload" if inner and decided["mount_needed"] else payload,
            "controllers": decided["controllers"],
            "member": False,
            "scope": self._name,
            "reason": decided["reason"],
        }


def make(decided: CgroupPlan, cid: str, monitor_pid: int = 0, stop_timeout_s: int = 10) -> Making:
    """Begin to make the place of a container's cgroups; with systemd a scope with the monitor in it, which
    must be running.

    The container gets `stop_timeout_s` (negative = any time) to end when the scope is stopped.
    """
    return Making(decided, cid, monitor_pid, stop_timeout_s)


def of_infra(place: CgroupPlace, cid: str) -> CgroupPlace:
    """The place of a pod's infra container: its payload is one of those in the pod's."""
    if not place["payload"]:
        return place
    return {**place, "payload": f"{place['payload']}/{cid}", "runtime_path": f"{place['runtime_path']}/{cid}"}


def of_member(place: CgroupPlace, cid: str, infra_payload: str) -> CgroupPlace:
    """The place of a pod's member beside the payload of the pod's infra container, which counts all of them.

    Where the monitor mounts cgroup2 for itself a member has a place of its own: the pod's cgroup would lie
    outside of the root that the runtime sees. Nothing can be limited there anyway.
    """
    if not infra_payload or not place["payload"] or place["mount_needed"]:
        return place
    above = os.path.dirname(infra_payload)
    payload = f"{above}/{cid}"
    supervisor = (
        f"{os.path.dirname(above)}/supervisor" if place["manager"] == "cgroupfs" else place["supervisor"]
    )
    return {
        **place,
        "inner": payload,
        "payload": payload,
        "runtime_path": payload,
        "supervisor": supervisor,
        "member": True,
    }


def _facts_of_mode() -> Facts:
    return {
        "mode": cgroup.mode(),
        "own": "",
        "unit_delegated": False,
        "own_writable": False,
        "parent_writable": False,
        "bus": "",
        "read_only": False,
    }


def _below(decided: CgroupPlan, parent: str) -> CgroupPlan:
    """The plan with containers below this parent."""
    subject = f'--cgroup-parent "{parent}"'
    if decided["manager"] == "disabled":
        raise UsageError(f"{subject}: {decided['reason'] or 'cgroups are disabled'}", remedy=REMEDY)
    is_slice = parent.endswith(".slice")
    if decided["manager"] == "systemd":
        if not is_slice or "/" in parent:
            raise UsageError(
                f"{subject}: systemd makes the cgroups here, it takes the name of a slice",
                remedy='give one, as in "--cgroup-parent work.slice", or use --cgroup-manager=cgroupfs',
            )
        return {**decided, "slice": parent}
    if is_slice:
        raise UsageError(
            f"{subject}: systemd, which makes slices, does not make the cgroups here",
            remedy="give the path of a cgroup that this user may write",
        )
    base = os.path.normpath(os.path.join(decided["base"], parent))
    try:
        _make_all(base)
    except KernelError as e:
        raise UsageError(
            f"{subject}: cannot make the cgroup {base}: {e.strerror}",
            remedy=f"give one below {decided['base']}, which is this user's",
        ) from e
    if not cgroup.writable(base):
        raise UsageError(
            f"{subject}: this user may not put containers into the cgroup {base}",
            remedy=f"give one below {decided['base']}, which is this user's",
        )
    return {**decided, "base": base}


def _make_all(path: str) -> None:
    if path == "/" or os.path.isdir(cgroup.directory(path)):
        return
    above = os.path.dirname(path)
    _make_all(above)
    cgroup.create(path)
    _pass_on(above)


def _pass_on(base: str) -> set[str]:
    """Make the base pass its controllers on and return those that it does.

    Processes that sit in it are moved down first. In their way nothing is passed on: memory would be refused
    (EBUSY), cpu and pids would not, and nobody could enter a cgroup below any more (EOPNOTSUPP,
    cgroup-v2.rst "Threads").
    """
    try:
        there = cgroup.controllers(base)
        missing = there - cgroup.enabled(base)
        if missing and _vacate(base):
            missing = cgroup.enable(base, missing)
    except KernelError as error:
        log.debug("cannot pass controllers on", cgroup=base, error=error)
        return set()
    if missing:
        log.debug("controllers that cannot be passed on", cgroup=base, controllers=",".join(sorted(missing)))
    return there - missing


def _vacate(base: str) -> bool:
    """Move what sits in the base to a leaf below it: this process, and the shell around it in a unit. Say
    whether nothing is left there.
    """
    if base == "/":
        return True  # the rule is not for the root
    leaf = f"{base}/{cgtree.TOP}/{_CALLER}"
    for _ in range(_VACATE_ROUNDS):  # a process may fork meanwhile
        sitting = cgroup.pids(base)
        if not sitting:
            return True
        cgroup.create(f"{base}/{cgtree.TOP}")
        cgroup.create(leaf)
        for pid in sitting:
            try:
                cgroup.move(leaf, pid)
            except KernelError as error:
                log.debug("cannot move a process down", pid=pid, cgroup=leaf, error=error)
    return False


def _of_user_manager() -> set[str]:
    """Return the controllers that the user's systemd has to give."""
    uid = host_uid()
    path = "/" if uid == 0 else f"/user.slice/user-{uid}.slice/user@{uid}.service"
    try:
        return cgroup.controllers(path)
    except KernelError:
        return set()


def _first_is_ours() -> bool:
    try:
        return os.stat("/proc/1").st_uid == os.geteuid()
    except OSError:  # hidden: ProtectProc=invisible
        return False


def _delegated(unit: str) -> bool:
    """Say whether systemd gave the unit's cgroup away (Delegate=yes).

    A unit of the machine's systemd belongs to the user only then. What is below the user's own systemd always
    does: there the attribute tells, where systemd sets it (since 254); else a scope is the safe way.
    """
    if host_uid() != 0 and "/user@" not in unit:
        return cgroup.writable(unit)
    where = cgroup.directory(unit)
    for name in ("user.delegate", "trusted.delegate"):
        try:
            if os.getxattr(where, name) == b"1":
                return True
        except OSError:
            pass
    return False


def host_uid() -> int:
    """Return the user's id as systemd knows it, also from inside the user's namespace."""
    uid = os.geteuid()
    if uid != 0:
        return uid
    from libpod.rootless import idmap  # lazy

    for inside, outside, _ in idmap.of_process().uids:
        if inside == 0:
            return outside
    return 0
