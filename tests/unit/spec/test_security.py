"""Capabilities, security options, hidden paths."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.conf.security import ALL_CAPS, DEFAULT_CAPS, MASKED_PATHS, READONLY_PATHS
from libpod.errors import UsageError
from libpod.spec import capabilities
from tests.unit.spec.conftest import Maker


def caps(make: Maker, **options: Any) -> list[str]:
    found: list[str] = make.record(**options)["security"]["capabilities"]
    return found


def test_defaults_and_changes(make: Maker) -> None:
    assert caps(make) == sorted(DEFAULT_CAPS)
    assert set(caps(make, cap_add=["net_admin,CAP_SYS_TIME"])) == {
        *DEFAULT_CAPS,
        "CAP_NET_ADMIN",
        "CAP_SYS_TIME",
    }
    assert set(caps(make, cap_drop=["chown"])) == set(DEFAULT_CAPS) - {"CAP_CHOWN"}
    assert caps(make, cap_drop=["all"]) == []
    assert caps(make, cap_drop=["ALL"], cap_add=["kill"]) == ["CAP_KILL"]
    assert set(caps(make, cap_add=["ALL"], cap_drop=["SYS_ADMIN"])) == set(ALL_CAPS) - {"CAP_SYS_ADMIN"}
    assert caps(make, privileged=True) == sorted(ALL_CAPS)
    assert "CAP_SYS_BOOT" not in caps(make, privileged=True, cap_drop=["SYS_BOOT"])


def test_the_settings_give_the_base(make: Maker) -> None:
    make.settings.default_capabilities = ["CAP_KILL"]
    assert caps(make, cap_add=["CHOWN"]) == ["CAP_CHOWN", "CAP_KILL"]


def test_a_kernel_with_fewer_capabilities(make: Maker) -> None:
    make.host["capabilities"] = ["CAP_CHOWN", "CAP_KILL"]
    assert caps(make, privileged=True) == ["CAP_CHOWN", "CAP_KILL"]
    assert caps(make) == ["CAP_CHOWN", "CAP_KILL"]
    with pytest.raises(UsageError, match="CAP_BPF"):
        caps(make, cap_add=["BPF"])


@pytest.mark.parametrize(
    "options", [{"cap_add": ["all"], "cap_drop": ["all"]}, {"cap_add": ["kill"], "cap_drop": ["kill"]}]
)
def test_contradictions(options: Any, make: Maker) -> None:
    with pytest.raises(UsageError) as caught:
        caps(make, **options)
    assert caught.value.remedy


def test_only_root_has_the_bounding_set() -> None:
    assert capabilities.process_sets(["CAP_KILL"], [], 0) == {
        "bounding": ["CAP_KILL"],
        "effective": ["CAP_KILL"],
        "permitted": ["CAP_KILL"],
    }
    assert capabilities.process_sets(["CAP_KILL"], [], 5) == {"bounding": ["CAP_KILL"]}
    both = capabilities.process_sets(["CAP_BPF", "CAP_KILL"], ["CAP_BPF"], 5)
    assert both["ambient"] == both["effective"] == both["permitted"] == both["inheritable"] == ["CAP_BPF"]
    assert capabilities.process_sets(["CAP_BPF", "CAP_KILL"], ["ALL"], 5)["ambient"] == [
        "CAP_BPF",
        "CAP_KILL",
    ]


some = st.lists(st.sampled_from([*ALL_CAPS[:6], "ALL"]), max_size=4, unique=True)


@given(some, some)
def test_what_is_added_is_there_and_what_is_dropped_is_not(add: list[str], drop: list[str]) -> None:
    try:
        found = set(capabilities.merge(DEFAULT_CAPS, add, drop))
    except UsageError:
        assert set(add) & set(drop)
        return
    assert found >= set(add) - {"ALL"}
    assert not found & (set(drop) - {"ALL"})
    assert found <= set(ALL_CAPS)
    if "ALL" in drop:
        assert found == set(add)


def hidden(make: Maker, *options: str, **more: Any) -> tuple[list[str], list[str]]:
    linux = make.config(security_opt=list(options), **more)["linux"]
    return linux["maskedPaths"], linux["readonlyPaths"]


def test_paths_of_the_kernel_are_hidden(make: Maker) -> None:
    assert hidden(make) == (list(MASKED_PATHS), list(READONLY_PATHS))
    assert hidden(make, privileged=True) == ([], [])
    assert hidden(make, "unmask=ALL") == ([], [])
    assert hidden(make, "systempaths=unconfined") == ([], [])
    assert hidden(make, "unmask=all", "mask=/proc/x") == (["/proc/x"], [])


def test_single_paths_can_be_shown_and_hidden(make: Maker) -> None:
    masked, read_only = hidden(make, "unmask=/proc/acpi:/sys/*", "mask=/a:/b/../c", "unmask=/proc/s*-trigger")
    assert "/proc/acpi" not in masked
    assert "/sys/firmware" not in masked
    assert "/sys/fs/selinux" in masked
    assert masked[-2:] == ["/a", "/c"]
    assert "/proc/sysrq-trigger" not in read_only


def test_network_of_the_host_hides_the_kernels_knobs(make: Maker) -> None:
    assert hidden(make, network=["host"])[0][0] == "/sys/kernel"


def test_other_security_options(make: Maker) -> None:
    options = [
        "no-new-privileges",
        "label=disable",
        "apparmor=x",
        "seccomp=p.json",
        "proc-opts=hidepid=2,subset=pid",
    ]
    security = make.record(security_opt=options)["security"]
    assert security["no_new_privileges"] is True
    assert security["label"] == ["disable"]
    assert security["apparmor"] == "x"
    assert security["seccomp"] == "/home/user/p.json"
    assert security["proc_opts"] == ["hidepid=2", "subset=pid"]
    assert make.record(security_opt=["no-new-privileges:false"])["security"]["no_new_privileges"] is False
    assert make.record(security_opt=["seccomp=unconfined"])["security"]["seccomp"] == "unconfined"
    make.settings.seccomp_profile = "/etc/p.json"
    assert make.record()["security"]["seccomp"] == "/etc/p.json"
    assert make.record(security_opt=["seccomp=default"])["security"]["seccomp"] == "/etc/p.json"
    assert make.record(privileged=True)["security"]["seccomp"] == "unconfined"


def test_options_of_proc_reach_the_mount(make: Maker) -> None:
    mounts = make.config(security_opt=["proc-opts=hidepid=2"])["mounts"]
    assert "hidepid=2" in mounts[0]["options"]
