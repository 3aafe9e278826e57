"""Changes of limits, and the files that say them."""

from __future__ import annotations

import pytest

from libpod.errors import UsageError
from libpod.spec import cgroupfiles

MIB = 1 << 20


def changed(old: dict[str, object], **options: object) -> dict[str, object]:
    return dict(cgroupfiles.changed(old, options, []))  # type: ignore[arg-type]


def test_what_is_not_named_stays() -> None:
    old = {"memory": 64 * MIB, "memory_swap": 128 * MIB, "pids_limit": 5, "cpuset_cpus": "0"}
    assert changed(old) == old
    assert changed(old, cpus="1.5") == {**old, "cpu_quota": 150_000, "cpu_period": 100_000}
    assert changed(old, memory="32m") == {**old, "memory": 32 * MIB, "memory_swap": 64 * MIB}
    swap = {**old, "memory_swap": 100 * MIB}
    assert changed(swap, memory="32m") == {**swap, "memory": 32 * MIB}
    assert changed(old, memory="256m") == {**old, "memory": 256 * MIB, "memory_swap": 512 * MIB}
    assert changed(old, memory_swap="-1") == {**old, "memory_swap": -1}


def test_zero_takes_a_limit_away() -> None:
    old = {
        "memory": 64 * MIB,
        "memory_swap": 128 * MIB,
        "cpu_quota": 1000,
        "cpu_period": 1000,
        "pids_limit": 5,
    }
    assert changed(old, memory="0", cpus="0", pids_limit="-1") == {}


def test_a_default_becomes_a_wish() -> None:
    assert changed({"pids_limit": 2048, "pids_limit_is_default": True}, pids_limit="7") == {"pids_limit": 7}


@pytest.mark.parametrize(
    "options", [{"memory": "x"}, {"memory_swap": "1g"}, {"cpus": "many"}, {"cpuset_cpus": "a"}]
)
def test_nonsense_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        changed({}, **options)


@pytest.mark.parametrize(
    ("old", "new", "files"),
    [
        ({}, {}, {}),
        ({"memory": 5}, {"memory": 5, "pids_limit": 3}, {"pids.max": "3"}),
        ({}, {"memory": 10, "memory_swap": 30}, {"memory.max": "10", "memory.swap.max": "20"}),
        ({}, {"memory": 10, "memory_swap": -1}, {"memory.max": "10"}),
        ({"memory": 10, "memory_swap": 30}, {}, {"memory.max": "max", "memory.swap.max": "max"}),
        ({}, {"cpu_quota": 5000, "cpu_period": 10000}, {"cpu.max": "5000 10000"}),
        ({"cpu_quota": 5000, "cpu_period": 10000}, {}, {"cpu.max": "max 100000"}),
        ({}, {"cpu_shares": 1024}, {"cpu.weight": "39"}),
        ({}, {"cpu_shares": 262144}, {"cpu.weight": "10000"}),
        ({}, {"blkio_weight": 1000}, {"io.weight": "default 10000"}),
        ({}, {"memory_reservation": 7}, {"memory.low": "7"}),
        ({}, {"cpuset_cpus": "0-1", "cpuset_mems": "0"}, {"cpuset.cpus": "0-1", "cpuset.mems": "0"}),
        ({"unified": {"a.b": "1"}}, {"unified": {"a.b": "2", "c.d": "3"}}, {"a.b": "2", "c.d": "3"}),
    ],
)
def test_files(old: dict[str, object], new: dict[str, object], files: dict[str, str]) -> None:
    assert dict(cgroupfiles.files(old, new, {})) == files  # type: ignore[arg-type]


def test_block_devices() -> None:
    old = changed({}, device_read_bps=["/dev/sda:1m"], device_write_iops=["/dev/sda:5"])
    new = changed(old, device_read_bps=["/dev/sda:2m"], blkio_weight_device=["/dev/sdb:1000"])
    assert len(new["block_limits"]) == 3  # type: ignore[arg-type]
    numbers = {"/dev/sda": [8, 0], "/dev/sdb": [8, 16]}
    assert cgroupfiles.files(old, new, numbers) == [  # type: ignore[arg-type]
        ("io.max", "8:0 rbps=2097152"),
        ("io.weight", "8:16 10000"),
    ]


def test_what_undoes_a_line_of_a_device() -> None:
    content = "8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=2"
    assert cgroupfiles.former("io.max", content, "8:16 rbps=7") == "8:16 rbps=2"
    assert cgroupfiles.former("io.max", content, "9:1 rbps=7").endswith("wiops=max")
    assert cgroupfiles.former("io.weight", "default 100", "8:0 5") == "8:0 default"
    assert cgroupfiles.former("memory.max", "max", "5") == "max"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("default 10000", "default 1000"), ("default 1", "default 10"), ("8:0 100", "8:0 19")],
)
def test_weights_of_the_bfq_scheduler(value: str, expected: str) -> None:
    assert cgroupfiles.bfq(value) == ("io.bfq.weight", expected)
