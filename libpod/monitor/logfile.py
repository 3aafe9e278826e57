"""Owns: the container's log file: its records (kubernetes/cri-api "log format"), its rotation.

A record is `<RFC 3339 time> <stdout|stderr> <F|P> <bytes>\\n`. F ends a line; P is a piece of a line that
goes on in the next record of the same stream. A line that is not complete when the container has nothing more
to say at the moment is written at once as P, so that a prompt can be read in the log and nothing is lost if
we are killed. `json-file` is another name for `k8s-file`.
"""

from __future__ import annotations

import os
import time

from libpod import log

TYPE_CHECKING = False

LIMIT = 16 * 1024
"""Longer lines are split into records of this size."""
CHUNK = 64 * 1024
"""Bytes that are read of a stream at once."""
ROUNDS = 8
"""Reads of one stream before others have their turn."""
KINDS = {1: b" stdout ", 2: b" stderr "}


class Clock:
    """The time as it stands in the log, UTC; the part up to the second is made once a second."""

    __slots__ = ("_head", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._head = ""

    def stamp(self, now_ns: int) -> bytes:
        """Return a time in 35 bytes: `2026-11-24T04:28:37.123456789+00:00`."""
        second, rest = divmod(now_ns, 1_000_000_000)
        if second != self._second:
            self._second = second
            self._head = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return b"%s%09d+00:00" % (self._head.encode("ascii"), rest)


def records(stamp: bytes, kind: int, data: bytes, hold: bool) -> tuple[bytes, bytes]:
    """Return records for the bytes of a stream, and what is kept back for the next call.

    With `hold` (more is coming at once) an incomplete last line is kept back, at most LIMIT bytes; else
    nothing. Pure.
    """
    head = stamp + KINDS[kind]
    full = head + b"F "
    between = b"\n" + full
    out: list[bytes] = []
    at, size = 0, len(data)
    while at < size:
        end = data.rfind(b"\n", at, at + LIMIT + 1)
        if end >= 0:
            out += (full, data[at:end].replace(b"\n", between), b"\n")
            at = end + 1
            continue
        if size - at <= LIMIT and hold:
            break
        out += (head, b"P ", data[at : at + LIMIT], b"\n")
        at += LIMIT
    return b"".join(out), data[at:]


class LogFile:
    """The log of one container. Owns its file and the rotated ones beside it (`.1` is the youngest)."""

    def __init__(self, path: str, max_size: int, max_files: int, fd: int = -1) -> None:
        self._path = path
        self._max_size = max_size
        """Bytes; 0 = no rotation."""
        self._max_files = max(max_files, 1)
        """With the one that is being written."""
        self._clock = Clock()
        self._held = {1: b"", 2: b""}
        self._broken = False
        self.chunk, self.rounds = CHUNK, ROUNDS
        self.lost = 0
        self._fd, self._size = _open(path) if fd < 0 else (fd, os.fstat(fd).st_size)

    def fileno(self) -> int:
        return self._fd

    def write(self, kind: int, data: bytes, hold: bool) -> None:
        """Log what a stream gave; `hold` = there is more of it right now.

        A full disk loses records, never the container.
        """
        held = self._held[kind]
        text, self._held[kind] = records(
            self._clock.stamp(time.time_ns()), kind, held + data if held else data, hold
        )
        if text:
            self._put(text)

    def flush(self) -> None:
        """Write what was kept back."""
        for kind, held in self._held.items():
            if held:
                self.write(kind, b"", False)

    def reopen(self) -> None:
        """Open the file again by its name: it was moved away by somebody else."""
        fd, size = _open(self._path)
        os.close(self._fd)
        self._fd, self._size = fd, size

    def close(self) -> None:
        """Write what was kept back, and close the file."""
        self.flush()
        os.close(self._fd)

    def _put(self, text: bytes) -> None:
        while self._max_size and self._size + len(text) > self._max_size:
            # Whole records up to the limit; one that is longer than a file may be gets a file of its own.
            cut = text.rfind(b"\n", 0, max(0, self._max_size - self._size)) + 1
            if not cut and not self._size:
                cut = text.find(b"\n") + 1
            self._append(text[:cut])
            text = text[cut:]
            self._rotate()
        self._append(text)

    def _append(self, text: bytes) -> None:
        if not text:
            return
        try:
            written = os.write(self._fd, text)
            while written < len(text):  # a full disk, or a limit of the file's size: the next one says why
                written += os.write(self._fd, text[written:])
        except OSError as error:
            self._cut(error)
            return
        self._size += len(text)
        self._broken = False

    def _cut(self, error: OSError) -> None:
        """Take half a record back, so that the file stays readable; say so once."""
        if not self._broken:
            log.error(
                "cannot write the container's log, lines are lost", path=self._path, error=error.strerror
            )
        self._broken = True
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            pass

    def _rotate(self) -> None:
        try:
            for number in range(self._max_files - 1, 0, -1):
                source = f"{self._path}.{number - 1}" if number > 1 else self._path
                try:
                    os.rename(source, f"{self._path}.{number}")
                except FileNotFoundError:
                    pass
            if self._max_files == 1:
                os.unlink(self._path)
            self.reopen()
        except OSError as error:
            log.error("cannot rotate the container's log", path=self._path, error=error.strerror)
            self._size = 0  # not again for every line


def _open(path: str) -> tuple[int, int]:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return fd, os.fstat(fd).st_size
