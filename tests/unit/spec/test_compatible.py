"""Our configurations against those that Podman 4.3.1 wrote for the same options.

`DIFFERENT` lists every difference that is meant; docs/internals/spec.md says why.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.spec.conftest import CID, Maker

_CASES = json.loads((Path(__file__).parents[2] / "fixtures/spec/podman-4.3.1.json").read_text())["cases"]
OURS = {"/run/podman-init": "/run/pypod-init"}
MORE_MASKED = {"/sys/devices/virtual/powercap"}
# In a case, the keys that are not compared.
DIFFERENT: dict[str, set[str]] = {
    "keep-id-as": {"env"},  # HOME is missing there: a user without an entry gets HOME=/ here
    "systemd": {"env"},  # container_uuid there is of another form
    "various": set(),
}


def expected(name: str) -> dict[str, Any]:
    """The whole expectation of a case: the plain one with what differs."""
    plain, case = _CASES["plain"]["expect"], _CASES[name]
    merged = {**plain, **case["expect"]}
    mounts = {**plain["mounts"], **case.get("mounts", {})}
    for gone in case.get("mounts_gone", ()):
        del mounts[gone]
    merged["mounts"] = {OURS.get(path, path): mount for path, mount in mounts.items()}
    text = (
        json.dumps(merged).replace("CID12", CID[:12]).replace("CID", CID).replace("podman-init", "pypod-init")
    )
    found: dict[str, Any] = json.loads(text)
    return found


def found(config: Any) -> dict[str, Any]:
    """Our configuration in the form of the fixture."""
    process, linux = config["process"], config["linux"]
    return {
        "args": process["args"],
        "cwd": process["cwd"],
        "env": dict(item.split("=", 1) for item in process["env"]),
        "user": process["user"],
        "tty": process["terminal"],
        "capabilities": {kind: sorted(names) for kind, names in process["capabilities"].items()},
        "rlimits": {limit["type"]: [limit["soft"], limit["hard"]] for limit in process.get("rlimits", ())},
        "no_new_privileges": process["noNewPrivileges"],
        "oom_score_adj": process.get("oomScoreAdj"),
        "hostname": config.get("hostname", ""),
        "read_only": config["root"].get("readonly", False),
        "namespaces": sorted(ns["type"] for ns in linux["namespaces"]),
        "masked": sorted(linux["maskedPaths"]),
        "readonly_paths": sorted(linux["readonlyPaths"]),
        "sysctl": linux["sysctl"],
        "resources": linux["resources"],
        "uid_map": [[m["containerID"], m["hostID"], m["size"]] for m in linux.get("uidMappings", ())],
        "gid_map": [[m["containerID"], m["hostID"], m["size"]] for m in linux.get("gidMappings", ())],
        "propagation": linux.get("rootfsPropagation", ""),
        "seccomp": "seccomp" in linux,
        "stop_signal": config["annotations"]["org.opencontainers.image.stopSignal"],
    }


def adapt(name: str, want: dict[str, Any], have: dict[str, Any]) -> None:
    """Take the differences that are meant out of the comparison."""
    for key in DIFFERENT.get(name, ()):
        want[key] = have[key]
    if want["masked"]:
        want["masked"] = sorted({*want["masked"], *MORE_MASKED})
    if "pids" not in want["resources"]:
        want["resources"]["pids"] = {"limit": 2048}  # no controller was delegated there
    # The last row of a nested map: the fixture's account has other ranges.
    if want["gid_map"]:
        assert [row[:2] for row in want["gid_map"]] == [row[:2] for row in have["gid_map"]]
        want["uid_map"], want["gid_map"] = have["uid_map"], have["gid_map"]


def build(make: Maker, case: Any) -> Any:
    """Our configuration for a case; a privileged container sees one device of the host."""
    return make.config(case["command"], ctx={"host_devices": [{"path": "/dev/fuse"}]}, **case["options"])


@pytest.mark.parametrize("name", list(_CASES))
def test_configuration_is_that_of_the_neighbour(name: str, make: Maker) -> None:
    case = _CASES[name]
    have = found(build(make, case))
    want = expected(name)
    adapt(name, want, have)
    del want["mounts"]
    if name in ("oom-and-groups", "user", "user-cap-add", "privileged-user"):
        want["user"]["additionalGids"] = sorted(want["user"]["additionalGids"])
        have["user"]["additionalGids"] = sorted(have["user"]["additionalGids"])
    assert have == want


@pytest.mark.parametrize("name", list(_CASES))
def test_mounts_are_those_of_the_neighbour(name: str, make: Maker) -> None:
    case = _CASES[name]
    config = build(make, case)
    have = {m["destination"]: m for m in config["mounts"]}
    want = expected(name)["mounts"]
    if "/anon" in have:
        assert have["/anon"]["source"].startswith("/volumes/")
    if name == "network-host":
        assert "/sys/fs/cgroup" in have  # hides the host's tree, which is visible there
        del have["/sys/fs/cgroup"]
    if name == "read-only":
        del have["/run/.containerenv"]  # written into the tmpfs on /run there
    if name.startswith("privileged"):
        del have["/dev/fuse"]  # the fixture leaves the devices of its host out
    if name == "network-none":
        del have["/etc/resolv.conf"]  # the engine leaves the file out, not the spec
    assert sorted(have) == sorted(want)
    if name == "systemd":
        assert "ro" not in have["/sys/fs/cgroup"]["options"]
        del want["/sys/fs/cgroup"]  # without nosuid, nodev and noexec there
    for path, mount in want.items():
        ours = have[path]
        if path == "/dev/shm" and name not in ("ipc-none",):
            assert (ours["type"], ours["source"]) == (
                "tmpfs",
                "shm",
            )  # there: a tmpfs kept by its monitor, bound
            continue
        assert ours["type"] == mount["type"], path
        if mount["source"]:
            assert ours["source"] == mount["source"], path
        assert normal(ours["options"]) == normal(mount["options"]), path


def normal(options: list[str]) -> list[str]:
    """Words that do not change a mount: a bind of a file is not recursive, a new file system has no peers."""
    drop = {"rbind", "bind", "rprivate", "private", "rw", "nocopy"}
    return sorted(word for word in options if word not in drop)
