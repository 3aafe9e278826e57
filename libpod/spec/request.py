"""Owns: turning the options of `run` and `create` into a typed request. Pure: no files, no environment, no
clock.

The options come as a dict: key = long option name with underscores, value as given. The engine has read the
files that options name: `env_file_lines`, `label_file_lines`. Keys that mean nothing here (detach,
detach_keys ...) are not looked at.
"""

from __future__ import annotations

import os

from libpod.errors import NotSupportedError, UsageError
from libpod.spec import env, etcopts, idmaps, netopts, resources, secopts, secretopts, signals, volumes
from libpod.spec.values import (
    bad,
    clean_path,
    comma_words,
    flag,
    number,
    one_of,
    pairs,
    size,
    text,
    try_bool,
    words,
)
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.model.container import DeviceRecord, NetworkRecord, PortRecord
    from libpod.model.request import ProcessRequest, Request
    from libpod.spec.values import Options

__all__ = ["joined", "parse_device", "parse_options"]

_LATER = {
    "health_cmd": "health checks are",
    "health_interval": "health checks are",
    "health_retries": "health checks are",
    "health_timeout": "health checks are",
    "health_start_period": "health checks are",
    "health_on_failure": "health checks are",
    "health_startup_cmd": "health checks are",
    "personality": "execution domains are",
    "rdt_class": "Intel RDT is",
    "link_local_ip": "link-local addresses are",
}
"""Option -> the subject of "... not supported yet"."""
_RESERVED = ("run.oci.", "io.pypod.")
_LOG_DRIVERS = ("k8s-file", "json-file", "journald", "none", "passthrough")


def parse_options(
    options: Options,
    *,
    image: str = "",
    command: list[str] | None = None,
    cwd: str = "/",
    environ: Mapping[str, str] | None = None,
) -> Request:
    """Parse every option of a container. Raises UsageError or NotSupportedError naming option, value and
    what is expected.

    `cwd` resolves relative host paths; `environ` is where `-e NAME` finds values. Existence on the host is
    not checked here.
    """
    _refuse_later(options)
    rootfs = flag(options, "rootfs")
    image, rootfs_overlay = _rootfs(image, cwd) if rootfs else (image, False)
    notes: list[str] = []
    log_opts = _log_opts(options)
    dns, dns_search, dns_option = netopts.dns(options)
    network = netopts.parse(options)
    published, publish_all = _ports(options, network, notes)
    return {
        **_process(options, command or [], environ or {}),
        "name": text(options, "name"),
        "image": image,
        "pull": one_of(options, "pull", ("always", "missing", "never", "newer"), "missing"),
        "rootfs": rootfs,
        "rootfs_overlay": rootfs_overlay,
        "labels": pairs(options, "label", "a label", "label_file_lines"),
        "annotations": _annotations(options),
        "mounts": volumes.parse_all(options, cwd),
        "volumes_from": _volumes_from(options),
        "image_volume": _image_volume(options),
        "devices": [parse_device(value) for value in words(options, "device") if not _is_cdi(value)],
        "cdi": _cdi(options),
        "network": network,
        "ports": published,
        "publish_all": publish_all,
        "pid": netopts.namespace(options, "pid"),
        "ipc": netopts.namespace(options, "ipc", ("none", "shareable")),
        "uts": netopts.namespace(options, "uts"),
        "cgroupns": netopts.namespace(options, "cgroupns"),
        "userns": idmaps.parse(options),
        "security": secopts.parse(options, cwd),
        "resources": resources.parse(options, notes),
        "ulimits": resources.parse_ulimits(options),
        "sysctl": _sysctls(options),
        "shm_size_bytes": size(options, "shm_size", -1),
        "systemd_tmpfs_bytes": size(options, "shm_size_systemd", 0),
        "dns": dns,
        "dns_search": dns_search,
        "dns_option": dns_option,
        "add_host": netopts.add_host(options),
        "no_hosts": _maybe(options, "no_hosts"),
        "no_hostname": flag(options, "no_hostname"),
        "passwd": flag(options, "passwd", True),
        "etc": etcopts.parse(options, cwd),
        "secrets": secretopts.parse(options),
        "requires": words(options, "requires"),
        "init_ctr": one_of(options, "init_ctr", ("once", "always"), ""),
        "remove": flag(options, "rm") or flag(options, "rmi"),
        "remove_image": flag(options, "rmi"),
        "log_driver": one_of(options, "log_driver", _LOG_DRIVERS, ""),
        "log_path": log_opts.get("path", ""),
        "log_max_size_bytes": int(log_opts.get("max-size", "-1")),
        "log_max_files": int(log_opts.get("max-file", "0")),
        "log_tag": log_opts.get("tag", ""),
        "cgroups": one_of(options, "cgroups", ("enabled", "disabled", "no-conmon", "split"), ""),
        "cgroup_parent": text(options, "cgroup_parent"),
        "restart_policy": _restart(options),
        "pidfile": _file(options, "pidfile", cwd),
        "conmon_pidfile": _file(options, "conmon_pidfile", cwd),
        "expose": netopts.expose(options),
        "systemd": _systemd(options),
        "notes": notes,
    }


