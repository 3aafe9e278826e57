"""Owns: directories that an archive needs and does not describe: they look as in the layers below.

A layer may hold `etc/x` without `etc/`. The directory that is made for it lies above the one of the layer
below and hides its owner and mode: /tmp would lose its 1777.
"""

from __future__ import annotations

import errno
import os

from libpod.kernel import path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_FLAGS = os.O_RDONLY | os.O_DIRECTORY


def dress(diff: str, dirs: Iterable[str], below: list[str]) -> None:
    """Give each of `dirs`, paths in the new layer `diff`, owner, mode and time of the nearest layer in
    `below` that has it.
    """
    wanted = list(dirs)
    if not wanted or not below:
        return
    root_fd = path.open_root(diff)
    lower = _open_all(below)
    try:
        for name in wanted:
            source_fd = _find(lower, name)
            if source_fd < 0:
                continue
            try:
                target_fd = path.open_in_root(root_fd, name, _FLAGS)
                try:
                    facts = os.fstat(source_fd)
                    os.fchown(target_fd, facts.st_uid, facts.st_gid)
                    os.fchmod(target_fd, facts.st_mode & 0o7777)
                    os.utime(target_fd, ns=(facts.st_mtime_ns, facts.st_mtime_ns))
                finally:
                    os.close(target_fd)
            finally:
                os.close(source_fd)
    finally:
        for fd in (root_fd, *lower):
            os.close(fd)


def _open_all(folders: list[str]) -> list[int]:
    """The layers below. One that was removed meanwhile is passed over: this one is not published then."""
    found = []
    for folder in folders:
        try:
            found.append(path.open_root(folder))
        except OSError as e:
            if e.errno != errno.ENOENT:
                raise
    return found


def _find(roots: list[int], name: str) -> int:
    for root_fd in roots:
        try:
            return path.open_in_root(root_fd, name, _FLAGS)
        except OSError as e:
            if e.errno in (errno.ENOTDIR, errno.ELOOP):
                return -1  # removed there, or replaced by a file
            if e.errno != errno.ENOENT:
                raise
    return -1
