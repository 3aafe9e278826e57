"""Owns: the effective settings: built-in defaults, then configuration files, then global options.

Parsing TOML costs 5-10 ms, so what the files say is kept as JSON in the store's cache, with path, time, size
and inode of every file that was read: the usual command does a few stat calls and reads that one file.
"""

from __future__ import annotations

import os

from libpod import log
from libpod.conf import files, security
from libpod.errors import ConfigError, UsageError
from libpod.util import atomic, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from libpod.conf.paths import Paths

__all__ = ["Settings", "load"]

_CACHE_VERSION = 2
"""Raise it when a key changes its type or meaning: older caches are then not read."""
_CGROUP_MANAGERS = ("systemd", "cgroupfs", "disabled")
_STORAGE_DRIVERS = ("overlay", "fuse-overlayfs", "vfs")
_DRIVER_ENV = ("PYPOD_STORAGE_DRIVER", "STORAGE_DRIVER")
_MOUNT_PROGRAM = ("overlay.mount_program", "mount_program", "fuse-overlayfs.mount_program")


class Settings:
    """The settings of one command. Lists and dicts are shared: build new ones, do not change them."""

    def __init__(self) -> None:
        self.annotations: dict[str, str] = {}
        self.apparmor_profile = ""
        self.base_hosts_file = ""
        """Absolute path, `image` or `none`; empty = the host's."""
        self.cdi_dirs: list[str] = ["/etc/cdi", "/var/run/cdi"]
        self.cgroup_manager = ""
        """`systemd`, `cgroupfs`, `disabled`; empty = what fits here."""
        self.cgroup_parent = ""
        self.cgroupns = "private"
        self.cgroups = "enabled"
        self.default_capabilities: list[str] = list(security.DEFAULT_CAPS)
        self.default_sysctls: dict[str, str] = security.DEFAULT_SYSCTLS
        self.default_ulimits: list[str] = []
        self.detach_keys = "ctrl-p,ctrl-q"
        self.devices: list[str] = []
        self.dns_options: list[str] = []
        self.dns_searches: list[str] = []
        self.dns_servers: list[str] = []
        self.env: list[str] = []
        self.helper_binaries_dir: list[str] = []
        self.hooks_dir: list[str] = []
        self.http_proxy = True
        self.init = False
        self.init_path = ""
        """Empty = catatonit, found when it is needed."""
        self.ipcns = "shareable"
        self.log_driver = "k8s-file"
        self.log_max_files = 2
        self.log_size_max = -1
        """Bytes; -1 = no rotation."""
        self.log_tag = ""
        self.netns = "private"
        self.network = "slirp4netns"
        self.network_cmd_options: list[str] = []
        self.network_cmd_path = ""
        self.no_hosts = False
        self.overlay_mount_program = ""
        self.pidns = "private"
        self.pids_limit = 2048
        self.pull_policy = "missing"
        self.runtime = "crun"
        self.runtime_flags: list[str] = []
        self.runtimes: dict[str, list[str]] = {}
        """Name -> paths to try, from [engine.runtimes]."""
        self.seccomp_profile = ""
        """Path of a profile that replaces the built-in one."""
        self.shm_size_bytes = 65536 * 1024
        self.stop_timeout_s = 10
        self.storage_driver = ""
        """Empty = the first that works here."""
        self.timezone = ""
        self.umask = 0o022
        self.userns = "host"
        self.utsns = "private"
        self.volumes: list[str] = []


