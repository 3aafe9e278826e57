"""What confines a process is named as in the unit that does it."""

from __future__ import annotations

import errno

import pytest

from libpod.errors import KernelError
from libpod.rootless import confined
from libpod.rootless.confined import Confinement

COMMANDS = [["/usr/bin/newuidmap", "7", "0", "1000", "1"]]
FREE = {"no_new_privs": False, "filtered": False, "nested": False, "bounded": False}


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        ({}, "--reinstall uidmap"),
        ({"no_new_privs": True, "bounded": True}, "NoNewPrivileges="),
        ({"nested": True}, "PrivateUsers="),
        ({"bounded": True}, "CapabilityBoundingSet="),
    ],
)
def test_refused_map(seen: dict[str, bool], named: str) -> None:
    error = confined.no_map(COMMANDS, "write to uid_map failed", Confinement(**{**FREE, **seen}))
    assert named in error.remedy
    assert "write to uid_map failed" in error.message


@pytest.mark.parametrize(
    ("number", "threads", "filtered", "named"),
    [
        (errno.ENOSPC, 1, False, "max_user_namespaces"),
        (errno.EPERM, 1, False, "unprivileged_userns_clone"),
        (errno.EPERM, 1, True, "RestrictNamespaces="),
        (errno.EINVAL, 2, False, "threads"),
        (errno.EINVAL, 1, False, "Invalid argument"),
    ],
)
def test_refused_namespace(number: int, threads: int, filtered: bool, named: str) -> None:
    seen = Confinement(**{**FREE, "filtered": filtered})
    error = confined.no_namespace(KernelError(number, "unshare"), threads, seen)
    assert named in error.message + error.remedy


def test_this_process_can_be_looked_at() -> None:
    seen = confined.look()
    with open("/proc/self/status") as stream:
        status = stream.read()
    assert seen.no_new_privs == ("NoNewPrivs:\t1" in status)
    assert seen.filtered == ("Seccomp:\t2" in status)
