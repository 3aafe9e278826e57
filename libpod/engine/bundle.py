"""Owns: a container's bundle: `config.json` and the files that are bound into the container, written before
each start.

The root file system is looked at through a descriptor only (rootview); host files are read as the user.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod import errors, monitorctl, volumes
from libpod.conf import seccomp, tools
from libpod.engine import accounts, etcfiles, host, rootview
from libpod.spec import assemble, idmaps, validate
from libpod.util import atomic, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from libpod.engine.session import Session
    from libpod.kernel import cgtree
    from libpod.model.container import ContainerRecord
    from libpod.model.request import AssembleContext, HostDevice

_ZONES = "/usr/share/zoneinfo"
_SKIPPED_DEVICES = ("/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/fd", "/dev/console", "/dev/ptmx")


class Bundle:
    """Where it is, and where the runtime's compiled seccomp filter is to be kept ("" = nowhere)."""

    __slots__ = ("mounts", "path", "runtime", "save_bpf")

    def __init__(self, path: str, runtime: str, save_bpf: str, mounts: list[dict[str, Any]]) -> None:
        self.mounts = mounts
        """What the monitor has to mount before the runtime comes."""
        self.path = path
        self.runtime = runtime
        """The runtime's binary."""
        self.save_bpf = save_bpf


def write(
    session: Session,
    record: ContainerRecord,
    prepared: Mapping[str, object],
    root_fd: int,
    network: Mapping[str, object],
    place: cgtree.CgroupPlace,
    size: tuple[int, int] | None,
    *,
    shm_path: str = "",
) -> Bundle:
    """Write the bundle of a container whose root is mounted; `shm_path` is bound on /dev/shm. Raises
    UsageError for what the host does not have."""
    bundle = session.paths.container_dir(record["id"]) + "/bundle"
    os.makedirs(bundle, mode=0o700, exist_ok=True)
    entry = session.enter()
    hooks: dict[str, list[dict[str, Any]]] = {}
    if record.get("cdi") or session.settings.hooks_dir or session.uid == 0:
        from libpod.engine import injected  # lazy: seldom

        record, hooks = injected.inject(session, record)
    who = rootview.exec_user(root_fd, record, record["user"], accounts.of_host(record))
    gid_count = sum(row[2] for row in entry.idmap.gids)
    validate.user(who, record, uid_count=sum(row[2] for row in entry.idmap.uids), gid_count=gid_count)
    special = any(
        m["type"] in ("glob", "image") or m.get("overlay") or m.get("subpath") for m in record["mounts"]
    )
    if special:
        from libpod.engine import sources  # lazy: seldom used

        record = sources.expanded(record)
    _check_sources(record)
    outer = idmaps.outside(who, record["userns"])
    rootview.make_workdir(root_fd, record, outer)
    root = idmaps.root_outside(record["userns"])
    rootview.make_mtab(root_fd, root)
    who, accounts_files = accounts.complete(session, record, bundle, root_fd, who)
    runtime = runtime_path(session, record)
    filters = seccomp.plan(record["security"], session.paths.cache, runtime)
    files = etcfiles.write(session, record, bundle, root_fd, network)
    files.update(accounts_files)
    if record.get("secrets"):
        from libpod.engine import secretuse  # lazy: seldom

        files.update(secretuse.files(session, record))
    volumes.give_sources(record, outer, os.path.realpath(session.environ.get("HOME", "/")))
    ctx: AssembleContext = {
        "rootfs": str(prepared["merged"]),
        "user": who,
        "netns": str(prepared["netns"] or ""),
        "cgroups_path": "" if record["cgroups"] == "disabled" else place["runtime_path"],
        "files": files,
        "volumes": volumes.prepare(session.paths, session.db, record, root_fd, outer),
        "seccomp": filters["section"],
        "seccomp_bpf": filters["bpf"],
        "controllers": place["controllers"],
        "hooks": hooks,
        "shm_path": shm_path,
        "block_numbers": block_numbers(record),
        "ns_paths": _joined(session, record),
        "rootless": entry.rootless,
        "gid_count": gid_count,
        "rlimits": host.rlimits(),
        "pid_max": host.pid_max(),
        "init_path": (record["init_path"] or tools.find("catatonit")) if record["init"] else "",
        "localtime": _localtime(record["timezone"]),
        "mqueue": record["namespaces"]["ipc"] == "host" and os.path.isdir("/dev/mqueue"),
    }
    if size:
        ctx["console_size"] = list(size)
    if record["security"]["apparmor"] not in ("", "unconfined"):
        ctx["apparmor"] = record["security"]["apparmor"]
    if record["security"]["privileged"]:
        ctx["host_devices"] = host_devices()
    elif not entry.rootless:
        ctx["host_devices"] = _named_devices(record)
    if not entry.rootless:
        ctx["device_rules"] = host.device_rules()
    more: list[dict[str, Any]] = []
    if special:
        from libpod.engine import sources

        ctx["sources"], more = sources.plan(session, record, ctx["volumes"], outer)
    config = assemble.assemble(record, ctx)
    if not ctx.get("device_rules", True):
        _check_devices(record, config)
    atomic.write(bundle + "/config.json", jsonio.dumps(config, compact=True), durable=False)
    atomic.write(bundle + "/process.json", jsonio.dumps(config["process"], compact=True), durable=False)
    return Bundle(bundle, runtime, filters["save"], more)


