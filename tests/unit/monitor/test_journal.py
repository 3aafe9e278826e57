"""The journal log driver: entries, pieces of lines, a journal that takes nothing; and reading them back."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from libpod import errors, log
from libpod.engine import journallog
from libpod.monitor import journal
from libpod.monitor.logfile import LIMIT
from libpod.util import journald

CID = "0123456789ab" + "c" * 52
Fields = dict[str, bytes]


def decode(entry: bytes) -> Fields:
    """Read an entry as the protocol says."""
    found: Fields = {}
    at = 0
    while at < len(entry):
        end = entry.index(b"\n", at)
        name, equals, value = entry[at:end].partition(b"=")
        if equals:
            at = end + 1
        else:
            size = int.from_bytes(entry[end + 1 : end + 9], "little")
            value = entry[end + 9 : end + 9 + size]
            assert entry[end + 9 + size : end + 10 + size] == b"\n"
            at = end + 10 + size
        assert name.decode() not in found
        found[name.decode()] = value
    return found


def joined(found: list[Fields]) -> bytes:
    """The bytes that the entries stand for."""
    return b"".join(
        fields["MESSAGE"] + (b"" if fields.get("CONTAINER_PARTIAL_MESSAGE") == b"true" else b"\n")
        for fields in found
    )


@pytest.mark.parametrize(
    "value", [b"", b"x", b"a=b", b"\n", b"a\nb=c\n", b"\0\xff\r", bytes(range(256)), b"\n" * 70000]
)
def test_a_field_carries_any_bytes(value: bytes) -> None:
    entry = journald.field("MESSAGE", value) + journald.field("NEXT", b"1")
    assert decode(entry) == {"MESSAGE": value, "NEXT": b"1"}


def test_any_output_comes_back() -> None:
    chance = random.Random(7)
    whole, piece = b"A=1\n", b"A=1\nCONTAINER_PARTIAL_MESSAGE=true\n"
    for _ in range(300):
        alphabet = chance.choice([b"\n", b"ab\n", b"a=\0\xff\n\r", bytes(range(256)), b"x"])
        data = bytes(
            chance.choices(alphabet, k=chance.choice([0, 1, 5, 100, LIMIT - 1, LIMIT, LIMIT + 1, 50000]))
        )
        held, found = b"", []
        at = 0
        while at < len(data):
            step = chance.choice([1000, 16384, 65536])
            out, held = journal.entries(whole, piece, held + data[at : at + step], chance.random() < 0.7)
            assert len(held) <= LIMIT
            found += out
            at += step
        out, held = journal.entries(whole, piece, held, False)
        fields = [decode(entry) for entry in found + out]
        assert held == b""
        assert all(len(each["MESSAGE"]) <= LIMIT for each in fields)
        assert joined(fields).removesuffix(b"\n") == data.removesuffix(b"\n")


def test_a_name_cannot_make_fields() -> None:
    fields = decode(journal.common(CID, "web", "x\nPRIORITY=0\n"))
    assert fields == {
        "CONTAINER_ID_FULL": CID.encode(),
        "CONTAINER_ID": b"0123456789ab",
        "CONTAINER_NAME": b"web",
        "CONTAINER_TAG": b"x\nPRIORITY=0\n",
        "SYSLOG_IDENTIFIER": b"x\nPRIORITY=0\n",
    }
    assert decode(journal.common(CID, "web", ""))["SYSLOG_IDENTIFIER"] == b"web"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket in place of the journal's."""
    folder = os.open(tmp_path, os.O_PATH)  # a socket's path is short
    path = f"/proc/self/fd/{folder}/socket"
    monkeypatch.setattr(journald, "SOCKET", path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        sock.setblocking(False)
        yield sock
    os.close(folder)


def received(server: socket.socket) -> list[Fields]:
    found = []
    while True:
        try:
            data, fds, _, _ = socket.recv_fds(server, 1 << 20, 1)
        except BlockingIOError:
            return found
        for fd in fds:
            data += os.pread(fd, 1 << 26, 0)
            with pytest.raises(PermissionError):
                os.pwrite(fd, b"x", 0)
            os.close(fd)
        found.append(decode(data))


def make(lost: int = -1) -> journal.Journal:
    return journal.Journal({"id": CID, "name": "web", "tag": ""}, "run1", lost)


def test_streams_and_the_marks_around_them(server: socket.socket) -> None:
    made = make()
    made.write(1, b"out\npart", True)
    made.write(2, b"err\n", False)
    assert [each["MESSAGE"] for each in received(server)[1:]] == [b"out", b"err"]
    made.flush()
    made.close()
    part, end = received(server)
    assert (part["MESSAGE"], part["CONTAINER_PARTIAL_MESSAGE"], part["PRIORITY"]) == (b"part", b"true", b"6")
    assert (end["PYPOD_LOG"], end["PYPOD_RUN_ID"], end["PRIORITY"]) == (b"end", b"run1", b"7")


def test_what_goes_on_after_execve_does_not_begin_again(server: socket.socket) -> None:
    made = make(lost=3)
    assert received(server) == []
    made.close()
    assert b"3 entries were lost" in received(server)[0]["MESSAGE"]


def test_an_entry_larger_than_a_datagram(server: socket.socket) -> None:
    made = journal.Journal({"id": CID, "name": "web", "tag": "t" * 1_000_000}, "run1")
    made.write(1, b"x\n", False)
    made.close()
    first, second, _ = received(server)
    assert (first["PYPOD_LOG"], second["MESSAGE"]) == (b"begin", b"x")
    assert second["CONTAINER_TAG"] == b"t" * 1_000_000


def test_no_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journald, "SOCKET", f"{tmp_path}/none")
    with pytest.raises(errors.StateError, match="cannot reach the journal") as caught:
        make()
    assert "k8s-file" in caught.value.remedy
    made = make(lost=0)  # it runs already
    made.write(1, b"x\n", False)
    made.close()
    assert made.lost == 2  # the mark too


