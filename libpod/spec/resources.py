"""Owns: limits: cgroup resources (parsing, and the `resources` object of the bundle), ulimits, sysctls.

Sources: runtime-spec config-linux.md "Control groups"; Documentation/admin-guide/cgroup-v2.rst; setrlimit(2).
"""

from __future__ import annotations

from libpod.errors import NotSupportedError, UsageError
from libpod.spec import blockio
from libpod.spec.values import bad, number, size, text, try_int, words
from libpod.units import parse_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ResourceRecord, UlimitRecord
    from libpod.model.request import HostFacts
    from libpod.spec.values import Options

_LIMITS = "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack"
ULIMIT_NAMES = _LIMITS.split()
_PERIOD_US = 100_000
_NEEDS = {
    "memory": "memory",
    "memory_swap": "memory",
    "memory_reservation": "memory",
    "cpu_quota": "cpu",
    "cpu_period": "cpu",
    "cpu_shares": "cpu",
    "cpuset_cpus": "cpuset",
    "cpuset_mems": "cpuset",
    "pids_limit": "pids",
    "blkio_weight": "io",
}
"""Field of the record -> the cgroup controller that enforces it."""
_V1_ONLY = ("cpu_rt_period", "cpu_rt_runtime", "oom_kill_disable", "memory_swappiness", "kernel_memory")


def parse(options: Options, notes: list[str]) -> ResourceRecord:
    """All limit options that become cgroup settings. `notes` gets a line for each option of cgroup v1
    alone.
    """
    found: ResourceRecord = {}
    if options.get("device_cgroup_rule"):
        raise NotSupportedError(
            "--device-cgroup-rule is not supported yet: device rules belong to real root",
            remedy="give the container the device itself with --device",
        )
    for key in _V1_ONLY:
        if text(options, key) not in ("", "0", "-1", "false"):
            notes.append(f"--{key.replace('_', '-')} exists for cgroup v1 only and has no effect")
    _memory(options, found)
    _cpu(options, found)
    for key in ("cpuset_cpus", "cpuset_mems"):
        value = text(options, key)
        if value:
            name = key.replace("_", "-")
            if not _is_cpu_list(value):
                raise bad(name, value, "a list of numbers and ranges", f'write for example "--{name}=0-2,4"')
            found["cpuset_cpus" if key == "cpuset_cpus" else "cpuset_mems"] = value
    if text(options, "pids_limit"):
        found["pids_limit"] = number(options, "pids_limit", 0, -1) or -1
    if text(options, "oom_score_adj"):
        found["oom_score_adj"] = number(options, "oom_score_adj", 0, -1000, 1000)
    if text(options, "blkio_weight"):
        weight = number(options, "blkio_weight", 0, 0, 1000)
        if 0 < weight < 10:
            raise bad("blkio-weight", weight, "0 or a number from 10 to 1000", 'use "--blkio-weight=100"')
        if weight:
            found["blkio_weight"] = weight
    block_limits = blockio.parse(options)
    if block_limits:
        found["block_limits"] = block_limits
    unified: dict[str, str] = {}
    for value in words(options, "cgroup_conf"):
        key, eq, raw = value.partition("=")
        if not eq or "." not in key or "/" in key or not raw:
            raise bad(
                "cgroup-conf",
                value,
                "FILE=VALUE of cgroup v2",
                'write for example "--cgroup-conf memory.high=512M"',
            )
        unified[key] = raw
    if unified:
        found["unified"] = unified
    return found


def _memory(options: Options, found: ResourceRecord) -> None:
    limit = size(options, "memory")
    if limit:
        found["memory"] = limit
    if text(options, "memory_reservation"):
        reservation = size(options, "memory_reservation")
        if limit and reservation > limit:
            raise UsageError(
                "--memory-reservation is larger than --memory",
                remedy="lower --memory-reservation or raise --memory",
            )
        if reservation:
            found["memory_reservation"] = reservation
    if text(options, "memory_swap"):
        swap = size(options, "memory_swap", 0, unlimited=True)
        if not limit:
            raise UsageError(
                "--memory-swap needs --memory",
                remedy="give --memory as well: --memory-swap is memory plus swap",
            )
        if 0 <= swap < limit and swap != 0:
            raise UsageError(
                "--memory-swap is smaller than --memory",
                remedy="give the sum of memory and swap, or the same value for no swap",
            )
        if swap:
            found["memory_swap"] = swap
    if limit and "memory_swap" not in found:
        found["memory_swap"] = 2 * limit


