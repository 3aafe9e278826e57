"""Owns: a row of `ps`: what each column shows, and the object that `--format json` prints."""

from __future__ import annotations

import time

from pypod.ui import human

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.model.container import ContainerRecord
    from libpod.model.run import RunStatus

FIELDS = ("ID", "Image", "Command", "CreatedHuman", "Status", "Ports", "Names")
HEADINGS = {
    "ID": "CONTAINER ID",
    "CreatedHuman": "CREATED",
    "RunningFor": "RUNNING FOR",
    "CreatedAt": "CREATED AT",
    "PodName": "PODNAME",
    "Pod": "POD ID",
    "CGROUPNS": "CGROUPNS",
}
NAMESPACES = ("CGROUPNS", "IPC", "MNT", "NET", "PIDNS", "USERNS", "UTS")
_SORT_FIELDS = {
    "command": "Command",
    "created": "",
    "id": "ID",
    "image": "Image",
    "names": "Names",
    "runningfor": "StartedAt",
    "status": "Status",
}
_ZERO_S = -62135596800
"""Go's zero time as seconds since the epoch: what clients know as "never"."""


def status_text(record: ContainerRecord, status: RunStatus, now_ns: int) -> str:
    """`Up 2 minutes`, `Exited (0) 3 hours ago`, `Created` ..., and what the user should know of it."""
    state = status["state"]
    if state == "exited":
        ended = human.ago(status["finished_ns"], now_ns) if status["finished_ns"] else ""
        code = str(status["exit_code"]) if status["exit_known"] else "unknown"
        return f"Exited ({code}) {ended}".rstrip()
    if state in ("running", "paused", "stopping"):
        text = human.up(status["started_ns"], now_ns)
        if status["unmonitored"]:
            return text + " (unmonitored)"
        return text + {"paused": " (Paused)", "stopping": " (stopping)"}.get(state, "")
    if state == "restarting":
        return f"Restarting ({status['exit_code']}) {human.ago(status['finished_ns'], now_ns)}"
    return state.capitalize()


def row(
    record: ContainerRecord, status: RunStatus, *, no_trunc: bool, now_ns: int, pods: Mapping[str, str]
) -> dict[str, object]:
    """The fields of `--format`; the ones of the default table are text as it is shown. `pods`:
    id -> name."""
    cid = record["id"] if no_trunc else record["id"][:12]
    created = human.ago(record["created_ns"], now_ns)
    return {
        "ID": cid,
        "Image": record["image_name"] or record["image"] or record["image_id"][:12],
        "ImageID": record["image_id"] if no_trunc else record["image_id"][:12],
        "Command": human.short_command(record["args"], no_trunc),
        "CreatedHuman": created,
        "Created": human.Moment(record["created_ns"]),
        "CreatedAt": human.Moment(record["created_ns"]),
        "RunningFor": created,
        "StartedAt": status["started_ns"] // 1_000_000_000 if status["started_ns"] else _ZERO_S,
        "Status": status_text(record, status, now_ns),
        "State": status["state"],
        "Exited": status["state"] == "exited",
        "ExitCode": status["exit_code"] if status["exit_code"] is not None else 0,
        "ExitedAt": status["finished_ns"] // 1_000_000_000 if status["finished_ns"] else _ZERO_S,
        "Ports": _ports(record, status),
        "Names": record["name"],
        "Labels": record["labels"],
        "Label": human.Lookup(record["labels"]),
        "Mounts": [m["destination"] for m in record["mounts"]],
        "Networks": "",
        "Pid": status["pid"],
        "Pod": record.get("pod", "") if no_trunc else record.get("pod", "")[:12],
        "PodName": pods.get(record.get("pod", ""), ""),
        "Size": "",
        "AutoRemove": record["remove"],
        "IsInfra": bool(record.get("infra")),
        "Restarts": status["restarts"],
        **{name: "" for name in NAMESPACES},
    }


def _ports(record: ContainerRecord, status: RunStatus) -> str:
    if not (record.get("ports") or status["ports"]):
        return ""
    from libpod.engine import ports  # lazy: most containers publish nothing

    return ports.shown(record, status)


def _port_objects(record: ContainerRecord, status: RunStatus) -> list[dict[str, object]] | None:
    if not (record.get("ports") or status["ports"]):
        return None
    from libpod.engine import ports

    return ports.objects(record, status)


def size_text(written: int, visible: int) -> str:
    """`123kB (virtual 2.98MB)`: the container's own files, and all that it sees."""
    return f"{human.size(written)} (virtual {human.size(visible)})"


def json_row(
    record: ContainerRecord,
    status: RunStatus,
    now_ns: int,
    sizes: tuple[int, int] | None,
    pods: Mapping[str, str],
) -> dict[str, object]:
    """One container as `ps --format json` prints it; `sizes` are its own and all that it sees, in bytes."""
    return {
        "AutoRemove": record["remove"],
        "Command": record["args"],
        "CreatedAt": human.ago(record["created_ns"], now_ns),
        "Exited": status["state"] == "exited",
        "ExitedAt": status["finished_ns"] // 1_000_000_000 if status["finished_ns"] else _ZERO_S,
        "ExitCode": status["exit_code"] if status["exit_code"] is not None else 0,
        "Id": record["id"],
        "Image": record["image_name"] or record["image"],
        "ImageID": record["image_id"],
        "IsInfra": bool(record.get("infra")),
        "Labels": record["labels"] or None,
        "Mounts": [m["destination"] for m in record["mounts"]],
        "Names": [record["name"]],
        "Namespaces": {},
        "Networks": [],
        "Pid": status["pid"],
        "Pod": record.get("pod", ""),
        "PodName": pods.get(record.get("pod", ""), ""),
        "Ports": _port_objects(record, status),
        "Size": {"rootFsSize": sizes[1], "rwSize": sizes[0]} if sizes else None,
        "StartedAt": status["started_ns"] // 1_000_000_000 if status["started_ns"] else _ZERO_S,
        "State": status["state"],
        "Status": status_text(record, status, now_ns),
        "Created": record["created_ns"] // 1_000_000_000,
    }


def namespaces(pid: int) -> dict[str, str]:
    """The inode of each namespace of a process, as `ps --ns` shows; empty when nothing runs."""
    import os

    out = {}
    kinds = {
        "CGROUPNS": "cgroup",
        "IPC": "ipc",
        "MNT": "mnt",
        "NET": "net",
        "PIDNS": "pid",
        "USERNS": "user",
        "UTS": "uts",
    }
    for name, kind in kinds.items():
        try:
            out[name] = os.readlink(f"/proc/{pid}/ns/{kind}").rpartition("[")[2].rstrip("]") if pid else ""
        except OSError:
            out[name] = ""
    return out


def sort_key(name: str) -> str:
    """The field by which `--sort NAME` orders."""
    return _SORT_FIELDS[name]


def now() -> int:
    return time.time_ns()
