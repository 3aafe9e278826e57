"""Owns: whether two trees of files are the same, entry by entry: kind, owner, mode, times, attributes, hard
links, content.

No link is followed and no mount entered; both trees may hold whatever an image's author has put there.
"""

from __future__ import annotations

import os
import stat

from libpod.kernel import path
from libpod.kernel.const import RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_CHUNK = 1 << 18
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_STAY_BELOW = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV
_KEPT = ("user.", "security.capability", "system.posix_acl_")
"""Attributes that a file keeps. Others (SELinux, IMA ...) are given by the machine, to every file anew."""


def differences(wanted_fd: int, found_fd: int, *, any_time: Container[str] = ()) -> Iterator[str]:
    """What is different in the tree at `found_fd`, in order of names; one line for each entry.

    `any_time`: directories, without a leading slash and "." for the root, whose time says nothing.
    """
    return _Comparison(any_time).run(wanted_fd, found_fd)


class _Comparison:
    def __init__(self, any_time: Container[str]) -> None:
        self._any_time = any_time
        self._links: dict[tuple[int, int], tuple[int, int]] = {}
        """Inode of a file with several names in the one tree -> that in the other."""

    def run(self, wanted_fd: int, found_fd: int) -> Iterator[str]:
        waiting = ["."]
        while waiting:
            # By their paths, so that no depth of directories uses up descriptors or the stack.
            folder = waiting.pop()
            wanted = path.openat2(wanted_fd, folder, _DIRECTORY, 0, _STAY_BELOW)
            try:
                found = path.openat2(found_fd, folder, _DIRECTORY, 0, _STAY_BELOW)
                try:
                    if folder == "." and (
                        why := self._facts(os.fstat(wanted), os.fstat(found), wanted, found, ".")
                    ):
                        yield _line(".", why)
                    yield from self._folder(wanted, found, "" if folder == "." else folder + "/", waiting)
                finally:
                    os.close(found)
            finally:
                os.close(wanted)

    def _folder(self, wanted: int, found: int, prefix: str, waiting: list[str]) -> Iterator[str]:
        there, here = set(os.listdir(wanted)), set(os.listdir(found))
        below = []
        for name in sorted(there | here):
            full = prefix + name
            if name not in here:
                yield _line(full, "it is missing")
                continue
            if name not in there:
                yield _line(full, "it does not belong there")
                continue
            one = os.stat(name, dir_fd=wanted, follow_symlinks=False)
            other = os.stat(name, dir_fd=found, follow_symlinks=False)
            if why := self._entry(one, other, wanted, found, name, full):
                yield _line(full, why)
            if stat.S_ISDIR(one.st_mode) and stat.S_ISDIR(other.st_mode):
                below.append(full)
        waiting += below[::-1]

    def _entry(
        self, one: os.stat_result, other: os.stat_result, wanted: int, found: int, name: str, full: str
    ) -> str:
        if stat.S_IFMT(one.st_mode) != stat.S_IFMT(other.st_mode):
            return "it is a file of another kind"
        kind = stat.S_IFMT(one.st_mode)
        if kind == stat.S_IFLNK and os.readlink(name, dir_fd=wanted) != os.readlink(name, dir_fd=found):
            return "the link leads elsewhere"
        if kind in (stat.S_IFCHR, stat.S_IFBLK) and one.st_rdev != other.st_rdev:
            return "it is another device"
        if kind != stat.S_IFDIR and not self._same_links(one, other):
            return "its hard links differ"
        if kind not in (stat.S_IFREG, stat.S_IFDIR):
            return self._facts(one, other, -1, -1, full)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        one_fd = os.open(name, flags, dir_fd=wanted)
        try:
            other_fd = os.open(name, flags, dir_fd=found)
            try:
                why = self._facts(one, other, one_fd, other_fd, full)
                if not why and kind == stat.S_IFREG:
                    why = _content(one_fd, other_fd)
                return why
            finally:
                os.close(other_fd)
        finally:
            os.close(one_fd)

    def _same_links(self, one: os.stat_result, other: os.stat_result) -> bool:
        if one.st_nlink != other.st_nlink:
            return False
        inode = (other.st_dev, other.st_ino)
        return one.st_nlink == 1 or self._links.setdefault((one.st_dev, one.st_ino), inode) == inode

    def _facts(
        self, one: os.stat_result, other: os.stat_result, one_fd: int, other_fd: int, full: str
    ) -> str:
        if stat.S_IMODE(one.st_mode) != stat.S_IMODE(other.st_mode):
            return f"its mode is {stat.S_IMODE(other.st_mode):o}, not {stat.S_IMODE(one.st_mode):o}"
        if (one.st_uid, one.st_gid) != (other.st_uid, other.st_gid):
            return f"its owner is {other.st_uid}:{other.st_gid}, not {one.st_uid}:{one.st_gid}"
        if stat.S_ISREG(one.st_mode) and one.st_size != other.st_size:
            return f"its size is {other.st_size}, not {one.st_size}"
        # A whiteout is made without a time of its own.
        whiteout = stat.S_ISCHR(one.st_mode) and one.st_rdev == 0
        timeless = whiteout or (stat.S_ISDIR(one.st_mode) and full in self._any_time)
        if one.st_mtime_ns != other.st_mtime_ns and not timeless:
            return "its time of change differs"
        if one_fd >= 0 and _attributes(one_fd) != _attributes(other_fd):
            return "its extended attributes differ"
        return ""


def _attributes(fd: int) -> dict[str, bytes]:
    try:
        return {key: os.getxattr(fd, key) for key in os.listxattr(fd) if key.startswith(_KEPT)}
    except OSError:
        return {}


def _content(one_fd: int, other_fd: int) -> str:
    while True:
        try:
            one, other = os.read(one_fd, _CHUNK), os.read(other_fd, _CHUNK)
        except OSError as e:
            return f"it cannot be read: {e.strerror}"
        if one != other:
            return "its content differs"
        if not one:
            return ""


def _line(name: str, why: str) -> str:
    return f'"{printable(os.fsencode(name))}": {why}'
