"""stats: what containers use, from cgroup files where there are some, else from /proc."""

from __future__ import annotations

import os
import re

import pytest

from tests.integration import raw
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

HEADINGS = [
    "ID",
    "NAME",
    "CPU %",
    "MEM USAGE / LIMIT",
    "MEM %",
    "NET IO",
    "BLOCK IO",
    "PIDS",
    "CPU TIME",
    "AVG CPU %",
]
KEYS = "id name cpu_time cpu_percent avg_cpu mem_usage mem_percent net_io block_io pids"
BUSY = "sleep 1000 & sleep 1000 & i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo ready; wait"


def fields(pypod: Pypod, cid: str, *names: str) -> list[str]:
    template = "|".join(f"{{{{.{name}}}}}" for name in names)
    return pypod("stats", "--no-stream", "--format", template, cid).out.split("|")


# covers: stats, stats --no-stream, stats --no-trunc, stats --all, stats --latest, container stats
def test_report(shared: Pypod) -> None:
    cid = shared.detached("--network=none", "IMAGE", "sh", "-c", BUSY)
    shared.wait_for_log(cid, "ready")
    made = shared("create", "--network=none", shared.image, "true").out
    lines = [re.split(r" {2,}", line) for line in shared("stats", "--no-stream").lines]
    assert lines[0] == HEADINGS
    mine = {line[0]: line for line in lines[1:]}
    assert cid[:12] in mine
    assert made[:12] not in mine
    assert mine[cid[:12]][5] == "0B / 0B"
    assert mine[cid[:12]][7] == "3"
    assert mine[cid[:12]][8] != "0s"
    every = shared("container", "stats", "--no-stream", "-a", "--no-trunc").stdout
    assert cid in every
    assert made in every
    for words in (["-l"], [made]):
        line = re.split(r" {2,}", shared("stats", "--no-stream", *words).lines[1])
        assert line[0] == made[:12]
        assert line[2:] == ["0.00%", "0B / 0B", "0.00%", "0B / 0B", "0B / 0B", "0", "0s", "0.00%"]
    assert len(shared("stats", "--no-stream", cid, made).lines) == 3


# covers: stats --format
def test_format(shared: Pypod) -> None:
    cid = shared.detached("--network=none", "IMAGE", "sh", "-c", BUSY)
    shared.wait_for_log(cid, "ready")
    row = shared("stats", "--no-stream", "--format", "json", cid).json()[0]
    assert " ".join(row) == KEYS
    assert row["id"] == cid[:12]
    nano, average, pids = fields(shared, cid, "CPUNano", "AVGCPU", "PIDs")
    assert int(nano) > 0
    assert float(average.rstrip("%")) > 0
    assert pids == "3"
    shown = shared("stats", "--no-stream", "--format", "table {{.ID}} {{.MemUsage}}", cid).lines
    assert re.split(" {2,}", shown[0]) == ["ID", "MEM USAGE / LIMIT"]
    assert shared("stats", "--no-stream", "--format", "{{.Nothing}}", cid, check=False).code == 125


# covers: stats
def test_what_no_controller_counts_is_named(shared: Pypod) -> None:
    cid = shared.detached("--network=none")
    result = shared("stats", "--no-stream", cid)
    memory = re.split(r" {2,}", result.lines[1])[3]
    if "memory" in raw.controllers():
        assert re.match(r"[0-9.]+[kMG]?B / [0-9.]+[MG]B$", memory)
    else:
        assert memory == "-- / --"
        assert re.search("controllers? .*memory.* not delegated", result.stderr)


# covers: stats
def test_without_a_cgroup(shared: Pypod) -> None:
    cid = shared.detached("--network=none", "--cgroups=disabled", "IMAGE", "sh", "-c", BUSY)
    shared.wait_for_log(cid, "ready")
    result = shared(
        "stats", "--no-stream", "--format", "{{.MemUsage}}|{{.CPUNano}}|{{.PIDS}}|{{.BlockIO}}", cid
    )
    assert not result.stderr
    memory, nano, pids, block = result.out.split("|")
    assert re.match(r"[1-9][0-9.]*[kM]B / [0-9.]+[MG]B$", memory)
    assert int(nano) > 0
    assert pids == "3"
    assert "--" not in block


# covers: stats
def test_network(shared: Pypod) -> None:
    cid = shared.detached("IMAGE", "sleep", "1000")
    before = int(fields(shared, cid, "NetOutput")[0])
    shared("exec", cid, "bash", "-c", "printf %2000s > /dev/udp/10.0.2.2/9")
    assert int(fields(shared, cid, "NetOutput")[0]) >= before + 2000
    host = shared.detached("--network=host")
    assert fields(shared, host, "NetIO") == ["-- / --"]


# covers: stats --interval, stats --no-reset
def test_reports_follow_each_other(shared: Pypod) -> None:
    cid = shared.detached("--network=none")
    child = shared.start("stats", "--interval", "1", "--no-reset", cid)
    assert child.stdout
    lines = [child.stdout.readline() for _ in range(4)]
    assert [line.split()[0] for line in lines] == ["ID", cid[:12]] * 2
    with shared.terminal("stats", "-i1", cid) as terminal:
        terminal.expect("\x1b[H\x1b[2JID")
        terminal.expect("\x1b[H\x1b[2JID")
        terminal.send(b"\x03")
        assert terminal.wait() == 130
    assert shared("stats", "-i", "0", cid, check=False).code == 125


# covers: stats
def test_a_container_that_ends_or_is_not_there(shared: Pypod) -> None:
    cid = shared.detached("--network=none")
    child = shared.start("stats", "-i1", "--format", "{{.PIDS}}", cid)
    assert child.stdout
    assert child.stdout.readline() == "1\n"
    os.kill(shared.init_pid(cid), 9)
    while child.stdout.readline() != "0\n":
        pass
    assert child.poll() is None
    assert shared("stats", "--no-stream", "nx", check=False).code == 125
    assert shared("stats", "-a", cid, check=False).code == 125
