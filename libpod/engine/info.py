"""Owns: the facts of `info`: this host, the store, the runtime and what cannot be done here, with the
reason and the remedy."""

from __future__ import annotations

import os

from libpod import errors
from libpod.conf import tools
from libpod.engine import containers as finding
from libpod.engine import host
from libpod.rootless import info as rootless_info
from libpod.state import containers, images
from libpod.storage import driver
from libpod.util import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.engine.session import Session

    JsonDict = dict[str, object]

_TIMEOUT_S = 10.0


def info(session: Session, version: Mapping[str, str]) -> JsonDict:
    """Everything as JSON-able values; field names as in `podman info` where it has them."""
    facts = rootless_info.facts(session.paths, session.settings, session.environ)
    session.ensure_store()
    return {
        "host": _host(session, facts, version),
        "store": _store(session),
        "problems": _problems(facts),
        "version": dict(version),
    }


def _host(session: Session, facts: JsonDict, version: Mapping[str, str]) -> JsonDict:
    uname = os.uname()
    memory = _meminfo()
    return {
        "arch": version["OsArch"].partition("/")[2],
        "cgroupControllers": facts["cgroupControllers"],
        "cgroupManager": facts["cgroupManager"],
        "cgroupParent": facts["cgroupBase"],
        "cgroupVersion": facts["cgroupVersion"],
        "cpus": os.cpu_count() or 1,
        "distribution": _distribution(),
        "hostname": uname.nodename,
        "idMappings": facts["idMappings"],
        "kernel": uname.release,
        "linger": facts["linger"],
        "linkmode": "python",
        "logDriver": session.settings.log_driver,
        "memFree": memory.get("MemAvailable", 0),
        "memTotal": memory.get("MemTotal", 0),
        "monitor": {"pidfd": True, "processesInNamespace": facts["processesInNamespace"]},
        "networkBackend": "slirp4netns",
        "ociRuntime": _program(session.settings.runtime),
        "os": "linux",
        "python": version["PythonVersion"],
        "security": {
            "apparmorEnabled": os.path.isdir(host.APPARMOR),
            "capabilities": ",".join(session.settings.default_capabilities),
            "rootless": facts["rootless"],
            "seccompEnabled": True,
            "seccompProfilePath": session.settings.seccomp_profile or "built in",
            "selinuxEnabled": os.path.isdir("/sys/fs/selinux/booleans"),
        },
        "serviceIsRemote": False,
        "swapFree": memory.get("SwapFree", 0),
        "swapTotal": memory.get("SwapTotal", 0),
        "singleId": facts["singleId"],
        "slirp4netns": _program("slirp4netns"),
        "systemdSocket": facts["systemdSocket"],
        "xdgRuntimeDir": facts["runtimeDirectory"],
    }


def _store(session: Session) -> JsonDict:
    paths = session.paths
    name, problem = _driver(session)  # before the database is opened: it forks
    states = {"paused": 0, "running": 0, "stopped": 0}
    rows = containers.summaries(session.db)
    for record in rows:
        status = finding.status(session, record)
        key = status["state"] if status["state"] in ("paused", "running") else "stopped"
        states[key] += 1
    fs = os.statvfs(paths.graphroot)
    total = fs.f_frsize * fs.f_blocks
    return {
        "containerStore": {"number": len(rows), **states},
        "graphDriverName": name,
        "graphDriverProblem": problem,
        "graphRoot": paths.graphroot,
        "graphRootAllocated": total,
        "graphRootUsed": total - fs.f_frsize * fs.f_bfree,
        "imageStore": {"number": len(images.all_images(session.db))},
        "runRoot": paths.runroot,
        "volumePath": paths.volumes,
    }


def _driver(session: Session) -> tuple[str, str]:
    """The storage driver of new containers, and why it does not work on this store, tried as a container's
    monitor would: in the user namespace, which a child enters for that."""

    def attempt() -> list[str]:
        entry = session.enter()
        try:
            name, program = driver.choose(session.paths, session.settings)
            return [name, driver.probe(session.paths, name, program)]
        finally:
            entry.leave()

    try:
        name, problem = spawn.in_child(attempt)
        return str(name), str(problem)
    except errors.PypodError as e:
        return session.settings.storage_driver or driver.NAMES[0], e.message


def _problems(facts: JsonDict) -> list[JsonDict]:
    """What does not work on this host as it should: what, why, and what mends it."""
    found: list[JsonDict] = []
    if facts["problem"]:
        found.append(
            {"what": "user namespace", "why": facts["problem"], "remedy": "use another store with --root"}
        )
    if not facts["rootless"]:
        found.append(
            {
                "what": "real root",
                "why": "no user namespace is used: root in a container is root of this machine",
                "remedy": "use pypod as an unprivileged user",
            }
        )
        if not host.device_rules():
            found.append(
                {
                    "what": "devices",
                    "why": host.NO_DEVICE_RULES + ": a container's devices are not restricted by cgroup",
                    "remedy": "give it that capability; CAP_MKNOD is refused to containers until then",
                }
            )
    if facts["singleId"]:
        found.append(
            {"what": "only one id", "why": facts["singleIdReason"], "remedy": facts["singleIdRemedy"]}
        )
    if facts["cgroupReason"]:
        found.append({"what": "cgroups", "why": facts["cgroupReason"], "remedy": facts["cgroupRemedy"]})
    return found


def _program(name: str) -> JsonDict:
    """Where a program is and what it says of its version; why not if it is missing."""
    try:
        path = tools.find(name)
    except errors.ToolMissingError as e:
        return {"name": name, "path": "", "problem": f"{e.message}: {e.remedy}"}
    try:
        result = spawn.run([path, "--version"], timeout_s=_TIMEOUT_S)
        text = result.stdout.decode("utf-8", "replace").strip()
    except errors.PypodError as e:
        text = f"unknown ({e.message})"
    return {"name": name, "path": path, "version": text}


def _meminfo() -> dict[str, int]:
    """Bytes by the names of /proc/meminfo (proc(5))."""
    found = {}
    with open("/proc/meminfo", encoding="ascii") as f:
        for line in f:
            name, _, rest = line.partition(":")
            found[name] = int(rest.split()[0]) * 1024
    return found


def _distribution() -> JsonDict:
    """ID, VERSION_ID and codename of os-release(5)."""
    found: dict[str, str] = {}
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            with open(path, encoding="utf-8") as f:
                for line in f:
                    key, _, value = line.strip().partition("=")
                    found[key] = value.strip("\"'")
            break
        except OSError:
            continue
    return {
        "codename": found.get("VERSION_CODENAME", ""),
        "distribution": found.get("ID", "unknown"),
        "version": found.get("VERSION_ID", ""),
    }
