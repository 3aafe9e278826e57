"""Owns: the list of mounts of a bundle (runtime-spec config.md "Mounts").

The runtime mounts in the order of the list. First the kernel's file systems in a fixed order, then
everything else sorted by the depth of its destination, so that a mount never hides another below it; of two
for one destination the user's own stays.
"""

from __future__ import annotations

from libpod.errors import StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord, MountRecord
    from libpod.model.request import AssembleContext

    Mount = dict[str, object]

INIT_PATH = "/run/pypod-init"
_READ_ONLY_TMPFS = ("/run", "/tmp", "/var/tmp")
_SYSTEMD_TMPFS = ("/run", "/run/lock", "/tmp", "/var/log/journal")
_TMPFS_OPTIONS = ["rw", "rprivate", "nosuid", "nodev", "tmpcopyup"]
_STANDARD = "null zero full random urandom tty console ptmx pts shm mqueue stdin stdout stderr fd core"
_STANDARD_DEVICES = frozenset("/dev/" + name for name in _STANDARD.split())
"""Made by the runtime itself in every container."""


def build(record: ContainerRecord, ctx: AssembleContext, *, has_gid_5: bool) -> list[Mount]:
    """All mounts of the container, in order."""
    own = [_user_mount(mount, ctx) for mount in record["mounts"]]
    own += _devices(record, ctx)
    taken = {str(mount["destination"]) for mount in own}
    extra = [m for m in _files(record, ctx) + _implied_tmpfs(record) if m["destination"] not in taken]
    taken.update(str(mount["destination"]) for mount in extra)
    base = [
        mount
        for mount in _kernel_mounts(record, ctx, has_gid_5=has_gid_5)
        if mount["destination"] not in taken
        and not ("/dev" in taken and str(mount["destination"]).startswith("/dev/"))
    ]
    rest = extra + own
    rest.sort(key=lambda mount: str(mount["destination"]).count("/"))
    return base + rest


def _mount(destination: str, kind: str, source: str, options: list[str]) -> Mount:
    return {"destination": destination, "type": kind, "source": source, "options": options}


def _kernel_mounts(record: ContainerRecord, ctx: AssembleContext, *, has_gid_5: bool) -> list[Mount]:
    namespaces, security = record["namespaces"], record["security"]
    privileged = security["privileged"]
    mode = "rw" if privileged else "ro"
    out: list[Mount] = []
    if namespaces["pid"] == "host":
        out.append(_mount("/proc", "bind", "/proc", ["rbind", "nosuid", "noexec", "nodev", "rw", "rprivate"]))
    else:
        out.append(_mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev", *security["proc_opts"]]))
    out.append(
        _mount("/dev", "tmpfs", "tmpfs", ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"])
    )
    if owns_network(record, ctx):
        out.append(_mount("/sys", "sysfs", "sysfs", ["rprivate", "nosuid", "noexec", "nodev", mode]))
    else:
        out.append(_mount("/sys", "bind", "/sys", ["rbind", "rprivate", "nosuid", "noexec", "nodev", mode]))
    pts = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
    out.append(_mount("/dev/pts", "devpts", "devpts", [*pts, "gid=5"] if has_gid_5 else pts))
    if namespaces["ipc"] != "host":
        out.append(_mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]))
    elif ctx.get("mqueue"):
        out.append(
            _mount("/dev/mqueue", "bind", "/dev/mqueue", ["rbind", "rprivate", "nosuid", "noexec", "nodev"])
        )
    shm = _shm(record, ctx)
    if shm is not None:
        out.append(shm)
    cgroup_mode = "rw" if privileged or "ALL" in security["unmask"] or record.get("systemd") else "ro"
    out.append(
        _mount(
            "/sys/fs/cgroup",
            "cgroup",
            "cgroup",
            ["rprivate", "nosuid", "noexec", "nodev", "relatime", cgroup_mode],
        )
    )
    return out


def owns_network(record: ContainerRecord, ctx: AssembleContext) -> bool:
    """Whether the container's user namespace owns its network namespace.

    Only then may it mount sysfs (else the host's is bound) and set parameters of the network. A nested user
    namespace owns what the runtime makes together with it, never what was made before.
    """
    mode = record["network"]["mode"]
    if record["userns"]["uidmap"]:
        return mode in ("slirp4netns", "none", "pasta", "bridge") and not ctx.get("netns")
    return mode not in ("host", "ns")


