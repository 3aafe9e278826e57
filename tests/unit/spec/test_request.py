"""The remaining options of run and create."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import PypodError
from libpod.spec import request
from tests.unit.spec.conftest import Maker


def test_nothing_given_is_nothing_asked_for(make: Maker) -> None:
    asked = make.request()
    assert asked["entrypoint"] is None
    assert asked["init"] is None
    assert asked["network"] is None
    assert asked["ulimits"] is None
    assert asked["umask"] == asked["shm_size_bytes"] == asked["stop_timeout_s"] == -1
    assert asked["mounts"] == asked["env"] == asked["notes"] == []
    assert asked["image"] == "localhost/box"


def test_every_option_may_be_none_or_empty(make: Maker) -> None:
    plain = make.request()
    keys = [key for key in plain if key not in ("image", "command", "notes", "rootfs", "env")]
    assert make.request(**dict.fromkeys(keys)) == plain
    lists = ("volume", "mount", "tmpfs", "cap_add", "cap_drop", "publish", "dns", "device", "ulimit", "env")
    assert make.request(**{key: [] for key in lists}) == plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("sh", ["sh"]),
        ("sh -c", ["sh -c"]),
        ('["sh", "-c"]', ["sh", "-c"]),
        ("[]", []),
        ("", []),
        (["a", "b"], ["a", "b"]),
        (None, None),
    ],
)
def test_entrypoint(value: Any, expected: Any, make: Maker) -> None:
    assert make.request(entrypoint=value)["entrypoint"] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/dev/fuse", ("/dev/fuse", "/dev/fuse", "rwm")),
        ("/dev/fuse:r", ("/dev/fuse", "/dev/fuse", "r")),
        ("/dev/a:/dev/b", ("/dev/a", "/dev/b", "rwm")),
        ("/dev/a:/dev/b:rw", ("/dev/a", "/dev/b", "rw")),
    ],
)
def test_devices(value: str, expected: tuple[str, str, str], make: Maker) -> None:
    (device,) = make.request(device=[value])["devices"]
    assert (device["source"], device["destination"], device["permissions"]) == expected


def test_simple_values(make: Maker) -> None:
    asked = make.request(
        ["sh", "-c", "true"],
        name="web",
        hostname="web-1.example",
        workdir="/a/./b/../c",
        umask="77",
        stop_signal="SIGRTMIN+3",
        stop_timeout="0",
        timeout="5",
        shm_size="0",
        tz="Europe/Paris",
        log_opt=["max-size=10m", "max-file=3", "tag=x", "path=/tmp/log"],
        log_driver="json-file",
        sysctl=["net/ipv4/ip_forward = 1"],
        rm=True,
        tty=True,
        interactive="true",
        pull="never",
        systemd="always",
        init_path="/sbin/tini",
        pidfile="/run/x.pid",
        annotation=["a=b", "c"],
        volumes_from=["other", "third:ro,z"],
    )
    assert asked["command"] == ["sh", "-c", "true"]
    assert (asked["name"], asked["hostname"], asked["workdir"]) == ("web", "web-1.example", "/a/c")
    assert (asked["umask"], asked["stop_signal"], asked["stop_timeout_s"], asked["timeout_s"]) == (
        0o77,
        37,
        0,
        5,
    )
    assert (asked["shm_size_bytes"], asked["timezone"]) == (0, "Europe/Paris")
    assert (asked["log_max_size_bytes"], asked["log_max_files"]) == (10 << 20, 3)
    assert (asked["log_tag"], asked["log_path"], asked["log_driver"]) == ("x", "/tmp/log", "json-file")
    assert asked["sysctl"] == {"net.ipv4.ip_forward": "1"}
    assert (asked["remove"], asked["tty"], asked["interactive"], asked["init"]) == (True, True, True, True)
    assert (asked["pull"], asked["systemd"], asked["pidfile"]) == ("never", "always", "/run/x.pid")
    assert asked["annotations"] == {"a": "b", "c": ""}
    assert asked["volumes_from"] == [["other", ""], ["third", "ro,z"]]


def test_no_rotation_of_the_log(make: Maker) -> None:
    assert make.request(log_opt=["max-size=-1"])["log_max_size_bytes"] == 0


def test_restart_no_is_fine(make: Maker) -> None:
    assert make.request(restart="no")["restart_policy"] == "no"


def test_containers_that_are_joined_are_listed_once(make: Maker) -> None:
    asked = make.request(pid="container:a", ipc="container:b", uts="container:a", network=["container:c"])
    assert request.joined(asked) == ["a", "b", "c"]
    assert request.joined(make.request(pid="host")) == []


_NAMES = """
add_host annotation blkio_weight cap_add cap_drop cgroup_conf cgroupns cgroups cpu_period cpu_quota
cpu_shares cpus cpuset_cpus device dns entrypoint env env_file_lines expose gidmap group_add hostname
image_volume init ipc label log_driver log_opt memory memory_swap mount network oom_score_adj pid
pids_limit pull restart security_opt shm_size stop_signal stop_timeout sysctl systemd tmpfs tz uidmap
ulimit umask user userns uts volume volumes_from workdir
"""
_KEYS = sorted(_NAMES.split())


@given(st.sampled_from(_KEYS), st.text(max_size=24), st.booleans())
def test_no_text_leads_to_anything_but_our_own_errors(key: str, text: str, as_list: bool) -> None:
    try:
        request.parse_options({key: [text] if as_list else text}, cwd="/home")
    except PypodError as e:
        if not e.remedy or not e.message:
            pytest.fail(f"no remedy: {e.message}")
