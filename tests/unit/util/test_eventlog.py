"""The file of events: what comes in between two lines, several writers, the change of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libpod import events
from libpod.util import eventlog


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "events")


def names(folder: str, **more: int) -> list[str]:
    return [event["name"] for event in events.read(folder, **more)]


def test_events_come_back_in_order(folder: str) -> None:
    for name in ("a", "b\nc", "d"):
        eventlog.volume(folder, "create", name)
    assert names(folder) == ["a", "b\nc", "d"]
    assert os.stat(f"{folder}/log").st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "rubbish",
    [b'\n{"time": 1, "type": "vol', b"\0" * 4096, b"\n[]\n5\n{}\n", b"\xff\xfe", b'\n{"time": "x"}'],
)
def test_what_a_power_cut_leaves_swallows_no_other_event(folder: str, rubbish: bytes) -> None:
    eventlog.volume(folder, "create", "before")
    with open(f"{folder}/log", "ab") as f:
        f.write(rubbish)
    eventlog.volume(folder, "create", "after")
    assert names(folder) == ["before", "after"]


def test_times_bound_what_is_read(folder: str) -> None:
    for moment, name in ((10, "a"), (20, "b"), (30, "c")):
        eventlog.append(folder, {"type": "volume", "status": "create", "name": name, "time": moment})
    assert names(folder, since_ns=20) == ["b", "c"]
    assert names(folder, until_ns=20) == ["a", "b"]


def test_a_full_file_gets_another_name(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventlog, "LIMIT_BYTES", 2000)
    for n in range(100):
        eventlog.volume(folder, "create", str(n))
    assert sorted(os.listdir(folder)) == ["log", "log.1"]
    assert os.path.getsize(f"{folder}/log.1") < 2200
    found = [int(name) for name in names(folder)]
    assert found == list(range(found[0], 100))
    assert len(found) > 20


def test_long_attributes_are_left_out(folder: str) -> None:
    record = {"id": "1", "name": "c", "image_name": "i", "image": "i", "labels": {"a": "x" * 100_000}}
    eventlog.container(folder, record, "create")
    eventlog.container(folder, {"id": "2"}, "remove")
    assert os.path.getsize(f"{folder}/log") < 1000
    assert names(folder) == ["c", ""]


def test_an_event_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    eventlog.volume(str(tmp_path / "file"), "create", "a")
    eventlog.volume(str(tmp_path / "nowhere/events"), "create", "a")
    blocked = tmp_path / "file"
    for note in (None, {}, {"folder": 5, "event": 6}, {"folder": f"{blocked}/x", "event": {}}):
        eventlog.from_monitor(str(tmp_path), note, "died")
    (tmp_path / eventlog.NOTE).write_text('{"folder": 5}')
    eventlog.from_monitor(str(tmp_path), None, "died")


def test_a_rename_reaches_the_monitor(tmp_path: Path, folder: str) -> None:
    record = {"id": "1", "name": "old", "image_name": "i", "image": "i", "labels": {}}
    given = eventlog.note(folder, record)
    eventlog.from_monitor(str(tmp_path), given, "start")
    eventlog.rewrite(str(tmp_path), folder, {**record, "name": "new"})
    eventlog.from_monitor(str(tmp_path), given, "died", code=1)
    assert names(folder) == ["old", "new"]


def _writers(folder: str, count: int, each: int) -> None:
    pids = []
    for who in range(count):
        pid = os.fork()
        if pid == 0:
            for n in range(each):
                eventlog.volume(folder, "create", f"{who}-{n}")
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)


def test_lines_of_several_writers_do_not_mix(folder: str) -> None:
    _writers(folder, 4, 200)
    found = names(folder)
    assert sorted(found) == sorted(f"{who}-{n}" for who in range(4) for n in range(200))
    with open(f"{folder}/log", "rb") as f:
        assert len([line for line in f.read().split(b"\n") if line]) == 800


def test_a_reader_follows_over_the_change_of_files(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventlog, "LIMIT_BYTES", 2000)
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        for n in range(60):
            os.read(read_fd, 1)  # one after the other: no generation is skipped
            eventlog.volume(folder, "create", str(n))
        os._exit(0)
    found = []
    os.write(write_fd, b".")
    for event in events.read(folder, since_ns=0, follow=True):
        found.append(event["name"])
        if len(found) == 60:
            break
        os.write(write_fd, b".")
    os.waitpid(pid, 0)
    os.close(read_fd)
    os.close(write_fd)
    assert found == [str(n) for n in range(60)]
    assert os.path.exists(f"{folder}/log.1")