def _cpu(options: Options, found: ResourceRecord) -> None:
    cpus = text(options, "cpus")
    if cpus:
        for key in ("cpu_period", "cpu_quota"):
            if text(options, key):
                name = key.replace("_", "-")
                raise UsageError(
                    f"--cpus and --{name} cannot be given together", remedy=f"leave --cpus or --{name} out"
                )
        whole, _, part = cpus.partition(".")
        valid = (whole + part).isascii() and (whole + part).isdigit() and len(whole) < 6
        quota = int(whole or "0") * _PERIOD_US + int((part + "00000")[:5]) if valid else -1
        if quota < 0 or (quota and quota < 1000):
            raise bad("cpus", cpus, "a number of processors, at least 0.01", 'write for example "--cpus=1.5"')
        if quota:
            found["cpu_period"], found["cpu_quota"] = _PERIOD_US, quota
    if text(options, "cpu_period"):
        found["cpu_period"] = number(options, "cpu_period", 0, 1000, 1_000_000)
    if text(options, "cpu_quota"):
        quota = number(options, "cpu_quota", 0, -1)
        if 0 < quota < 1000:
            raise bad("cpu-quota", quota, "at least 1000 microseconds, or -1", 'use "--cpu-quota=50000"')
        if quota:
            found["cpu_quota"] = quota
    shares = number(options, "cpu_shares", 0, 0, 262144)
    if shares:
        found["cpu_shares"] = max(shares, 2)


def _is_cpu_list(value: str) -> bool:
    for item in value.split(","):
        low, dash, high = item.partition("-")
        first, last = try_int(low), try_int(high) if dash else try_int(low)
        if first is None or last is None or not 0 <= first <= last <= 65535:
            return False
    return True


def needed_controllers(resources: ResourceRecord) -> dict[str, str]:
    """Controller -> the option that needs it, for the limits that were asked for."""
    found: dict[str, str] = {}
    for key, controller in _NEEDS.items():
        value = resources.get(key)
        if not value or (key == "pids_limit" and (value == -1 or resources.get("pids_limit_is_default"))):
            continue
        found.setdefault(controller, "--" + ("cpus" if key == "cpu_quota" else key.replace("_", "-")))
    if resources.get("block_limits"):
        found.setdefault("io", blockio.option_of(resources["block_limits"]))
    for key in resources.get("unified", {}):
        controller = key.partition(".")[0]
        if controller != "cgroup":
            found.setdefault(controller, f"--cgroup-conf {key}")
    return found


def oci(
    resources: ResourceRecord, controllers: list[str], block_numbers: dict[str, list[int]]
) -> dict[str, object]:
    """The `resources` object. Limits whose controller is missing are left out: validate refused those that
    were asked for. `block_numbers`: path -> [major, minor].
    """
    have = set(controllers)
    out: dict[str, object] = {}

    def section(pairs: tuple[tuple[str, str], ...]) -> dict[str, object]:
        return {
            name: resources[key]  # type: ignore[literal-required]
            for key, name in pairs
            if resources.get(key) and _NEEDS[key] in have
        }

    memory = section((("memory", "limit"), ("memory_swap", "swap"), ("memory_reservation", "reservation")))
    cpu = section(
        (
            ("cpu_shares", "shares"),
            ("cpu_quota", "quota"),
            ("cpu_period", "period"),
            ("cpuset_cpus", "cpus"),
            ("cpuset_mems", "mems"),
        )
    )
    if memory:
        out["memory"] = memory
    if cpu:
        out["cpu"] = cpu
    pids = resources.get("pids_limit", -1)
    if pids > 0 and "pids" in have:
        out["pids"] = {"limit": pids}
    block_io = blockio.oci(resources.get("block_limits", []), block_numbers) if "io" in have else {}
    if resources.get("blkio_weight") and "io" in have:
        block_io["weight"] = resources["blkio_weight"]
    if block_io:
        out["blockIO"] = block_io
    unified = {
        k: v for k, v in resources.get("unified", {}).items() if k.partition(".")[0] in have | {"cgroup"}
    }
    if unified:
        out["unified"] = unified
    return out


