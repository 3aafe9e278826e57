"""Owns: the record of a new container, made of the request, the image's configuration and the defaults.
Pure.
"""

from __future__ import annotations

from libpod.conf.security import DEFAULT_CAPS
from libpod.errors import UsageError
from libpod.model.container import SCHEMA
from libpod.spec import capabilities, env, idmaps, netopts, resources, signals, volumes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, Protocol

    from libpod.model.container import (
        CommandRecord,
        ContainerRecord,
        DeviceRecord,
        EtcRecord,
        LogRecord,
        MountRecord,
        NamespaceRecord,
        NetworkRecord,
        PortRecord,
        ResourceRecord,
        SecurityRecord,
        UlimitRecord,
    )
    from libpod.model.image import ImageConfig
    from libpod.model.request import HostFacts, MergeIds, Request, UserNsRequest

    class Defaults(Protocol):
        """What merge reads of the settings (`libpod.conf.settings.Settings` has all of it)."""

        annotations: dict[str, str]
        base_hosts_file: str
        cgroup_parent: str
        cgroupns: str
        cgroups: str
        default_capabilities: list[str]
        default_sysctls: dict[str, str]
        default_ulimits: list[str]
        devices: list[str]
        dns_options: list[str]
        dns_searches: list[str]
        dns_servers: list[str]
        env: list[str]
        http_proxy: bool
        init: bool
        init_path: str
        ipcns: str
        log_driver: str
        log_max_files: int
        log_size_max: int
        log_tag: str
        network: str
        no_hosts: bool
        pidns: str
        pids_limit: int
        runtime: str
        seccomp_profile: str
        shm_size_bytes: int
        stop_timeout_s: int
        timezone: str
        umask: int
        userns: str
        utsns: str
        volumes: list[str]


__all__ = ["is_nested", "merge", "network_of", "userns_of"]

_SYSTEMD_COMMANDS = (
    "/sbin/init",
    "/usr/sbin/init",
    "/usr/local/sbin/init",
    "/lib/systemd/systemd",
    "/usr/lib/systemd/systemd",
)


def merge(request: Request, image: ImageConfig, defaults: Defaults, ids: MergeIds) -> ContainerRecord:
    """The complete record. UsageError when the parts contradict each other (no command, wrong joins ...)."""
    host = ids.get("host", {})
    cid = ids["cid"]
    userns_request = userns_of(request, defaults)
    if userns_request["mode"] == "container":
        joined = netopts.check_join("userns", f"container:{userns_request['join']}", ids.get("joins", {}))
        userns_request = {**userns_request, "join": joined.partition(":")[2]}
    userns = idmaps.resolve(
        userns_request, "host", host, other=ids.get("userns_of"), ranges=ids.get("subids")
    )
    process = _process(request, image, defaults, ids, idmaps.default_user(userns_request, userns, host))
    systemd = _is_systemd(request["systemd"], process["args"])
    network = network_of(request, defaults, ids.get("joins", {}))
    namespaces = _namespaces(request, defaults, ids)
    mounts = _mounts(request, image, defaults, ids)
    cgroups = request["cgroups"] or defaults.cgroups
    exposed = list(dict.fromkeys(image["exposed_ports"] + request["expose"]))
    return {
        **process,
        "schema": SCHEMA,
        "id": cid,
        "name": ids.get("name", "") or request["name"],
        "created_ns": ids.get("now_ns", 0),
        "image": "" if request["rootfs"] else request["image"],
        "image_name": ids.get("image_name", ""),
        "image_id": ids.get("image_id", ""),
        "layers": list(ids.get("layers", ())),
        "pod": ids.get("pod", ""),
        "infra": ids.get("infra", ""),
        "pod_resources": {},
        "adopt": 0,
        "driver": "overlay",
        "mount_program": "",
        "mapped": False,
        "rootfs": request["image"] if request["rootfs"] else "",
        "rootfs_overlay": request["rootfs_overlay"],
        "hostname": _hostname(request, namespaces, network, host, cid),
        "labels": {**image["labels"], **request["labels"]},
        "annotations": {**defaults.annotations, **request["annotations"]},
        "mounts": mounts,
        "tmpfs": {m["destination"]: ",".join(m["options"]) for m in mounts if m["type"] == "tmpfs"},
        "devices": _devices(request, defaults),
        "cdi": request["cdi"],
        "network": network,
        "namespaces": namespaces,
        "userns": userns,
        "security": _security(request, defaults, host),
        "resources": _resources(request, defaults, cgroups),
        "ulimits": _ulimits(request, defaults),
        "sysctl": {**_default_sysctls(defaults, network, namespaces), **request["sysctl"]},
        "shm_size_bytes": _or_default(request["shm_size_bytes"], defaults.shm_size_bytes),
        "systemd_tmpfs_bytes": request["systemd_tmpfs_bytes"],
        "dns": request["dns"] or list(defaults.dns_servers),
        "dns_search": request["dns_search"] or list(defaults.dns_searches),
        "dns_option": request["dns_option"] or list(defaults.dns_options),
        "add_host": list(request["add_host"]),
        "no_hosts": defaults.no_hosts if request["no_hosts"] is None else request["no_hosts"],
        "no_hostname": request["no_hostname"],
        "passwd": request["passwd"],
        "etc": _etc(request, defaults),
        "secrets": request["secrets"],
        "requires": request["requires"],
        "init_ctr": request["init_ctr"],
        "remove": request["remove"],
        "remove_image": request["remove_image"],
        "made_by_run": False,
        "stop_signal": _stop_signal(request, image, systemd),
        "stop_timeout_s": _or_default(request["stop_timeout_s"], defaults.stop_timeout_s),
        "timeout_s": request["timeout_s"],
        "log": _log(request, defaults),
        "runtime": defaults.runtime,
        "cgroup_parent": request["cgroup_parent"] or defaults.cgroup_parent,
        "cgroups": cgroups,
        "restart_policy": request["restart_policy"],
        "pidfile": request["pidfile"],
        "conmon_pidfile": request["conmon_pidfile"],
        "expose": exposed,
        "ports": _ports(request, exposed, network),
        "publish_all": request["publish_all"],
        "systemd": systemd,
        "healthcheck": {},
    }


