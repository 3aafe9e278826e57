"""Owns: reading a container's output back from systemd's journal (`--log-driver=journald`), by journalctl(1).

Its export format carries any bytes. Entries become records of the log file, so that what is shown is the
same for both (logs.py). What was sent to the journal is in it a moment later: the entries that say where a
run begins and ends (monitor/journal.py) are waited for."""

from __future__ import annotations

import os
import select
import time

from libpod import errors, log, monitorctl
from libpod.conf import tools
from libpod.kernel import inotify
from libpod.util import journald, spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from libpod.engine.logs import Printer
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord

    Entry = dict[bytes, bytes]

_FIELDS = f"MESSAGE,PRIORITY,CONTAINER_PARTIAL_MESSAGE,{journald.PLACE},{journald.RUN}"
_PLACE, _RUN = journald.PLACE.encode("ascii"), journald.RUN.encode("ascii")
_BLOCK = 1 << 16
_PATIENCE_S = 3.0
"""So long an entry that should come is waited for."""
_RECENT_S = 20.0
_SIGKILL = 9
_REMEDY = (
    "make the journal persistent, so that you have one of your own (mkdir /var/log/journal; systemctl restart"
    " systemd-journald), or become a member of the group systemd-journal"
)


def show(
    session: Session, record: ContainerRecord, printer: Printer, *, tail: int, follow: bool, since: str
) -> None:
    """Feed what the journal has of the container to the printer; `since`: nothing older is wanted."""
    cid = record["id"]
    status = monitorctl.status(session.paths, cid)
    runs = status["state"] not in ("exited", "created")
    last = _run_id(session, cid, "status" if runs else "exit")
    if not last and not runs and not status["started_ns"]:
        return  # it never ran
    journal = Journal(cid)
    try:
        moved = max(status["started_ns"], status["finished_ns"]) / 1e9
        if last and 0 <= time.time() - moved < _RECENT_S:
            journal.wait_for("begin" if runs else "end", last)
        cursor, seen = b"", False
        if tail >= 0:
            cursor, records = journal.last(tail)
            seen = bool(cursor)
            printer.feed(b"".join(records))
        if follow and runs:
            _follow(session, record, printer, journal, cursor)
            return
        if tail < 0:
            seen = _whole(printer, journal, since)
        if not seen and not since:
            log.warning(
                "the journal shows nothing of the container: it was cleared, or you may not read it",
                container=record["name"],
                remedy=_REMEDY,
            )
    finally:
        journal.close()


class Journal:
    """What journalctl shows of one container. Owns the process that runs."""

    def __init__(self, cid: str) -> None:
        self._program = tools.find("journalctl")
        # entries of other users could say that they are of this container
        self._matches = [f"_UID={_outside(os.getuid())}", f"CONTAINER_ID_FULL={cid}"]
        self._pid = 0
        self._out = self._err = -1

    def open(self, *options: str, more: tuple[str, ...] = ()) -> int:
        """Run journalctl; return the descriptor that it writes to. Its end: `check`."""
        self.close()
        argv = [self._program, "--quiet", "--no-pager", "--all", "--output=export"]
        argv += [f"--output-fields={_FIELDS}", *options, *self._matches, *more]
        out_r, out_w = os.pipe2(os.O_CLOEXEC)
        self._out, self._err = out_r, os.memfd_create("stderr", os.MFD_CLOEXEC)
        try:
            self._pid = spawn.start(
                argv, env={**spawn.CLEAN_ENV, "LC_ALL": "C.UTF-8"}, fds={1: out_w, 2: self._err}
            )
        finally:
            os.close(out_w)
        return out_r

    def entries(self, *options: str) -> Iterator[Entry]:
        """All entries. Raises StateError if journalctl fails."""
        out = self.open(*options)
        export = Export()
        while data := os.read(out, _BLOCK):
            yield from export.feed(data)
        self.check()

    def last(self, count: int) -> tuple[bytes, list[bytes]]:
        """Return the cursor of the last entry (empty: there is none), and the records of the last lines.

        A line in pieces counts once, one without an end too.
        """
        cursor, found, have = b"", list[bytes](), 0
        for entry in self.entries("--reverse"):
            cursor = cursor or entry.get(b"__CURSOR", b"")
            if _PLACE in entry:
                continue
            if not entry.get(b"CONTAINER_PARTIAL_MESSAGE") or not found:
                if have == count:
                    break
                have += 1
            found.append(as_record(entry))
        self.close()
        found.reverse()
        return cursor, found

    def wait_for(self, place: str, run_id: str) -> None:
        """Wait until a run's beginning or end is in the journal; not for ever, it may have been lost."""
        more = (f"{journald.PLACE}={place}", f"{journald.RUN}={run_id}")
        until = time.monotonic() + _PATIENCE_S
        while (left := until - time.monotonic()) > 0:
            out = self.open("--follow", "--no-tail", more=more)
            ready = select.select([out], [], [], left)[0]
            if not ready or os.read(out, 1):
                break
            # it ends at once as long as there is no file that we may read: our first entry makes it
            select.select([], [], [], min(0.05, left))
        self.close()

    def check(self) -> None:
        """Take note of its end. Raises StateError if it has failed."""
        pid, self._pid = self._pid, 0
        code = spawn.wait(pid)
        said = os.pread(self._err, 2000, 0).decode(errors="replace").strip()
        self.close()
        if code != 0:
            raise errors.StateError(
                f"cannot read the journal: {said or f'journalctl: exit code {code}'}", remedy=_REMEDY
            )

    def close(self) -> None:
        """End it. Idempotent."""
        if self._pid:
            os.kill(self._pid, _SIGKILL)
            spawn.wait(self._pid)
            self._pid = 0
        for fd in (self._out, self._err):
            if fd >= 0:
                os.close(fd)
        self._out = self._err = -1


