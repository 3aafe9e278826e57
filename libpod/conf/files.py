"""Owns: where the configuration files are that pypod shares with its neighbours (containers.conf(5),
storage.conf(5)).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_DIRS = ("/usr/share/containers", "/etc/containers")


def containers(environ: Mapping[str, str]) -> list[str]:
    """The places of containers.conf, the weakest first; not all need exist."""
    only = environ.get("CONTAINERS_CONF")
    if only:
        found = [only]
    else:
        home = user_dir(environ)
        found = []
        for base in (*_DIRS, home) if home else _DIRS:
            found.append(f"{base}/containers.conf")
            found += _drop_ins(f"{base}/containers.conf.d")
    override = environ.get("CONTAINERS_CONF_OVERRIDE")
    if override:
        found.append(override)
    return found


def storage(environ: Mapping[str, str]) -> list[str]:
    """The places of storage.conf, the weakest first; each replaces the one before as a whole."""
    only = environ.get("CONTAINERS_STORAGE_CONF")
    if only:
        return [only]
    home = user_dir(environ)
    return [f"{base}/storage.conf" for base in ((*_DIRS, home) if home else _DIRS)]


def user_dir(environ: Mapping[str, str]) -> str:
    """The user's own folder of configuration files; empty when there is none.

    Root reads it only if it is root's: `sudo` may keep the caller's HOME. (Inside the user's namespace the
    user is root and the folder root's.)
    """
    base = environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):
        home = environ.get("HOME", "")
        if not home.startswith("/"):
            return ""
        base = f"{home}/.config"
    if os.geteuid() == 0:
        try:
            if os.stat(base).st_uid != 0:
                return ""
        except OSError:
            return ""
    return f"{base}/containers"


def _drop_ins(path: str) -> list[str]:
    try:
        names = os.listdir(path)
    except OSError:
        return []
    return [f"{path}/{name}" for name in sorted(names) if name.endswith(".conf")]
