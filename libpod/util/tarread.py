"""Owns: reading a tar stream: its headers, its data, and the digest of all its bytes in the same pass.

Formats: V7, ustar, star's prefix, GNU (long names, old sparse files), pax (paths, ids, sizes, times,
extended attributes, the three sparse variants). Source: POSIX pax "ustar Interchange Format" and "pax
Header Block", the GNU tar manual "Tar Internals". Nothing here touches a file system: libpod/util/untar.py
does, and trusts nothing that it gets from here.
"""

from __future__ import annotations

from zlib import adler32

from libpod import errors
from libpod.util import tarpax
from libpod.util.printable import printable
from libpod.util.tarpax import REMEDY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    class Hash(Protocol):
        def update(self, data: bytes, /) -> None: ...
        def hexdigest(self) -> str: ...


BLOCK = 512
CHUNK = 1 << 18
MAX_SPECIAL = 1 << 20
"""Longest pax header or GNU long name that is read (the Go implementation has the same limit)."""
MAX_SEGMENTS = 1 << 18
_ZERO = bytes(BLOCK)
_HEADER_ONLY = frozenset(b"123456")


class Entry:
    """One member. Names are bytes as in the archive, never empty of meaning and never trusted."""

    __slots__ = (
        "gid",
        "kind",
        "link",
        "major",
        "minor",
        "mode",
        "mtime_ns",
        "name",
        "segments",
        "size",
        "uid",
        "xattrs",
    )

    def __init__(self) -> None:
        self.kind = "0"
        """`0` file, `1` hard link, `2` symbolic link, `3` character device, `4` block device, `5`
        directory, `6` fifo.
        """
        self.name = b""
        self.link = b""
        self.mode = 0
        self.uid = 0
        self.gid = 0
        self.size = 0
        """Size of the file, holes included."""
        self.mtime_ns = 0
        self.major = 0
        self.minor = 0
        self.xattrs: dict[str, bytes] = {}
        self.segments: list[tuple[int, int]] | None = None
        """[(offset, length)] of the data of a sparse file; None for an ordinary one."""