class Export:
    """The Journal Export Format, in blocks of any size."""

    def __init__(self) -> None:
        self._rest = b""
        self._entry: Entry = {}

    def feed(self, data: bytes) -> list[Entry]:
        """Return the entries that are whole now."""
        if self._rest:
            data = self._rest + data
        found: list[Entry] = []
        at = 0
        while (end := data.find(b"\n", at)) >= 0:
            if end == at:  # an empty line ends an entry
                if self._entry:
                    found.append(self._entry)
                    self._entry = {}
                at += 1
                continue
            equals = data.find(b"=", at, end)
            if equals >= 0:
                self._entry[data[at:equals]] = data[equals + 1 : end]
                at = end + 1
                continue
            begin = end + 1 + 8
            stop = begin + int.from_bytes(data[end + 1 : begin], "little")
            if len(data) <= max(begin, stop):
                break
            self._entry[data[at:end]] = data[begin:stop]
            at = stop + 1
        self._rest = data[at:]
        return found


def as_record(entry: Entry) -> bytes:
    """Return an entry as it would stand in a log file. Pure."""
    micros = int(entry.get(b"__REALTIME_TIMESTAMP") or 0)
    second, rest = divmod(micros, 1_000_000)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)) + f".{rest:06d}000+00:00"
    head = stamp.encode("ascii") + (b" stderr " if entry.get(b"PRIORITY") == b"3" else b" stdout ")
    text = entry.get(b"MESSAGE", b"")
    if b"\n" in text:  # not by us
        text = text.replace(b"\n", b"\n" + head + b"F ")
    return head + (b"P " if entry.get(b"CONTAINER_PARTIAL_MESSAGE") else b"F ") + text + b"\n"


def _whole(printer: Printer, journal: Journal, since: str) -> bool:
    seen = False
    options = [f"--since={since[:19].replace('T', ' ')} UTC"] if since else []
    records: list[bytes] = []
    for entry in journal.entries(*options):
        seen = True
        if _PLACE not in entry:
            records.append(as_record(entry))
            if len(records) >= 1000:
                printer.feed(b"".join(records))
                records.clear()
    printer.feed(b"".join(records))
    return seen


def _follow(
    session: Session, record: ContainerRecord, printer: Printer, journal: Journal, cursor: bytes
) -> None:
    """Go on behind the cursor, until the container has ended and its output has too."""
    cid, run_dir = record["id"], session.paths.run_dir(record["id"])
    run_id = _run_id(session, cid, "status").encode("ascii")
    after = [f"--after-cursor={cursor.decode('ascii')}"] if cursor else []
    export = Export()
    until = 0.0
    ended = False
    with inotify.Watch() as watch:
        if os.path.isdir(run_dir):
            watch.add(run_dir, inotify.IN_MOVED_TO | inotify.IN_CREATE | inotify.IN_DELETE_SELF)
        out = journal.open("--follow", "--no-tail", *after)
        while True:
            status = monitorctl.status(session.paths, cid)
            if not until and (status["state"] in ("exited", "created") or status["unmonitored"]):
                until = time.monotonic() + _PATIENCE_S
            left = max(0.0, until - time.monotonic()) if until else None
            if until and (ended or not left):
                return
            if out in select.select([out, watch.fileno()], [], [], left)[0]:
                data = os.read(out, _BLOCK)
                if not data:
                    journal.check()
                    return
                records = []
                for entry in export.feed(data):
                    if _PLACE in entry:
                        ended = entry[_PLACE] == b"end" and entry.get(_RUN) == run_id
                    else:
                        records.append(as_record(entry))
                printer.feed(b"".join(records))
            watch.drain()


def _run_id(session: Session, cid: str, file: str) -> str:
    found = monitorctl.load(f"{session.paths.run_dir(cid)}/{file}.json")
    return str(found["run_id"]) if isinstance(found, dict) else ""


def _outside(uid: int) -> int:
    """Return a user id of this user namespace as it is outside."""
    with open("/proc/self/uid_map", encoding="ascii") as lines:
        for line in lines:
            inside, outside, count = map(int, line.split())
            if inside <= uid < inside + count:
                return outside + uid - inside
    return uid
