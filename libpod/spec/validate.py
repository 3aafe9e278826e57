"""Owns: whether this host can give what was asked for, and which options exclude each other. Nothing is
dropped in silence.
"""

from __future__ import annotations

from libpod.errors import NotSupportedError, UsageError
from libpod.spec import resources
from libpod.spec.users import EXIT_CANNOT_INVOKE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord, UlimitRecord
    from libpod.model.request import HostFacts, Request, UserInfo

_IPC_SYSCTLS = (
    "auto_msgmni msg_next_id msgmax msgmnb msgmni sem sem_next_id shm_next_id shm_rmid_forced shmall "
    "shmmax shmmni"
)
_KNOWN_IPC_SYSCTLS = frozenset(f"kernel.{name}" for name in _IPC_SYSCTLS.split())
_UTS_SYSCTLS = ("kernel.hostname", "kernel.domainname")
_ALL_CONTROLLERS = "cpu cpuset io memory pids"
_DROP_IN = "/etc/systemd/system/user@.service.d/delegate.conf"


def request(req: Request, host: HostFacts) -> None:
    """Raise for a request that cannot work on this host or in itself. A missing fact counts as "possible"."""
    _combinations(req)
    _idmaps(req, host)
    mode = req["network"]["mode"] if req["network"] is not None else "slirp4netns"
    _sysctls(req["sysctl"], network=mode, ipc=req["ipc"], uts=req["uts"])
    needed = resources.needed_controllers(req["resources"])
    if req["cgroups"] != "disabled":
        controllers(needed, host)
    elif needed:
        option = next(iter(needed.values()))
        raise UsageError(
            f"{option} has no effect with --cgroups=disabled", remedy=f"leave {option} or --cgroups out"
        )
    _ulimits(req["ulimits"] or [], host)
    _apparmor(req["security"]["apparmor"], host)
    adj = req["resources"].get("oom_score_adj")
    if adj is not None and host.get("rootless") and adj < host.get("oom_score_adj", -1001):
        own = host["oom_score_adj"]
        raise UsageError(
            f"--oom-score-adj={adj}: an unprivileged user cannot go below its own value of {own}",
            remedy=f"ask for {own} or more",
        )


def _ulimits(asked: list[UlimitRecord], host: HostFacts) -> None:
    excess = resources.excessive(asked, host)
    if excess is None:
        return
    name, top = excess["name"], host["rlimits"][excess["name"]][1]
    hard = str(excess["hard"]) if excess["hard"] >= 0 else "unlimited"
    raise UsageError(
        f"--ulimit {name}: the hard limit {hard} is above the {top} that this user may set",
        remedy=f"ask for at most {top}, or raise the user's limit in /etc/security/limits.conf",
    )


def _apparmor(profile: str, host: HostFacts) -> None:
    if profile not in ("", "unconfined") and not host.get("apparmor", True):
        raise UsageError(
            f"--security-opt apparmor={profile}: AppArmor is not enabled on this host",
            remedy='leave it out, or boot the kernel with "apparmor=1 security=apparmor"',
        )


def record(rec: ContainerRecord, host: HostFacts) -> None:
    """The same checks on a stored record, before a start: the host may have changed since it was made."""
    _sysctls(
        rec["sysctl"],
        network=rec["network"]["mode"],
        ipc=rec["namespaces"]["ipc"],
        uts=rec["namespaces"]["uts"],
    )
    _apparmor(rec["security"]["apparmor"], host)
    if rec["cgroups"] != "disabled":
        controllers(resources.needed_controllers(rec["resources"]), host)


def _idmaps(req: Request, host: HostFacts) -> None:
    """The kernel gives mapped mounts of a disk to the host's root only (mount_setattr(2))."""
    for mount in req["mounts"]:
        if host.get("rootless") and any(o.partition("=")[0] == "idmap" for o in mount["options"]):
            raise NotSupportedError(
                f'the mount on "{mount["destination"]}": the kernel gives the option "idmap" to root only',
                remedy='use "U" to give the files to the container\'s user, or --userns=keep-id',
            )


def user(who: UserInfo, rec: ContainerRecord, *, uid_count: int, gid_count: int) -> None:
    """Raise when the container's user or group has no id in its user namespace. The counts are of the
    user's own.
    """
    for kind, number, rows, count in (
        ("user", who["uid"], rec["userns"]["uidmap"], uid_count),
        ("group", who["gid"], rec["userns"]["gidmap"], gid_count),
    ):
        rows = rows or [[0, 0, count]]
        if any(first <= number < first + size for first, _, size in rows):
            continue
        top = max(first + size for first, _, size in rows) - 1
        raise UsageError(
            f'container "{rec["name"]}": the {kind} id {number} is not in its user namespace, '
            + (f"which ends at {top}" if top else "which has the id 0 only"),
            remedy="use another --user, or get more subordinate ids in /etc/subuid and /etc/subgid",
            name=rec["name"],
            exit_code=EXIT_CANNOT_INVOKE,
        )