class TarReader:
    """A forward-only reader. `read(n)` gives up to n bytes, and nothing at the end of the stream.

    Use: `while entry := reader.next(): ...`, taking each file's data with `data()` or not at all; then
    `finish()`.
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        hasher: Hash | None = None,
        max_bytes: int = 0,
        skip: Callable[[int], None] | None = None,
    ) -> None:
        """`skip(n)` moves a seekable source forward instead of reading; then there is no digest."""
        self._source = read
        self._skip = skip
        self._hash = hasher
        self._max_bytes = max_bytes
        self._buffer = b""
        self._at = 0
        self._left = 0
        """Bytes of the current member's data that were not read yet, and below: the padding after them."""
        self._padding = 0
        self._global: dict[bytes, bytes] = {}
        self.bytes_read = 0
        """Including what was skipped."""
        self.entries = 0
        self.label = ""
        """Where the reader is, for messages."""

    # -- bytes -----------------------------------------------------------------

    def _refill(self) -> bool:
        data = self._source(CHUNK)
        if not data:
            return False
        if self._hash is not None:
            self._hash.update(data)
        self.bytes_read += len(data)
        if self._max_bytes and self.bytes_read > self._max_bytes:
            raise errors.ImageError(
                f"the archive holds more than the {self._max_bytes >> 20} MiB that are free on the disk",
                remedy="free some space on the file system of the store, or use another store with --root",
            )
        self._buffer = data
        self._at = 0
        return True

    def _take(self, count: int) -> bytes:
        """Exactly `count` bytes, or what is left of the stream."""
        at = self._at
        end = at + count
        if end <= len(self._buffer):
            self._at = end
            return self._buffer[at:end]
        parts = [self._buffer[at:]]
        missing = count - len(parts[0])
        while missing:
            if not self._refill():
                self._buffer, self._at = b"", 0
                break
            part = self._buffer[:missing]
            self._at = len(part)
            missing -= len(part)
            parts.append(part)
        return b"".join(parts)

    def _chunks(self, count: int) -> Iterator[memoryview]:
        """`count` bytes in pieces, without copying them. Raises ImageError when the stream ends before."""
        while count:
            if self._at >= len(self._buffer) and not self._refill():
                self._buffer, self._at = b"", 0
                raise self._truncated()
            piece = memoryview(self._buffer)[self._at : self._at + count]
            self._at += len(piece)
            count -= len(piece)
            self._left -= len(piece)
            yield piece

    @property
    def position(self) -> int:
        """Offset in the stream of the next byte: after `next`, of the member's data."""
        return self.bytes_read - len(self._buffer) + self._at

    def _skip_data(self) -> None:
        count = self._left + self._padding
        buffered = len(self._buffer) - self._at
        if self._skip is not None and count > buffered:
            self._skip(count - buffered)
            self.bytes_read += count - buffered
            self._buffer, self._at = b"", 0
        else:
            for _ in self._chunks(count):
                pass
        self._left = self._padding = 0

    def data(self) -> Iterator[memoryview]:
        """The stored data of the current member, in pieces of any size; for a sparse file its segments, one
        after the other.
        """
        return self._chunks(self._left)

    def finish(self) -> str:
        """Read the stream to its end; returns the hex digest of every byte of it ("" without a hasher)."""
        while self._refill():
            pass
        self._buffer, self._at = b"", 0
        return self._hash.hexdigest() if self._hash is not None else ""

    # -- members ---------------------------------------------------------------

    def next(self) -> Entry | None:
        """The next member; None at the end of the archive. Raises ImageError for what is no valid archive."""
        long_name = long_link = None
        pax: dict[bytes, bytes] = {}
        sparse_pairs: list[bytes] = []
        while True:
            if self._left or self._padding:
                self._skip_data()
            block = self._take(BLOCK)
            if len(block) < BLOCK:
                if block:
                    raise self._truncated()
                if pax or long_name is not None or long_link is not None:
                    raise self._truncated()
                return None
            if block == _ZERO:
                return None
            self._check_sum(block)
            kind = block[156]
            size = self._number(block[124:136], "size")
            if kind in b"xgLK":
                payload = self._special(size)
                if kind == 0x78:  # x
                    pax, sparse_pairs = tarpax.records(payload, self.label)
                elif kind == 0x67:  # g
                    self._apply_global(tarpax.records(payload, self.label)[0])
                elif kind == 0x4C:  # L
                    long_name = payload.split(b"\0", 1)[0]
                else:
                    long_link = payload.split(b"\0", 1)[0]
                continue
            if kind == 0x56:  # V: the name of the volume, no member
                self._left, self._padding = size, -size % BLOCK
                continue
            break
        self.entries += 1
        entry = self._header(block, kind, size)
        if long_name is not None:
            entry.name = long_name
        if long_link is not None:
            entry.link = long_link
        self.label = printable(entry.name)
        if self._global:
            pax = {**self._global, **{k: v for k, v in pax.items() if v}}
        if pax:
            self._apply_pax(entry, pax)
            self.label = printable(entry.name)
        if not entry.name or b"\0" in entry.name or b"\0" in entry.link:
            raise errors.ImageError("the archive has a member with an empty or invalid name", remedy=REMEDY)
        if entry.kind == "0":
            self._left, self._padding = entry.size, -entry.size % BLOCK
            if kind == 0x53:  # S
                self._old_sparse(entry, block)
            elif pax and any(key.startswith(b"GNU.sparse.") for key in pax):
                self._pax_sparse(entry, pax, sparse_pairs)
            elif entry.name.endswith(b"/"):
                entry.kind = "5"  # V7 has no type for directories
        return entry

    def _check_sum(self, block: bytes) -> None:
        # Adler-32's low half is 1 + the sum of the bytes, exact for 256 of them, and 30 times faster than
        # sum().
        total = (adler32(block[:256]) & 0xFFFF) + (adler32(block[256:]) & 0xFFFF) - 2
        field = block[148:156]
        total += 256 - (adler32(field) & 0xFFFF) + 1
        try:
            wanted = int(field.split(b"\0", 1)[0].strip() or b"-1", 8)
        except ValueError:
            wanted = -1
        if total == wanted:
            return
        signed = sum(b - 256 if b > 127 else b for b in block[:148] + block[156:]) + 256
        if signed == wanted:
            return
        where = f' after "{self.label}"' if self.label else ""
        what = "is damaged" if self.entries else "is not a tar archive"
        raise errors.ImageError(f"the file {what}: bad header checksum{where}", remedy=REMEDY)

    def _header(self, block: bytes, kind: int, size: int) -> Entry:
        entry = Entry()
        name = block[:100].split(b"\0", 1)[0]
        magic = block[257:265]
        if magic[:6] == b"ustar\0":
            star = block[508:512] == b"tar\0"
            prefix = block[345 : 476 if star else 500].split(b"\0", 1)[0]
            if prefix:
                name = prefix + b"/" + name
        entry.name = name
        entry.mode = self._number(block[100:108], "mode") & 0o7777
        entry.uid = self._number(block[108:116], "owner")
        entry.gid = self._number(block[116:124], "group")
        entry.mtime_ns = tarpax.clamp(self._number(block[136:148], "time")) * 1_000_000_000
        if kind in _HEADER_ONLY:
            entry.kind = chr(kind)
            entry.link = block[157:257].split(b"\0", 1)[0]
            if kind in b"34" and magic[:5] == b"ustar":
                entry.major = self._number(block[329:337], "device")
                entry.minor = self._number(block[337:345], "device")
        elif kind in b"0\x007S":
            entry.size = size
        elif kind == 0x44:  # D: a directory of an incremental GNU archive, its data is a list of names
            entry.kind = "5"
            self._left, self._padding = size, -size % BLOCK
        else:
            label = printable(name)
            raise errors.ImageError(
                f'the archive member "{label}" has the type {chr(kind)!r}, which is not supported',
                remedy=REMEDY,
            )
        return entry

    def _number(self, field: bytes, what: str) -> int:
        """A number in octal text, or in base 256 when the first bit is set."""
        if field[0] & 0x80:
            value = int.from_bytes(field, "big", signed=False)
            bits = 8 * len(field)
            # 0x80.. is positive with the marker bit to be cleared, 0xff.. is a negative number in two's
            # complement.
            value = value - (1 << bits) if field[0] & 0x40 else value & ((1 << (bits - 1)) - 1)
        else:
            text = field.split(b"\0", 1)[0].strip()
            try:
                value = int(text, 8) if text else 0
            except ValueError:
                value = -1
                what = f"{what} {text!r}"
        if what != "time" and not 0 <= value <= tarpax.MAX_NUMBER:
            where = f' after "{self.label}"' if self.label else ""
            raise errors.ImageError(f"the archive is damaged: bad {what} in a header{where}", remedy=REMEDY)
        return value

    def _special(self, size: int) -> bytes:
        if size > MAX_SPECIAL:
            raise errors.ImageError(f"the archive has an extended header of {size} bytes", remedy=REMEDY)
        payload = self._take(size)
        if len(payload) < size or len(self._take(-size % BLOCK)) < -size % BLOCK:
            raise self._truncated()
        return payload

    def _truncated(self) -> errors.ImageError:
        where = f' at "{self.label}"' if self.label else ""
        return errors.ImageError(f"the archive is cut off{where}", remedy=REMEDY)

    # -- extended headers -----------------------------------------------------

    def _apply_global(self, pax: dict[bytes, bytes]) -> None:
        self._global.update(pax)
        self._global = {k: v for k, v in self._global.items() if v}
        if sum(len(k) + len(v) for k, v in self._global.items()) > MAX_SPECIAL:
            raise errors.ImageError(
                f"the archive has more than {MAX_SPECIAL} bytes of records for all its members", remedy=REMEDY
            )

    def _apply_pax(self, entry: Entry, pax: dict[bytes, bytes]) -> None:
        for key, value in pax.items():
            if not value and not key.startswith((b"SCHILY.xattr.", b"LIBARCHIVE.xattr.")):
                continue
            if key == b"path":
                entry.name = value
            elif key == b"linkpath":
                entry.link = value
            elif key == b"size":
                if entry.kind == "0":
                    entry.size = tarpax.number(value, "size", self.label)
            elif key == b"uid":
                entry.uid = tarpax.number(value, "owner", self.label)
            elif key == b"gid":
                entry.gid = tarpax.number(value, "group", self.label)
            elif key == b"mtime":
                entry.mtime_ns = tarpax.time_ns(value, self.label)
            elif key.startswith(b"SCHILY.xattr."):
                entry.xattrs[key[13:].decode("utf-8", "surrogateescape")] = value
            elif key.startswith(b"LIBARCHIVE.xattr."):
                text, data = tarpax.libarchive_xattr(key[17:], value, self.label)
                entry.xattrs.setdefault(text, data)  # star's spelling is exact, and wins
        name = pax.get(b"GNU.sparse.name")
        if name:
            entry.name = name

    # -- sparse files ----------------------------------------------------------

    def _old_sparse(self, entry: Entry, block: bytes) -> None:
        numbers: list[int] = []
        area, more = block[386:482], block[482]
        real = self._number(block[483:495], "size")
        while True:
            for at in range(0, len(area) - 23, 24):
                if area[at] == 0:
                    break
                numbers.append(self._number(area[at : at + 12], "sparse map"))
                numbers.append(self._number(area[at + 12 : at + 24], "sparse map"))
            if not more:
                break
            extra = self._take(BLOCK)
            if len(extra) < BLOCK:
                raise self._truncated()
            area, more = extra[:504], extra[504]
            if len(numbers) > 2 * MAX_SEGMENTS:
                break
        self._set_segments(entry, numbers, real)

    def _pax_sparse(self, entry: Entry, pax: dict[bytes, bytes], pairs: list[bytes]) -> None:
        if pax.get(b"GNU.sparse.major") == b"1":
            real = tarpax.number(pax.get(b"GNU.sparse.realsize", b""), "sparse size", self.label)
            numbers = self._sparse_map_in_data()
        else:
            real = tarpax.number(pax.get(b"GNU.sparse.size", b""), "sparse size", self.label)
            texts = pax[b"GNU.sparse.map"].split(b",") if b"GNU.sparse.map" in pax else pairs
            numbers = [tarpax.number(t, "sparse map", self.label) for t in texts[: 2 * MAX_SEGMENTS + 2] if t]
        self._set_segments(entry, numbers, real)

    def _sparse_map_in_data(self) -> list[int]:
        """Format 1.0: the map stands before the data, one decimal number a line, padded to a block."""
        numbers: list[int] = []
        wanted = -1
        rest = b""
        while wanted < 0 or len(numbers) < wanted:
            if self._left < BLOCK:
                raise errors.ImageError(
                    f'the archive is damaged: bad sparse map of "{self.label}"', remedy=REMEDY
                )
            block = self._take(BLOCK)
            if len(block) < BLOCK:
                raise self._truncated()
            self._left -= BLOCK
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                number = (
                    tarpax.number(line, "sparse map", self.label)
                    if wanted < 0 or len(numbers) < wanted
                    else 0
                )
                if wanted < 0:
                    wanted = 2 * number
                    if number > MAX_SEGMENTS:
                        return [0] * (2 * MAX_SEGMENTS + 2)
                elif len(numbers) < wanted:
                    numbers.append(number)
        return numbers

    def _set_segments(self, entry: Entry, numbers: list[int], real: int) -> None:
        segments = list(zip(numbers[::2], numbers[1::2], strict=False))
        end = stored = 0
        good = len(numbers) % 2 == 0 and len(segments) <= MAX_SEGMENTS
        for offset, length in segments:
            good = good and offset >= end and offset + length <= real
            end = offset + length
            stored += length
        if not good or stored != self._left:
            raise errors.ImageError(
                f'the archive is damaged: bad sparse map of "{self.label}"', remedy=REMEDY
            )
        entry.segments = [s for s in segments if s[1]]
        entry.size = real
