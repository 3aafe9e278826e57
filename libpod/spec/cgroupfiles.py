"""Owns: changes of limits: merging them into a record, and the cgroup files that say them.

Source: Documentation/admin-guide/cgroup-v2.rst. The values are those that runtimes write for the same limits.
"""

from __future__ import annotations

from libpod.spec import resources
from libpod.spec.values import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.model.container import ResourceRecord

_PERIOD_US = 100_000
_NONE = {
    "memory": ("0",),
    "memory_reservation": ("0",),
    "cpus": ("0", "0.0", "0.000"),
    "cpu_quota": ("0", "-1"),
    "cpu_shares": ("0",),
    "pids_limit": ("0", "-1"),
    "blkio_weight": ("0",),
}
"""Values that take a limit away."""
_BLOCK = {
    "device_read_bps": ("io.max", "rbps="),
    "device_read_iops": ("io.max", "riops="),
    "device_write_bps": ("io.max", "wbps="),
    "device_write_iops": ("io.max", "wiops="),
    "blkio_weight_device": ("io.weight", ""),
}
_TAKES = {
    "memory": ("memory", "memory_swap"),
    "cpus": ("cpu_quota", "cpu_period"),
    "pids_limit": ("pids_limit", "pids_limit_is_default"),
}


def changed(old: ResourceRecord, options: Mapping[str, object], notes: list[str]) -> ResourceRecord:
    """The limits after `update` with these options; what is not given stays as it was. Raises UsageError."""
    given = {key: value for key, value in options.items() if value not in (None, "", [])}
    gone = {key for key, values in _NONE.items() if key in given and text(given, key) in values}
    asked = {key: value for key, value in given.items() if key not in gone}
    if (
        "memory" not in given
        and old.get("memory")
        and ("memory_swap" in asked or "memory_reservation" in asked)
    ):
        asked["memory"] = str(old["memory"])
    found = resources.parse(asked, notes)
    if "memory" in asked and "memory_swap" not in asked and old.get("memory_swap", 0):
        swap = old["memory_swap"]
        implied = swap == 2 * old.get("memory", 0)
        if not implied and (swap < 0 or swap >= found["memory"]):
            found["memory_swap"] = swap
    merged = {**old}
    for key in gone:
        for field in _TAKES.get(key, (key,)):
            merged.pop(field, None)
    if "cpu_quota" in found and "cpu_period" not in found and "cpus" not in asked:
        found["cpu_period"] = old.get("cpu_period", _PERIOD_US)
    merged.update(found)
    if "pids_limit" in found:
        merged.pop("pids_limit_is_default", None)
    if "block_limits" in found:
        asked_for = {(limit["kind"], limit["path"]) for limit in found["block_limits"]}
        kept = [one for one in old.get("block_limits", []) if (one["kind"], one["path"]) not in asked_for]
        merged["block_limits"] = [*kept, *found["block_limits"]]
    if "unified" in found:
        merged["unified"] = {**old.get("unified", {}), **found["unified"]}
    return merged  # type: ignore[return-value]


def files(
    old: ResourceRecord, new: ResourceRecord, numbers: Mapping[str, list[int]]
) -> list[tuple[str, str]]:
    """The cgroup files to write so that a running container has the new limits, and what to write.

    `numbers`: path -> [major, minor] of the block devices that have limits.
    """
    before, after = _all(old), _all(new)
    found = [(name, value) for name, value in after.items() if before[name] != value]
    held = old.get("unified", {})
    found += [(key, value) for key, value in new.get("unified", {}).items() if held.get(key) != value]
    for limit in new.get("block_limits", []):
        if limit not in old.get("block_limits", []):
            file, word = _BLOCK[limit["kind"]]
            major, minor = numbers[limit["path"]]
            value = _weight(limit["value"]) if file == "io.weight" else limit["value"]
            found.append((file, f"{major}:{minor} {word}{value}"))
    return found


def former(file: str, content: str, value: str) -> str:
    """What to write into a file, which held `content`, to undo the writing of `value`."""
    key, _, _rest = value.partition(" ")
    if ":" not in key:
        return content
    for line in content.split("\n"):
        if line.startswith(key + " "):
            return line
    return f"{key} default" if file == "io.weight" else f"{key} rbps=max wbps=max riops=max wiops=max"


def _weight(weight: int) -> int:
    """io.weight (1 to 10000) for a weight of cgroup v1 (10 to 1000)."""
    return 1 + (weight - 10) * 9999 // 990


def bfq(value: str) -> tuple[str, str]:
    """The file and the value of the BFQ scheduler (1 to 1000) for one of io.weight."""
    key, _, number = value.rpartition(" ")
    weight = (int(number) - 1) * 990 // 9999 + 10 if number.isdigit() else 100
    return "io.bfq.weight", f"{key} {weight}".lstrip()


def _all(limits: ResourceRecord) -> dict[str, str]:
    memory, swap = limits.get("memory", 0), limits.get("memory_swap", 0)
    period = limits.get("cpu_period", _PERIOD_US)
    quota = limits.get("cpu_quota", 0)
    shares, weight = limits.get("cpu_shares", 0), limits.get("blkio_weight", 0)
    pids = limits.get("pids_limit", -1)
    return {
        "memory.max": str(memory) if memory > 0 else "max",
        "memory.swap.max": str(swap - memory) if memory > 0 and swap > 0 else "max",
        "memory.low": str(limits.get("memory_reservation", 0)),
        "cpu.max": f"{quota if quota > 0 else 'max'} {period}",
        "cpu.weight": str(1 + (shares - 2) * 9999 // 262142 if shares else 100),
        "cpuset.cpus": limits.get("cpuset_cpus", ""),
        "cpuset.mems": limits.get("cpuset_mems", ""),
        "pids.max": str(pids) if pids > 0 else "max",
        "io.weight": f"default {_weight(weight) if weight else 100}",
    }
