"""Owns: which keys of containers.conf(5) are read and their types.

The files are shared with the neighbours (Podman, Buildah), so keys that mean nothing here are left alone.
"""

from __future__ import annotations

from libpod import log
from libpod.conf import toml
from libpod.errors import ConfigError
from libpod.units import parse_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEYS = {
    "containers.annotations": ("annotations", "pairs"),
    "containers.apparmor_profile": ("apparmor_profile", "str"),
    "containers.base_hosts_file": ("base_hosts_file", "str"),
    "containers.cgroupns": ("cgroupns", "str"),
    "containers.cgroups": ("cgroups", "str"),
    "containers.default_capabilities": ("default_capabilities", "caps"),
    "containers.default_sysctls": ("default_sysctls", "pairs"),
    "containers.default_ulimits": ("default_ulimits", "list"),
    "containers.devices": ("devices", "list"),
    "containers.dns_options": ("dns_options", "list"),
    "containers.dns_searches": ("dns_searches", "list"),
    "containers.dns_servers": ("dns_servers", "list"),
    "containers.env": ("env", "list"),
    "containers.http_proxy": ("http_proxy", "bool"),
    "containers.init": ("init", "bool"),
    "containers.init_path": ("init_path", "str"),
    "containers.ipcns": ("ipcns", "str"),
    "containers.log_driver": ("log_driver", "str"),
    "containers.log_size_max": ("log_size_max", "int"),
    "containers.log_tag": ("log_tag", "str"),
    "containers.netns": ("netns", "str"),
    "containers.no_hosts": ("no_hosts", "bool"),
    "containers.pidns": ("pidns", "str"),
    "containers.pids_limit": ("pids_limit", "int"),
    "containers.seccomp_profile": ("seccomp_profile", "str"),
    "containers.shm_size": ("shm_size_bytes", "size"),
    "containers.tz": ("timezone", "str"),
    "containers.umask": ("umask", "octal"),
    "containers.userns": ("userns", "str"),
    "containers.utsns": ("utsns", "str"),
    "containers.volumes": ("volumes", "list"),
    "engine.cdi_spec_dirs": ("cdi_dirs", "list"),
    "engine.cgroup_manager": ("cgroup_manager", "str"),
    "engine.detach_keys": ("detach_keys", "str"),
    "engine.helper_binaries_dir": ("helper_binaries_dir", "list"),
    "engine.hooks_dir": ("hooks_dir", "list"),
    "engine.network_cmd_options": ("network_cmd_options", "list"),
    "engine.network_cmd_path": ("network_cmd_path", "str"),
    "engine.pull_policy": ("pull_policy", "str"),
    "engine.runtime": ("runtime", "str"),
    "engine.runtimes": ("runtimes", "lists"),
    "engine.stop_timeout": ("stop_timeout_s", "int"),
}
"""`section.key` -> (field of Settings, type)."""

_FORMS = {
    "str": "a string",
    "bool": "true or false",
    "int": "a whole number",
    "list": "a list of strings",
    "caps": "a list of capability names",
    "pairs": 'a list of "NAME=VALUE" strings',
    "size": 'a size such as "64m"',
    "octal": 'an octal number in quotes, such as "0022"',
    "lists": "a table of lists of strings",
}


def read(path: str, into: dict[str, Any]) -> None:
    """Read one file over the values found so far (field -> value). Wrong types are a ConfigError; unknown
    keys are not.
    """
    for section, table in toml.load(path).items():
        if section not in ("containers", "engine"):
            log.debug("section of a configuration file is not used", file=path, section=section)
            continue
        if not isinstance(table, dict):
            raise _wrong(path, section, "a table")
        for key, value in table.items():
            name = f"{section}.{key}"
            if name not in KEYS:
                log.debug("key of a configuration file is not used", file=path, key=name)
                continue
            field, kind = KEYS[name]
            into[field] = _value(path, name, kind, value, into.get(field))


def _wrong(path: str, name: str, form: str) -> ConfigError:
    return ConfigError(f"{path}: {name} must be {form}", remedy=f"correct {name} in {path}", name=path)


def _value(path: str, name: str, kind: str, value: Any, before: Any) -> Any:
    form = _FORMS[kind]
    if kind in ("list", "pairs", "caps"):
        return _list(path, name, kind, value, before)
    if kind == "lists":
        if not isinstance(value, dict):
            raise _wrong(path, name, form)
        table = {k: _list(path, f"{name}.{k}", "list", v, None) for k, v in value.items()}
        return {**(before or {}), **table}
    if kind == "size" and isinstance(value, str):
        value = parse_size(value)
        kind = "int"
    elif kind == "octal" and isinstance(value, str):
        valid = 0 < len(value) < 5 and not value.strip("01234567")
        value = int(value, 8) if valid else None
        kind = "int"
    elif kind == "octal":
        value = None
    elif kind == "size":
        kind = "int"
    expected = {"str": str, "bool": bool, "int": int}[kind] if kind != "octal" else int
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise _wrong(path, name, form)
    return value


def _list(path: str, name: str, kind: str, value: Any, before: Any) -> Any:
    """A list of strings; `[..., {append = true}]` adds to what weaker files have."""
    form = _FORMS[kind]
    if not isinstance(value, list):
        raise _wrong(path, name, form)
    append = False
    items = value
    if items and isinstance(items[-1], dict):
        append = bool(items[-1].get("append", False))
        items = items[:-1]
    if not all(isinstance(item, str) for item in items):
        raise _wrong(path, name, form)
    if kind == "pairs":
        if not all("=" in item for item in items):
            raise _wrong(path, name, form)
        pairs = {item.partition("=")[0].strip(): item.partition("=")[2].strip() for item in items}
        return {**(before or {}), **pairs} if append else pairs
    if kind == "caps":
        items = [_capability(path, name, item) for item in items]
    return [*(before or []), *items] if append else list(items)


def _capability(path: str, name: str, item: str) -> str:
    from libpod.conf.security import ALL_CAPS

    full = item.upper() if item.upper().startswith("CAP_") else f"CAP_{item.upper()}"
    if full not in ALL_CAPS:
        raise ConfigError(
            f'{path}: {name}: unknown capability "{item}"', remedy=f"correct {name} in {path}", name=path
        )
    return full
