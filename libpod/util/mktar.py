"""Owns: writing tar archives of plain files and directories to a descriptor, as a stream.

For archives of images: names of ours, sizes of any length. Headers are ustar (POSIX), with a pax header
before a member whose name or size does not fit. Times and owners are fixed, so the same content gives the
same archive.
"""

from __future__ import annotations

import os

from libpod.errors import PypodError, StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 512
_NAME = 100
_LINK = 100
_MAX_OCTAL = 8**11 - 1


class TarWriter:
    """Members are written one after another; `close` ends the archive, the descriptor stays the caller's."""

    def __init__(self, write: Callable[[bytes | memoryview], None], mtime_s: int = 0) -> None:
        self._write = write
        self._mtime_s = mtime_s
        self._left = 0
        """Bytes of the current member that are still to come."""
        self._size = 0

    def directory(self, name: str) -> None:
        self._begin(name.rstrip("/") + "/", b"5", 0o755, 0, "")

    def symlink(self, name: str, target: str) -> None:
        self._begin(name, b"2", 0o777, 0, target)

    def file(self, name: str, data: bytes) -> None:
        self.begin_file(name, len(data))
        self.write(data)
        self.end_file()

    def begin_file(self, name: str, size: int) -> None:
        self._begin(name, b"0", 0o644, size, "")
        self._left = self._size = size

    def write(self, data: bytes | memoryview) -> None:
        """Content of the file that was begun."""
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("more content than was announced")
        self._write(data)

    def end_file(self) -> None:
        if self._left:
            raise ValueError("less content than was announced")
        self._write(bytes(-self._size % BLOCK))
        self._size = 0

    def close(self) -> None:
        self._write(bytes(2 * BLOCK))

    def _begin(self, name: str, kind: bytes, mode: int, size: int, link: str) -> None:
        records = b""
        raw_name, raw_link = os.fsencode(name), os.fsencode(link)
        if len(raw_name) > _NAME:
            records += pax_record(b"path", raw_name)
        if len(raw_link) > _LINK:
            records += pax_record(b"linkpath", raw_link)
        if size > _MAX_OCTAL:
            records += pax_record(b"size", str(size).encode())
        if records:
            self._write(
                _header(b"PaxHeaders/" + raw_name[:80], b"x", 0o644, len(records), b"", self._mtime_s)
            )
            self._write(records + bytes(-len(records) % BLOCK))
        self._write(
            _header(raw_name[:_NAME], kind, mode, min(size, _MAX_OCTAL), raw_link[:_LINK], self._mtime_s)
        )


def pax_record(key: bytes, value: bytes) -> bytes:
    """A pax record: its own length comes first, in decimal."""
    body = len(key) + len(value) + 3  # the space, the equals sign, the newline
    length = body + len(str(body))
    length = body + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _header(name: bytes, kind: bytes, mode: int, size: int, link: bytes, mtime_s: int) -> bytes:
    fields = (
        name.ljust(100, b"\0"),
        b"%07o\0" % mode,
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"%011o\0" % mtime_s,
        b"        ",
        kind,
        link.ljust(100, b"\0"),
        b"ustar\x0000",
        bytes(64),
        b"0000000\0",
        b"0000000\0",
        bytes(155 + 12),
    )
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def to_fd(fd: int, shown: str) -> Callable[[bytes | memoryview], None]:
    """A write function over a descriptor, buffered for small pieces; write b"" to empty the buffer."""
    pending = bytearray()

    def put(data: bytes | memoryview) -> None:
        if data and len(pending) + len(data) < 1 << 18:
            pending.extend(data)
            return
        for part in (bytes(pending), data):
            rest = memoryview(part)
            while rest:
                try:
                    rest = rest[os.write(fd, rest) :]
                except BrokenPipeError:
                    raise
                except OSError as e:
                    raise _cannot_write(shown, e) from e
        pending.clear()

    return put


def _cannot_write(shown: str, e: OSError) -> PypodError:
    return StorageError(
        f"cannot write {shown}: {e.strerror}", remedy="free space there, or choose another place", name=shown
    )