def load(paths: Paths, options: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """The settings for this process. Raises ConfigError (a file) or UsageError (a global option).

    `options` are the global options that were given, keyed with underscores.
    """
    settings = Settings()
    values = settings.__dict__
    values.update(_from_files(paths.cache, environ))
    _apply_options(settings, options)
    _storage(settings, options, environ)
    settings.userns = environ.get("PYPOD_USERNS") or environ.get("PODMAN_USERNS") or settings.userns
    settings.network = _network(settings)
    return settings


def _network(settings: Settings) -> str:
    """`netns` of the files as a mode of `--network`."""
    wanted = settings.netns
    if wanted in ("none", "host"):
        return wanted
    extra = ",".join(settings.network_cmd_options)
    if wanted.startswith("slirp4netns"):
        return wanted
    return f"slirp4netns:{extra}" if extra else "slirp4netns"


def _storage(settings: Settings, options: Mapping[str, object], environ: Mapping[str, str]) -> None:
    """The storage driver: the option, then the environment, then the files; its options likewise."""
    asked, where = str(options.get("storage_driver") or ""), "--storage-driver"
    for name in _DRIVER_ENV:
        if not asked and (asked := environ.get(name, "")):
            where = name
    if asked:
        asked = "overlay" if asked == "overlay2" else asked
        if asked not in _STORAGE_DRIVERS:
            raise UsageError(
                f'invalid value "{asked}" for {where}: expected overlay, fuse-overlayfs or vfs',
                remedy=f'use "{where}=overlay"',
            )
        settings.storage_driver = asked
        if asked == "overlay":  # what the files say about another way to mount is overruled
            settings.overlay_mount_program = ""
    given, where = options.get("storage_opt"), "--storage-opt"
    if not given:
        given, where = [word for word in environ.get("STORAGE_OPTS", "").split(",") if word], "STORAGE_OPTS"
    for option in given if isinstance(given, list) else ():
        key, _, value = str(option).partition("=")
        if key not in _MOUNT_PROGRAM or not value.startswith("/"):
            why = "this option is not known" if key not in _MOUNT_PROGRAM else "a program is an absolute path"
            raise UsageError(
                f'invalid value "{option}" for {where}: {why}',
                remedy='use "--storage-opt overlay.mount_program=/usr/bin/fuse-overlayfs", or leave it out',
            )
        settings.overlay_mount_program = value


def _apply_options(settings: Settings, options: Mapping[str, object]) -> None:
    for key, allowed in (("cgroup_manager", _CGROUP_MANAGERS),):
        value = options.get(key)
        if value:
            if value not in allowed:
                listed = ", ".join(allowed[:-1]) + " or " + allowed[-1]
                name = key.replace("_", "-")
                raise UsageError(
                    f'invalid value "{value}" for --{name}: expected {listed}',
                    remedy=f'use "--{name}={allowed[0]}"',
                )
            setattr(settings, key, value)
    for key, field in (
        ("runtime", "runtime"),
        ("network_cmd_path", "network_cmd_path"),
        ("hooks_dir", "hooks_dir"),
        ("cdi_spec_dir", "cdi_dirs"),
        ("runtime_flag", "runtime_flags"),
    ):
        value = options.get(key)
        if value:
            setattr(settings, field, value)
    if settings.cgroup_manager not in ("", *_CGROUP_MANAGERS):
        raise ConfigError(
            f'engine.cgroup_manager is "{settings.cgroup_manager}": expected systemd, cgroupfs or disabled',
            remedy="correct it in containers.conf",
        )


def _stamp(files: list[str]) -> list[list[object]]:
    found: list[list[object]] = []
    for path in files:
        try:
            st = os.stat(path)
        except OSError:
            continue
        found.append([path, st.st_mtime_ns, st.st_size, st.st_ino])
    return found


def _from_files(cache_dir: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Field -> value of all configuration files, from the cache if no file has changed."""
    stamps = [_stamp(files.containers(environ)), _stamp(files.storage(environ))]
    for name in ("CONTAINERS_CONF", "CONTAINERS_CONF_OVERRIDE", "CONTAINERS_STORAGE_CONF"):
        path = environ.get(name)
        if path and not any(path == stamp[0] for group in stamps for stamp in group):
            raise ConfigError(f"{name}={path}: there is no such file", remedy=f"correct or unset {name}")
    if not stamps[0] and not stamps[1]:
        return {}
    cache = f"{cache_dir}/settings.json"
    key: list[object] = [_CACHE_VERSION, *stamps]
    try:
        kept = jsonio.load_file(cache)
        if kept["key"] == key:
            values: dict[str, Any] = kept["values"]
            return values
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return _read_files(cache, key, stamps)


def _read_files(cache: str, key: list[object], stamps: list[list[list[object]]]) -> dict[str, Any]:
    """Parse all files and write the cache (without it the next command parses again)."""
    from libpod.conf import containers, storage  # lazy: only when a file has changed

    values: dict[str, Any] = {}
    for group, read in ((stamps[0], containers.read), (stamps[1], storage.read)):
        for stamp in group:
            path = str(stamp[0])
            try:
                read(path, values)
            except OSError as e:
                raise ConfigError(
                    f"{path}: {e.strerror}", remedy=f"make {path} readable, or remove it", name=path
                ) from e
    try:
        atomic.write(cache, jsonio.dumps({"key": key, "values": values}), durable=False)
    except OSError as e:
        log.debug("settings are not cached", file=cache, error=e.strerror)
    return values
