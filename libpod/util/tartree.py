"""Owns: a tree of files as a tar stream: owners, hard links, holes, attributes; in order of names.

The tree is somebody else's and may change while it is read: no link is followed, no mount is entered, a file
that became shorter is filled up with zeros, one that became longer is cut at the length that was announced.
Members are pax (POSIX.1-2001) where ustar has no room; sparse files have GNU's form 1.0.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod.errors import KernelError, StorageError
from libpod.kernel import path
from libpod.kernel.const import KERNEL_VIEWS
from libpod.kernel.libc import file_system_type
from libpod.util.mktar import BLOCK, pax_record
from libpod.util.printable import printable
from libpod.util.tarattrs import DEFAULT_ACL, SILENT_XATTRS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    Owner = Callable[[int, int], tuple[int, int]]

MAX_DEPTH = 400
"""Each level of directories keeps a descriptor open."""
OPAQUE = "user.overlay.opaque"
_FUSE_OPAQUE = "user.fuseoverlayfs.opaque"
_CHUNK = 1 << 18
_MAX_GENERATED = 1 << 24
_MAX_ID = 8**7 - 1
_MAX_OCTAL = 8**11 - 1
_GONE = (errno.ENOENT, errno.ESTALE)
_CHANGED = (errno.ELOOP, errno.ENXIO, errno.ENOTDIR, errno.ENODEV)
_WHITEOUT = b".wh."
_KINDS = {stat.S_IFLNK: b"2", stat.S_IFCHR: b"3", stat.S_IFBLK: b"4", stat.S_IFIFO: b"6"}


class Tree:
    """One pass over a tree. `chunks` gives the archive, its end included.

    `layer`: the tree is an overlay's upper directory (`fuse`: with the marks of fuse-overlayfs); its marks
    become those of image layers (image-spec layer.md "Whiteouts"), and the root has a member of its own.
    `skip`: paths without a leading slash that are left out as long as they are empty files or
    directories: places for mounts. `owner` translates ids. `top` is the name that the root gets as a
    member; without one only what is in it is. With `mounts` what is mounted below is entered too, unless
    it is a view of the kernel's own (/proc, /sys). What lies in the root under a name of `without` is
    left out.
    """

    def __init__(
        self,
        root_fd: int,
        warn: Callable[[str], None],
        *,
        layer: bool = False,
        skip: Container[bytes] = (),
        owner: Owner | None = None,
        fuse: bool = False,
        top: bytes = b"",
        mounts: bool = False,
        without: Container[bytes] = (),
    ) -> None:
        self._root_fd = root_fd
        self._warn = warn
        self._layer = layer
        self._skip = skip
        self._owner = owner
        self._fuse = fuse
        self._top = top + b"/" if top else b""
        self._mounts = mounts
        self._without = without
        self._links: dict[tuple[int, int], bytes] = {}
        self._out = bytearray()

    def chunks(self) -> Iterator[bytes]:
        root_fd = path.open_dir_no_xdev(self._root_fd, ".")
        if self._layer:
            facts = os.fstat(root_fd)
            self._header(b"./", b"5", facts, 0, pax=self._attributes(root_fd, b"."))
        elif self._top:
            self._header(self._top, b"5", os.fstat(root_fd), 0, pax=self._attributes(root_fd, self._top))
        names = [name for name in _names(root_fd) if name not in self._without]
        stack = [(root_fd, self._top, names)]
        try:
            while stack:
                dir_fd, prefix, names = stack[-1]
                if not names:
                    stack.pop()
                    os.close(dir_fd)
                    continue
                base = names.pop()
                try:
                    facts = os.stat(base, dir_fd=dir_fd, follow_symlinks=False)
                    if stat.S_ISREG(facts.st_mode):
                        yield from self._file(dir_fd, base, prefix + base, facts)
                    elif stat.S_ISDIR(facts.st_mode):
                        child = self._directory(dir_fd, base, prefix + base)
                        if child is not None:
                            stack.append((child[0], prefix + base + b"/", child[1]))
                    else:
                        self._other(dir_fd, base, prefix + base, facts)
                except OSError as e:
                    if e.errno in _GONE:
                        continue  # removed meanwhile: it is as if we had come later
                    if e.errno in _CHANGED:
                        self._warn(f'"{printable(prefix + base)}" changed while it was read; left out')
                        continue
                    raise _cannot_read(prefix + base, e) from e
                if len(stack) > MAX_DEPTH:
                    raise StorageError(f"directories are nested more than {MAX_DEPTH} deep", remedy=_DEEP)
                if len(self._out) >= _CHUNK:
                    yield self._taken()
            self._out += bytes(2 * BLOCK)
            yield self._taken()
        finally:
            for dir_fd, _prefix, _rest in stack:
                os.close(dir_fd)

    def single(self, name: bytes) -> Iterator[bytes]:
        """The archive of what the root is when it is no directory, under this name."""
        facts = os.fstat(self._root_fd)
        if stat.S_ISREG(facts.st_mode):
            # What a link of /proc/self/fd leads to is what was opened, whatever has its name by now.
            yield from self._file(-1, b"/proc/self/fd/%d" % self._root_fd, name, facts, follow=True)
        else:
            self._special(name, facts)
        self._out += bytes(2 * BLOCK)
        yield self._taken()

    def _special(self, name: bytes, facts: os.stat_result) -> None:
        kind = _KINDS.get(stat.S_IFMT(facts.st_mode))
        if kind != b"6":
            raise StorageError(f'"{printable(name)}" is a socket or device, which cannot be copied')
        self._header(name, kind, facts, 0)

    def _taken(self) -> bytes:
        data = bytes(self._out)
        self._out.clear()
        return data

    def _directory(self, dir_fd: int, base: bytes, name: bytes) -> tuple[int, list[bytes]] | None:
        try:
            fd = (
                path.open_dir_no_xdev(dir_fd, os.fsdecode(base))
                if not self._mounts
                else _entered(dir_fd, base)
            )
        except KernelError as e:
            if e.errno != errno.EXDEV:
                raise
            facts = os.stat(base, dir_fd=dir_fd, follow_symlinks=False)
            self._header(name + b"/", b"5", facts, 0)  # something is mounted there: its place alone
            return None
        try:
            names = _names(fd)
            if not names and name in self._skip:
                os.close(fd)
                return None
            self._header(name + b"/", b"5", os.fstat(fd), 0, pax=self._attributes(fd, name))
            if self._layer and is_opaque(fd, fuse=self._fuse):
                self._mark(name + b"/" + _WHITEOUT + _WHITEOUT + b".opq")
        except BaseException:
            os.close(fd)
            raise
        return fd, names

    def _other(self, dir_fd: int, base: bytes, name: bytes, facts: os.stat_result) -> None:
        kind = _KINDS.get(stat.S_IFMT(facts.st_mode))
        if kind is None:
            return  # a socket: without its process it is nothing
        if self._fuse and base.startswith(_WHITEOUT):
            return
        if self._layer and kind == b"3" and facts.st_rdev == 0:
            self._mark(name[: len(name) - len(base)] + _WHITEOUT + base)
            return
        if not self._usable(base, name) or self._linked(name, facts):
            return
        link = os.readlink(base, dir_fd=dir_fd) if kind == b"2" else b""
        self._header(name, kind, facts, 0, link=link)
        self._remember(name, facts)

    def _usable(self, base: bytes, name: bytes) -> bool:
        if self._layer and base.startswith(_WHITEOUT):
            if not self._fuse:  # else it is one, and nobody can make a file of such a name
                self._warn(
                    f'"{printable(name)}" was left out: in an image such a name is the mark of a removal'
                )
            return False
        return True

    def _linked(self, name: bytes, facts: os.stat_result) -> bool:
        """Write a hard link to a member that was written before; False if there is none."""
        first = self._links.get((facts.st_dev, facts.st_ino)) if facts.st_nlink > 1 else None
        if first is None:
            return False
        self._header(name, b"1", facts, 0, link=first)
        return True

    def _remember(self, name: bytes, facts: os.stat_result) -> None:
        if facts.st_nlink > 1:
            self._links[(facts.st_dev, facts.st_ino)] = name

    def _file(
        self, dir_fd: int, base: bytes, name: bytes, facts: os.stat_result, *, follow: bool = False
    ) -> Iterator[bytes]:
        if not self._usable(base, name) or self._linked(name, facts):
            return
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        fd = os.open(base, flags) if follow else os.open(base, flags | os.O_NOFOLLOW, dir_fd=dir_fd)
        try:
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode):
                raise OSError(errno.ENXIO, "not a regular file")
            size = facts.st_size
            if not size and name in self._skip:
                return
            if not size and self._mounts and (made := _generated(fd)):
                self._header(name, b"0", facts, len(made))
                self._out += made + bytes(-len(made) % BLOCK)
                return
            pax = self._attributes(fd, name)
            parts, table = [(0, size)], b""
            if facts.st_blocks * 512 < size:
                parts = _segments(fd, size)
                if parts != [(0, size)]:
                    table = _sparse_map(parts, size)
                    pax += [
                        (b"GNU.sparse.major", b"1"),
                        (b"GNU.sparse.minor", b"0"),
                        (b"GNU.sparse.name", name),
                        (b"GNU.sparse.realsize", b"%d" % size),
                    ]
            total = len(table) + sum(length for _, length in parts)
            self._header(name, b"0", facts, total, pax=pax)
            self._out += table
            self._remember(name, facts)
            for offset, length in parts:
                yield from self._content(fd, name, offset, length)
            self._out += bytes(-total % BLOCK)
        finally:
            os.close(fd)

    def _content(self, fd: int, name: bytes, offset: int, left: int) -> Iterator[bytes]:
        while left:
            try:
                data = os.pread(fd, min(left, _CHUNK), offset)
            except OSError as e:
                raise _cannot_read(name, e) from e  # its header is out already
            if not data:
                self._warn(f'"{printable(name)}" became shorter while it was read; filled up with zeros')
                while left:
                    yield self._taken()
                    self._out += bytes(min(left, _CHUNK))
                    left -= min(left, _CHUNK)
                return
            self._out += data
            offset += len(data)
            left -= len(data)
            if len(self._out) >= _CHUNK:
                yield self._taken()

    def _attributes(self, fd: int, name: bytes) -> list[tuple[bytes, bytes]]:
        found = []
        try:
            keys = os.listxattr(fd)
        except OSError:
            return []
        for key in sorted(keys):
            if key.startswith(SILENT_XATTRS) or "=" in key:
                continue
            if key.startswith("system.") and key not in ("system.posix_acl_access", DEFAULT_ACL):
                continue
            try:
                found.append((b"SCHILY.xattr." + os.fsencode(key), os.getxattr(fd, key)))
            except OSError as e:
                if e.errno != errno.ENODATA:
                    self._warn(
                        f'the attribute {printable(key)} of "{printable(name)}" was left out: {e.strerror}'
                    )
        return found

    def _mark(self, name: bytes) -> None:
        self._out += _block(name[:100], b"0", 0, 0, 0, 0, 0, b"", 0) if len(name) <= 100 else _long_mark(name)

    def _header(
        self,
        name: bytes,
        kind: bytes,
        facts: os.stat_result,
        size: int,
        *,
        link: bytes = b"",
        pax: list[tuple[bytes, bytes]] | None = None,
    ) -> None:
        uid, gid = facts.st_uid, facts.st_gid
        if self._owner is not None:
            uid, gid = self._owner(uid, gid)
        mtime_s = facts.st_mtime_ns // 1_000_000_000
        records = [*(pax or ())]
        if len(name) > 100:
            records.append((b"path", name))
        if len(link) > 100:
            records.append((b"linkpath", link))
        for key, value, limit in (
            (b"uid", uid, _MAX_ID),
            (b"gid", gid, _MAX_ID),
            (b"size", size, _MAX_OCTAL),
            (b"mtime", mtime_s, _MAX_OCTAL),
        ):
            if not 0 <= value <= limit:
                records.append((key, b"%d" % value))
        if records:
            body = b"".join(pax_record(key, value) for key, value in records)
            self._out += _block(
                b"PaxHeaders/" + name.rstrip(b"/")[-80:], b"x", 0o644, 0, 0, len(body), 0, b"", 0
            )
            self._out += body + bytes(-len(body) % BLOCK)
        self._out += _block(
            name[:100],
            kind,
            facts.st_mode & 0o7777,
            uid if 0 <= uid <= _MAX_ID else 0,
            gid if 0 <= gid <= _MAX_ID else 0,
            size if size <= _MAX_OCTAL else 0,
            mtime_s if 0 <= mtime_s <= _MAX_OCTAL else 0,
            link[:100],
            facts.st_rdev if kind in (b"3", b"4") else 0,
        )


_DEEP = "remove the tree inside the container"


def reader(chunks: Iterator[bytes]) -> Callable[[int], bytes]:
    """The archive as a read function."""
    pending = b""
    at = 0

    def read(count: int) -> bytes:
        nonlocal pending, at
        while at >= len(pending):
            pending, at = next(chunks, b""), 0
            if not pending:
                return b""
        data = pending[at : at + count]
        at += len(data)
        return data

    return read


def _names(fd: int) -> list[bytes]:
    """The names in a directory, the first one last."""
    return sorted((os.fsencode(name) for name in os.listdir(fd)), reverse=True)


def _entered(dir_fd: int, base: bytes) -> int:
    """Open a directory, a mount point too; EXDEV for a file system in which the kernel shows itself."""
    try:
        fd = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd)
    except OSError as e:
        raise KernelError(e.errno or errno.EIO, "open", os.fsdecode(base)) from None
    if os.fstat(fd).st_dev == os.fstat(dir_fd).st_dev:
        return fd
    if file_system_type(f"/proc/self/fd/{fd}") in KERNEL_VIEWS:
        os.close(fd)
        raise KernelError(errno.EXDEV, "open", os.fsdecode(base))
    return fd


def _generated(fd: int) -> bytes:
    """The content of a file of /proc or /sys, which says that it is empty."""
    data = b""
    try:
        while len(data) < _MAX_GENERATED and (part := os.read(fd, _CHUNK)):
            data += part
    except OSError:
        return b""
    return data


def is_opaque(fd: int, *, fuse: bool = False) -> bool:
    """Whether a directory of an upper one hides what is below (`fuse`: by a mark of fuse-overlayfs)."""
    for name in (OPAQUE, _FUSE_OPAQUE) if fuse else (OPAQUE,):
        try:
            if os.getxattr(fd, name) == b"y":
                return True
        except OSError:
            pass
    return False


def _segments(fd: int, size: int) -> list[tuple[int, int]]:
    """Where a file has data: (offset, length), not beyond `size`."""
    found = []
    at = 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
            end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        except OSError as e:
            if e.errno == errno.ENXIO:
                break  # a hole up to the end
            return [(0, size)]
        if start >= size:
            break
        found.append((start, end - start))
        at = max(end, start + 1)
    return found


def _sparse_map(parts: list[tuple[int, int]], size: int) -> bytes:
    rows = parts if parts and sum(parts[-1]) == size else [*parts, (size, 0)]
    text = b"%d\n" % len(rows) + b"".join(b"%d\n%d\n" % row for row in rows)
    return text + bytes(-len(text) % BLOCK)


def _long_mark(name: bytes) -> bytes:
    body = pax_record(b"path", name)
    head = _block(b"PaxHeaders/" + name[-80:], b"x", 0o644, 0, 0, len(body), 0, b"", 0)
    return head + body + bytes(-len(body) % BLOCK) + _block(name[:100], b"0", 0, 0, 0, 0, 0, b"", 0)


def _block(
    name: bytes, kind: bytes, mode: int, uid: int, gid: int, size: int, mtime_s: int, link: bytes, rdev: int
) -> bytes:
    raw = b"%b%07o\0%07o\0%07o\0%011o\0%011o\0        %b%bustar\x0000%b%07o\0%07o\0%b" % (
        name.ljust(100, b"\0"),
        mode,
        uid,
        gid,
        size,
        mtime_s,
        kind,
        link.ljust(100, b"\0"),
        bytes(64),
        os.major(rdev),
        os.minor(rdev),
        bytes(167),
    )
    return raw[:148] + b"%06o\0 " % sum(raw) + raw[156:]


def _cannot_read(name: bytes, e: OSError) -> StorageError:
    return StorageError(
        f'cannot read "{printable(name)}": {e.strerror}', remedy="look at the file inside the container"
    )
