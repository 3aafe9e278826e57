"""Owns: running a test's body as root of a user namespace, in a child, with a directory that goes away
afterwards.
"""

from __future__ import annotations

import _thread
import functools
import os
import sys
import tempfile
import traceback
from collections.abc import Callable

import pytest

from libpod.conf import paths as conf_paths
from libpod.conf.paths import Paths
from libpod.errors import PypodError
from libpod.rootless import enter
from libpod.util import staging
from tests.support.needs import missing

NEEDS_IDS = 77
"""Exit code of the child when the account has no subordinate ids."""


def as_root(test: Callable[..., None]) -> Callable[..., None]:
    """Decorate a test `test(paths)`: it runs in a forked child that has entered the user namespace of a new
    store.

    Real root stays what it is. The store is removed in the child: its files belong to mapped ids.
    """

    @functools.wraps(test)
    def run() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            child_code = 1
            try:
                child_code = _child(test)
            finally:
                os._exit(child_code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code == NEEDS_IDS:
            missing("this account has no subordinate ids: see /etc/subuid and /etc/subgid")
        if code:
            pytest.fail(f"the test's child ended with {code}; its report stands in stderr", pytrace=False)

    del run.__wrapped__  # pytest would ask for a fixture `paths`
    return run


def _child(test: Callable[..., None]) -> int:
    code = 1
    base = tempfile.mkdtemp(prefix="pypod-")
    try:
        paths = conf_paths.resolve(f"{base}/store", f"{base}/run", os.environ)
        conf_paths.ensure(paths)
        # Under pytest-xdist the parent has threads; they are not here, but the interpreter still counts them.
        assert len(os.listdir("/proc/self/task")) == 1
        _thread._count = lambda: 0
        if enter.enter(paths).kind == "single":
            return NEEDS_IDS
        os.umask(0o022)
        test(paths)
        code = 0
    except PypodError as e:
        traceback.print_exc()
        print("remedy:", e.remedy, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        os.chdir("/")
        try:
            staging.remove_tree(base)
        except PypodError:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def tree(root: str) -> dict[str, tuple[object, ...]]:
    """Everything below a directory: path -> (kind, mode, uid, gid, content or target or device, mtime in
    ns).
    """
    found: dict[str, tuple[object, ...]] = {}
    for folder, dirs, files in os.walk(root):
        for name in [*dirs, *files]:
            path = os.path.join(folder, name)
            there = os.lstat(path)
            kind = {0o04: "dir", 0o10: "file", 0o12: "link", 0o01: "fifo", 0o02: "char", 0o06: "block"}[
                there.st_mode >> 12
            ]
            content: object = None
            if kind == "file":
                with open(path, "rb") as f:
                    content = f.read()
            elif kind == "link":
                content = os.readlink(path)
            elif kind in ("char", "block"):
                content = there.st_rdev
            mode = 0 if kind == "link" else there.st_mode & 0o7777
            found[os.path.relpath(path, root)] = (
                kind,
                mode,
                there.st_uid,
                there.st_gid,
                content,
                there.st_mtime_ns,
            )
    return found


__all__ = ["Paths", "as_root", "tree"]