def _ports(
    options: Options, network: NetworkRecord | None, notes: list[str]
) -> tuple[list[PortRecord], bool]:
    if not (options.get("publish") or options.get("publish_all")):
        return [], False
    from libpod.spec import ports  # lazy: most containers publish nothing

    return ports.parse(options, network["mode"] if network is not None else "", notes)


def _process(options: Options, command: list[str], environ: Mapping[str, str]) -> ProcessRequest:
    return {
        "command": list(command),
        "entrypoint": _entrypoint(options),
        "env": env.parse(options, environ),
        "env_host": env.from_host(options, environ, http_proxy=True),
        "env_merge": env.parse_merge(options),
        "unsetenv": words(options, "unsetenv"),
        "unsetenv_all": flag(options, "unsetenv_all"),
        "user": _user(options),
        "group_add": words(options, "group_add"),
        "workdir": _workdir(options),
        "hostname": _hostname(options),
        "tty": flag(options, "tty"),
        "interactive": flag(options, "interactive"),
        "umask": _umask(options),
        "timezone": text(options, "tz"),
        "init": True if text(options, "init_path") else _maybe(options, "init"),
        "init_path": text(options, "init_path"),
        "stop_signal": _stop_signal(options),
        "stop_timeout_s": number(options, "stop_timeout", -1, -1, 1 << 31),
        "timeout_s": number(options, "timeout", 0, 0, 1 << 31),
    }


def _refuse_later(options: Options) -> None:
    for key, subject in _LATER.items():
        if options.get(key) and options[key] != "none":
            name = key.replace("_", "-")
            raise NotSupportedError(f"--{name}: {subject} not supported yet", remedy=f"leave --{name} out")


def _maybe(options: Options, key: str) -> bool | None:
    """A boolean option; None when it was not given."""
    return None if options.get(key) is None else flag(options, key)


def joined(request: Request) -> list[str]:
    """The containers whose namespaces are joined, as the user named them; merge wants their full ids."""
    values = [request[key] for key in ("pid", "ipc", "uts", "cgroupns")]
    names = [value.partition(":")[2] for value in values if value.startswith("container:")]
    network = request["network"]
    if network is not None and network["mode"] == "container":
        names.append(network["container"])
    return list(dict.fromkeys(names))


def _rootfs(value: str, cwd: str) -> tuple[str, bool]:
    """The directory, as an absolute path, and whether it stays as it is (`:O`)."""
    folder, _, option = value.rpartition(":") if value.endswith((":O", ":idmap")) else (value, "", "")
    if option == "idmap" or not folder:
        raise bad("rootfs", value, "DIR or DIR:O", 'write for example "--rootfs /srv/root:O sh"')
    return os.path.normpath(os.path.join(cwd, folder)), option == "O"


def _file(options: Options, key: str, cwd: str) -> str:
    """A file of the host, as an absolute path; empty if none was given."""
    value = text(options, key)
    return os.path.join(cwd, value) if value else ""


def _entrypoint(options: Options) -> list[str] | None:
    value = options.get("entrypoint")
    if value is None:
        return None
    if isinstance(value, list):
        return [str(word) for word in value]
    value = str(value)
    if value.lstrip().startswith("["):
        try:
            parsed = jsonio.loads(value)
        except ValueError:
            parsed = None
        if not isinstance(parsed, list) or not all(isinstance(word, str) for word in parsed):
            raise bad(
                "entrypoint",
                value,
                "a program or a JSON array of strings",
                """write for example '["sh", "-c"]'""",
            )
        return list(parsed)
    return [value] if value else []


def _user(options: Options) -> str:
    value = text(options, "user")
    name, colon, group = value.partition(":")
    if value and ((colon and not group) or ":" in group or (not name and not group) or "\n" in value):
        raise bad("user", value, "USER[:GROUP] with names or numbers", 'write for example "--user 1000:1000"')
    return value


def _workdir(options: Options) -> str:
    value = text(options, "workdir")
    if value and not value.startswith("/"):
        raise bad("workdir", value, "an absolute path in the container", 'begin it with "/"')
    return clean_path(value) if value else ""


def _hostname(options: Options) -> str:
    value = text(options, "hostname")
    allowed = value.isascii() and all(c.isalnum() or c in ".-_" for c in value)
    if value and (not allowed or len(value) > 64 or value[0] in ".-"):
        raise bad(
            "hostname",
            value,
            "up to 64 letters, digits, dots and hyphens",
            'write for example "--hostname web1"',
        )
    return value


