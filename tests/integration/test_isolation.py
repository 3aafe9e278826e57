"""What a container may do, seen from inside: nothing that it may not do under Podman."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from tests.integration.neighbour import Podman
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "podman", "slirp4netns", "newuidmap", "busybox")

IMAGE = "localhost/busybox"
LOOK = """
grep -E '^(Cap|Seccomp|NoNewPrivs)' /proc/self/status
echo "== limits"; cat /proc/self/limits
echo "== mounts"; cat /proc/self/mountinfo
echo "== devices"; ls -lA /dev | sed 1d
echo "== names"; id -u; id -g; cat /proc/self/uid_map; cat /proc/self/attr/current 2> /dev/null
echo "== namespaces"; readlink /proc/self/ns/*
echo "== environment"; env
"""


class Seen:
    """What the script has seen inside a container."""

    def __init__(self, text: str) -> None:
        status, *parts = re.split(r"^== (\w+)\n", text, flags=re.MULTILINE)
        self.status = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
        self.parts = dict(zip(parts[::2], (p.splitlines() for p in parts[1::2]), strict=True))
        self.mounts = {}
        """Mount point -> (flags of the mount, file system)."""
        for line in self.parts["mounts"]:
            words, _, more = line.partition(" - ")
            self.mounts[words.split()[4]] = (set(words.split()[5].split(",")), more.split()[0])
        self.devices = {}
        """Name in /dev -> what it is: type and mode, or where the link leads."""
        for line in self.parts["devices"]:
            kind, _, _, _, _, *rest = line.split()
            name = line.partition(" -> ")[0].split()[-1]
            self.devices[name] = rest[-1] if kind.startswith("l") else kind
        self.limits = {}
        for line in self.parts["limits"][1:]:
            values = re.findall(r"\s(unlimited|\d+)\b", line)
            name = re.split(r"\s{2,}", line)[0]
            self.limits[name] = [float("inf") if v == "unlimited" else int(v) for v in values]


@pytest.fixture(scope="module")
def podman(common_store: Pypod) -> Iterator[Podman]:
    found = Podman(common_store.base / "podman")
    found("import", str(common_store.image_tar), IMAGE)
    yield found
    found.close()


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--network=none"],
        ["--network=host"],
        ["--network=none", "--read-only"],
        ["--network=none", "--read-only", "--read-only-tmpfs=false"],
        ["--network=none", "--cap-add=NET_ADMIN,SYS_TIME", "--cap-drop=CHOWN"],
        ["--network=none", "--cap-drop=all"],
        ["--network=none", "-u", "1000"],
        ["--network=none", "-u", "1000", "--cap-add=NET_RAW"],
        ["--network=none", "--security-opt=no-new-privileges"],
        ["--network=none", "--security-opt=seccomp=unconfined"],
        ["--network=none", "--security-opt=unmask=/proc/keys"],
        ["--network=none", "--security-opt=mask=/usr"],
        ["--network=none", "--security-opt=label=disable"],
        ["--network=none", "--pid=host", "--uts=host"],
        ["--network=none", "--cgroupns=host"],
        ["--network=none", "--userns=keep-id"],
        ["--network=none", "--tmpfs=/t", "--shm-size=1m"],
        ["--network=none", "--device=/dev/full:/dev/other:r"],
        ["--network=none", "--privileged"],
        ["--network=host", "--privileged"],
    ],
    ids=lambda words: " ".join(words).replace("--network=none ", "") or "plain",
)
# covers: run
def test_as_tight_as_podman(shared: Pypod, podman: Podman, options: list[str]) -> None:
    ours = Seen(shared.run("--rm", *options, "IMAGE", "sh", "-c", LOOK).stdout)
    theirs = Seen(podman("run", "--rm", *options, IMAGE, "sh", "-c", LOOK) + "\n")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(ours.status[name], 16) & ~int(theirs.status[name], 16) == 0, name
    for name in ("Seccomp", "NoNewPrivs"):
        assert int(ours.status[name]) >= int(theirs.status[name]), name
    for name, limits in theirs.limits.items():
        assert all(mine <= their for mine, their in zip(ours.limits[name], limits, strict=True)), name
    extra = ours.devices.keys() - theirs.devices.keys()
    # --privileged shows serial lines, which only their owner on the host opens
    assert {n for n in extra if not (n.startswith("ttyS") and ours.devices[n].endswith("------"))} == set()
    assert theirs.devices.items() <= ours.devices.items()
    restrictions = {"ro", "nosuid", "nodev", "noexec"}
    for place, (flags, kind) in theirs.mounts.items():
        if place in ("/run/secrets", "/etc/resolv.conf"):
            continue
        assert place in ours.mounts, f"{place} is not covered"
        assert flags & restrictions <= ours.mounts[place][0], place
        if place != "/" and not place.startswith(("/etc", "/run")):
            assert ours.mounts[place][1] == kind, place
    allowed = {"/etc/resolv.conf", "/etc/passwd", "/etc/group", "/var/tmp", "/tmp", "/run"}
    allowed |= {f"/dev/{name}" for name in extra}
    assert not {m for m in set(ours.mounts) - set(theirs.mounts) if "ro" not in ours.mounts[m][0]} - allowed
    mine, their = ({re.sub(r":.*", "", n): n for n in seen.parts["namespaces"]} for seen in (ours, theirs))

    for kind, name in their.items():
        host = os.readlink(f"/proc/self/ns/{kind}") if os.path.exists(f"/proc/self/ns/{kind}") else ""
        assert (mine[kind] == host) <= (name == host), kind
    assert ours.parts["names"] == theirs.parts["names"]
    names = {line.partition("=")[0] for line in ours.parts["environment"]}
    assert names <= {line.partition("=")[0] for line in theirs.parts["environment"]}


# covers: run --security-opt
def test_a_profile_of_a_kernel_without_apparmor(shared: Pypod) -> None:
    """Who asks for one must not believe that it holds."""
    if shared("info", "--format", "{{.Host.Security.AppArmorEnabled}}").out == "true":
        pytest.skip("this kernel has AppArmor")
    failed = shared.run("--rm", "--security-opt", "apparmor=mine", "IMAGE", "true", check=False)
    assert (failed.code, "AppArmor" in failed.stderr) == (125, True)
    assert shared.run("--rm", "--security-opt", "apparmor=unconfined", "IMAGE", "true").code == 0
