"""Owns: the reports of `stats`: which containers, what each column shows, again and again."""

from __future__ import annotations

from libpod import log, units
from libpod.engine import containers, stats
from libpod.engine import list as listing
from pypod.ui import human, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.engine.stats import Sample
    from libpod.model.container import ContainerRecord
    from pypod.cli.context import Context

FIELDS = ("ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDS", "UpTime", "AVGCPU")
POD_FIELDS = ("Pod", "CID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDS")
HEADINGS = {
    "CPUPerc": "CPU %",
    "MemUsage": "MEM USAGE / LIMIT",
    "MemUsageBytes": "MEM USAGE / LIMIT",
    "MemPerc": "MEM %",
    "NetIO": "NET IO",
    "BlockIO": "BLOCK IO",
    "UpTime": "CPU TIME",
    "AVGCPU": "AVG CPU %",
}
_JSON = {
    "id": "ID",
    "name": "Name",
    "cpu_time": "UpTime",
    "cpu_percent": "CPUPerc",
    "avg_cpu": "AVGCPU",
    "mem_usage": "MemUsage",
    "mem_percent": "MemPerc",
    "net_io": "NetIO",
    "block_io": "BlockIO",
    "pids": "PIDS",
}
UNKNOWN = "--"
_CLEAR = "\x1b[H\x1b[2J"


class Report:
    """What `stats` was asked for."""

    def __init__(
        self,
        ctx: Context,
        names: list[str],
        *,
        every: bool = False,
        latest: bool = False,
        of_pods: Callable[[], list[tuple[str, ContainerRecord]]] | None = None,
    ) -> None:
        self._ctx = ctx
        self._of_pods = of_pods
        """Gives pods' names with their containers, each time anew."""
        self._pods: dict[str, str] = {}
        self._every = every
        self._fixed: list[ContainerRecord] | None = None
        if names:
            self._fixed = [containers.find(ctx.session, name) for name in names]
        elif latest:
            self._fixed = [containers.latest(ctx.session)]
        self._last: dict[str, Sample] = {}
        self._said: set[str] = set()

    def run(self, template: str | None, interval_s: int | None, *, clear: bool, whole_ids: bool) -> int:
        """Print reports until the program is stopped; one without an interval."""
        import sys
        import time

        clear = clear and interval_s is not None and sys.stdout.isatty()
        while True:
            samples = self._samples()
            text = shown(samples, template, whole_ids=whole_ids, pods=self._pods if self._of_pods else None)
            self._name_missing(samples)
            self._ctx.out(_CLEAR + text if clear else text)
            if interval_s is None:
                return 0
            self._ctx.flush()
            time.sleep(interval_s)

    def _samples(self) -> list[Sample]:
        session = self._ctx.session
        if self._of_pods is not None:
            found_now = self._of_pods()
            self._pods = {record["id"]: pod for pod, record in found_now}
            records = [record for _pod, record in found_now]
        elif self._fixed is not None:
            records = self._fixed
        else:
            rows = listing.ps(session, every=self._every)
            records = [containers.find(session, record["id"]) for record, _status in reversed(rows)]
        found = [stats.sample(session, record, self._last.get(record["id"])) for record in records]
        self._last = {one["id"]: one for one in found}
        return found

    def _name_missing(self, samples: list[Sample]) -> None:
        """Say once which controllers are missing, and what to do about it."""
        missing = {name for one in samples for name in one["missing"]} - self._said
        if not missing:
            return
        self._said |= missing
        names = ", ".join(sorted(missing))
        if len(missing) == 1:
            log.warning(f"the cgroup controller {names} is not delegated to you: its numbers are not known")
        else:
            log.warning(
                f"the cgroup controllers {names} are not delegated to you: their numbers are not known"
            )


def shown(
    samples: list[Sample], template: str | None, *, whole_ids: bool, pods: dict[str, str] | None = None
) -> str:
    """A report as text; `pods`: id of a container -> what the column POD has."""
    rows = [_row(one, whole_ids=whole_ids) for one in samples]
    fields: tuple[str, ...] = FIELDS
    if pods is not None:
        fields = POD_FIELDS
        for row in rows:
            row.update({"Pod": pods[str(row["ContainerID"])], "CID": row["ID"]})
    json_rows = [{key: row[field] for key, field in _JSON.items()} for row in rows]
    if template and template.strip() == "json":
        return table.listing("stats", rows, FIELDS, template="json", json_rows=json_rows, json_indent=1)
    return table.listing("stats", rows, fields, template=template, headings=HEADINGS, known=tuple(HEADINGS))


def _row(one: Sample, *, whole_ids: bool) -> dict[str, object]:
    used, limit = one["memory_bytes"], one["limit_bytes"]
    percent = 100 * used / limit if used is not None and limit else 0.0
    return {
        "ID": one["id"] if whole_ids else one["id"][:12],
        "Name": one["name"],
        "CPUPerc": f"{one['cpu_percent']:.2f}%",
        "MemUsage": _pair(used, limit),
        "MemUsageBytes": _pair(used, limit, binary=True),
        "MemPerc": UNKNOWN if used is None else f"{percent:.2f}%",
        "NetIO": _pair(one["net_in"], one["net_out"]),
        "BlockIO": _pair(one["block_in"], one["block_out"]),
        "PIDS": UNKNOWN if one["pids"] is None else str(one["pids"]),
        "UpTime": units.format_duration(one["cpu_ns"]),
        "AVGCPU": f"{one['cpu_average']:.2f}%",
        "ContainerID": one["id"],
        "AvgCPU": one["cpu_average"],
        "CPU": one["cpu_percent"],
        "CPUNano": one["cpu_ns"],
        "CPUSystemNano": one["cpu_system_ns"],
        "SystemNano": one["at_ns"],
        "MemLimit": limit or 0,
        "NetInput": one["net_in"] or 0,
        "NetOutput": one["net_out"] or 0,
        "BlockInput": one["block_in"] or 0,
        "BlockOutput": one["block_out"] or 0,
        "PIDs": one["pids"] or 0,
        "Duration": one["cpu_ns"],
    }


def _pair(a: int | None, b: int | None, *, binary: bool = False) -> str:
    def text(value: int | None) -> str:
        if value is None:
            return UNKNOWN
        return _binary(value) if binary else human.size(value, 4)

    return f"{text(a)} / {text(b)}"


def _binary(value: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.4g}{unit}"
        value /= 1024
    return f"{value:.4g}TiB"