def parse_ulimit(option: str, value: str) -> UlimitRecord:
    """One `NAME=SOFT[:HARD]`, or the word `host`."""
    if value == "host":
        return {"name": "host", "soft": 0, "hard": 0}
    name, eq, limits = value.partition("=")
    name = name.lower().removeprefix("rlimit_")
    soft_text, colon, hard_text = limits.partition(":")
    soft = _limit(name, soft_text)
    hard = _limit(name, hard_text) if colon else soft
    if name not in ULIMIT_NAMES:
        raise bad(
            option,
            value,
            f"one of the limits {', '.join(ULIMIT_NAMES)}, or host",
            f'write "--{option} nofile=1024:4096"',
        )
    if not eq or soft is None or hard is None:
        raise bad(
            option,
            value,
            "NAME=SOFT[:HARD] with numbers, -1 for unlimited",
            f'write "--{option} nofile=1024:4096"',
        )
    if hard != -1 and (soft == -1 or soft > hard):
        raise bad(
            option,
            value,
            "a soft limit that is not above the hard one",
            f'write "--{option} {name}={hard_text}"',
        )
    return {"name": name, "soft": soft, "hard": hard}


def _limit(name: str, value: str) -> int | None:
    if value in ("-1", "unlimited"):
        return -1
    found = try_int(value)
    if found is None and name in ("as", "core", "data", "fsize", "memlock", "msgqueue", "rss", "stack"):
        found = parse_size(value)
    return found if found is not None and found >= 0 else None


def parse_ulimits(options: Options) -> list[UlimitRecord] | None:
    """`--ulimit`; None when it was not given. A name that is given twice: the last wins."""
    values = words(options, "ulimit")
    if not values:
        return None
    found = {record["name"]: record for record in (parse_ulimit("ulimit", value) for value in values)}
    if "host" in found and len(found) > 1:
        raise UsageError(
            "--ulimit=host cannot be combined with other limits", remedy="leave --ulimit=host out"
        )
    return list(found.values())


def rlimits(
    ulimits: list[UlimitRecord], host: dict[str, list[int]], pid_max: int = 0
) -> list[dict[str, object]]:
    """The `rlimits` of the process. Defaults are lowered to what this user may set; asked-for values are
    left as they are.
    """
    if any(u["name"] == "host" for u in ulimits):
        return []
    limits = {u["name"]: u for u in ulimits}
    for name in ("nofile", "nproc"):
        if name not in limits and name in host:
            limits[name] = {"name": name, "soft": 1048576, "hard": 1048576, "default": True}
    out: list[dict[str, object]] = []
    for name in sorted(limits):
        soft, hard = limits[name]["soft"], limits[name]["hard"]
        if limits[name].get("default"):
            ceiling = host.get(name, [-1, -1])[1]
            if name == "nproc" and pid_max:
                ceiling = pid_max if ceiling == -1 else min(ceiling, pid_max)
            soft, hard = _lower(soft, ceiling), _lower(hard, ceiling)
        out.append({"type": f"RLIMIT_{name.upper()}", "soft": _unsigned(soft), "hard": _unsigned(hard)})
    return out


def _lower(value: int, ceiling: int) -> int:
    if ceiling == -1:
        return value
    return ceiling if value == -1 else min(value, ceiling)


def _unsigned(value: int) -> int:
    return value if value >= 0 else (1 << 64) - 1


def excessive(ulimits: list[UlimitRecord], host: HostFacts) -> UlimitRecord | None:
    """The first limit that was asked for and is above what this user may set."""
    for limit in ulimits:
        ceiling = host.get("rlimits", {}).get(limit["name"], [-1, -1])[1]
        if not limit.get("default") and ceiling != -1 and (limit["hard"] == -1 or limit["hard"] > ceiling):
            return limit
    return None
