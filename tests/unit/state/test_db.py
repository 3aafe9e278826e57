"""The database is made once, migrated once, and says what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from libpod.conf.paths import Paths
from libpod.errors import StateDbError
from libpod.state import containers
from libpod.state import db as state
from libpod.state.db import Db, open_db
from tests.support.records import container, image


def in_children(count: int, work: Callable[[int], None]) -> list[int]:
    """Run `work` in so many processes that begin together; their exit codes."""
    ready_r, ready_w = os.pipe()
    pids = []
    for number in range(count):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.close(ready_w)
                os.read(ready_r, 1)
                work(number)
                code = 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                os._exit(code)
        pids.append(pid)
    os.close(ready_w)
    os.close(ready_r)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def test_first_use_makes_a_database_with_a_log(paths: Paths, db: Db) -> None:
    assert db.row("PRAGMA journal_mode") == ("wal",)
    assert db.row("PRAGMA user_version") == (state.SCHEMA_VERSION,)
    assert os.stat(paths.state_db).st_mode & 0o777 == 0o600
    assert not [n for n in os.listdir(paths.graphroot) if ".new-" in n]


def test_many_first_users_make_one_database(paths: Paths) -> None:
    def work(number: int) -> None:
        mine = open_db(paths)
        containers.insert(mine, container(f"c{number}"))
        os._exit(0)  # as a command ends: without a close

    assert in_children(24, work) == [0] * 24
    found = open_db(paths)
    assert len(containers.all_records(found)) == 24
    assert found.row("PRAGMA integrity_check") == ("ok",)
    found.close()
    assert not [n for n in os.listdir(paths.graphroot) if ".new-" in n]


def test_32_writers_have_no_errors(paths: Paths) -> None:
    open_db(paths).close()

    def work(number: int) -> None:
        mine = open_db(paths)
        for turn in range(12):
            record = container(f"c{number}-{turn}", remove=bool(turn % 2))
            containers.insert(mine, record, durable=not record["remove"])
            assert containers.lookup(mine, record["name"])["id"] == record["id"]
            containers.summaries(mine)
            if turn % 3:
                assert containers.delete(mine, record["id"], durable=not record["remove"])
        os._exit(0)

    assert in_children(32, work) == [0] * 32
    found = open_db(paths)
    assert len(containers.all_records(found)) == 32 * 4
    assert found.row("PRAGMA integrity_check") == ("ok",)
    found.close()


def test_a_killed_writer_loses_nothing_that_was_committed(paths: Paths) -> None:
    open_db(paths).close()
    for number in range(20):
        pid = os.fork()
        if pid == 0:
            mine = open_db(paths)
            containers.insert(mine, container(f"whole{number}"), durable=False)
            with mine.write() as tx:
                tx.run("DELETE FROM containers")
                os.kill(os.getpid(), 9)
        os.waitpid(pid, 0)
    found = open_db(paths)
    assert {r["name"] for r in containers.all_records(found)} == {f"whole{n}" for n in range(20)}
    found.close()


def test_an_exception_undoes_the_transaction(db: Db) -> None:
    containers.insert(db, container("a"))
    with pytest.raises(ZeroDivisionError), db.write() as tx:
        assert tx.run("DELETE FROM containers") // 0
    assert [r["name"] for r in containers.all_records(db)] == ["a"]
    containers.insert(db, container("b"))


def test_durable_writes_wait_for_the_disk_and_others_do_not(db: Db) -> None:
    for durable, level in ((True, 2), (False, 1), (True, 2)):
        with db.write(durable=durable):
            pass
        assert db.row("PRAGMA synchronous") == (level,)


def test_a_connection_does_not_go_over_a_fork(db: Db) -> None:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            db.rows("SELECT 1")
        except RuntimeError:
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0


def test_readers_do_not_wait_for_a_writer(paths: Paths, db: Db) -> None:
    other = open_db(paths)
    with db.write() as tx:
        tx.run("DELETE FROM containers")
        assert containers.all_records(other) == []
    other.close()


def old_database(path: str, version: int) -> None:
    con = sqlite3.connect(path, isolation_level=None)
    con.execute("PRAGMA journal_mode = WAL")
    con.execute("BEGIN IMMEDIATE")
    for number, statements in state._steps():
        if number <= version:
            for statement in statements:
                con.execute(statement)
    con.execute(f"PRAGMA user_version = {version}")
    con.execute("COMMIT")
    con.close()


@pytest.mark.parametrize("version", range(state.SCHEMA_VERSION + 1))
def test_every_older_version_is_brought_up_to_date(paths: Paths, version: int, tmp_path: Path) -> None:
    old_database(paths.state_db, version)
    migrated = open_db(paths)
    other = Paths(str(tmp_path / "new"), "")
    os.mkdir(other.graphroot)
    fresh = open_db(other)
    schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    assert migrated.rows(schema) == fresh.rows(schema)
    migrated.close()
    fresh.close()


def test_several_processes_migrate_once(paths: Paths) -> None:
    old_database(paths.state_db, 0)
    assert in_children(16, lambda number: open_db(paths).close()) == [0] * 16


def test_the_migrations_are_numbered_without_a_gap() -> None:
    assert [number for number, _ in state._steps()] == list(range(1, state.SCHEMA_VERSION + 1))


def test_an_empty_file_is_taken_as_new(paths: Paths) -> None:
    Path(paths.state_db).touch()
    found = open_db(paths)
    assert containers.all_records(found) == []
    found.close()


def test_a_newer_database_is_refused(paths: Paths, db: Db) -> None:
    db.rows("PRAGMA user_version = 999")
    with pytest.raises(StateDbError, match="newer pypod") as caught:
        open_db(paths)
    assert caught.value.remedy


def test_damage_is_reported_with_a_remedy(paths: Paths) -> None:
    for content in (b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000):
        Path(paths.state_db).write_bytes(content)
        with pytest.raises(StateDbError, match="damaged") as caught:
            open_db(paths)
        assert paths.state_db in caught.value.remedy
        assert "\n" not in caught.value.message


def test_damage_inside_is_reported_with_a_remedy(paths: Paths) -> None:
    made = open_db(paths)
    for number in range(200):
        containers.insert(made, container(f"c{number}"), durable=False)
    made.close()
    size = os.path.getsize(paths.state_db)
    with open(paths.state_db, "r+b") as f:
        f.seek(8192)
        f.write(b"\xa5" * (size - 8192))
    damaged = open_db(paths)
    with pytest.raises(StateDbError, match="damaged") as caught:
        containers.all_records(damaged)
    assert caught.value.remedy
    damaged.close()


def test_a_directory_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(StateDbError, match="cannot make"):
        open_db(Paths(str(tmp_path / "nowhere"), ""))


def test_a_locked_database_names_who_to_look_for(
    paths: Paths, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "BUSY_TIMEOUT_S", 0.05)
    other = open_db(paths)
    with db.write() as tx:
        tx.run("DELETE FROM containers")
        with pytest.raises(StateDbError, match="locked") as caught:
            containers.insert(other, container("a"))
        assert "fuser" in caught.value.remedy
    containers.insert(other, container("a"))
    other.close()


def test_opening_and_one_look_are_cheap(paths: Paths, db: Db) -> None:
    for number in range(100):
        containers.insert(db, container(f"c{number}"), durable=False)
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        mine = open_db(paths)
        containers.lookup(mine, "c50")
        times.append(time.perf_counter() - begin)
        mine.close()
    # 1 ms here; the bound is for a busy machine and catches a scan or a migration on each open.
    assert min(times) < 0.005


def test_what_lists_need_comes_without_the_rest(db: Db) -> None:
    record = container("a", labels={"x": "y"}, image_id="")
    containers.insert(db, record)
    (summary,) = containers.summaries(db)
    assert set(summary) <= set(containers.SUMMARY)
    assert all(summary[key] == record[key] for key in summary)  # type: ignore[literal-required]
    assert image("x")["id"] != record["id"]
