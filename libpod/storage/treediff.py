"""Owns: what differs between two trees of files: added, changed and removed paths, in order of names."""

from __future__ import annotations

import errno
import os
import stat

from libpod.errors import StorageError
from libpod.kernel import path
from libpod.util.tartree import MAX_DEPTH, OPAQUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Literal

    Change = tuple[Literal["A", "C", "D"], bytes]

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE)


def changes(new_fd: int, old_fd: int, *, layer: bool, silent: Container[bytes] = ()) -> list[Change]:
    """What became of the tree at `old_fd` (-1 = an empty one) in that at `new_fd`; paths begin with a slash.

    `layer`: the new tree is an overlay's upper directory, and what it does not have is as in the old one.
    `silent`: paths that are not told themselves; what is below them is. A directory counts as changed when
    its owner or mode differs or something in it does.
    """
    out: list[Change] = []
    old = path.open_dir_no_xdev(old_fd, ".") if old_fd >= 0 else -1
    new = path.open_dir_no_xdev(new_fd, ".")
    try:
        _walk(new, old, b"/", layer, silent, out, 0)
    finally:
        _close(new, old)
    return out


def _walk(
    new: int, old: int, prefix: bytes, layer: bool, silent: Container[bytes], out: list[Change], depth: int
) -> None:
    if depth > MAX_DEPTH:
        raise StorageError(
            f"directories are nested more than {MAX_DEPTH} deep",
            remedy="remove the tree inside the container",
        )
    layer = layer and not _opaque(new)
    names = set(os.listdir(new))
    if old >= 0 and not layer:
        names.update(os.listdir(old))
    for shown, name in sorted((os.fsencode(n), n) for n in names):
        full = prefix + shown
        here, there = _look(new, name), _look(old, name)
        told = full not in silent
        if here is None or (stat.S_ISCHR(here.st_mode) and here.st_rdev == 0):
            if told and there is not None:
                out.append(("D", full))
            continue
        if there is None:
            if told:
                out.append(("A", full))
        elif told and not _both_dirs(here, there) and (layer or not _same(here, there)):
            out.append(("C", full))
        if stat.S_ISDIR(here.st_mode):
            _directory(new, old, name, full, here, there, layer, silent, out, depth)


def _directory(
    new: int,
    old: int,
    name: str,
    full: bytes,
    here: os.stat_result,
    there: os.stat_result | None,
    layer: bool,
    silent: Container[bytes],
    out: list[Change],
    depth: int,
) -> None:
    both = there is not None and stat.S_ISDIR(there.st_mode)
    below_new = _open(new, name)
    below_old = _open(old, name) if both else -1
    before = len(out)
    try:
        if below_new >= 0:
            _walk(below_new, below_old, full + b"/", layer, silent, out, depth + 1)
    finally:
        _close(below_new, below_old)
    if (
        both
        and there is not None
        and full not in silent
        and (len(out) > before or _facts(here) != _facts(there))
    ):
        out.insert(before, ("C", full))


def _both_dirs(here: os.stat_result, there: os.stat_result) -> bool:
    return stat.S_ISDIR(here.st_mode) and stat.S_ISDIR(there.st_mode)


def _look(dir_fd: int, name: str) -> os.stat_result | None:
    if dir_fd < 0:
        return None
    try:
        return os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except OSError as e:
        if e.errno in _GONE:
            return None
        raise


def _open(dir_fd: int, name: str) -> int:
    """A directory below; -1 when it has gone, or something is mounted there."""
    try:
        return path.open_dir_no_xdev(dir_fd, name)
    except OSError as e:
        if e.errno in (*_GONE, errno.EXDEV):
            return -1
        raise


def _facts(facts: os.stat_result) -> tuple[int, int, int]:
    return facts.st_mode, facts.st_uid, facts.st_gid


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    """Two files by what stat(2) says; archives keep whole seconds, so a time silent a fraction fits any."""
    if _facts(one) != _facts(other) or (one.st_rdev, one.st_size) != (other.st_rdev, other.st_size):
        return False
    (one_s, one_ns), (other_s, other_ns) = (divmod(f.st_mtime_ns, 1_000_000_000) for f in (one, other))
    return one_s == other_s and (one_ns == other_ns or not one_ns or not other_ns)


def _opaque(fd: int) -> bool:
    try:
        return os.getxattr(fd, OPAQUE) == b"y"
    except OSError:
        return False


def _close(*fds: int) -> None:
    for fd in fds:
        if fd >= 0:
            os.close(fd)
