"""Owns: telling compressed streams apart, and reading them uncompressed in bounded memory."""

from __future__ import annotations

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, Protocol

    Read = Callable[[int], bytes]
    Kind = Literal["", "gzip", "zstd", "xz", "bzip2"]

    class Decoder(Protocol):
        @property
        def eof(self) -> bool: ...
        @property
        def unused_data(self) -> bytes: ...
        def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...

    class Encoder(Protocol):
        def compress(self, data: bytes, /) -> bytes: ...
        def flush(self) -> bytes: ...


CHUNK = 1 << 18
PEEK = 6
GZIP_LEVEL = 6
GZIP_WBITS = 31
"""zlib's `wbits`: the largest window, in a gzip header and trailer (zlib.h, inflateInit2)."""
_XZ_MEMORY = 512 << 20
_REMEDY = "get the archive again, and compare its checksum"


def kind_of(head: bytes) -> Kind:
    """The compression of a stream that begins so; "" for none (or an unknown one). `head` needs PEEK
    bytes.
    """
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:4] == b"\x28\xb5\x2f\xfd" or (head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F):
        return "zstd"
    if head[:6] == b"\xfd7zXZ\0":
        return "xz"
    if head[:3] == b"BZh" and head[3:4].isdigit():
        return "bzip2"
    return ""


class Peeked:
    """A stream whose first bytes were looked at: `read` gives them again."""

    __slots__ = ("_read", "head")

    def __init__(self, read: Read, count: int = PEEK) -> None:
        self._read = read
        self.head = b""
        while len(self.head) < count:
            more = read(count - len(self.head))
            if not more:
                break
            self.head += more

    def read(self, size: int) -> bytes:
        if self.head:
            head, self.head = self.head[:size], self.head[size:]
            return head
        return self._read(size)


def opened(read: Read) -> tuple[Read, Kind]:
    """(a function that reads the uncompressed stream, the compression that was found)."""
    peeked = Peeked(read)
    kind = kind_of(peeked.head)
    if not kind:
        return peeked.read, ""
    return _Decompressed(peeked.read, kind).read, kind


class _Decompressed:
    """Decompresses a stream of one or more members, never holding more than a chunk of output."""

    def __init__(self, read: Read, kind: Kind) -> None:
        self._read = read
        self._kind = kind
        self._new, self._failures = _decoder_class(kind)
        self._decoder: Decoder = self._new()
        self._pending = b""
        """Compressed bytes that the decoder did not take."""
        self._ended = False

    def read(self, size: int) -> bytes:
        while not self._ended:
            if not self._pending and self._wants_input():
                self._pending = self._read(CHUNK)
                if not self._pending:
                    raise errors.ImageError(f"the {self._kind} data is cut off", remedy=_REMEDY)
            try:
                data = self._step(size)
            except self._failures as e:
                raise errors.ImageError(f"the {self._kind} data is damaged: {e}", remedy=_REMEDY) from e
            if self._decoder.eof:
                self._next_member()
            if data:
                return data
        return b""

    def _wants_input(self) -> bool:
        return bool(getattr(self._decoder, "needs_input", True))

    def _step(self, size: int) -> bytes:
        data = self._decoder.decompress(self._pending, size)
        # zlib gives back what it did not take, the others keep it.
        self._pending = getattr(self._decoder, "unconsumed_tail", b"")
        return data

    def _next_member(self) -> None:
        rest = self._decoder.unused_data
        while not rest.strip(b"\0"):  # padding, as tape drives and `dd` leave it
            rest = self._read(CHUNK)
            if not rest:
                self._ended = True
                return
        rest = rest.lstrip(b"\0") if self._kind != "zstd" else rest
        while len(rest) < PEEK:
            more = self._read(PEEK - len(rest))
            if not more:
                break
            rest += more
        if kind_of(rest) != self._kind:
            raise errors.ImageError(
                f"there is other data after the end of the {self._kind} data", remedy=_REMEDY
            )
        self._decoder = self._new()
        self._pending = rest


def _decoder_class(kind: Kind) -> tuple[Callable[[], Decoder], tuple[type[Exception], ...]]:
    decoder: Any
    if kind == "gzip":
        module = _inflater()
        return lambda: module.decompressobj(GZIP_WBITS), (module.error,)
    if kind == "bzip2":
        import bz2

        return bz2.BZ2Decompressor, (OSError, EOFError)
    if kind == "xz":
        import lzma

        return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY), (lzma.LZMAError,)
    decoder, failure, _ = _zstd()
    return decoder, (failure,)


def encoder(kind: str) -> Encoder:
    """What compresses a stream as `kind`, "gzip" or "zstd": the same bytes for the same input, each time."""
    if kind == "zstd":
        compressor: Encoder = _zstd()[2]()
        return compressor
    import zlib

    return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WBITS)


def _inflater() -> Any:
    """`isal.isal_zlib` where it is installed (the extra "fast": half the processor time), else `zlib`."""
    try:
        from isal import isal_zlib
    except ImportError:
        import zlib

        return zlib
    return isal_zlib


def _zstd() -> tuple[Any, type[Exception], Any]:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise errors.ToolMissingError(
                "this Python knows no zstd",
                remedy='install the Python package backports.zstd; "zstd -dc" reads such archives too',
            ) from None
    return zstd.ZstdDecompressor, zstd.ZstdError, zstd.ZstdCompressor
