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
from libpod.kernel.const import KERNEL_VIEWS
from libpod.kernel.libc import file_system_type
from libpod.util import dirview
from libpod.util.mktar import BLOCK, pax_record
from libpod.util.printable import printable
from libpod.util.tarattrs import DEFAULT_ACL, SILENT_XATTRS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from libpod.util.dirview import Plain

    Owner = Callable[[int, int], tuple[int, int]]

MAX_DEPTH = 400
"""Each level of directories keeps a descriptor open."""
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

    `root` stays the caller's. `layer`: the tree is a layer's own (dirview.Own); its marks become those of
    image layers (image-spec layer.md "Whiteouts"), and the root has a member of its own. `only`: nothing but
    these paths, without a leading slash, in a tree without marks; `gone` has what is removed there, by
    directory. `skip`: paths without a leading slash that are left out as long as they are empty files or
    directories: places for mounts. `owner` translates ids. `top` is the name that the root gets as a
    member; without one only what is in it is. With `mounts` what is mounted below is entered too, unless
    it is a view of the kernel's own (/proc, /sys). What lies in the root under a name of `without` is left
    out.
    """

    def __init__(
        self,
        root: Plain | int,
        warn: Callable[[str], None],
        *,
        layer: bool = False,
        only: Container[bytes] | None = None,
        gone: Mapping[bytes, list[bytes]] | None = None,
        skip: Container[bytes] = (),
        owner: Owner | None = None,
        top: bytes = b"",
        mounts: bool = False,
        without: Container[bytes] = (),
    ) -> None:
        self._root = root
        self._warn = warn
        self._layer = layer
        self._only = only
        self._gone = gone or {}
        self._skip = skip
        self._owner = owner
        self._top = top + b"/" if top else b""
        self._mounts = mounts
        self._without = without
        self._links: dict[tuple[int, int], bytes] = {}
        self._out = bytearray()

    def chunks(self) -> Iterator[bytes]:
        root = dirview.plain(self._root) if isinstance(self._root, int) else self._root.dup()
        names = [name for name in _names(root) if name not in self._without]
        stack = [(root, self._top, names)]
        try:
            if self._layer:
                facts = os.fstat(root.fd)
                self._header(b"./", b"5", facts, 0, pax=self._attributes(root.fd, b"."))
                self._removals(b"")
            elif self._top:
                self._header(self._top, b"5", os.fstat(root.fd), 0, pax=self._attributes(root.fd, self._top))
            while stack:
                folder, prefix, names = stack[-1]
                if not names:
                    stack.pop()
                    folder.close()
                    continue
                base = names.pop()
                name = prefix + base
                if self._only is not None and name not in self._only:
                    continue
                try:
                    found = folder.look(base)
                    if self._layer and folder.removed(base, found):
                        self._mark(prefix + _WHITEOUT + base)
                    elif found is None:
                        continue  # removed meanwhile: it is as if we had come later
                    elif stat.S_ISREG(found.st_mode):
                        yield from self._file(folder.at(base), base, name, found)
                    elif stat.S_ISDIR(found.st_mode):
                        child = self._directory(folder, base, name)
                        if child is not None:
                            stack.append((child[0], name + b"/", child[1]))
                    else:
                        self._other(folder.at(base), base, name, found)
                except OSError as e:
                    if e.errno in _GONE:
                        continue
                    if e.errno in _CHANGED:
                        self._warn(f'"{printable(name)}" changed while it was read; left out')
                        continue
                    raise _cannot_read(name, e) from e
                if len(stack) > MAX_DEPTH:
                    raise StorageError(f"directories are nested more than {MAX_DEPTH} deep", remedy=_DEEP)
                if len(self._out) >= _CHUNK:
                    yield self._taken()
            self._out += bytes(2 * BLOCK)
            yield self._taken()
        finally:
            for folder, _prefix, _rest in stack:
                folder.close()

    def single(self, name: bytes) -> Iterator[bytes]:
        """The archive of what the root is when it is no directory, under this name."""
        assert isinstance(self._root, int)
        facts = os.fstat(self._root)
        if stat.S_ISREG(facts.st_mode):
            # What a link of /proc/self/fd leads to is what was opened, whatever has its name by now.
            yield from self._file(-1, b"/proc/self/fd/%d" % self._root, name, facts, follow=True)
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

    def _directory(self, folder: Plain, base: bytes, name: bytes) -> tuple[Plain, list[bytes]] | None:
        try:
            child = _entered(folder.at(base), base) if self._mounts else folder.child(base)
        except KernelError as e:
            if e.errno != errno.EXDEV:
                raise
            facts = os.stat(base, dir_fd=folder.at(base), follow_symlinks=False)
            self._header(name + b"/", b"5", facts, 0)  # something is mounted there: its place alone
            return None
        try:
            names = _names(child)
            if not names and name in self._skip:
                child.close()
                return None
            self._header(name + b"/", b"5", os.fstat(child.fd), 0, pax=self._attributes(child.fd, name))
            if self._layer and child.opaque:
                self._mark(name + b"/" + _WHITEOUT + _WHITEOUT + b".opq")
            self._removals(name)
        except BaseException:
            child.close()
            raise
        return child, names

    def _removals(self, name: bytes) -> None:
        prefix = name + b"/" if name else b""
        for base in self._gone.get(name, ()):
            self._mark(prefix + _WHITEOUT + base)

    def _other(self, dir_fd: int, base: bytes, name: bytes, facts: os.stat_result) -> None:
        kind = _KINDS.get(stat.S_IFMT(facts.st_mode))
        if kind is None:
            return  # a socket: without its process it is nothing
        if not self._usable(base, name) or self._linked(name, facts):
            return
        link = os.readlink(base, dir_fd=dir_fd) if kind == b"2" else b""
        self._header(name, kind, facts, 0, link=link)
        self._remember(name, facts)

    def _usable(self, base: bytes, name: bytes) -> bool:
        if self._layer and base.startswith(_WHITEOUT):
            self._warn(f'"{printable(name)}" was left out: in an image such a name is the mark of a removal')
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
        mtime_s, fraction_ns = divmod(facts.st_mtime_ns, 1_000_000_000)
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
        if self._layer and fraction_ns:
            # An image should have the times that the container had; `export` keeps seconds, as others do.
            records = [record for record in records if record[0] != b"mtime"]
            records.append((b"mtime", _time(facts.st_mtime_ns)))
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


def _time(time_ns: int) -> bytes:
    """A time as pax has it: seconds with a fraction, in decimal."""
    whole, rest = divmod(abs(time_ns), 1_000_000_000)
    return b"%b%d.%b" % (b"-" if time_ns < 0 else b"", whole, (b"%09d" % rest).rstrip(b"0"))


def _names(folder: Plain) -> list[bytes]:
    """The names in a directory, the first one last."""
    return sorted(folder.names(), reverse=True)


def _entered(dir_fd: int, base: bytes) -> Plain:
    """Open a directory, a mount point too; EXDEV for a file system in which the kernel shows itself."""
    try:
        fd = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd)
    except OSError as e:
        raise KernelError(e.errno or errno.EIO, "open", os.fsdecode(base)) from None
    if os.fstat(fd).st_dev == os.fstat(dir_fd).st_dev:
        return dirview.Plain(fd)
    if file_system_type(f"/proc/self/fd/{fd}") in KERNEL_VIEWS:
        os.close(fd)
        raise KernelError(errno.EXDEV, "open", os.fsdecode(base))
    return dirview.Plain(fd)


def _generated(fd: int) -> bytes:
    """The content of a file of /proc or /sys, which says that it is empty."""
    data = b""
    try:
        while len(data) < _MAX_GENERATED and (part := os.read(fd, _CHUNK)):
            data += part
    except OSError:
        return b""
    return data


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
