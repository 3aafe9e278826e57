"""What this host cannot give is refused with the reason and the fix."""

from __future__ import annotations

from typing import Any

import pytest

from libpod.errors import NotSupportedError, PypodError, UsageError
from libpod.spec import users, validate
from tests.unit.spec.conftest import Maker


def check(make: Maker, facts: Any = None, **options: Any) -> None:
    host = {"rootless": True, "controllers": ["memory", "pids"], "cgroup_mode": "v2", **(facts or {})}
    validate.request(make.request(**options), host)  # type: ignore[arg-type]


def refused(make: Maker, facts: Any = None, **options: Any) -> PypodError:
    with pytest.raises(PypodError) as caught:
        check(make, facts, **options)
    assert caught.value.remedy
    return caught.value


def test_nothing_special_is_fine_anywhere(make: Maker) -> None:
    check(make)
    check(make, {"controllers": []})
    validate.request(make.request(memory="1g", ulimit=["nofile=5"], oom_score_adj="-5"), {})


@pytest.mark.parametrize(
    ("options", "controller"),
    [
        ({"cpus": "1"}, "cpu"),
        ({"cpu_shares": "5"}, "cpu"),
        ({"cpuset_cpus": "0"}, "cpuset"),
        ({"blkio_weight": "50"}, "io"),
        ({"cgroup_conf": ["hugetlb.2MB.max=1"]}, "hugetlb"),
    ],
)
def test_a_controller_that_is_not_delegated_is_named_with_the_fix(
    options: Any, controller: str, make: Maker
) -> None:
    error = refused(make, **options)
    assert isinstance(error, UsageError)
    assert f'"{controller}"' in error.message
    assert "memory, pids" in error.message
    assert "Delegate=" in error.remedy
    assert "user@.service.d" in error.remedy


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({"cgroup_base": "/system.slice/web.service"}, "of web.service"),
        ({"cgroup_base": "/test/ours"}, "echo +io > /sys/fs/cgroup/test/cgroup.subtree_control"),
        ({"rootless": False}, "boot a kernel"),
        ({"cgroup_manager": "disabled", "cgroup_reason": "read-only here"}, "read-only here"),
    ],
)
def test_the_fix_is_where_the_cgroup_is(facts: Any, named: str, make: Maker) -> None:
    error = refused(make, facts, blkio_weight="50")
    assert named in error.message + error.remedy


def test_limits_with_their_controller_are_fine(make: Maker) -> None:
    check(make, memory="1g", pids_limit="5")


@pytest.mark.parametrize("mode", ["v1", "hybrid"])
def test_old_cgroups_have_no_limits_for_users(mode: str, make: Maker) -> None:
    error = refused(make, {"cgroup_mode": mode, "controllers": []}, memory="1g")
    assert isinstance(error, NotSupportedError)
    assert "--memory" in error.message
    assert "unified_cgroup_hierarchy" in error.remedy


def test_without_a_cgroup_there_are_no_limits(make: Maker) -> None:
    error = refused(make, {"controllers": [], "cgroup_manager": "disabled"}, pids_limit="5")
    assert "--pids-limit" in error.message
    assert "no effect" in refused(make, cgroups="disabled", memory="1g").message


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"sysctl": ["net.core.somaxconn=1"], "network": ["host"]}, "network namespace"),
        ({"sysctl": ["net.core.somaxconn=1"], "network": ["container:x"]}, "network namespace"),
        ({"sysctl": ["kernel.shmmax=1"], "ipc": "host"}, "IPC namespace"),
        ({"sysctl": ["fs.mqueue.msg_max=1"], "ipc": "container:x"}, "IPC namespace"),
        ({"sysctl": ["kernel.hostname=x"]}, "UTS namespace"),
        ({"sysctl": ["kernel.domainname=x"], "uts": "host"}, "UTS namespace"),
        ({"sysctl": ["vm.swappiness=1"]}, "whole machine"),
        ({"sysctl": ["kernel.panic=1"]}, "whole machine"),
    ],
)
def test_parameters_that_are_not_the_containers_own(options: Any, part: str, make: Maker) -> None:
    assert part in refused(make, **options).message


def test_parameters_of_own_namespaces(make: Maker) -> None:
    check(
        make, sysctl=["net.core.somaxconn=1", "kernel.shmmax=1", "fs.mqueue.msg_max=1", "kernel.domainname=x"]
    )


@pytest.mark.parametrize(
    "options",
    [
        {"init": True, "pid": "host"},
        {"init": True, "pid": "container:x"},
        {"hostname": "x", "uts": "host"},
        {"hostname": "x", "uts": "container:x"},
        {"add_host": ["a:1.2.3.4"], "network": ["container:x"]},
        {"dns": ["1.1.1.1"], "network": ["container:x"]},
        {"dns_search": ["a"], "network": ["container:x"]},
        {"add_host": ["a:1.2.3.4"], "no_hosts": True},
        {"cgroups": "disabled", "cgroup_parent": "/x"},
        {"group_add": ["keep-groups", "5"]},
    ],
    ids=str,
)
def test_options_that_exclude_each_other(options: Any, make: Maker) -> None:
    assert "cannot be combined" in refused(make, **options).message


def test_a_limit_above_what_the_user_may_set(make: Maker) -> None:
    facts = {"rlimits": {"nofile": [1024, 20000], "core": [0, -1]}}
    error = refused(make, facts, ulimit=["nofile=5:30000"])
    assert "20000" in error.message
    assert "30000" in error.message
    assert "unlimited" in refused(make, facts, ulimit=["nofile=5:-1"]).message
    check(make, facts, ulimit=["nofile=5:20000", "core=-1", "nproc=5"])


def test_a_score_below_the_users_own(make: Maker) -> None:
    assert "-5" in refused(make, {"oom_score_adj": 0}, oom_score_adj="-5").message
    check(make, {"oom_score_adj": 0, "rootless": False}, oom_score_adj="-5")
    check(make, {"oom_score_adj": 0}, oom_score_adj="5")


def test_a_stored_record_is_checked_again(make: Maker) -> None:
    record = make.record(memory="1g")
    validate.record(record, {"controllers": ["memory"]})
    with pytest.raises(UsageError, match='"memory"'):
        validate.record(record, {"controllers": []})
    validate.record(make.record(cgroups="disabled"), {"controllers": []})


def test_ids_that_are_not_in_the_namespace(make: Maker) -> None:
    def check_user(user: str, *, count: int, **options: Any) -> None:
        record = make.record(**options)
        validate.user(users.resolve_user(user, b"", b""), record, uid_count=count, gid_count=count)

    check_user("1000:1000", count=65536)
    check_user("0", count=1)
    with pytest.raises(UsageError, match="user id 1000") as caught:
        check_user("1000", count=1)
    assert "the id 0 only" in caught.value.message
    with pytest.raises(UsageError, match="group id 70000"):
        check_user("5:70000", count=65536)
    check_user("1004:1004", count=65537, userns="keep-id")
    with pytest.raises(UsageError, match="ends at 9"):
        check_user("10", count=65537, userns="keep-id:uid=9,gid=9,size=10")