def _ports(request: Request, exposed: list[str], network: NetworkRecord) -> list[PortRecord]:
    if not (request["ports"] or request["publish_all"]) or network["mode"] == "host":
        return []
    from libpod.spec import ports  # lazy: most containers publish nothing

    found = list(request["ports"])
    if found:
        ports.check_mode(network["mode"])  # which the settings may have chosen
    return [*found, *ports.exposed(exposed, found)] if request["publish_all"] else found


def _etc(request: Request, defaults: Defaults) -> EtcRecord:
    if defaults.base_hosts_file and "hosts_file" not in request["etc"]:
        return {**request["etc"], "hosts_file": defaults.base_hosts_file}
    return request["etc"]


def _or_default(asked: int, default: int) -> int:
    """-1 stands for "not given"."""
    return asked if asked >= 0 else default


def _process(
    request: Request, image: ImageConfig, defaults: Defaults, ids: MergeIds, kept_user: str
) -> CommandRecord:
    entrypoint, command = _command(request, image)
    return {
        "entrypoint": entrypoint,
        "command": command,
        "args": entrypoint + command,
        "create_command": list(ids.get("create_command", ())),
        "env": _env(request, image, defaults),
        "user": request["user"] or image["user"] or kept_user,
        "group_add": list(request["group_add"]),
        "workdir": request["workdir"] or image["workdir"] or "/",
        "tty": request["tty"],
        "stdin_open": request["interactive"],
        "stdin_once": request["interactive"],
        "umask": _or_default(request["umask"], defaults.umask),
        "timezone": request["timezone"] or defaults.timezone,
        "init": (defaults.init if request["init"] is None else request["init"])
        and not _is_systemd(request["systemd"], entrypoint + command),
        "init_path": request["init_path"] or defaults.init_path,
    }


def _command(request: Request, image: ImageConfig) -> tuple[list[str], list[str]]:
    if request["entrypoint"] is None:
        entrypoint = list(image["entrypoint"])
        command = request["command"] or list(image["cmd"])
    else:
        entrypoint = list(request["entrypoint"])
        command = list(request["command"])
    if not entrypoint and not command:
        what = f'image "{request["image"]}" names none, and none was' if not request["rootfs"] else "none was"
        raise UsageError(
            f"no command: {what} given",
            remedy='give the command after the image, as in "pypod run IMAGE sh"',
        )
    return entrypoint, command


