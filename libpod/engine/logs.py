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
STAMP = 35
"""Bytes of `2026-11-24T04:28:37.123456789+00:00`."""
_HEAD_OUT = STAMP + len(" stdout F ")


class Filter:
    """What to show. Times are the text form of the log (UTC), compared as text; empty = no limit."""

    __slots__ = ("since", "timestamps", "until")

    def __init__(self, since: str = "", until: str = "", timestamps: bool = False) -> None:
        self.since = since
        self.until = until
        self.timestamps = timestamps


def files(session: Session, record: ContainerRecord) -> list[str]:
    """The log's files, oldest first. Raises StateError when the driver keeps none."""
    log = record["log"]
    if log["driver"] not in ("k8s-file", "json-file"):
        raise errors.StateError(
            f'container "{record["name"]}" uses the log driver {log["driver"]}: there is no log to read',
            remedy="create it with --log-driver=k8s-file",
        )
    path = containers.log_path(session, record)
    rotated = [f"{path}.{n}" for n in range(max(log["max_files"], 1), 0, -1)]
    return [p for p in rotated if os.path.exists(p)] + [path]


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
    container ended."""
    paths = files(session, record)
    chunks = _tail(paths, tail) if tail >= 0 else _all(paths)
    shown = 0
    for path, end, data in chunks:
        _emit(data, write, wanted)
        shown = end if path == paths[-1] else 0
    if follow:
        _follow(session, record, paths[-1], shown, write, wanted)


def _all(paths: list[str]) -> Iterator[tuple[str, int, bytes]]:
    """Whole records in blocks: path, offset after the block, bytes."""
    for path in paths:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            rest, offset = b"", 0
            while data := os.read(fd, _BLOCK):
                data = rest + data
                cut = data.rfind(b"\n") + 1
                offset += cut
                rest = data[cut:]
                if cut:
                    yield path, offset, data[:cut]
        finally:
            os.close(fd)


def _tail(paths: list[str], count: int) -> Iterator[tuple[str, int, bytes]]:
    """The last `count` lines (a line that was split counts once), read from the end."""
    pieces: list[tuple[str, int, bytes]] = []
    for path in reversed(paths):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            end = os.fstat(fd).st_size
            data, start = b"", end
            while start > 0 and _lines(data) <= count:
                step = min(_BLOCK // 16, start)
                start -= step
                data = os.pread(fd, step, start) + data
            end -= len(data) - (data.rfind(b"\n") + 1)
            data = data[: data.rfind(b"\n") + 1]
            if start > 0:
                data = data[data.find(b"\n") + 1 :]
            records = data.splitlines(keepends=True)
            have = 0
            cut = len(records)
            while cut > 0 and have <= count:
                cut -= 1
                if _is_full(records[cut]):
                    have += 1
                    if have > count:
                        cut += 1
                        break
            pieces.append((path, end, b"".join(records[cut:])))
            count -= min(have, count)
        finally:
            os.close(fd)
        if count <= 0:
            break
    yield from reversed(pieces)


def _lines(data: bytes) -> int:
    return data.count(b"\n")


def _is_full(line: bytes) -> bool:
    head = line[STAMP + 1 : STAMP + 10].split(b" ", 2)
    return len(head) < 2 or head[1] != b"P"


def _emit(data: bytes, write: Callable[[int, bytes], None], wanted: Filter) -> None:
    """Pass a block of whole records on, in runs of the same stream."""
    run: list[bytes] = []
    stream = 1
    plain = not (wanted.since or wanted.until or wanted.timestamps)
    for line in data.splitlines(keepends=True):
        if line[STAMP + 1 : _HEAD_OUT] == b"stdout F " and plain:
            if stream != 1 and run:
                write(stream, b"".join(run))
                run = []
            stream = 1
            run.append(line[_HEAD_OUT:])
            continue
        parts = line.split(b" ", 3)
        if len(parts) < 4:
            continue
        if (wanted.since and parts[0].decode() < wanted.since) or (
            wanted.until and parts[0].decode() > wanted.until
        ):
            continue
        number = 2 if parts[1] == b"stderr" else 1
        if number != stream and run:
            write(stream, b"".join(run))
            run = []
        stream = number
        text = parts[3] if parts[2] == b"F" else parts[3].removesuffix(b"\n")
        run.append(parts[0] + b" " + text if wanted.timestamps else text)
    if run:
        write(stream, b"".join(run))


def _follow(
    session: Session,
    record: ContainerRecord,
    path: str,
    offset: int,
    write: Callable[[int, bytes], None],
    wanted: Filter,
) -> None:
    run_dir = session.paths.run_dir(record["id"])
    with inotify.Watch() as watch:
        watch.add(os.path.dirname(path), inotify.IN_MODIFY | inotify.IN_CREATE | inotify.IN_MOVED_TO)
        if os.path.isdir(run_dir):
            watch.add(run_dir, inotify.IN_MOVED_TO | inotify.IN_CREATE | inotify.IN_DELETE_SELF)
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC) if os.path.exists(path) else -1
        rest = b""
        try:
            while True:
                # the state is read before the file: what was written before the end is never missed
                status = monitorctl.status(session.paths, record["id"])
                offset, rest = _drain(fd, offset, rest, write, wanted)
                if fd < 0 or not _same(fd, path):
                    if fd >= 0:
                        os.close(fd)
                        fd = -1
                    if os.path.exists(path):
                        fd, offset, rest = os.open(path, os.O_RDONLY | os.O_CLOEXEC), 0, b""
                        continue
                if status["state"] in ("exited", "created") or status["unmonitored"]:
                    return
                select.select([watch], [], [])
                watch.drain()
        finally:
            if fd >= 0:
                os.close(fd)


def _drain(
    fd: int, offset: int, rest: bytes, write: Callable[[int, bytes], None], wanted: Filter
) -> tuple[int, bytes]:
    if fd < 0:
        return offset, rest
    while data := os.pread(fd, _BLOCK, offset):
        offset += len(data)
        data = rest + data
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        if cut:
            _emit(data[:cut], write, wanted)
    return offset, rest


def _same(fd: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False