def _annotations(options: Options) -> dict[str, str]:
    found = pairs(options, "annotation", "an annotation")
    for key in found:
        if key.startswith(_RESERVED):
            raise UsageError(
                f'--annotation "{key}": annotations that begin with "run.oci." or "io.pypod." are reserved, '
                "because they steer the runtime",
                remedy="choose another name for the annotation",
            )
    return found


def _volumes_from(options: Options) -> list[list[str]]:
    found = []
    for value in words(options, "volumes_from"):
        name, _, opts = value.partition(":")
        if (
            not name
            or any(o not in ("ro", "rw", "z") for o in opts.split(",") if o)
            or {"ro", "rw"} <= set(opts.split(","))
        ):
            raise bad(
                "volumes-from", value, "CONTAINER[:ro|rw|z]", 'write for example "--volumes-from web:ro"'
            )
        found.append([name, opts])
    return found


def _image_volume(options: Options) -> str:
    value = one_of(options, "image_volume", ("anonymous", "bind", "tmpfs", "ignore"), "anonymous")
    return "anonymous" if value == "bind" else value


def _is_cdi(value: str) -> bool:
    return "=" in value and not value.startswith("/")


def _cdi(options: Options) -> list[str]:
    """Devices of the Container Device Interface: `--device` names them, `--gpus` are those of NVIDIA."""
    names = [value for value in words(options, "device") if _is_cdi(value)]
    for name in names:
        kind, _, device = name.partition("=")
        vendor, _, class_ = kind.partition("/")
        if not (vendor and class_ and device):
            raise bad(
                "device", name, "VENDOR/CLASS=NAME of a CDI device", 'write for example "nvidia.com/gpu=all"'
            )
    names += [f"nvidia.com/gpu={gpu}" for gpu in comma_words(options, "gpus")]
    return list(dict.fromkeys(names))


def parse_device(value: str) -> DeviceRecord:
    """One `--device`: /dev/NAME[:PATH][:PERMISSIONS]."""
    parts = value.split(":")
    permissions = "rwm"
    if len(parts) > 1 and parts[-1] and not parts[-1].startswith("/"):
        permissions = parts.pop()
    target = parts[1] if len(parts) == 2 and parts[1] else parts[0]
    valid = len(parts) < 3 and parts[0].startswith("/dev/") and target.startswith("/")
    if not valid or not set(permissions) <= set("rwm") or len(set(permissions)) != len(permissions):
        raise bad(
            "device",
            value,
            "/dev/NAME[:PATH][:PERMISSIONS] with permissions of r, w and m",
            'write for example "--device /dev/fuse"',
        )
    return {"source": clean_path(parts[0]), "destination": clean_path(target), "permissions": permissions}


def _sysctls(options: Options) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in words(options, "sysctl"):
        name, eq, setting = value.partition("=")
        name = name.strip().replace("/", ".")
        if not eq or not name or not setting.strip():
            raise bad("sysctl", value, "NAME=VALUE", 'write for example "--sysctl net.ipv4.ip_forward=1"')
        found[name] = setting.strip()
    return found


def _umask(options: Options) -> int:
    value = text(options, "umask")
    if not value:
        return -1
    if len(value) > 4 or any(c not in "01234567" for c in value) or int(value, 8) > 0o777:
        raise bad("umask", value, "an octal number up to 0777", 'write for example "--umask=0022"')
    return int(value, 8)


def _stop_signal(options: Options) -> int:
    value = text(options, "stop_signal")
    if not value:
        return 0
    found = signals.parse(value)
    if found is None:
        raise bad(
            "stop-signal",
            value,
            "the name or number of a signal",
            'write for example "--stop-signal SIGTERM"',
        )
    return found


def _restart(options: Options) -> str:
    value = text(options, "restart")
    if not value:
        return "no"
    from libpod.spec import restartopts  # lazy: seldom given

    policy = restartopts.parse(value)
    restartopts.check_remove(policy, flag(options, "rm") or flag(options, "rmi"))
    return policy


def _log_opts(options: Options) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in words(options, "log_opt"):
        key, eq, raw = value.partition("=")
        if not eq or key not in ("path", "max-size", "max-file", "tag", "size"):
            raise bad(
                "log-opt",
                value,
                "path=, max-size=, max-file= or tag=",
                'write for example "--log-opt max-size=10m"',
            )
        if key in ("max-size", "size"):
            found["max-size"] = "0" if raw == "-1" else str(size({"log_opt": raw}, "log_opt"))
        elif key == "max-file":
            found[key] = str(number({"log_opt": raw}, "log_opt", 1, 1, 1000))
        else:
            found[key] = raw
    return found


def _systemd(options: Options) -> str:
    value = text(options, "systemd")
    if value in ("", "always"):
        return value or "true"
    switch = try_bool(value)
    if switch is None:
        raise bad("systemd", value, "true, false or always", 'use "--systemd=always"')
    return "true" if switch else "false"
