"""Owns: reading a container's log back: bulk, tail, since/until, follow over rotation.

k8s-file lines (kubernetes/cri log format): `<RFC 3339 time> <stdout|stderr> <F|P> <bytes>\\n`; P = the line
goes on in the next record of the same stream. The time stamp that the monitor writes has a fixed width,
which makes the bulk case cheap."""

from __future__ import annotations

import os
import select

from libpod import errors, monitorctl
from libpod.engine import containers
from libpod.kernel import inotify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord

_BLOCK = 1 << 20
_TAIL_BLOCK = 1 << 16
STAMP = 35
"""Bytes of `2026-11-24T04:28:37.123456789+00:00`."""
_HEAD_OUT = STAMP + len(" stdout F ")
_UTC = b"+00:00"


class Filter:
    """What to show. Times are the text form of the log (UTC), compared as text; empty = no limit."""

    __slots__ = ("since", "timestamps", "until")

    def __init__(self, since: str = "", until: str = "", timestamps: bool = False) -> None:
        self.since = since.encode()
        self.until = until.encode()
        self.timestamps = timestamps


def show(
    session: Session,
    record: ContainerRecord,
    write: Callable[[int, bytes], None],
    *,
    tail: int = -1,
    follow: bool = False,
    wanted: Filter,
) -> None:
    """Give the log to `write(stream, bytes)` (1 = stdout, 2 = stderr), and go on with `follow` until the
    container ended. Raises StateError when the log driver keeps none."""
    log = record["log"]
    printer = Printer(write, wanted)
    if log["driver"] == "journald":
        from libpod.engine import journallog  # lazy: seldom

        journallog.show(
            session,
            record,
            printer,
            tail=tail,
            follow=follow,
            since="" if tail >= 0 else wanted.since.decode(),
        )
        return
    if log["driver"] not in ("k8s-file", "json-file"):
        raise errors.StateError(
            f'container "{record["name"]}" uses the log driver {log["driver"]}: there is no log to read',
            remedy="create it with --log-driver=k8s-file",
        )
    path = containers.log_path(session, record)
    names = [path] + [f"{path}.{n}" for n in range(1, max(log["max_files"], 1) + 1)]
    fds = _open_files(names)
    try:
        offset = 0
        for fd, end, data in _tail(fds, tail) if tail >= 0 else _all(fds):
            printer.feed(data)
            offset = end if fd == fds[-1] else 0
        if follow:
            _follow(session, record, names, fds, offset, printer)
    finally:
        _close(fds)


class Printer:
    """From records to text; whole records in blocks of any size."""

    def __init__(self, write: Callable[[int, bytes], None], wanted: Filter) -> None:
        self._write = write
        self._wanted = wanted
        self._plain = not (wanted.since or wanted.until or wanted.timestamps)
        self._inside = {1: False, 2: False}
        """The stream's last record was a piece of a line that goes on."""

    def feed(self, data: bytes) -> None:
        """Pass a block on, in runs of the same stream."""
        run: list[bytes] = []
        stream = 1
        plain = self._plain
        lines = data.split(b"\n")
        lines.pop()
        for line in lines:
            if plain and line[STAMP + 1 : _HEAD_OUT] == b"stdout F ":
                number, text = 1, line[_HEAD_OUT:] + b"\n"
            else:
                parts = line.split(b" ", 3)
                if len(parts) < 4:
                    continue
                number = 2 if parts[1] == b"stderr" else 1
                text = self._text(number, parts)
            if number != stream and run:
                self._write(stream, b"".join(run))
                run = []
            stream = number
            run.append(text)
        if run:
            self._write(stream, b"".join(run))

    def _text(self, number: int, parts: list[bytes]) -> bytes:
        wanted, stamp = self._wanted, parts[0]
        moment = stamp[: STAMP - len(_UTC)]
        if (wanted.since and moment < wanted.since) or (wanted.until and moment > wanted.until):
            return b""
        text = parts[3] if parts[2] == b"P" else parts[3] + b"\n"
        if wanted.timestamps and not self._inside[number]:
            text = (stamp[: -len(_UTC)] + b"Z" if stamp.endswith(_UTC) else stamp) + b" " + text
        self._inside[number] = parts[2] == b"P"
        return text


def _open(name: str) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return -1