def _shm(record: ContainerRecord, ctx: AssembleContext) -> Mount | None:
    ipc = record["namespaces"]["ipc"]
    if ipc == "none":
        return None
    source = ctx.get("shm_path", "")
    if ipc == "host":
        source = source or "/dev/shm"
    if source:
        return _mount("/dev/shm", "bind", source, ["rbind", "rprivate", "nosuid", "noexec", "nodev"])
    options = ["nosuid", "noexec", "nodev", "mode=1777"]
    if record["shm_size_bytes"] > 0:
        options.append(f"size={record['shm_size_bytes']}")
    return _mount("/dev/shm", "tmpfs", "shm", options)


def _files(record: ContainerRecord, ctx: AssembleContext) -> list[Mount]:
    """Our own files, bound over those of the image, and the init program."""
    options = ["bind", "rprivate"]
    if record["security"]["read_only"]:
        options += ["ro", "nosuid", "noexec", "nodev"]
    out = [_mount(target, "bind", source, options) for target, source in ctx.get("files", {}).items()]
    zone = ctx.get("localtime", "")
    if zone:
        out.append(
            _mount("/etc/localtime", "bind", zone, ["bind", "rprivate", "ro", "nosuid", "noexec", "nodev"])
        )
    if record["init"]:
        source = ctx.get("init_path", "") or record["init_path"]
        out.append(_mount(INIT_PATH, "bind", source, ["bind", "rprivate", "ro"]))
    return out


def _implied_tmpfs(record: ContainerRecord) -> list[Mount]:
    """What --read-only and systemd need writable."""
    found: dict[str, list[str]] = {}
    if record["security"]["read_only"] and record["security"]["read_only_tmpfs"]:
        found.update((path, []) for path in _READ_ONLY_TMPFS)
    if record.get("systemd"):
        limit = record.get("systemd_tmpfs_bytes", 0)
        found.update((path, [f"size={limit}"] if limit else []) for path in _SYSTEMD_TMPFS)
    return [_mount(path, "tmpfs", "tmpfs", [*_TMPFS_OPTIONS, *more]) for path, more in found.items()]


def _owner(mount: MountRecord, ctx: AssembleContext) -> list[str]:
    """`U`: a tmpfs belongs to the container's user, unless it was given to another one."""
    if not mount.get("chown") or any(o.startswith(("uid=", "gid=")) for o in mount["options"]):
        return []
    return [f"uid={ctx['user']['uid']}", f"gid={ctx['user']['gid']}"]


def _user_mount(mount: MountRecord, ctx: AssembleContext) -> Mount:
    kind, target, options = mount["type"], mount["destination"], mount["options"]
    if kind == "tmpfs":
        return _mount(target, "tmpfs", "tmpfs", options + _owner(mount, ctx))
    if kind == "ramfs":
        return _mount(target, "ramfs", "ramfs", options)
    if kind == "devpts":
        fixed = ["nosuid", "noexec", "newinstance", "ptmxmode=0666"]
        mode = [] if any(o.startswith("mode=") for o in options) else ["mode=0620"]
        return _mount(target, "devpts", "devpts", fixed + mode + options)
    if kind == "mqueue":
        return _mount(target, "mqueue", "mqueue", options or ["nosuid", "noexec", "nodev"])
    source = mount["source"]
    if target in (prepared := ctx.get("sources", {})):
        source = prepared[target]
    elif kind == "volume":
        known = ctx.get("volumes", {})
        if source not in known:
            raise StorageError(
                f'volume "{source}" has no place on the host', remedy='make it with "pypod volume create"'
            )
        source = known[source]
    return _mount(target, "bind", source, options)


def _devices(record: ContainerRecord, ctx: AssembleContext) -> list[Mount]:
    """Device nodes as bind mounts: an unprivileged user cannot make nodes. Real root gets nodes
    (devices.py) instead.
    """
    if not ctx.get("rootless", True):
        return []
    out: dict[str, Mount] = {}
    if record["security"]["privileged"]:
        for device in ctx.get("host_devices", ()):
            path = device["path"]
            if path not in _STANDARD_DEVICES:
                out[path] = _mount(path, "bind", path, ["rbind", "slave", "nosuid", "noexec", "rw"])
    for wanted in record["devices"]:
        mode = "rw" if "w" in wanted["permissions"] else "ro"
        target = wanted["destination"]
        out[target] = _mount(target, "bind", wanted["source"], ["rbind", "slave", "nosuid", "noexec", mode])
    return list(out.values())


def propagation(mounts: list[Mount]) -> str:
    """`linux.rootfsPropagation`: the runtime must not cut off mounts that want to hear of the host's; empty
    = the default.
    """
    found = ""
    for mount in mounts:
        options = mount["options"]
        assert isinstance(options, list)
        if "shared" in options or "rshared" in options:
            return "shared"
        if "slave" in options or "rslave" in options:
            found = "rslave"
    return found