def _combinations(req: Request) -> None:
    """What the neighbours refuse too, and for the same reasons."""
    mode = req["network"]["mode"] if req["network"] is not None else ""
    joins_uts = req["uts"].startswith("container:")
    if req["init"] and req["pid"] not in ("", "private"):
        _clash("--init", f"--pid={req['pid']}", "an init must be the first process of its PID namespace")
    if req["hostname"] and (req["uts"] == "host" or joins_uts):
        _clash("--hostname", f"--uts={req['uts']}", "the name would change for others too")
    if mode == "container":
        for key in ("add_host", "dns", "dns_search", "dns_option"):
            if req[key]:
                name = key.replace("_", "-")
                _clash(f"--{name}", "--network=container", "the other container's files are used")
    if req["no_hosts"] and req["add_host"]:
        _clash("--add-host", "--no-hosts", "there is no file to add to")
    if req["cgroups"] == "disabled" and req["cgroup_parent"]:
        _clash("--cgroup-parent", "--cgroups=disabled", "there is no cgroup")
    if len(req["group_add"]) > 1 and "keep-groups" in req["group_add"]:
        _clash("--group-add=keep-groups", "other groups", "an unprivileged user cannot have both")


def _clash(one: str, other: str, why: str) -> None:
    raise UsageError(f"{one} cannot be combined with {other}: {why}", remedy=f"leave {one} out")


def _sysctls(sysctls: dict[str, str], *, network: str, ipc: str, uts: str) -> None:
    """A kernel parameter can be set only where it belongs to a namespace of the container's own."""
    for name in sysctls:
        if name.startswith("net."):
            if network in ("host", "container", "ns"):
                raise UsageError(
                    f"--sysctl {name} needs a network namespace of the container's own, "
                    f"and --network={network} shares one",
                    remedy="use the default network, or leave the parameter out",
                )
        elif name in _KNOWN_IPC_SYSCTLS or name.startswith("fs.mqueue."):
            if ipc == "host" or ipc.startswith("container:"):
                raise UsageError(
                    f"--sysctl {name} needs an IPC namespace of the container's own, "
                    f"and --ipc={ipc.partition(':')[0]} shares one",
                    remedy="leave --ipc or the parameter out",
                )
        elif name in _UTS_SYSCTLS:
            if uts == "host" or uts.startswith("container:") or name == "kernel.hostname":
                raise UsageError(
                    f"--sysctl {name} cannot be set: it belongs to the UTS namespace",
                    remedy="use --hostname for the host name",
                )
        else:
            raise UsageError(
                f'--sysctl "{name}" is not of a namespace: it would change the whole machine',
                remedy="set it on the host; allowed are net.*, fs.mqueue.* and kernel.* of System V IPC",
            )


def controllers(needed: dict[str, str], host: HostFacts) -> None:
    """Raise when a limit needs a cgroup controller that the container's cgroup does not have; says how to
    get it.
    """
    have = host.get("controllers")
    if not needed or have is None:
        return
    for controller, option in needed.items():
        if controller in have:
            continue
        raise _no_controller(controller, option, host)


def _no_controller(controller: str, option: str, host: HostFacts) -> UsageError | NotSupportedError:
    mode = host.get("cgroup_mode", "v2")
    if mode in ("v1", "none"):
        return NotSupportedError(
            f"{option}: this host has cgroup v1, where an unprivileged user has no limits",
            remedy='boot with "systemd.unified_cgroup_hierarchy=1"',
        )
    if mode == "hybrid":
        return NotSupportedError(
            f'{option}: the controller "{controller}" is still with cgroup v1 on this host (hybrid mode)',
            remedy='boot with "systemd.unified_cgroup_hierarchy=1"',
        )
    if host.get("cgroup_manager") == "disabled":
        why = host.get("cgroup_reason") or "no cgroup is delegated to this user"
        return UsageError(
            f"{option}: limits cannot be applied: {why}",
            remedy="log in through systemd (a session with a user bus), or use a unit with Delegate=yes",
        )
    if not host.get("rootless", True):
        return UsageError(
            f'{option} needs the cgroup controller "{controller}", which this machine does not have',
            remedy=f"leave {option} out, or boot a kernel with it",
        )
    return UsageError(
        f'{option} needs the cgroup controller "{controller}", which is not delegated to this user '
        f"(delegated: {', '.join(sorted(host.get('controllers', []))) or 'none'})",
        remedy=_delegate(controller, host.get("cgroup_base", "")),
    )


def _delegate(controller: str, base: str) -> str:
    """How the user gets a controller: in the cgroup `base`, empty = from its systemd."""
    unit = next((part for part in base.split("/")[::-1] if part.endswith((".service", ".scope"))), "")
    if unit:
        return f'write "Delegate={_ALL_CONTROLLERS}" into the section "[Service]" of {unit}'
    if base:
        return f'run "echo +{controller} > /sys/fs/cgroup{_parent(base)}/cgroup.subtree_control" as root'
    return (
        f'write "[Service]" and "Delegate={_ALL_CONTROLLERS}" into {_DROP_IN}, '
        'run "systemctl daemon-reload" and log in again'
    )


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