def _is_systemd(mode: str, args: list[str]) -> bool:
    if mode == "always":
        return True
    return mode == "true" and (args[0] in _SYSTEMD_COMMANDS or args[0].rpartition("/")[2] == "systemd")


def _env(request: Request, image: ImageConfig, defaults: Defaults) -> list[str]:
    low: list[list[str]] = [] if request["unsetenv_all"] else [list(env.BUILT_IN), defaults.env, image["env"]]
    base = env.merge(low, request["unsetenv"])
    merged = [env.substitute(item, base) for item in request["env_merge"]]
    return env.merge([base, request["env_host"], merged, request["env"]])


def _hostname(
    request: Request, namespaces: NamespaceRecord, network: NetworkRecord, host: HostFacts, cid: str
) -> str:
    if namespaces["uts"] != "private":
        return host.get("hostname", "") if namespaces["uts"] == "host" else ""
    if request["hostname"]:
        return request["hostname"]
    if network["mode"] == "host" and host.get("hostname"):
        return host["hostname"]
    return cid[:12]


def network_of(request: Request, defaults: Defaults, joins: dict[str, str]) -> NetworkRecord:
    """The network that the container will have. `joins`: see MergeIds."""
    found = request["network"] or netopts.parse_mode(defaults.network)
    if found["mode"] != "container":
        return found
    joined = netopts.check_join("network", f"container:{found['container']}", joins)
    return {"mode": "container", "options": {}, "container": joined.partition(":")[2]}


def is_nested(request: Request, defaults: Defaults) -> bool:
    """Whether the container will have a user namespace of its own, in the user's."""
    return userns_of(request, defaults)["mode"] not in ("", "host")


def userns_of(request: Request, defaults: Defaults) -> UserNsRequest:
    """What was asked for as user namespace, by the user or the settings."""
    return request["userns"] if request["userns"]["mode"] else idmaps.parse({"userns": defaults.userns})


def _namespaces(request: Request, defaults: Defaults, ids: MergeIds) -> NamespaceRecord:
    joins = ids.get("joins", {})
    ipc = netopts.check_join("ipc", request["ipc"] or defaults.ipcns or "shareable", joins)
    return {
        "pid": netopts.check_join("pid", request["pid"] or defaults.pidns or "private", joins),
        "ipc": ipc,
        "uts": netopts.check_join("uts", request["uts"] or defaults.utsns or "private", joins),
        "cgroup": netopts.check_join(
            "cgroupns", request["cgroupns"] or defaults.cgroupns or "private", joins
        ),
    }


def _mounts(request: Request, image: ImageConfig, defaults: Defaults, ids: MergeIds) -> list[MountRecord]:
    """Image volumes, settings, --volumes-from, then the user's own: the last one for a destination stays."""
    found: dict[str, MountRecord] = {}
    if request["image_volume"] != "ignore":
        for raw in image["volumes"]:
            target = volumes.destination("image-volume", raw if raw.startswith("/") else f"/{raw}", raw)
            found[target] = (
                volumes.tmpfs_record(target, [])
                if request["image_volume"] == "tmpfs"
                else volumes.anonymous(target)
            )
    for mount in volumes.parse_all({"volume": defaults.volumes}, "/"):
        found[mount["destination"]] = mount
    for name, opts in request["volumes_from"]:
        for mount in _from_container(name, opts, ids.get("volumes_from", {})):
            found[mount["destination"]] = mount
    for mount in request["mounts"]:
        found[mount["destination"]] = mount
    out: list[MountRecord] = []
    for mount in found.values():
        if mount["type"] == "image":
            mount = {**mount, "layers": ids.get("images", {}).get(mount["source"], [])}
        if mount.get("anonymous") and not mount["source"]:
            mount = {**mount, "source": f"{ids['cid'][:60]}{len(out):04x}"}
        out.append(mount)
    return out


def _from_container(name: str, opts: str, sources: dict[str, list[MountRecord]]) -> list[MountRecord]:
    if name not in sources:
        raise UsageError(
            f'--volumes-from "{name}": no such container', remedy='list the containers with "pypod ps -a"'
        )
    words = opts.split(",") if opts else []
    out: list[MountRecord] = []
    for mount in sources[name]:
        if mount["type"] not in ("bind", "volume"):
            continue
        options = mount["options"]
        for mode in ("ro", "rw"):
            if mode in words:
                options = [mode, *(o for o in options if o not in ("ro", "rw"))]
        copy: MountRecord = {**mount, "options": options}
        copy.pop("anonymous", None)
        if "z" in words:
            copy["relabel"] = "z"
        out.append(copy)
    return out