def _open_files(names: list[str], last_fd: int = -1) -> list[int]:
    """Open the log's files, oldest first, of those that are younger than `last_fd` (-1: all).

    From the youngest to the oldest: a file that is rotated meanwhile is met twice, and never missed."""
    found: list[int] = []
    seen = [os.fstat(last_fd)] if last_fd >= 0 else []
    for name in names:
        fd = _open(name)
        if fd < 0:
            continue
        facts = os.fstat(fd)
        if seen and os.path.samestat(facts, seen[0]) and last_fd >= 0:
            os.close(fd)
            break
        if any(os.path.samestat(facts, other) for other in seen):
            os.close(fd)
            continue
        seen.append(facts)
        found.append(fd)
    found.reverse()
    return found


def _close(fds: list[int]) -> None:
    while fds:
        os.close(fds.pop())


def _blocks(fd: int, offset: int) -> Iterator[tuple[int, bytes]]:
    """Whole records from `offset` on, in blocks: offset after the block, bytes."""
    while data := os.pread(fd, _BLOCK, offset):
        cut = data.rfind(b"\n") + 1
        if not cut:
            return  # the record is being written, or was when the monitor was killed
        offset += cut
        yield offset, data[:cut]


def _all(fds: list[int]) -> Iterator[tuple[int, int, bytes]]:
    """Whole records in blocks: descriptor, offset after the block, bytes."""
    for fd in fds:
        for offset, data in _blocks(fd, 0):
            yield fd, offset, data


def _tail(fds: list[int], count: int) -> Iterator[tuple[int, int, bytes]]:
    """The last `count` lines, read from the end; a line that was split counts once, one without an end
    too."""
    pieces: list[tuple[int, int, bytes]] = []
    for fd in reversed(fds):
        end, records, have = _last_records(fd, count, open_end=not pieces)
        pieces.append((fd, end, b"".join(reversed(records))))
        count -= have
        if count <= 0:
            break
    yield from reversed(pieces)


def _last_records(fd: int, count: int, open_end: bool) -> tuple[int, list[bytes], int]:
    """Offset after the last whole record, the records of the last `count` lines, last one first, and how
    many lines they are. `open_end`: pieces at the end of the file are a line too."""
    start = os.fstat(fd).st_size
    head, end, have = b"", -1, 0
    found: list[bytes] = []
    while start > 0:
        step = min(_TAIL_BLOCK, start)
        start -= step
        block = os.pread(fd, step, start) + head
        if end < 0:
            cut = block.rfind(b"\n") + 1
            if not cut:
                continue
            end = start + cut
            block = block[:cut]
        cut = block.find(b"\n") + 1 if start else 0
        if start and not cut:
            head = block
            continue
        head = block[:cut]
        for line in reversed(block[cut:].split(b"\n")[:-1]):
            if _ends_line(line) or (open_end and not found):
                if have == count:
                    return end, found, have
                have += 1
            found.append(line + b"\n")
    return max(end, 0), found, have


def _ends_line(record: bytes) -> bool:
    head = record[STAMP + 1 : STAMP + 10].split(b" ", 2)
    return len(head) < 2 or head[1] != b"P"


def _follow(
    session: Session, record: ContainerRecord, names: list[str], fds: list[int], offset: int, printer: Printer
) -> None:
    """Go on behind `offset` of the last of `fds`, until the container ended."""
    run_dir = session.paths.run_dir(record["id"])
    with inotify.Watch() as watch:
        watch.add(os.path.dirname(names[0]), inotify.IN_MODIFY | inotify.IN_CREATE | inotify.IN_MOVED_TO)
        if os.path.isdir(run_dir):
            watch.add(run_dir, inotify.IN_MOVED_TO | inotify.IN_CREATE | inotify.IN_DELETE_SELF)
        while True:
            # the state is read before the files: what was written before the end is never missed
            status = monitorctl.status(session.paths, record["id"])
            younger = _open_files(names, fds[-1] if fds else -1)
            if fds:
                offset = _drain(fds[-1], offset, printer)
            for fd in younger:
                offset = _drain(fd, 0, printer)
            fds += younger
            if status["state"] in ("exited", "created") or status["unmonitored"]:
                return
            _close_but_last(fds)
            select.select([watch], [], [])
            watch.drain()


def _close_but_last(fds: list[int]) -> None:
    for fd in fds[:-1]:
        os.close(fd)
    del fds[:-1]


def _drain(fd: int, offset: int, printer: Printer) -> int:
    for end, data in _blocks(fd, offset):
        printer.feed(data)
        offset = end
    return offset
