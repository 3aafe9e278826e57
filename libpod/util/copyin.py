"""Owns: unpacking an archive into files that are in use: what is there stays, unless a member replaces it.

Directories grow together. A file takes the place of another one as a new file, so that who has the old one
open keeps it; only what is mounted is written over. Where the names lead is untar.py's matter.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod import errors
from libpod.kernel import path
from libpod.kernel.const import KERNEL_VIEWS, RESOLVE_NO_XDEV
from libpod.kernel.libc import file_system_type
from libpod.util import untar
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.util.tarread import Entry, TarReader

    Owner = Callable[[int, int], tuple[int, int]]

_OVER = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class CopyIn(untar.Extraction):
    """Unpack below `folder` of a root: links in what is there lead where they lead in that root.

    `owner` says to whom a member is given, by the ids that the archive has; None = to the caller, without the
    set-user-id and set-group-id bits and file capabilities. Devices are left out. With
    `overwrite` a file takes the place of a directory, and a directory that of a file.
    """

    def __init__(
        self, root_fd: int, folder: str = "", *, owner: Owner | None = None, overwrite: bool = False
    ) -> None:
        super().__init__(root_fd, owner is not None, False)
        self._folder = os.fsencode(folder).strip(b"/")
        self._owner = owner
        self._overwrite = overwrite
        self._devices = False
        self._no_devices = "devices are not copied"
        self._as_directory = False

    def add(self, entry: Entry, reader: TarReader) -> None:
        if self._owner is not None:
            entry.uid, entry.gid = self._owner(entry.uid, entry.gid)
        else:  # a program of a container must not run with the rights of the caller
            entry.mode &= 0o1777
            entry.xattrs.pop("security.capability", None)
        self._as_directory = entry.kind == "5"
        if untar.clean_name(entry.name):  # not the directory itself: it keeps owner and mode
            super().add(entry, reader)

    def _below(self, name: bytes) -> str:
        return os.fsdecode(b"/".join(part for part in (self._folder, name) if part)) or "."

    def _open_existing(self, name: bytes) -> int:
        return path.open_in_root(self._root_fd, self._below(name), os.O_RDONLY | os.O_DIRECTORY)

    def _make_dirs(self, name: bytes) -> None:
        uid, gid = self._owner(0, 0) if self._owner is not None else (os.getuid(), os.getgid())
        os.close(path.mkdirs_in_root(self._root_fd, self._below(name), 0o755, uid, gid))

    def _replace(self, parent_fd: int, name: bytes, base: bytes) -> int:
        is_directory = stat.S_ISDIR(os.stat(base, dir_fd=parent_fd, follow_symlinks=False).st_mode)
        if is_directory != self._as_directory and not self._overwrite:
            what = ("directory", "something else") if is_directory else ("file or link", "a directory")
            raise errors.ConflictError(
                f'"{printable(name)}" is a {what[0]}, and {what[1]} is to take its place',
                remedy="remove it first, or use --overwrite",
            )
        # From outside of its mount namespace the kernel removes a mount point, and what is mounted there.
        flags = os.O_PATH | os.O_NOFOLLOW
        try:
            os.close(path.openat2(parent_fd, os.fsdecode(base), flags, 0, RESOLVE_NO_XDEV))
        except OSError as e:
            if e.errno == errno.EXDEV:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY)) from None
            raise
        return super()._replace(parent_fd, name, base)

    def _file(self, parent_fd: int, base: bytes, entry: Entry, reader: TarReader) -> None:
        try:
            super()._file(parent_fd, base, entry, reader)
        except OSError as e:
            if e.errno != errno.EBUSY:
                raise
            self._write_over(parent_fd, base, entry, reader)

    def _write_over(self, parent_fd: int, base: bytes, entry: Entry, reader: TarReader) -> None:
        """A file that is mounted cannot be replaced: it gets the new content, and keeps owner and mode."""
        fd = os.open(base, _OVER, dir_fd=parent_fd)
        try:
            regular = stat.S_ISREG(os.fstat(fd).st_mode)
            if not regular or file_system_type(f"/proc/self/fd/{fd}") in KERNEL_VIEWS:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            os.ftruncate(fd, 0)
            if entry.segments is not None:
                untar.write_sparse(fd, entry, reader)
            else:
                for piece in reader.data():
                    rest = piece
                    while rest:
                        rest = rest[os.write(fd, rest) :]
        finally:
            os.close(fd)
        self.report.size_bytes += entry.size