def _devices(request: Request, defaults: Defaults) -> list[DeviceRecord]:
    from libpod.spec.request import parse_device  # request.py and merge.py are always loaded together

    found = {d["destination"]: d for d in (parse_device(value) for value in defaults.devices)}
    found.update({d["destination"]: d for d in request["devices"]})
    return list(found.values())


def _security(request: Request, defaults: Defaults, host: HostFacts) -> SecurityRecord:
    asked = request["security"]
    available = host.get("capabilities", [])
    add = asked["cap_add"]
    if asked["privileged"]:
        add = ["ALL"]
    base = defaults.default_capabilities or list(DEFAULT_CAPS)
    return {
        "privileged": asked["privileged"],
        "capabilities": capabilities.merge(base, add, asked["cap_drop"], available),
        "cap_add": list(asked["cap_add"]),
        "cap_drop": list(asked["cap_drop"]),
        "no_new_privileges": asked["no_new_privileges"],
        "seccomp": asked["seccomp"] or ("unconfined" if asked["privileged"] else defaults.seccomp_profile),
        "apparmor": asked["apparmor"],
        "label": list(asked["label"]),
        "mask": list(asked["mask"]),
        "unmask": list(asked["unmask"]),
        "proc_opts": list(asked["proc_opts"]),
        "read_only": asked["read_only"],
        "read_only_tmpfs": asked["read_only"] and asked["read_only_tmpfs"],
    }


def _resources(request: Request, defaults: Defaults, cgroups: str) -> ResourceRecord:
    found: ResourceRecord = {**request["resources"]}
    if "pids_limit" not in found and defaults.pids_limit > 0 and cgroups != "disabled":
        found["pids_limit"] = defaults.pids_limit
        found["pids_limit_is_default"] = True
    return found


def _ulimits(request: Request, defaults: Defaults) -> list[UlimitRecord]:
    asked = request["ulimits"] or []
    if any(u["name"] == "host" for u in asked):
        return asked
    found: dict[str, UlimitRecord] = {}
    for value in defaults.default_ulimits:
        record = resources.parse_ulimit("ulimit", value)
        record["default"] = True
        found[record["name"]] = record
    found.update({u["name"]: u for u in asked})
    return list(found.values())


def _default_sysctls(
    defaults: Defaults, network: NetworkRecord, namespaces: NamespaceRecord
) -> dict[str, str]:
    """Those of the settings whose namespace is the container's own."""
    own_net = network["mode"] in ("slirp4netns", "none", "pasta", "bridge")
    own_ipc = namespaces["ipc"] in ("private", "shareable", "none")
    return {
        name: value
        for name, value in defaults.default_sysctls.items()
        if (own_net or not name.startswith("net."))
        and (own_ipc or not name.startswith(("kernel.", "fs.mqueue.")))
    }


def _stop_signal(request: Request, image: ImageConfig, systemd: bool) -> int:
    if request["stop_signal"]:
        return request["stop_signal"]
    if image["stop_signal"]:
        found = signals.parse(image["stop_signal"])
        if found is None:
            raise UsageError(
                f'the image\'s stop signal "{image["stop_signal"]}" is not a signal',
                remedy="give one with --stop-signal",
            )
        return found
    return signals.RTMIN + 3 if systemd else signals.NUMBERS["TERM"]


def _log(request: Request, defaults: Defaults) -> LogRecord:
    size = request["log_max_size_bytes"]
    return {
        "driver": _log_driver(request["log_driver"], defaults.log_driver),
        "path": request["log_path"],
        "max_size_bytes": size if size >= 0 else max(defaults.log_size_max, 0),
        "max_files": request["log_max_files"] or defaults.log_max_files,
        "tag": request["log_tag"] or defaults.log_tag,
    }


def _log_driver(asked: str, default: str) -> Literal["k8s-file", "journald", "none", "passthrough"]:
    """`json-file` is a name for the same file; a default that does not exist here is the file too."""
    chosen = asked or default
    if chosen == "none":
        return "none"
    if chosen == "journald":
        return "journald"
    return "passthrough" if chosen == "passthrough" else "k8s-file"
