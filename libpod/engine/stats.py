"""Owns: `stats`: what containers use of processor, memory, network and disk, from cgroup files and /proc."""

from __future__ import annotations

import os
import time

from libpod.engine import containers, initproc, processes
from libpod.kernel import cgroup, proctable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.run import RunStatus

    class Sample(TypedDict):
        """None = not known: see `missing`."""

        id: str
        name: str
        running: bool
        at_ns: int
        up_ns: int
        """Since the start."""
        cpu_ns: int
        cpu_system_ns: int
        cpu_percent: float
        """Since the last sample, of one processor; without one since the start."""
        cpu_average: float
        memory_bytes: int | None
        limit_bytes: int | None
        net_in: int | None
        net_out: int | None
        block_in: int | None
        block_out: int | None
        pids: int | None
        missing: list[str]
        """The cgroup controllers that are not delegated, and so have no numbers."""


_TICKS = os.sysconf("SC_CLK_TCK")


def sample(session: Session, record: ContainerRecord, last: Sample | None = None) -> Sample:
    """What the container uses now; of one that does not run nothing."""
    status = containers.status(session, record)
    found: Sample = {
        "id": record["id"],
        "name": record["name"],
        "running": containers.is_running(status) and status["state"] != "restarting",
        "at_ns": time.monotonic_ns(),
        "up_ns": 0,
        "cpu_ns": 0,
        "cpu_system_ns": 0,
        "cpu_percent": 0.0,
        "cpu_average": 0.0,
        "memory_bytes": 0,
        "limit_bytes": 0,
        "net_in": 0,
        "net_out": 0,
        "block_in": 0,
        "block_out": 0,
        "pids": 0,
        "missing": [],
    }
    if not found["running"]:
        return found
    session.enter()
    found["up_ns"] = max(0, time.time_ns() - status["started_ns"])
    if status["cgroup"]:
        _from_cgroup(found, status)
    else:
        _from_processes(found, session, record, status)
    _network(found, session, record)
    _rates(found, last)
    return found


def _rates(found: Sample, last: Sample | None) -> None:
    if found["up_ns"]:
        found["cpu_average"] = 100 * found["cpu_ns"] / found["up_ns"]
    found["cpu_percent"] = found["cpu_average"]
    if last is not None and last["running"] and last["up_ns"] <= found["up_ns"]:
        passed_ns = found["at_ns"] - last["at_ns"]
        if passed_ns > 0:
            found["cpu_percent"] = max(0.0, 100 * (found["cpu_ns"] - last["cpu_ns"]) / passed_ns)


def _from_cgroup(found: Sample, status: RunStatus) -> None:
    path = status["cgroup"]
    try:
        times = cgroup.read_kv(path, "cpu.stat")
    except OSError:
        found["running"] = False  # it has just ended
        return
    found["cpu_ns"] = times.get("usage_usec", 0) * 1000
    found["cpu_system_ns"] = times.get("system_usec", 0) * 1000
    used = cgroup.read_number(path, "memory.current")
    if used is None:
        found["memory_bytes"] = found["limit_bytes"] = None
        found["missing"].append("memory")
    else:
        cache = cgroup.read_kv(path, "memory.stat").get("inactive_file", 0)
        found["memory_bytes"] = max(0, used - cache)
        found["limit_bytes"] = _limit(path)
    found["pids"] = cgroup.read_number(path, "pids.current")
    if found["pids"] is None:  # counting does as well
        found["pids"] = sum(_threads(pid) for pid in cgroup.all_pids(path))
    moved = _blocks(path)
    if moved is None:
        found["block_in"] = found["block_out"] = None
        found["missing"].append("io")
    else:
        found["block_in"], found["block_out"] = moved


def _limit(path: str) -> int:
    """The lowest limit on the way up, at most what the machine has."""
    limit = _machine_bytes()
    while path.strip("/"):
        value = cgroup.read_number(path, "memory.max")
        limit = min(limit, value) if value is not None else limit
        path = path.rpartition("/")[0]
    return limit


def _machine_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _blocks(path: str) -> tuple[int, int] | None:
    """(bytes read, bytes written) of all devices; None without the io controller."""
    try:
        text = cgroup.read_text(path, "io.stat")
    except OSError:
        return None
    sums = {"rbytes": 0, "wbytes": 0}
    for word in text.split():
        key, _, value = word.partition("=")
        if key in sums:
            sums[key] += int(value)
    return sums["rbytes"], sums["wbytes"]


def _threads(pid: int) -> int:
    row = proctable.read(pid)
    return row.field(20) if row is not None else 0


def _from_processes(found: Sample, session: Session, record: ContainerRecord, status: RunStatus) -> None:
    """Without a cgroup: what its processes use, and those that they have reaped."""
    memory = tasks = block_in = block_out = 0
    for pid in processes.of_container(session, record, status):
        row = proctable.read(pid)
        if row is None:
            continue
        user, system = row.field(14) + row.field(16), row.field(15) + row.field(17)
        found["cpu_ns"] += (user + system) * (1_000_000_000 // _TICKS)
        found["cpu_system_ns"] += system * (1_000_000_000 // _TICKS)
        tasks += row.field(20)
        memory += proctable.memory_bytes(pid)
        moved = proctable.disk_bytes(pid)
        block_in, block_out = block_in + moved[0], block_out + moved[1]
    found["memory_bytes"], found["limit_bytes"], found["pids"] = memory, _machine_bytes(), tasks
    found["block_in"], found["block_out"] = block_in, block_out


def _network(found: Sample, session: Session, record: ContainerRecord) -> None:
    """What its interfaces have received and sent; not known with the host's network."""
    found["net_in"] = found["net_out"] = None
    if record["network"]["mode"] == "host":
        return
    init = initproc.of_container(session, record["id"])
    if init is None:
        return
    with init:
        rows = proctable.interfaces(init.pid)
        if init.wait(0):
            return
    found["net_in"] = sum(row[0] for name, row in rows.items() if name != "lo")
    found["net_out"] = sum(row[1] for name, row in rows.items() if name != "lo")
