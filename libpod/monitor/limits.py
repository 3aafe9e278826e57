"""Owns: how many descriptors the monitor may have: as many as its hard limit allows.

What it starts gets what its caller had.
"""

from __future__ import annotations

import resource

from libpod.util import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_soft = -1
"""The soft limit that the caller had; negative = it was not raised."""


def lift() -> None:
    """Raise our own soft limit to the hard one."""
    global _soft
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        _soft = soft
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def original() -> int:
    """Return the soft limit for what we start, for `resume`; negative = ours."""
    return _soft


def resume(soft: int) -> None:
    """Take over what `original` said before we executed ourselves again."""
    global _soft
    _soft = soft


def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    fds: Mapping[int, int] | None = None,
    new_session: bool = False,
) -> int:
    """Start a program as `spawn.start` does, with the caller's limit."""
    if _soft < 0:
        return spawn.start(argv, env=env, fds=fds, new_session=new_session)
    ours = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = min(_soft, ours[1]) if ours[1] >= 0 else _soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, ours[1]))
    try:
        return spawn.start(argv, env=env, fds=fds, new_session=new_session)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, ours)