def test_a_journal_that_takes_nothing(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """We wait a little once, lose what does not go, and go on when it can."""
    waits: list[int] = []

    class Poll:
        def register(self, sock: socket.socket, mask: int) -> None:
            pass

        def unregister(self, sock: socket.socket) -> None:
            pass

        def poll(self, ms: int) -> list[object]:
            waits.append(ms)
            clock[0] += ms / 1000
            return []

    clock = [1000.0]
    monkeypatch.setattr(journal.select, "poll", Poll)
    monkeypatch.setattr(journal.time, "monotonic", lambda: clock[0])
    log.set_output(2, with_time=False)
    made = make()
    made.write(1, b"line\n" * 100_000, False)
    taken = len(received(server)) - 1
    assert made.lost == 100_000 - taken
    assert sum(waits) < 3000
    assert received(server) == []
    made.write(1, b"again\n", False)
    made.close()
    again, end = received(server)
    assert (again["MESSAGE"], b"%d entries were lost" % made.lost in end["MESSAGE"]) == (b"again", True)
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 2
    assert f"lost={made.lost}" in said[1]


def exported(entry: Fields, chance: random.Random) -> bytes:
    out = b"__CURSOR=c\n__REALTIME_TIMESTAMP=1795526037077378\n"
    for name, value in entry.items():
        if b"\n" not in value and chance.random() < 0.5:
            out += b"%s=%s\n" % (name.encode(), value)
        else:
            out += b"%s\n%s%s\n" % (name.encode(), len(value).to_bytes(8, "little"), value)
    return out + b"\n"


def test_the_export_format_in_blocks_of_any_size() -> None:
    chance = random.Random(3)
    wanted: list[Fields] = [
        {"MESSAGE": bytes(chance.choices(b"\n=\0a\xff", k=chance.randrange(40))), "PRIORITY": b"6"}
        for _ in range(200)
    ]
    text = b"".join(exported(entry, chance) for entry in wanted)
    for size in (1, 2, 7, 64, 100_000):
        export = journallog.Export()
        found = [entry for at in range(0, len(text), size) for entry in export.feed(text[at : at + size])]
        assert [entry[b"MESSAGE"] for entry in found] == [entry["MESSAGE"] for entry in wanted]


def test_an_entry_as_a_record_of_the_log_file() -> None:
    entry = {b"__REALTIME_TIMESTAMP": b"1795526037077378", b"PRIORITY": b"3", b"MESSAGE": b"a\0b"}
    stamp = b"2026-11-24T13:13:57.077378000+00:00"
    assert journallog.as_record(entry) == stamp + b" stderr F a\0b\n"
    piece = {**entry, b"PRIORITY": b"6", b"CONTAINER_PARTIAL_MESSAGE": b"true"}
    assert journallog.as_record(piece) == stamp + b" stdout P a\0b\n"
    both = journallog.as_record({**entry, b"MESSAGE": b"a\nb"})
    assert both == stamp + b" stderr F a\n" + stamp + b" stderr F b\n"
