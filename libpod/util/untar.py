"""Owns: unpacking an archive below a directory that it cannot leave, whatever it says.

Every directory on the way to a member is opened by openat2(2) with RESOLVE_IN_ROOT (libpod/kernel/path.py):
`..` and symbolic links, absolute ones too, end inside the root. The member itself is made in that opened
directory, with O_EXCL or a call that does not follow links, after the old entry of that name was removed.
Hard links are made between two such directories.

Whiteouts (image-spec layer.md "Whiteouts") become what the kernel's overlay understands: a character device
0:0, and the extended attribute `user.overlay.opaque` (Documentation/filesystems/overlayfs.rst "whiteouts
and opaque directories"). Attributes of that name space are never taken from an archive, nor are devices
made in a user namespace.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod import errors
from libpod.kernel import ns, path
from libpod.util import staging
from libpod.util.printable import printable
from libpod.util.tarattrs import DEFAULT_ACL, REMEDY, Report, owner_error
from libpod.util.tarread import TarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from libpod.util.tarread import Entry, Hash

MAX_ENTRIES = 2_000_000
OPAQUE = "user.overlay.opaque"

_CACHED_DIRS = 48
_DIR_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def extract(
    read: Callable[[int], bytes],
    root_fd: int,
    *,
    hasher: Hash | None = None,
    owners: Literal["keep", "squash"] = "keep",
    max_bytes: int = 0,
    max_entries: int = MAX_ENTRIES,
    whiteouts: bool = True,
    into: Extraction | None = None,
) -> Report:
    """Unpack the stream below the directory `root_fd` (O_PATH will do), reading it to its end.

    Runs as root, of the machine or of a user namespace. `owners="squash"` gives every file to the caller,
    for namespaces with a single id. `max_bytes` bounds the stream (0 = no bound).
    Without `whiteouts` a name `.wh.X` is one like others; `into` makes the members in a way of its own.
    Nothing is cleaned up on failure. Raises ImageError for what is wrong
    with the archive, StorageError or KernelError for what is wrong with the disk.
    """
    extraction = into if into is not None else Extraction(root_fd, owners == "keep", whiteouts)
    reader = TarReader(read, hasher, max_bytes)
    try:
        while (entry := reader.next()) is not None:
            if reader.entries > max_entries:
                raise errors.ImageError(f"the archive has more than {max_entries} members", remedy=REMEDY)
            extraction.add(entry, reader)
        extraction.set_times()
    except OSError as e:
        raise _explain(e, reader.label) from e
    finally:
        extraction.close()
    report = extraction.report
    report.diff_id = reader.finish()
    report.entries = reader.entries
    report.stream_bytes = reader.bytes_read
    return report


def clean_name(name: bytes, what: str = "member") -> bytes:
    """A member's name without leading slashes, `.` and inner `..`; empty for the root itself.

    Raises ImageError when `..` leads above the root.
    """
    if b"/." not in name and name[:1] not in (b"/", b".") and b"//" not in name and name[-1:] != b"/":
        return name
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if not parts:
                shown = printable(name)
                raise errors.ImageError(
                    f'the archive {what} "{shown}" points outside of the image', remedy=REMEDY
                )
            parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


class Extraction:
    """Makes members one after the other."""

    def __init__(self, root_fd: int, keep_owners: bool, whiteouts: bool) -> None:
        self._root_fd = root_fd
        self._keep = keep_owners
        self._whiteouts = whiteouts
        self._dirs: dict[bytes, int] = {}
        """Open directories by cleaned name, least recently opened first."""
        self._times: list[tuple[bytes, int, int, bytes | None]] = []
        """(name, inode, time, default ACL) of the directories: what a later member would change or
        inherit.
        """
        self._implicit: dict[bytes, None] = {b"": None}
        self._devices = ns.own_userns_is_initial()
        self._no_devices = "a user namespace cannot make devices"
        self.report = Report()

    def close(self) -> None:
        """Close the cached directories. Idempotent."""
        self._forget_dirs()

    def add(self, entry: Entry, reader: TarReader) -> None:
        """Make one member."""
        name = clean_name(entry.name)
        if not name:
            if entry.kind != "5":
                raise errors.ImageError(
                    "the archive has a file in the place of its root directory", remedy=REMEDY
                )
            root_fd = path.open_in_root(self._root_fd, ".", os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._dress_dir(root_fd, b"", entry)
            finally:
                os.close(root_fd)
            return
        folder, _, base = name.rpartition(b"/")
        parent_fd = self._dirs.get(folder)
        if parent_fd is None:
            parent_fd = self._open_dir(folder)
        if self._whiteouts and base.startswith(b".wh."):
            self._whiteout(parent_fd, base)
        elif entry.kind == "0":
            self._file(parent_fd, base, entry, reader)
        elif entry.kind == "5":
            self._directory(parent_fd, name, base, entry)
        elif entry.kind == "2":
            self._symlink(parent_fd, base, entry)
        elif entry.kind == "1":
            self._hard_link(parent_fd, name, base, entry)
        else:
            self._special(parent_fd, base, entry)

    # -- directories -----------------------------------------------------------

    def _open_existing(self, name: bytes) -> int:
        return path.open_in_root(self._root_fd, os.fsdecode(name) or ".", os.O_RDONLY | os.O_DIRECTORY)

    def _open_dir(self, name: bytes) -> int:
        """The directory of a cleaned name, made if it is missing; the descriptor stays ours."""
        try:
            try:
                fd = self._open_existing(name)
            except OSError as e:
                if e.errno != errno.ENOENT:
                    raise
                self._make_dirs(name)
                fd = self._open_existing(name)
        except OSError as e:
            if e.errno in (errno.ENOTDIR, errno.ELOOP, errno.EEXIST, errno.ENOENT):
                shown = printable(name)
                raise errors.ImageError(
                    f'the archive puts a file below "{shown}", which is not a directory', remedy=REMEDY
                ) from None
            raise
        self._cache_dir(name, fd)
        return fd

    def _make_dirs(self, name: bytes) -> None:
        at = 0
        while at >= 0:  # remember which of them are missing, for Report.implicit_dirs
            at = name.find(b"/", at + 1)
            part = name if at < 0 else name[:at]
            try:
                os.close(path.open_in_root(self._root_fd, os.fsdecode(part), os.O_PATH | os.O_DIRECTORY))
            except OSError as e:
                if e.errno != errno.ENOENT:
                    raise
                self._implicit[part] = None
        os.close(path.mkdirs_in_root(self._root_fd, os.fsdecode(name), 0o755, 0, 0))

    def _cache_dir(self, name: bytes, fd: int) -> None:
        if len(self._dirs) >= _CACHED_DIRS:
            oldest = next(iter(self._dirs))
            os.close(self._dirs.pop(oldest))
        old_fd = self._dirs.pop(name, None)
        if old_fd is not None:
            os.close(old_fd)
        self._dirs[name] = fd

    def _forget_dirs(self) -> None:
        while self._dirs:
            os.close(self._dirs.popitem()[1])

    def _directory(self, parent_fd: int, name: bytes, base: bytes, entry: Entry) -> None:
        opaque = False
        try:
            os.mkdir(base, 0o700, dir_fd=parent_fd)
        except FileExistsError:
            there = os.stat(base, dir_fd=parent_fd, follow_symlinks=False)
            if not stat.S_ISDIR(there.st_mode):
                # What the whiteout hid in the layers below must not show again through the new directory.
                opaque = _is_whiteout(there)
                parent_fd = self._replace(parent_fd, name, base)
                os.mkdir(base, 0o700, dir_fd=parent_fd)
        fd = os.open(base, _DIR_FLAGS, dir_fd=parent_fd)
        try:
            self._dress_dir(fd, name, entry)
            if opaque:
                os.setxattr(fd, OPAQUE, b"y")
        except BaseException:
            os.close(fd)
            raise
        self._cache_dir(name, fd)

    def _dress_dir(self, fd: int, name: bytes, entry: Entry) -> None:
        self._own(fd, entry)
        os.fchmod(fd, entry.mode)
        default_acl = entry.xattrs.pop(DEFAULT_ACL, None)
        if entry.xattrs:
            self.report.set_xattrs(fd, entry)
        self._implicit.pop(name, None)
        self._times.append((name, os.fstat(fd).st_ino, entry.mtime_ns, default_acl))

    def set_times(self) -> None:
        """Give the directories their times and default ACLs, now that nothing is made in them any more."""
        self._forget_dirs()
        for name, inode, mtime_ns, default_acl in self._times:
            try:
                fd = self._open_existing(name)
            except OSError:
                continue  # a later member replaced it
            try:
                if os.fstat(fd).st_ino == inode:
                    if default_acl is not None:
                        self.report.set_xattr(fd, DEFAULT_ACL, default_acl, name)
                    os.utime(fd, ns=(mtime_ns, mtime_ns))
            finally:
                os.close(fd)
        self._times.clear()
        self.report.implicit_dirs = [os.fsdecode(name) or "." for name in self._implicit]

    # -- other members ---------------------------------------------------------

    def _file(self, parent_fd: int, base: bytes, entry: Entry, reader: TarReader) -> None:
        try:
            fd = os.open(base, FILE_FLAGS, 0o600, dir_fd=parent_fd)
        except FileExistsError:
            parent_fd = self._replace(parent_fd, clean_name(entry.name), base)
            fd = os.open(base, FILE_FLAGS, 0o600, dir_fd=parent_fd)
        try:
            if entry.segments is not None:
                write_sparse(fd, entry, reader)
            elif entry.size:
                for piece in reader.data():
                    rest = piece
                    while rest:
                        rest = rest[os.write(fd, rest) :]
            self._own(fd, entry)
            os.fchmod(fd, entry.mode)  # after the owner: chown clears setuid
            if entry.xattrs:
                self.report.set_xattrs(fd, entry)  # after the owner: chown drops file capabilities
            os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))
        finally:
            os.close(fd)
        self.report.size_bytes += entry.size

    def _symlink(self, parent_fd: int, base: bytes, entry: Entry) -> None:
        if not entry.link:
            raise errors.ImageError(
                f'the archive has the empty symbolic link "{_shown(entry)}"', remedy=REMEDY
            )
        try:
            os.symlink(entry.link, base, dir_fd=parent_fd)
        except FileExistsError:
            parent_fd = self._replace(parent_fd, clean_name(entry.name), base)
            os.symlink(entry.link, base, dir_fd=parent_fd)
        if self._keep:
            try:
                os.chown(base, entry.uid, entry.gid, dir_fd=parent_fd, follow_symlinks=False)
            except (OSError, OverflowError) as e:
                raise owner_error(e, entry) from e
        os.utime(base, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=parent_fd, follow_symlinks=False)

    def _hard_link(self, parent_fd: int, name: bytes, base: bytes, entry: Entry) -> None:
        target = clean_name(entry.link, f'hard link "{_shown(entry)}"')
        if target == name:
            return
        folder, _, target_base = target.rpartition(b"/")
        folder_fd = -1
        try:
            # A descriptor of our own: replacing a directory closes the cached ones.
            cached_fd = self._dirs.get(folder)
            folder_fd = os.dup(cached_fd) if cached_fd is not None else self._open_existing(folder)
            there = os.stat(target_base, dir_fd=folder_fd, follow_symlinks=False)
            if stat.S_ISDIR(there.st_mode) or _is_whiteout(there):
                raise OSError(errno.ENOENT, "")
            try:
                os.link(target_base, base, src_dir_fd=folder_fd, dst_dir_fd=parent_fd, follow_symlinks=False)
            except FileExistsError:
                mine = os.stat(base, dir_fd=parent_fd, follow_symlinks=False)
                if (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino):
                    return
                parent_fd = self._replace(parent_fd, name, base)
                os.link(target_base, base, src_dir_fd=folder_fd, dst_dir_fd=parent_fd, follow_symlinks=False)
        except OSError as e:
            if e.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise
            link = printable(entry.link)
            raise errors.ImageError(
                f'the hard link "{_shown(entry)}" points to "{link}", which is not a file of the archive',
                remedy=REMEDY,
            ) from None
        finally:
            if folder_fd >= 0:
                os.close(folder_fd)

    def _special(self, parent_fd: int, base: bytes, entry: Entry) -> None:
        """A fifo or a device. Devices need the real root; 0:0 would be a whiteout and is never taken from
        an archive.
        """
        kind = {"3": stat.S_IFCHR, "4": stat.S_IFBLK, "6": stat.S_IFIFO}[entry.kind]
        device = 0 if entry.kind == "6" else os.makedev(entry.major & 0xFFFFFFFF, entry.minor & 0xFFFFFFFF)
        if entry.kind != "6" and (not self._devices or device == 0):
            self.report.warn(
                f'the device "{_shown(entry)}" ({entry.major}:{entry.minor}) was left out: '
                + (self._no_devices if device else "it would hide files of the layers below")
            )
            return
        try:
            os.mknod(base, kind | 0o600, device, dir_fd=parent_fd)
        except FileExistsError:
            parent_fd = self._replace(parent_fd, clean_name(entry.name), base)
            os.mknod(base, kind | 0o600, device, dir_fd=parent_fd)
        fd = os.open(base, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent_fd)
        try:
            magic = f"/proc/self/fd/{fd}"
            if self._keep:
                try:
                    os.chown(magic, entry.uid, entry.gid)
                except (OSError, OverflowError) as e:
                    raise owner_error(e, entry) from e
            os.chmod(magic, entry.mode)
            os.utime(magic, ns=(entry.mtime_ns, entry.mtime_ns))
        finally:
            os.close(fd)

    def _whiteout(self, parent_fd: int, base: bytes) -> None:
        if base == b".wh..wh..opq":
            os.setxattr(parent_fd, OPAQUE, b"y")
            return
        if base.startswith(b".wh..wh."):
            return  # bookkeeping of aufs
        hidden = base[4:]
        if hidden in (b"", b".", b".."):
            raise errors.ImageError(
                f'the archive has the invalid whiteout "{printable(base)}"', remedy=REMEDY
            )
        try:
            os.mknod(hidden, stat.S_IFCHR, 0, dir_fd=parent_fd)
        except FileExistsError:
            # The layer has a file of that name as well: it hides those below by itself, but a directory
            # would show them.
            if stat.S_ISDIR(os.stat(hidden, dir_fd=parent_fd, follow_symlinks=False).st_mode):
                fd = os.open(hidden, _DIR_FLAGS, dir_fd=parent_fd)
                try:
                    os.setxattr(fd, OPAQUE, b"y")
                finally:
                    os.close(fd)

    # -- attributes ------------------------------------------------------------

    def _replace(self, parent_fd: int, name: bytes, base: bytes) -> int:
        """Remove what has the name; returns the parent's descriptor, which may be a new one."""
        mode = os.stat(base, dir_fd=parent_fd, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            staging.remove_tree_at(parent_fd, os.fsdecode(base))
        else:
            os.unlink(base, dir_fd=parent_fd)
            if not stat.S_ISLNK(mode):
                return parent_fd
        # The names of cached directories may lead through what was removed.
        self._forget_dirs()
        return self._open_dir(name.rpartition(b"/")[0])

    def _own(self, fd: int, entry: Entry) -> None:
        if self._keep:
            try:
                os.fchown(fd, entry.uid, entry.gid)
            except (OSError, OverflowError) as e:
                raise owner_error(e, entry) from e


def write_sparse(fd: int, entry: Entry, reader: TarReader) -> None:
    os.ftruncate(fd, entry.size)
    segments = iter(entry.segments or ())
    offset = left = 0
    for piece in reader.data():
        rest = piece
        while rest:
            if not left:
                offset, left = next(segments)
            count = os.pwrite(fd, rest[:left], offset)
            rest = rest[count:]
            offset += count
            left -= count


def _is_whiteout(there: os.stat_result) -> bool:
    return stat.S_ISCHR(there.st_mode) and there.st_rdev == 0


def _shown(entry: Entry) -> str:
    return printable(entry.name)


def _explain(e: OSError, label: str) -> errors.PypodError:
    if isinstance(e, errors.PypodError) and e.errno not in (errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG):
        return e
    if e.errno in (errno.ENOSPC, errno.EDQUOT):
        return errors.StorageError(
            f'cannot unpack "{label}": {os.strerror(e.errno)}',
            remedy="free some space on the file system of the store, or use another store with --root",
        )
    if e.errno == errno.ENAMETOOLONG:
        return errors.ImageError(f'the archive member "{label}" has a name that is too long', remedy=REMEDY)
    return errors.StorageError(f'cannot unpack "{label}": {e.strerror}')
