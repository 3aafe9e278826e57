"""The D-Bus that is spoken with systemd, against a stand-in that checks every alignment."""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from libpod.errors import RootlessError
from libpod.rootless import scope


class Reader:
    """Unmarshals as the D-Bus specification says, and refuses padding that is not zero."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def align(self, to: int) -> None:
        pad = -self.at % to
        assert self.data[self.at : self.at + pad] == bytes(pad)
        self.at += pad

    def number(self) -> int:
        self.align(4)
        self.at += 4
        return int(struct.unpack_from("<I", self.data, self.at - 4)[0])

    def string(self) -> str:
        size = self.number()
        self.at += size + 1
        assert self.data[self.at - 1] == 0
        return self.data[self.at - 1 - size : self.at - 1].decode()

    def signature(self) -> str:
        size = self.data[self.at]
        self.at += size + 2
        assert self.data[self.at - 1] == 0
        return self.data[self.at - 1 - size : self.at - 1].decode()

    def variant(self) -> Any:
        kind = self.signature()
        if kind in ("s", "o"):
            return self.string()
        if kind == "g":
            return self.signature()
        if kind in ("u", "b", "i"):
            return self.number()
        if kind == "t":
            self.align(8)
            self.at += 8
            return int(struct.unpack_from("<Q", self.data, self.at - 8)[0])
        assert kind == "au"
        size = self.number()
        return [self.number() for _ in range(size // 4)]

    def properties(self) -> dict[str, Any]:
        size = self.number()
        self.align(8)
        end = self.at + size
        found = {}
        while self.at < end:
            self.align(8)
            name = self.string()
            found[name] = self.variant()
        assert self.at == end
        return found


def message(kind: int, fields: list[tuple[int, str, bytes]], body: bytes) -> bytes:
    head = b""
    for code, signature, value in fields:
        head += bytes(-len(head) % 8) + bytes((code, 1)) + signature.encode() + b"\0" + value
    raw = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), 7, len(head)) + head
    return raw + bytes(-len(raw) % 8) + body


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode() + b"\0"


def job_removed(job: str, unit: str, result: str) -> bytes:
    body = struct.pack("<I", 5)
    for value in (job, unit, result):
        body += bytes(-len(body) % 4) + text(value)
    return message(4, [(1, "o", text("/org/freedesktop/systemd1")), (3, "s", text("JobRemoved"))], body)


def reply(job: str) -> bytes:
    return message(2, [(5, "u", struct.pack("<I", 1))], text(job))


@pytest.fixture
def manager(tmp_path: Path) -> Callable[[list[bytes]], tuple[str, list[bytes]]]:
    """Return a function that starts a stand-in for systemd: it reads one call, answers with these pieces."""

    def serve(answers: list[bytes]) -> tuple[str, list[bytes]]:
        path = str(tmp_path / "private")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        calls: list[bytes] = []

        def work() -> None:
            connection, _ = listener.accept()
            with listener, connection:
                data = b""
                while b"BEGIN\r\n" not in data:
                    data += connection.recv(4096)
                assert data.startswith(b"\0AUTH EXTERNAL\r\n")
                connection.sendall(b"DATA\r\nOK 1234\r\n")
                data = data.partition(b"BEGIN\r\n")[2]
                while len(data) < 16 or len(data) < length(data):
                    data += connection.recv(4096)
                calls.append(data)
                for answer in answers:
                    connection.sendall(answer)

        threading.Thread(target=work, daemon=True).start()
        return path, calls

    return serve


def length(data: bytes) -> int:
    body, _, fields = struct.unpack_from("<III", data, 4)
    return int(16 + fields + -fields % 8 + body)


Manager = Callable[[list[bytes]], tuple[str, list[bytes]]]


def test_call_is_well_formed(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "_cgroup_of", lambda pid, unit: f"/{unit}")
    job, unit = "/org/freedesktop/systemd1/job/5", "pypod-ä.scope"
    others = job_removed("/other", "other.scope", "failed")
    path, calls = manager([others[:10], others[10:] + reply(job) + others, job_removed(job, unit, "done")])
    assert scope.Scope(unit, [11, 12], bus=path, stop_timeout_s=15).wait() == f"/{unit}"
    reader = Reader(calls[0])
    assert reader.data[:4] == b"l\x01\x00\x01"
    reader.at = 12
    end = reader.number() + 16
    fields = {}
    while reader.at < end:
        reader.align(8)
        code = reader.data[reader.at]
        reader.at += 1
        fields[code] = reader.variant()
    assert fields == {
        1: "/org/freedesktop/systemd1",
        2: "org.freedesktop.systemd1.Manager",
        3: "StartTransientUnit",
        8: "ssa(sv)a(sa(sv))",
    }
    reader.align(8)
    body = Reader(reader.data[reader.at :])
    assert (body.string(), body.string()) == (unit, "fail")
    properties = body.properties()
    assert properties["PIDs"] == [11, 12]
    assert properties["Delegate"] == 1
    assert properties["Slice"] == "user.slice"
    assert properties["KillSignal"] == signal.SIGURG
    assert properties["TimeoutStopUSec"] == 15_000_000
    assert body.properties() == {}
    assert body.at == len(body.data)


def test_refusal_is_told(manager: Manager) -> None:
    error = message(
        3, [(5, "u", struct.pack("<I", 1)), (4, "s", text("org.x.Failed"))], text("no such slice")
    )
    path, _ = manager([error])
    with pytest.raises(RootlessError, match="refuses StartTransientUnit: no such slice"):
        scope.Scope("a.scope", [1], bus=path).wait()


def test_failed_job_is_told(manager: Manager) -> None:
    path, _ = manager([reply("/j"), job_removed("/j", "a.scope", "failed")])
    with pytest.raises(RootlessError, match=r"did not start a\.scope: failed"):
        scope.Scope("a.scope", [1], bus=path).wait()


@pytest.mark.parametrize(
    "answers", [[], [reply("/j")], [b"l" + bytes(15)], [b"B" + bytes(200)], [b"l\x02\x00\x01" + b"\xff" * 12]]
)
def test_nonsense_and_silence_end_with_an_error(manager: Manager, answers: list[bytes]) -> None:
    path, _ = manager(answers)
    with pytest.raises(RootlessError, match=r"a\.scope"):
        scope.Scope("a.scope", [1], bus=path, timeout_s=0.5).wait()


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(RootlessError, match="cannot reach"):
        scope.Scope("a.scope", [os.getpid()], bus=str(tmp_path / "none"))
