"""Limits: cgroup resources, ulimits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from libpod.spec import blockio, resources
from tests.unit.spec.conftest import Maker

ALL = ["cpu", "cpuset", "io", "memory", "pids"]


def oci(make: Maker, controllers: list[str] | None = None, **options: Any) -> Any:
    config = make.config(ctx={"controllers": ALL if controllers is None else controllers}, **options)
    return config["linux"]["resources"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"memory": "64m"}, {"memory": {"limit": 64 << 20, "swap": 128 << 20}}),
        ({"memory": "64m", "memory_swap": "64m"}, {"memory": {"limit": 64 << 20, "swap": 64 << 20}}),
        ({"memory": "64m", "memory_swap": "-1"}, {"memory": {"limit": 64 << 20, "swap": -1}}),
        ({"memory_reservation": "1k"}, {"memory": {"reservation": 1024}}),
        ({"cpus": "1.5"}, {"cpu": {"period": 100000, "quota": 150000}}),
        ({"cpus": 0.25}, {"cpu": {"period": 100000, "quota": 25000}}),
        ({"cpus": "0"}, {}),
        ({"cpu_period": "50000", "cpu_quota": "25000"}, {"cpu": {"period": 50000, "quota": 25000}}),
        ({"cpu_shares": "512"}, {"cpu": {"shares": 512}}),
        ({"cpuset_cpus": "0-2,4", "cpuset_mems": "0"}, {"cpu": {"cpus": "0-2,4", "mems": "0"}}),
        ({"blkio_weight": "100"}, {"blockIO": {"weight": 100}}),
        ({"cgroup_conf": ["memory.high=1M"]}, {"unified": {"memory.high": "1M"}}),
    ],
    ids=str,
)
def test_limits(options: dict[str, Any], expected: dict[str, Any], make: Maker) -> None:
    assert oci(make, pids_limit="-1", **options) == expected


def test_limits_of_block_devices(make: Maker) -> None:
    options = {
        "device_read_bps": ["/dev/sda:1m", "/dev/sdb:7"],
        "device_write_iops": ["/dev/sda:50"],
        "blkio_weight_device": ["/dev/../dev/sdb:20"],
        "blkio_weight": "30",
    }
    numbers = {"/dev/sda": [8, 0], "/dev/sdb": [8, 16]}
    config = make.config(ctx={"controllers": ALL, "block_numbers": numbers}, pids_limit="-1", **options)
    assert config["linux"]["resources"] == {
        "blockIO": {
            "weight": 30,
            "throttleReadBpsDevice": [
                {"major": 8, "minor": 0, "rate": 1 << 20},
                {"major": 8, "minor": 16, "rate": 7},
            ],
            "throttleWriteIOPSDevice": [{"major": 8, "minor": 0, "rate": 50}],
            "weightDevice": [{"major": 8, "minor": 16, "weight": 20}],
        }
    }
    record = make.record(device_write_bps=["/dev/sda:1k"])
    assert resources.needed_controllers(record["resources"]) == {"io": "--device-write-bps"}


KINDS = [
    "blkio_weight_device",
    "device_read_bps",
    "device_read_iops",
    "device_write_bps",
    "device_write_iops",
]


@given(st.sampled_from(KINDS), st.text(alphabet="/dev:sa109-. kx", max_size=12))
def test_a_block_device_has_a_path_and_a_number(kind: str, value: str) -> None:
    try:
        found = blockio.parse({kind: [value]})
    except UsageError:
        return
    assert [limit["kind"] for limit in found] == [kind]
    assert found[0]["value"] > 0
    assert found[0]["path"].startswith("/")


def test_number_of_processes(make: Maker) -> None:
    assert oci(make) == {"pids": {"limit": 2048}}
    assert oci(make, pids_limit="5") == {"pids": {"limit": 5}}
    assert oci(make, pids_limit="0") == {}
    make.settings.pids_limit = 0
    assert oci(make) == {}


def test_a_default_limit_is_left_out_where_it_cannot_be_set(make: Maker) -> None:
    assert oci(make, controllers=[]) == {}
    assert make.record()["resources"]["pids_limit_is_default"] is True
    assert "pids_limit" not in make.record(cgroups="disabled")["resources"]


def test_which_controllers_a_request_needs(make: Maker) -> None:
    record = make.record(memory="1g", cpus="1", cpuset_cpus="0", pids_limit="5", cgroup_conf=["io.max=x"])
    needed = resources.needed_controllers(record["resources"])
    assert needed == {
        "memory": "--memory",
        "cpu": "--cpus",
        "cpuset": "--cpuset-cpus",
        "pids": "--pids-limit",
        "io": "--cgroup-conf io.max",
    }
    assert resources.needed_controllers(make.record()["resources"]) == {}


def test_options_of_cgroup_v1_are_noted(make: Maker) -> None:
    notes = make.request(memory_swappiness="10", cpu_rt_period="5", oom_kill_disable=True)["notes"]
    assert len(notes) == 3
    assert all("no effect" in note for note in notes)
    assert make.request(memory_swappiness="-1", oom_kill_disable=False)["notes"] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("nofile=100:200", ("nofile", 100, 200)),
        ("NOFILE=100", ("nofile", 100, 100)),
        ("RLIMIT_CORE=0", ("core", 0, 0)),
        ("memlock=-1:-1", ("memlock", -1, -1)),
        ("memlock=1m", ("memlock", 1 << 20, 1 << 20)),
        ("stack=unlimited", ("stack", -1, -1)),
        ("nproc=5:-1", ("nproc", 5, -1)),
    ],
)
def test_ulimits(value: str, expected: tuple[str, int, int]) -> None:
    found = resources.parse_ulimit("ulimit", value)
    assert (found["name"], found["soft"], found["hard"]) == expected


def limits(make: Maker, **options: Any) -> dict[str, list[int]]:
    process = make.config(**options)["process"]
    return {limit["type"]: [limit["soft"], limit["hard"]] for limit in process.get("rlimits", ())}


def test_defaults_are_lowered_to_what_the_user_may_set(make: Maker) -> None:
    make.settings.default_ulimits = ["nofile=5000:1000000", "core=0", "memlock=-1"]
    assert limits(make, ctx={"rlimits": {"nofile": [1024, 20000], "memlock": [8, 8]}}) == {
        "RLIMIT_CORE": [0, 0],
        "RLIMIT_MEMLOCK": [8, 8],
        "RLIMIT_NOFILE": [5000, 20000],
    }


def test_a_given_limit_replaces_the_default_and_is_not_lowered(make: Maker) -> None:
    make.settings.default_ulimits = ["nofile=5:5"]
    found = limits(make, ulimit=["nofile=1:999999999", "nofile=2:999999999"], ctx={"rlimits": {}})
    assert found == {"RLIMIT_NOFILE": [2, 999999999]}


def test_unlimited_is_the_largest_number_of_the_kernel(make: Maker) -> None:
    assert limits(make, ulimit=["core=-1"], ctx={"rlimits": {}}) == {"RLIMIT_CORE": [2**64 - 1, 2**64 - 1]}


def test_the_limits_of_the_caller_can_be_kept(make: Maker) -> None:
    assert limits(make, ulimit=["host"]) == {}


@given(st.sampled_from(resources.ULIMIT_NAMES), st.integers(0, 2**40), st.integers(0, 2**40))
def test_every_limit_is_read_back(name: str, one: int, two: int) -> None:
    soft, hard = sorted((one, two))
    assert resources.parse_ulimit("ulimit", f"{name}={soft}:{hard}") == {
        "name": name,
        "soft": soft,
        "hard": hard,
    }


@given(st.text(max_size=20))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        found = resources.parse_ulimit("ulimit", text)
    except UsageError as e:
        if not e.remedy:
            pytest.fail(f"no remedy: {e.message}")
        return
    assert found["name"] in (*resources.ULIMIT_NAMES, "host")
    assert found["hard"] == -1 or found["soft"] <= found["hard"]
