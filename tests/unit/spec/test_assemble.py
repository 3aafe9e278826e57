"""The configuration as a whole: its shape, the order of mounts, namespaces, and what the context changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.conf import seccomp
from libpod.errors import StorageError, UsageError
from tests.unit.spec.conftest import CID, Maker

_FIXTURES = Path(__file__).parents[2] / "fixtures/spec"
_SCHEMA = json.loads((_FIXTURES / "oci-config.schema.json").read_text())
_CASES = json.loads((_FIXTURES / "podman-4.3.1.json").read_text())["cases"]
CHECKER = jsonschema.Draft202012Validator(_SCHEMA)

MORE: list[dict[str, Any]] = [
    {"userns": "keep-id", "network": ["none"], "user": "0"},
    {
        "privileged": True,
        "ulimit": ["core=-1"],
        "oom_score_adj": "5",
        "memory": "1g",
        "cgroup_conf": ["memory.high=1"],
    },
    {"read_only": True, "systemd": "always", "volume": ["/a:/run:O"], "tty": True},
    {
        "pid": "host",
        "ipc": "host",
        "uts": "host",
        "cgroupns": "host",
        "network": ["host"],
        "group_add": ["keep-groups"],
    },
    {"mount": ["type=devpts,dst=/x/pts,uid=5", "type=volume,src=v,dst=/v"], "blkio_weight": "10"},
]


@pytest.mark.parametrize("options", [*(case["options"] for case in _CASES.values()), *MORE], ids=str)
@pytest.mark.parametrize("rootless", [True, False])
def test_configurations_are_valid(options: dict[str, Any], rootless: bool, make: Maker) -> None:
    if not rootless and options.get("userns"):
        return  # keep-id is for unprivileged users
    ctx: dict[str, Any] = {
        "rootless": rootless,
        "seccomp": None if options.get("privileged") else seccomp.profile({"CAP_CHOWN"}, "x86_64"),
        "seccomp_bpf": "AAAA",
        "cgroups_path": "/user.slice/payload/x",
        "netns": "" if options.get("userns") else "/proc/7/fd/5",
        "console_size": [24, 80],
        "localtime": "/usr/share/zoneinfo/UTC",
        "sources": {"/run": "/prepared"},
        "apparmor": "p",
        "mqueue": True,
        "host_devices": [
            {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "mode": 0o20666},
            {"path": "/dev/null", "type": "c", "major": 1, "minor": 3},
        ],
    }
    config = make.config(["true"], ctx=ctx, **options)
    CHECKER.validate(json.loads(json.dumps(config)))


@pytest.mark.parametrize("caps", [set(), {"CAP_SYS_ADMIN"}, {"CAP_AUDIT_WRITE"}])
@pytest.mark.parametrize("arch", ["x86_64", "aarch64", "riscv64"])
def test_the_built_in_profile_is_valid(caps: set[str], arch: str, make: Maker) -> None:
    CHECKER.validate(make.config(["true"], ctx={"seccomp": seccomp.profile(caps, arch)}))


def destinations(config: Any) -> list[str]:
    return [mount["destination"] for mount in config["mounts"]]


def test_a_mount_never_hides_one_that_was_made_before(make: Maker) -> None:
    config = make.config(
        read_only=True,
        volume=["/a:/data/x/y", "/b:/data", "/c:/data/x", "v:/proc/x", "/e:/run/secrets"],
        tmpfs=["/run/s/t"],
    )
    paths = destinations(config)
    for i, path in enumerate(paths):
        assert not [later for later in paths[i + 1 :] if path.startswith(later + "/")], path


segments = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)


@given(st.lists(segments, min_size=1, max_size=8, unique_by=lambda s: "/".join(s)))
def test_the_order_holds_for_any_destinations(found: list[list[str]]) -> None:
    paths = destinations(Maker().config(volume=[f"/src:/{'/'.join(parts)}" for parts in found]))
    for i, path in enumerate(paths):
        assert not [later for later in paths[i + 1 :] if path.startswith(later + "/")]
    assert len(paths) == len(set(paths))


def test_a_users_mount_replaces_ours(make: Maker) -> None:
    config = make.config(
        volume=["/h:/etc/hosts", "/s:/dev/shm", "/c:/sys/fs/cgroup"], tmpfs=["/run"], read_only=True
    )
    found = {m["destination"]: m for m in config["mounts"]}
    assert found["/etc/hosts"]["source"] == "/h"
    assert found["/dev/shm"]["source"] == "/s"
    assert found["/sys/fs/cgroup"]["source"] == "/c"
    assert destinations(config).count("/run") == 1


def test_a_users_dev_replaces_all_of_ours_below(make: Maker) -> None:
    paths = destinations(make.config(volume=["/mydev:/dev"]))
    assert [p for p in paths if p.startswith("/dev")] == ["/dev"]


def namespaces(config: Any) -> dict[str, str]:
    return {ns["type"]: ns.get("path", "") for ns in config["linux"]["namespaces"]}


def test_namespaces_are_new_joined_or_the_hosts(make: Maker) -> None:
    assert namespaces(make.config(ctx={"netns": "/proc/7/fd/5"})) == {
        "pid": "",
        "network": "/proc/7/fd/5",
        "ipc": "",
        "uts": "",
        "mount": "",
        "cgroup": "",
    }
    assert namespaces(make.config(pid="host", ipc="host", uts="host", cgroupns="host", network=["host"])) == {
        "mount": ""
    }
    joined = make.config(
        pid="container:x",
        ipc="container:x",
        ids={"joins": {"x": CID}},
        ctx={"ns_paths": {"pid": "/proc/9/ns/pid", "ipc": "/proc/9/ns/ipc"}, "netns": None},
    )
    assert namespaces(joined)["pid"] == "/proc/9/ns/pid"
    assert namespaces(joined)["ipc"] == "/proc/9/ns/ipc"
    assert namespaces(joined)["network"] == ""
    assert "user" in namespaces(make.config(userns="keep-id"))


def test_a_nested_user_namespace_does_not_own_a_network_that_was_made_before(make: Maker) -> None:
    own = make.config(userns="keep-id")
    assert own["mounts"][2]["type"] == "sysfs"
    assert own["linux"]["sysctl"] == {"net.ipv4.ping_group_range": "0 0"}
    given_path = make.config(userns="keep-id", ctx={"netns": "/proc/7/fd/5"})
    assert given_path["mounts"][2]["type"] == "bind"
    assert given_path["linux"]["sysctl"] == {}
    assert make.config(ctx={"netns": "/proc/7/fd/5"})["mounts"][2]["type"] == "sysfs"


def test_terminals_belong_to_their_group_where_it_exists(make: Maker) -> None:
    def pts(**options: Any) -> list[str]:
        found: list[str] = make.config(**options)["mounts"][3]["options"]
        return found

    assert "gid=5" in pts()
    assert "gid=5" not in pts(ctx={"gid_count": 1})
    assert "gid=5" in pts(userns="keep-id")
    assert "gid=5" not in pts(userns="keep-id:size=3", ctx={})


def test_groups_that_do_not_exist_in_the_namespace_are_left_out(make: Maker) -> None:
    assert make.config(user="web")["process"]["user"]["additionalGids"] == [1000, 1, 44]
    assert "additionalGids" not in make.config(user="web", ctx={"gid_count": 1})["process"]["user"]
    small = make.config(user="web", userns="keep-id:size=40,uid=10,gid=10")
    assert small["process"]["user"]["additionalGids"] == [1]


def test_shared_memory(make: Maker) -> None:
    def shm(**options: Any) -> Any:
        return next((m for m in make.config(**options)["mounts"] if m["destination"] == "/dev/shm"), None)

    assert "size=67108864" in shm()["options"]
    assert "size=33554432" in shm(shm_size="32m")["options"]
    assert not [o for o in shm(shm_size="0")["options"] if o.startswith("size")]
    assert shm(ctx={"shm_path": "/run/shm"})["source"] == "/run/shm"
    assert shm(ipc="host")["source"] == "/dev/shm"
    assert shm(ipc="none") is None


def test_message_queues_of_the_host_are_bound_where_there_are_any(make: Maker) -> None:
    assert "/dev/mqueue" not in destinations(make.config(ipc="host"))
    assert "/dev/mqueue" in destinations(make.config(ipc="host", ctx={"mqueue": True}))


def test_what_the_monitor_prepares_is_bound_from_its_place(make: Maker) -> None:
    config = make.config(volume=[r"/src\:a,b:/data:O"], ctx={"sources": {"/data": "/prepared"}})
    (mount,) = [m for m in config["mounts"] if m["destination"] == "/data"]
    assert (mount["type"], mount["source"]) == ("bind", "/prepared")


def test_a_tmpfs_belongs_to_the_user_if_it_is_to(make: Maker) -> None:
    config = make.config(user="5:6", mount=["type=tmpfs,dst=/a,U", "type=tmpfs,dst=/b", "type=ramfs,dst=/c"])
    found = {m["destination"]: m for m in config["mounts"]}
    assert {"uid=5", "gid=6"} <= set(found["/a"]["options"])
    assert not {"uid=5", "gid=6"} & set(found["/b"]["options"])
    assert found["/c"]["type"] == "ramfs"


def test_a_volume_without_a_place_is_an_error(make: Maker) -> None:
    with pytest.raises(StorageError, match="v") as caught:
        make.config(volume=["v:/data"], ctx={"volumes": {}})
    assert caught.value.remedy


def test_init_is_bound_and_runs_first(make: Maker) -> None:
    config = make.config(["sleep", "1"], init=True, read_only=True)
    assert config["process"]["args"] == ["/run/pypod-init", "--", "sleep", "1"]
    paths = destinations(config)
    assert paths.index("/run") < paths.index("/run/pypod-init")


def test_real_root_gets_nodes_and_rules_instead_of_binds(make: Maker) -> None:
    device = {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "mode": 0o660, "gid": 7}
    config = make.config(device=["/dev/fuse:/dev/f:r"], ctx={"rootless": False, "host_devices": [device]})
    assert "/dev/f" not in destinations(config)
    assert config["linux"]["devices"] == [
        {"path": "/dev/f", "type": "c", "major": 10, "minor": 229, "fileMode": 0o660, "uid": 0, "gid": 7}
    ]
    assert config["linux"]["resources"]["devices"] == [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "r"},
    ]
    without = make.config(ctx={"rootless": False, "device_rules": False})
    assert "devices" not in without["linux"]["resources"]
    privileged = make.config(privileged=True, ctx={"rootless": False, "host_devices": [device]})
    assert privileged["linux"]["resources"]["devices"] == [{"allow": True, "access": "rwm"}]
    assert privileged["linux"]["devices"][0]["path"] == "/dev/fuse"
    with pytest.raises(UsageError, match="/dev/none"):
        make.config(device=["/dev/none"], ctx={"rootless": False})


def test_privileged_sees_the_devices_of_the_host_but_those_of_every_container(make: Maker) -> None:
    devices = [{"path": "/dev/fuse"}, {"path": "/dev/null"}, {"path": "/dev/ptmx"}]
    paths = destinations(make.config(privileged=True, ctx={"host_devices": devices}))
    assert "/dev/fuse" in paths
    assert "/dev/null" not in paths
    assert "/dev/fuse" not in destinations(make.config(ctx={"host_devices": devices}))


def test_annotations(make: Maker) -> None:
    config = make.config(annotation=["a=b"], group_add=["keep-groups"], ctx={"seccomp_bpf": "AAAA"})
    assert config["annotations"] == {
        "a": "b",
        "org.opencontainers.image.stopSignal": "15",
        "run.oci.keep_original_groups": "1",
        "run.oci.seccomp_bpf_data": "AAAA",
    }
    unconfined = make.config(security_opt=["seccomp=unconfined"], ctx={"seccomp_bpf": "AAAA"})
    assert "run.oci.seccomp_bpf_data" not in unconfined["annotations"]


def test_environment_gets_home_and_host_name(make: Maker) -> None:
    def env(**options: Any) -> dict[str, str]:
        return dict(item.split("=", 1) for item in make.config(**options)["process"]["env"])

    assert (env()["HOME"], env()["HOSTNAME"]) == ("/root", CID[:12])
    assert env(user="web")["HOME"] == "/home/web"
    assert env(user="4242")["HOME"] == "/"
    mine = env(env=["HOME=/h", "HOSTNAME=x"])
    assert (mine["HOME"], mine["HOSTNAME"]) == ("/h", "x")
    assert env(systemd="always")["container_uuid"] == CID[:32]


def test_size_of_the_terminal(make: Maker) -> None:
    process = make.config(tty=True, ctx={"console_size": [24, 80]})["process"]
    assert process["consoleSize"] == {"height": 24, "width": 80}
    assert "consoleSize" not in make.config(ctx={"console_size": [24, 80]})["process"]
