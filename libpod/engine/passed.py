"""Owns: descriptors of the caller that a container gets beside stdin, stdout and stderr: `--preserve-fds`,
`--preserve-fd`, and sockets of systemd (sd_listen_fds(3)).
"""

from __future__ import annotations

import fcntl
import os

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIRST = 3
_MOST = 240
"""A message to the monitor carries 253 at most (SCM_MAX_FD), and there may be others in it."""


class Passed:
    """Numbers that are the same here and in the container, and variables that say what they are."""

    __slots__ = ("env", "fds")

    def __init__(self, fds: Sequence[int] = (), env: Sequence[str] = ()) -> None:
        self.fds = list(fds)
        self.env = list(env)


def of_options(count: object, listed: object, environ: Mapping[str, str]) -> Passed:
    """Those that the user asked for, `count` from 3 on and the numbers in `listed`; then, as with Podman,
    behind systemd's own. Raises UsageError for one that is not open."""
    found = of_systemd(environ)
    first = _FIRST + len(found.fds)
    wanted = {}
    if isinstance(count, int):
        if count > _MOST:
            raise errors.UsageError(f"--preserve-fds={count}: at most {_MOST} can be passed")
        wanted = {fd: f"--preserve-fds={count}" for fd in range(first, first + count)}
    for word in listed if isinstance(listed, list) else ():
        text = str(word).strip()
        if not text.isdecimal() or not _FIRST <= int(text) < _FIRST + _MOST:
            raise errors.UsageError(
                f'--preserve-fd "{word}" is not the number of a file descriptor',
                remedy=f"give numbers from {_FIRST} to {_FIRST + _MOST - 1}, as in --preserve-fd=3,5",
            )
        wanted[int(text)] = f"--preserve-fd={text}"
    for fd, option in sorted(wanted.items()):
        if not _is_open(fd):
            raise errors.UsageError(
                f"{option}: file descriptor {fd} is not open",
                remedy=f'open it for the command, as in "pypod ... {fd}<file"',
            )
    return Passed([*found.fds, *(fd for fd in sorted(wanted) if fd not in found.fds)], found.env)


def of_systemd(environ: Mapping[str, str]) -> Passed:
    """The sockets that systemd has opened for this very process; the container's first process gets them as
    if systemd had started it."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return Passed()
    count = environ.get("LISTEN_FDS", "")
    fds = list(range(_FIRST, _FIRST + int(count))) if count.isdecimal() and int(count) <= _MOST else []
    if not fds or not all(_is_open(fd) for fd in fds):
        return Passed()
    env = [f"LISTEN_FDS={count}", "LISTEN_PID=1"]
    if "LISTEN_FDNAMES" in environ:
        env.append(f"LISTEN_FDNAMES={environ['LISTEN_FDNAMES']}")
    return Passed(fds, env)


def _is_open(fd: int) -> bool:
    """Whether it came from whoever started us: all that we open ourselves is close-on-exec."""
    try:
        return not fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    except OSError:
        return False