def _check_sources(record: ContainerRecord) -> None:
    """Host paths of bind mounts and devices must be there: say which one is not, before the runtime does
    less clearly."""
    wanted = [(m["source"], "--volume") for m in record["mounts"] if m["type"] == "bind"]
    wanted += [(d["source"], "--device") for d in record["devices"]]
    for path, option in wanted:
        try:
            os.stat(path)
        except OSError as e:
            if e.errno in (errno.ENOENT, errno.ENOTDIR):
                remedy = (
                    f'make it first, with "mkdir -p {path}"'
                    if option == "--volume"
                    else "give another device"
                )
            else:
                remedy = f'look at its owner and mode with "ls -ld {path}"'
            raise errors.UsageError(f'{option} "{path}": {e.strerror}', remedy=remedy, name=path) from e


def _named_devices(record: ContainerRecord) -> list[HostDevice]:
    found = []
    for wanted in record["devices"]:
        st = os.stat(wanted["source"])
        if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
            found.append(_device(wanted["source"], st))
    return found


def block_numbers(record: ContainerRecord) -> dict[str, list[int]]:
    """Major and minor numbers of the devices that have limits. Raises UsageError for what is none."""
    found = {}
    for limit in record["resources"].get("block_limits", ()):
        path, option = limit["path"], "--" + limit["kind"].replace("_", "-")
        remedy = '"lsblk" lists the block devices'
        try:
            st = os.stat(path)
        except OSError as e:
            raise errors.UsageError(f'{option} "{path}": {e.strerror}', remedy=remedy, name=path) from e
        if not stat.S_ISBLK(st.st_mode):
            raise errors.UsageError(f'{option} "{path}" is not a block device', remedy=remedy, name=path)
        found[path] = [os.major(st.st_rdev), os.minor(st.st_rdev)]
    return found


def _check_devices(record: ContainerRecord, config: Mapping[str, Any]) -> None:
    """Where no device rules can be set, nobody may make device nodes: they would open every device."""
    if record["security"]["privileged"]:
        return
    if "CAP_MKNOD" in config["process"]["capabilities"].get("bounding", ()):
        raise errors.NotSupportedError(
            f'container "{record["name"]}": CAP_MKNOD would give it every device: {host.NO_DEVICE_RULES}',
            remedy="leave --cap-add=MKNOD out, or use --privileged if every device is what you want",
        )


def _localtime(zone: str) -> str:
    """The zone file of `--tz`; "local" is the host's. Raises UsageError for one that the host does not
    know."""
    if not zone:
        return ""
    if zone == "local":
        return os.path.realpath("/etc/localtime")
    path = os.path.normpath(f"{_ZONES}/{zone}")
    if not path.startswith(_ZONES + "/") or not os.path.isfile(path):
        raise errors.UsageError(
            f'--tz "{zone}": no such time zone',
            remedy=f'"ls {_ZONES}" lists them (package tzdata)',
            name=zone,
        )
    return path


def host_devices() -> list[HostDevice]:
    """The device nodes below /dev, for `--privileged`; those that belong to a terminal or a mount of their
    own, and the virtual consoles, are left out."""
    found: list[HostDevice] = []
    todo = ["/dev"]
    while todo:
        try:
            entries = list(os.scandir(todo.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.path in _SKIPPED_DEVICES or _is_console(entry.path):
                continue
            if entry.is_dir(follow_symlinks=False):
                todo.append(entry.path)
                continue
            try:
                st = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
                found.append(_device(entry.path, st))
    return found


def _is_console(path: str) -> bool:
    """A virtual console of the host: what is typed and shown there is nobody's in a container."""
    return path.startswith("/dev/tty") and path[8:].isdigit()


def _device(path: str, st: os.stat_result) -> HostDevice:
    return {
        "path": path,
        "type": "c" if stat.S_ISCHR(st.st_mode) else "b",
        "major": os.major(st.st_rdev),
        "minor": os.minor(st.st_rdev),
        "mode": stat.S_IMODE(st.st_mode),
        "uid": st.st_uid,
        "gid": st.st_gid,
    }


def runtime_path(session: Session, record: ContainerRecord) -> str:
    """The binary of the record's OCI runtime. Raises ToolMissingError."""
    settings = session.settings
    for candidate in settings.runtimes.get(record["runtime"], ()):
        found = tools.try_find(candidate)
        if found is not None:
            return found
    return tools.find(record["runtime"])


def _joined(session: Session, record: ContainerRecord) -> dict[str, str]:
    """Namespaces that are joined: kind -> path, those of other containers checked to be alive now."""
    out: dict[str, str] = {}
    spaces, userns = record["namespaces"], record["userns"]
    user = f"container:{userns['join']}" if userns["mode"] == "container" and userns["uidmap"] else ""
    if userns["mode"] == "ns":
        out["user"] = userns["join"]
    for kind, value in (
        ("pid", spaces["pid"]),
        ("ipc", spaces["ipc"]),
        ("uts", spaces["uts"]),
        ("cgroup", spaces["cgroup"]),
        ("user", user),
    ):
        if not value.startswith("container:"):
            continue
        other = value.partition(":")[2]
        status = monitorctl.status(session.paths, other)
        if not status["pid"]:
            raise errors.StateError(
                f"cannot join the {kind} namespace of container {other[:12]}: it is not running",
                remedy=f'start it with "pypod start {other[:12]}"',
            )
        out[kind] = f"/proc/{status['pid']}/ns/{kind}"
    return out
