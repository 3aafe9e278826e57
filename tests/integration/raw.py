"""Owns: commands whose streams are bytes, files or closed, as `Pypod.__call__` does not give them."""

from __future__ import annotations

import os
import subprocess
from typing import NamedTuple

from tests.support.engine import Pypod, environment


class Raw(NamedTuple):
    code: int
    out: bytes
    err: bytes


def run(
    pypod: Pypod,
    *args: str,
    data: bytes | None = None,
    stdin: int = subprocess.DEVNULL,
    timeout_s: float = 60,
) -> Raw:
    """Run one command with `data` or the descriptor `stdin` as its input; its output is bytes."""
    done = subprocess.run(
        pypod.argv(*args),
        input=data,
        stdin=None if data is not None else stdin,
        capture_output=True,
        env=environment(**pypod.env),
        timeout=timeout_s,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    return Raw(done.returncode, done.stdout, done.stderr)


def shell(pypod: Pypod, script: str, timeout_s: float = 60) -> Raw:
    """Run a script of the host's shell, in which `"$@"` is the command with its store: for pipes, closed
    descriptors and `$(...)`."""
    done = subprocess.run(
        ["bash", "-c", script, "bash", *pypod.argv()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**environment(**pypod.env), "IMAGE": pypod.image},
        cwd=pypod.base,
        timeout=timeout_s,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    return Raw(done.returncode, done.stdout, done.stderr)


def limits() -> int:
    """The highest number of open files that a container may be given here."""
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def controllers() -> set[str]:
    """The cgroup controllers that this account's containers have."""
    from tests.support.engine import own_cgroup_top

    top = own_cgroup_top()
    if top is None:
        return set()
    with open(os.path.join(top, "cgroup.controllers")) as f:
        return set(f.read().split())
