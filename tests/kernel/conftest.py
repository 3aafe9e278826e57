"""Each test of this folder runs in a forked child that is root in a user and a mount namespace of its own."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable

import pytest

from libpod.kernel import mount, ns
from libpod.kernel.const import CLONE_NEWNS, CLONE_NEWUSER


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    in_namespaces(lambda: pyfuncitem.obj(**arguments))
    return True


def in_namespaces(test: Callable[[], object]) -> None:
    """Run the test in the child, and fail or skip here as it did there."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_fd)
        try:
            with os.fdopen(write_fd, "wb") as out:
                out.write(pickle.dumps(outcome(test)))
        finally:
            os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as answer:
        raw = answer.read()
    os.waitpid(pid, 0)
    kind, text = pickle.loads(raw) if raw else ("failed", "the child of the test died")
    if kind == "skipped":
        pytest.skip(text)
    if kind == "failed":
        pytest.fail(text, pytrace=False)


def outcome(test: Callable[[], object]) -> tuple[str, str]:
    try:
        become_root()
        test()
    except pytest.skip.Exception as skipped:
        return "skipped", str(skipped)
    except BaseException:
        return "failed", traceback.format_exc()
    return "passed", ""


def become_root() -> None:
    uid, gid = os.geteuid(), os.getegid()
    ns.unshare(CLONE_NEWUSER | CLONE_NEWNS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w") as table:
            table.write(text)
    mount.private_root()
