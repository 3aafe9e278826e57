"""Which cgroup containers run in, for every kind of host and caller."""

from __future__ import annotations

import pytest

from libpod.rootless import cgroups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.rootless.cgroups import Facts

USER = "/user.slice/user-1000.slice/user@1000.service"
CID = "c" * 64
BUS = "/run/user/1000/systemd/private"


def facts(
    own: str,
    *,
    mode: str = "v2",
    delegated: bool = False,
    own_ok: bool = False,
    parent_ok: bool = False,
    bus: str = "",
    read_only: bool = False,
) -> Facts:
    return {
        "mode": mode,
        "own": own,
        "unit_delegated": delegated,
        "own_writable": own_ok,
        "parent_writable": parent_ok,
        "bus": bus,
        "read_only": read_only,
    }


SESSION = "/user.slice/user-1000.slice/session-3.scope"
APP = f"{USER}/app.slice/x.scope"
UNIT = "/system.slice/a.service"
RUNS = f"pypod/{CID}/supervisor"

CASES = {
    "login session": (facts(SESSION, bus=BUS), "systemd", ""),
    "su, no user manager": (facts(SESSION), "disabled", ""),
    "not given away": (facts(APP, own_ok=True, bus=BUS), "systemd", ""),
    "manager without socket": (facts(APP, own_ok=True), "cgroupfs", APP),
    "Delegate=yes": (facts(UNIT, delegated=True, bus=BUS), "cgroupfs", UNIT),
    "DelegateSubgroup": (facts(f"{UNIT}/sub", delegated=True), "cgroupfs", UNIT),
    "cleanup in a unit": (facts(f"{UNIT}/{RUNS}", delegated=True), "cgroupfs", UNIT),
    "cron": (facts("/system.slice/cron.service"), "disabled", ""),
    "cron, lingering user": (facts("/system.slice/cron.service", bus=BUS), "systemd", ""),
    "given subtree": (facts("/test/shell", parent_ok=True, own_ok=True), "cgroupfs", "/test"),
    "top of a given subtree": (facts("/test", own_ok=True), "cgroupfs", "/test"),
    "cleanup": (facts(f"/test/{RUNS}", parent_ok=True, own_ok=True), "cgroupfs", "/test"),
    "stepped down": (facts("/test/pypod/caller", parent_ok=True, own_ok=True), "cgroupfs", "/test"),
    "stepped down at the top": (facts("/pypod/caller", parent_ok=True, own_ok=True), "cgroupfs", "/"),
    "no systemd, nothing given": (facts("/"), "disabled", ""),
    "root in a container": (facts("/", own_ok=True, parent_ok=True), "cgroupfs", "/"),
    "v1": (facts("", mode="v1"), "disabled", ""),
    "hybrid, given subtree": (facts("/a/b", mode="hybrid", parent_ok=True), "cgroupfs", "/a"),
    "ProtectControlGroups=": (facts(UNIT, delegated=True, bus=BUS, read_only=True), "disabled", ""),
    "entered by nsenter, lingering user": (facts("", bus=BUS), "systemd", ""),
    "hybrid, systemd": (facts(SESSION, mode="hybrid", bus=BUS), "disabled", ""),
}


@pytest.mark.parametrize(("case", "manager", "base"), CASES.values(), ids=CASES)
def test_decision(case: Facts, manager: str, base: str) -> None:
    plan = cgroups.decide("", case)
    assert (plan["manager"], plan["base"]) == (manager, base)
    assert plan["mount_needed"] == (case["mode"] != "v2")
    assert bool(plan["reason"]) == (manager == "disabled")
    assert bool(plan["bus"]) == (manager == "systemd")


@pytest.mark.parametrize(
    ("wanted", "case", "manager"),
    [
        ("disabled", facts("/test/shell", parent_ok=True, bus=BUS), "disabled"),
        ("systemd", facts("/test/shell", parent_ok=True, bus=BUS), "systemd"),
        ("systemd", facts("/test/shell", parent_ok=True), "cgroupfs"),
        ("cgroupfs", facts(f"{USER}/app.slice/x.scope", own_ok=True, bus=BUS), "cgroupfs"),
        ("cgroupfs", facts("/user.slice/user-1000.slice/session-3.scope", bus=BUS), "systemd"),
    ],
)
def test_wish_counts_where_it_can_be_had(wanted: str, case: Facts, manager: str) -> None:
    plan = cgroups.decide(wanted, case)
    assert plan["manager"] == manager
    assert bool(plan["reason"]) == (wanted == "systemd" and manager == "cgroupfs")


@pytest.mark.parametrize("mode", ["v2", "hybrid"])
def test_place_of_a_container(mode: str) -> None:
    plan = cgroups.decide("", facts("/test/shell", mode=mode, parent_ok=True))
    place = cgroups.make(plan, CID).wait()
    assert place["inner"] == f"/test/pypod/{CID}"
    assert place["supervisor"] == f"/test/pypod/{CID}/supervisor"
    assert place["payload"] == f"/test/pypod/{CID}/payload"
    assert place["runtime_path"] == ("/payload" if mode == "hybrid" else place["payload"])


def test_place_at_the_top_and_nowhere() -> None:
    top = cgroups.make(cgroups.decide("", facts("/", own_ok=True)), CID).wait()
    assert top["inner"] == f"/pypod/{CID}"
    nowhere = cgroups.make(cgroups.decide("", facts("/")), CID).wait()
    assert (nowhere["inner"], nowhere["supervisor"], nowhere["payload"], nowhere["runtime_path"]) == ("",) * 4
    assert nowhere["reason"]
