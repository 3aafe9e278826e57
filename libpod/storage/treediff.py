"""Owns: what differs between two trees of files: added, changed and removed paths, in order of names."""

from __future__ import annotations

import errno
import os
import stat

from libpod.errors import StorageError
from libpod.kernel import path
from libpod.util.tartree import MAX_DEPTH, is_opaque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Literal

    from libpod.util.copytree import Owner

    Change = tuple[Literal["A", "C", "D"], bytes]

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE)


def changes(
    new_fd: int,
    old_fd: int,
    *,
    layer: bool,
    silent: Container[bytes] = (),
    fuse: bool = False,
    owners: tuple[Owner | None, Owner | None] = (None, None),
) -> list[Change]:
    """What became of the tree at `old_fd` (-1 = an empty one) in that at `new_fd`; paths begin with a slash.

    `layer`: the new tree is an overlay's upper directory (`fuse`: with the marks of fuse-overlayfs), and what
    it does not have is as in the old one. `silent`: paths that are not told themselves; what is below them
    is. `owners` translate the ids of both trees. A directory counts as changed when its owner or mode
    differs or something in it does.
    """
    walk = _Walk(silent, fuse, owners)
    old = path.open_dir_no_xdev(old_fd, ".") if old_fd >= 0 else -1
    new = path.open_dir_no_xdev(new_fd, ".")
    try:
        walk.compare(new, old, b"/", layer, 0)
    finally:
        _close(new, old)
    return walk.out


class _Walk:
    def __init__(
        self, silent: Container[bytes], fuse: bool, owners: tuple[Owner | None, Owner | None]
    ) -> None:
        self._silent = silent
        self._fuse = fuse
        self._new_owner, self._old_owner = owners
        self.out: list[Change] = []

    def compare(self, new: int, old: int, prefix: bytes, layer: bool, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise StorageError(
                f"directories are nested more than {MAX_DEPTH} deep",
                remedy="remove the tree inside the container",
            )
        layer = layer and not is_opaque(new, fuse=self._fuse)
        names = set(os.listdir(new))
        if self._fuse:
            names = {name for name in names if not name.startswith(".wh.")}
        if old >= 0 and not layer:
            names.update(os.listdir(old))
        for shown, name in sorted((os.fsencode(n), n) for n in names):
            full = prefix + shown
            here, there = _look(new, name), _look(old, name)
            told = full not in self._silent
            if here is None or (stat.S_ISCHR(here.st_mode) and here.st_rdev == 0):
                if told and there is not None:
                    self.out.append(("D", full))
                continue
            if there is None:
                if told:
                    self.out.append(("A", full))
            elif told and not _both_dirs(here, there) and (layer or not self._same(here, there)):
                self.out.append(("C", full))
            if stat.S_ISDIR(here.st_mode):
                self._directory((new, old), name, full, (here, there), layer, depth)

    def _directory(
        self,
        fds: tuple[int, int],
        name: str,
        full: bytes,
        facts: tuple[os.stat_result, os.stat_result | None],
        layer: bool,
        depth: int,
    ) -> None:
        here, there = facts
        both = there is not None and stat.S_ISDIR(there.st_mode)
        below_new = _open(fds[0], name)
        below_old = _open(fds[1], name) if both else -1
        before = len(self.out)
        try:
            if below_new >= 0:
                self.compare(below_new, below_old, full + b"/", layer, depth + 1)
        finally:
            _close(below_new, below_old)
        if (
            both
            and there is not None
            and full not in self._silent
            and (len(self.out) > before or not self._alike(here, there))
        ):
            self.out.insert(before, ("C", full))

    def _alike(self, new: os.stat_result, old: os.stat_result) -> bool:
        return _facts(new, self._new_owner) == _facts(old, self._old_owner)

    def _same(self, new: os.stat_result, old: os.stat_result) -> bool:
        """Two files by what stat(2) says; archives keep whole seconds, so one without a fraction fits any."""
        if not self._alike(new, old) or (new.st_rdev, new.st_size) != (old.st_rdev, old.st_size):
            return False
        (new_s, new_ns), (old_s, old_ns) = (divmod(f.st_mtime_ns, 1_000_000_000) for f in (new, old))
        return new_s == old_s and (new_ns == old_ns or not new_ns or not old_ns)


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


def _facts(facts: os.stat_result, owner: Owner | None) -> tuple[int, int, int]:
    uid, gid = (facts.st_uid, facts.st_gid) if owner is None else owner(facts.st_uid, facts.st_gid)
    return facts.st_mode, uid, gid


def _close(*fds: int) -> None:
    for fd in fds:
        if fd >= 0:
            os.close(fd)
