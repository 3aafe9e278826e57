"""Owns: a container's output as entries of systemd's journal (`--log-driver=journald`).

Each line is an entry with the fields that Podman's has; a piece of a line that goes on in the next entry of
the same stream has `CONTAINER_PARTIAL_MESSAGE=true`. Lines are cut as in the log file (logfile.py). Two more
entries say where a run begins and ends (util/journald.py), for those who read it back: what is sent arrives
later.

The socket does not block. A journal that takes nothing for a while loses lines, never the container, and not
the monitor's time either: the waits together are a small part of it (`_PATIENCE_S`).
"""

from __future__ import annotations

import _socket
import errno
import select
import time

from libpod import log
from libpod.monitor.logfile import LIMIT
from libpod.util import journald

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

CHUNK, ROUNDS = 16 * 1024, 4
"""Less of a stream at once than of one that goes into a file: an entry for each line takes its time."""
_PRIORITY = {1: b"6", 2: b"3"}
_PATIENCE_S = 2.0
"""So long we wait at once for a journal that takes nothing, and as much of the time since as _SHARE says."""
_SHARE = 0.05
_FREE_S = 0.01
"""A wait that is not counted: the journal is only slower than the container."""
_LAST_S = 1.0
_RETRY_S = 1.0
_FLAGS = _socket.MSG_NOSIGNAL


def common(cid: str, name: str, tag: str) -> bytes:
    """Return the fields of every entry of a container. Pure."""
    fields = {
        "CONTAINER_ID_FULL": cid,
        "CONTAINER_ID": cid[:12],
        "CONTAINER_NAME": name,
        "SYSLOG_IDENTIFIER": tag or name,
    }
    if tag:
        fields["CONTAINER_TAG"] = tag
    return b"".join(
        journald.field(key, value.encode("utf-8", "surrogateescape")) for key, value in fields.items()
    )


def entries(whole: bytes, piece: bytes, data: bytes, hold: bool) -> tuple[list[bytes], bytes]:
    """Return entries for the bytes of a stream, and what is kept back for the next call.

    `whole` and `piece` are what stands before a line and before a part of one. With `hold` (more is coming at
    once) an incomplete last line is kept back, at most LIMIT bytes; else nothing. Pure.
    """
    out: list[bytes] = []
    at, size = 0, len(data)
    while at < size:
        end = data.find(b"\n", at, at + LIMIT + 1)
        if end >= 0:
            out.append(b"%sMESSAGE=%s\n" % (whole, data[at:end]))
            at = end + 1
            continue
        if size - at <= LIMIT and hold:
            break
        out.append(b"%sMESSAGE=%s\n" % (piece, data[at : at + LIMIT]))
        at += LIMIT
    return out, data[at:]


class Journal:
    """The log of one container. Owns its socket."""

    def __init__(self, msg: Mapping[str, Any], run_id: str, lost: int = -1) -> None:
        """`lost`: of the same run, before execve(2); -1 = it begins.

        StateError if it begins and there is no journal.
        """
        self._run_id = run_id.encode("ascii")
        self._name = msg["name"]
        self._common = common(msg["id"], msg["name"], msg["tag"])
        self._heads: dict[int, tuple[bytes, bytes]] = {}
        for kind, priority in _PRIORITY.items():
            head = self._common + journald.field("PRIORITY", priority)
            self._heads[kind] = (head, head + b"CONTAINER_PARTIAL_MESSAGE=true\n")
        self._held = {1: b"", 2: b""}
        self._patience = _PATIENCE_S
        self._waited = self._tried = 0.0
        self._broken = False
        self.chunk, self.rounds = CHUNK, ROUNDS
        self.lost = max(lost, 0)
        """Entries that the journal did not take."""
        self._poll = select.poll()
        self._sock: _socket.socket | None = None
        try:
            self._connect()
        except OSError as error:
            if lost < 0:
                raise journald.missing(error) from error
        if lost < 0:
            self._mark("begin", f"container {self._name}: its output begins")

    def fileno(self) -> int:
        """Return -1: execve(2) keeps no descriptor, the one after it connects anew."""
        return -1

    def write(self, kind: int, data: bytes, hold: bool) -> None:
        """Log what a stream gave; `hold` = there is more of it right now."""
        held = self._held[kind]
        found, self._held[kind] = entries(*self._heads[kind], held + data if held else data, hold)
        for entry in found:
            self._put(entry)

    def flush(self) -> None:
        """Send what was kept back."""
        for kind, held in self._held.items():
            if held:
                self.write(kind, b"", False)

    def close(self) -> None:
        """Send what was kept back, say that it was all, and close the socket."""
        self._patience = max(self._patience, _LAST_S)
        self.flush()
        lost = f", {self.lost} entries were lost" if self.lost else ""
        if lost:
            log.error("the journal did not take all of the container's output", lost=self.lost)
        self._mark("end", f"container {self._name}: its output ends{lost}")
        self._close()

    def _mark(self, place: str, text: str) -> None:
        # A priority of its own: journald limits the rate of each, and a flood must not take this along.
        self._put(
            b"".join((
                self._common,
                journald.field("PRIORITY", b"7"),
                journald.field(journald.PLACE, place.encode("ascii")),
                journald.field(journald.RUN, self._run_id),
                journald.field("MESSAGE", text.encode("utf-8", "surrogateescape")),
            ))
        )  # fmt: skip

    def _put(self, entry: bytes) -> None:
        error: OSError | None = None
        for _ in range(100):
            try:
                self._send(entry)
            except BlockingIOError as e:
                error = e
                if self._wait():
                    continue
            except OSError as e:
                error = e
                if self._sock is None or e.errno not in (errno.ECONNREFUSED, errno.ENOTCONN, errno.EPIPE):
                    break
                self._close()  # journald was started anew, with another socket
                continue
            else:
                self._broken = False
                return
            break
        self.lost += 1
        if not self._broken:
            self._broken = True
            log.error(
                "the journal does not take the container's output, lines are lost",
                error="nobody reads there" if isinstance(error, BlockingIOError) else error,
            )

    def _send(self, entry: bytes) -> None:
        if self._sock is None:
            now = time.monotonic()
            if now - self._tried < _RETRY_S:
                raise OSError(errno.ENOTCONN, "not connected")
            self._tried = now
            self._connect()
        sock = self._sock
        assert sock is not None
        try:
            sock.send(entry, _FLAGS)
        except OSError as e:
            if e.errno != errno.EMSGSIZE:
                raise
            journald.send_large(sock, entry)

    def _wait(self) -> bool:
        """Wait for room, if we have not waited too long already."""
        begin = time.monotonic()
        self._patience = min(_PATIENCE_S, self._patience + (begin - self._waited) * _SHARE)
        ready = bool(self._poll.poll(max(0, int(self._patience * 1000))))
        self._waited = time.monotonic()
        self._patience -= max(0.0, self._waited - begin - (_FREE_S if ready else 0.0))
        return ready

    def _connect(self) -> None:
        self._sock = sock = journald.connect()
        self._poll.register(sock, select.POLLOUT)

    def _close(self) -> None:
        if self._sock is not None:
            self._poll.unregister(self._sock)
            self._sock.close()
            self._sock = None
