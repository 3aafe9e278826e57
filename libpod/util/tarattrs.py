"""Owns: the report of an extraction, and which attributes and owners of members are taken over."""

from __future__ import annotations

import errno
import os

from libpod import errors
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.util.tarread import Entry

MAX_WARNINGS = 20
DEFAULT_ACL = "system.posix_acl_default"
REMEDY = "do not use this archive"

_XATTRS = frozenset({"security.capability", "system.posix_acl_access"})
SILENT_XATTRS = (
    "user.overlay.",
    "user.fuseoverlayfs.",
    "user.containers.",
    "trusted.",
    "security.selinux",
    "com.apple.",
)
"""Left out without a word: engines mark their own files so, and their layers are full of it."""


class Report:
    """What an extraction did."""

    __slots__ = (
        "diff_id",
        "entries",
        "implicit_dirs",
        "size_bytes",
        "stream_bytes",
        "warning_count",
        "warnings",
    )

    def __init__(self) -> None:
        self.entries = 0
        self.size_bytes = 0
        """Sum of the sizes of the regular files, holes included."""
        self.stream_bytes = 0
        self.diff_id = ""
        """Hex digest of the whole uncompressed stream; empty without a hasher."""
        self.warnings: list[str] = []
        """The first MAX_WARNINGS of them."""
        self.warning_count = 0
        self.implicit_dirs: list[str] = []
        """Directories that had to be made for a member below them and had no member of their own, `.` for the
        root; parents first."""

    def warn(self, text: str) -> None:
        self.warning_count += 1
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(text)

    def set_xattrs(self, fd: int, entry: Entry) -> None:
        """Take over the attributes that may come from an archive; the others are left out, with a warning."""
        for name, value in entry.xattrs.items():
            if name.startswith(SILENT_XATTRS):
                continue
            if name in _XATTRS or name.startswith("user."):
                self.set_xattr(fd, name, value, entry.name)
            else:
                self._left_out(name, entry.name, "it is not supported")

    def set_xattr(self, fd: int, name: str, value: bytes, owner: bytes) -> None:
        try:
            os.setxattr(fd, name, value)
        except OSError as e:  # ENOSPC too: that is a value which is too long for the file system
            self._left_out(name, owner, e.strerror or "it cannot be set")
        except ValueError as e:
            self._left_out(name, owner, str(e))

    def _left_out(self, name: str, owner: bytes, why: str) -> None:
        self.warn(f'the attribute {printable(name)} of "{printable(owner)}" was left out: {why}')


def owner_error(e: Exception, entry: Entry) -> Exception:
    """The error for a member whose owner the namespace does not have; any other error of chown as it is."""
    if isinstance(e, OSError) and e.errno != errno.EINVAL:
        return e
    uid_max, gid_max = _last_id("uid"), _last_id("gid")
    kind, value, last = ("uid", entry.uid, uid_max) if entry.uid > uid_max else ("gid", entry.gid, gid_max)
    return errors.ImageError(
        f'"{printable(entry.name)}" belongs to {kind} {value}, and your user namespace has only '
        f"the ids 0-{last}",
        remedy=f"give your account more ids in /etc/sub{kind} (one line of 65536 or more), "
        'then run "pypod system migrate"',
    )


def _last_id(kind: str) -> int:
    last = 0
    try:
        with open(f"/proc/self/{kind}_map", encoding="ascii") as f:
            for line in f:
                first, _, count = (int(x) for x in line.split())
                last = max(last, first + count - 1)
    except (OSError, ValueError):
        pass
    return last
