"""Owns: what `info` says about the user, its ids and its cgroups.

Enters nothing, changes nothing but may pass controllers on.
"""

from __future__ import annotations

import os

from libpod.kernel import caps, cgroup, ns
from libpod.rootless import cgroups, enter, holder, idmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from libpod.conf.paths import Paths
    from libpod.rootless.cgroups import HasManager
    from libpod.rootless.idmap import IdMap, Row

_LINGER = "/var/lib/systemd/linger"


def facts(paths: Paths, settings: HasManager | None, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the facts as JSON-able values. What is wrong with the id map stands in `problem`."""
    rootless = os.geteuid() != 0 or not ns.own_userns_is_initial()
    ids, problem = _map(paths, rootless)
    plan = cgroups.plan(settings, environ)
    return {
        "rootless": rootless,
        "problem": problem,
        "idMappings": {"gidmap": _rows(ids.gids), "uidmap": _rows(ids.uids)} if rootless else {},
        "singleId": ids.single,
        "singleIdReason": ids.reason,
        "singleIdRemedy": ids.remedy,
        "processesInNamespace": len(holder.living(paths)),
        "capabilities": sorted(caps.bounding()),
        "cgroupVersion": cgroup.mode(),
        "cgroupManager": plan["manager"],
        "cgroupControllers": plan["controllers"],
        "cgroupBase": plan["base"],
        "cgroupOwn": cgroup.own_path(),
        "cgroupReason": plan["reason"],
        "cgroupRemedy": cgroups.REMEDY if plan["manager"] == "disabled" and plan["reason"] else "",
        "systemdSocket": cgroups.user_manager_socket(environ),
        "linger": lingers(),
        "runtimeDirectory": environ.get("XDG_RUNTIME_DIR", ""),
    }


def lingers() -> bool:
    """Say whether the user's systemd stays when nobody is logged in (loginctl(1) enable-linger)."""
    name = _user_name()
    return bool(name) and "/" not in name and os.path.exists(f"{_LINGER}/{name}")


def _map(paths: Paths, rootless: bool) -> tuple[IdMap, str]:
    """Return the map that is or would be used here, and what is wrong with it compared with the store's."""
    if not rootless or os.geteuid() == 0:
        return idmap.of_process(), ""
    ids = idmap.load(os.geteuid(), os.getegid(), _user_name())
    old = enter.recorded_map(paths)
    if old is not None and not ids.extends(old):
        return ids, f"the store {paths.graphroot} was made with the ids {old}"
    return ids, ""


def _rows(rows: list[Row]) -> list[dict[str, int]]:
    return [{"container_id": inside, "host_id": outside, "size": size} for inside, outside, size in rows]


def _user_name() -> str:
    import pwd  # lazy: asks the name service

    try:
        return pwd.getpwuid(cgroups.host_uid()).pw_name
    except KeyError:
        return ""
