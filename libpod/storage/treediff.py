"""Owns: what differs between two trees of files: added, changed and removed paths, in order of names."""

from __future__ import annotations

import errno
import os
import stat

from libpod.errors import StorageError
from libpod.util import dirview
from libpod.util.dirview import GONE
from libpod.util.tartree import MAX_DEPTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Literal

    from libpod.util.copytree import Owner
    from libpod.util.dirview import Plain

    Change = tuple[Literal["A", "C", "D"], bytes]

_CHUNK = 1 << 18


def changes(
    new: Plain | int,
    old: Plain | int,
    *,
    layer: bool,
    silent: Container[bytes] = (),
    copied_ns: int | None = None,
    owners: tuple[Owner | None, Owner | None] = (None, None),
) -> list[Change]:
    """What became of the tree `old` (-1 = an empty one) in `new`; paths begin with a slash.

    Both stay the caller's. `layer`: the new tree is a layer's own (dirview.Own), and what it does not have is
    as in the old one. `silent`: paths that are not told themselves; what is below them is. A directory counts
    as changed when its owner or mode differs or something in it does. `copied_ns`: `new` was made then as a
    copy of `old`; a file that looks the same and was touched since is compared by its content. `owners`
    translate the ids of both trees.
    """
    comparison = _Comparison(silent, copied_ns, owners)
    new = dirview.plain(new) if isinstance(new, int) else new.dup()
    try:
        top = None
        if not isinstance(old, int):
            top = old.dup()
        elif old >= 0:
            top = dirview.plain(old)
        try:
            comparison.walk(new, top, b"/", layer, 0)
        finally:
            _close(top)
    finally:
        new.close()
    return comparison.out


class _Comparison:
    def __init__(
        self,
        silent: Container[bytes],
        copied_ns: int | None,
        owners: tuple[Owner | None, Owner | None],
    ) -> None:
        self._silent = silent
        self._copied_ns = copied_ns
        self._new_owner, self._old_owner = owners
        self.out: list[Change] = []

    def walk(self, new: Plain, old: Plain | None, prefix: bytes, layer: bool, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise StorageError(
                f"directories are nested more than {MAX_DEPTH} deep",
                remedy="remove the tree inside the container",
            )
        layer = layer and not new.opaque
        names = set(new.names())
        if old is not None and not layer:
            names.update(old.names())
        for name in sorted(names):
            full = prefix + name
            here = new.look(name)
            there = old.look(name) if old is not None else None
            told = full not in self._silent
            if here is None or new.removed(name, here):
                if told and there is not None:
                    self.out.append(("D", full))
                continue
            if there is None:
                if told:
                    self.out.append(("A", full))
            elif (
                told
                and not _both_dirs(here, there)
                and (layer or not self._same(here, there) or self._other_content(new, old, name, here, there))
            ):
                self.out.append(("C", full))
            if stat.S_ISDIR(here.st_mode):
                self._directory(new, old, name, full, here, there, layer, depth)

    def _directory(
        self,
        new: Plain,
        old: Plain | None,
        name: bytes,
        full: bytes,
        here: os.stat_result,
        there: os.stat_result | None,
        layer: bool,
        depth: int,
    ) -> None:
        both = old is not None and there is not None and stat.S_ISDIR(there.st_mode)
        below_new = _child(new, name)
        below_old = _child(old, name) if both and old is not None else None
        before = len(self.out)
        try:
            if below_new is not None:
                self.walk(below_new, below_old, full + b"/", layer, depth + 1)
        finally:
            _close(below_new)
            _close(below_old)
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

    def _other_content(
        self,
        new: Plain,
        old: Plain | None,
        name: bytes,
        here: os.stat_result,
        there: os.stat_result,
    ) -> bool:
        """Of a file that looks the same: somebody may have set its time back."""
        touched = self._copied_ns is not None and here.st_ctime_ns >= self._copied_ns
        if not touched or old is None or not stat.S_ISREG(here.st_mode):
            return False
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        one_fd = os.open(name, flags, dir_fd=new.at(name))
        try:
            other_fd = os.open(name, flags, dir_fd=old.at(name))
            try:
                while (data := os.read(one_fd, _CHUNK)) == os.read(other_fd, _CHUNK):
                    if not data:
                        return False
                return True
            finally:
                os.close(other_fd)
        finally:
            os.close(one_fd)


def _both_dirs(here: os.stat_result, there: os.stat_result) -> bool:
    return stat.S_ISDIR(here.st_mode) and stat.S_ISDIR(there.st_mode)


def _child(folder: Plain, name: bytes) -> Plain | None:
    """A directory below; None when it has gone, or something is mounted there."""
    try:
        return folder.child(name)
    except OSError as e:
        if e.errno in (*GONE, errno.EXDEV):
            return None
        raise


def _facts(facts: os.stat_result, owner: Owner | None) -> tuple[int, int, int]:
    uid, gid = (facts.st_uid, facts.st_gid) if owner is None else owner(facts.st_uid, facts.st_gid)
    return facts.st_mode, uid, gid


def _close(folder: Plain | None) -> None:
    if folder is not None:
        folder.close()
