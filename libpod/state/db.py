"""Owns: the state database: how it is opened, migrated and written, and what is said when it cannot be used.

The rules (docs/internals/state.md gives the measurements):

- WAL, and every write is `BEGIN IMMEDIATE`: a deferred transaction that turns into a writer fails at once
  when another writer was faster, whatever the busy timeout says.
- What must survive a power cut commits with synchronous=FULL; what belongs to this boot with NORMAL, which
  does not wait for the disk. Neither can be lost by the death of a process.
- The connection is never closed on hot paths: the last close would copy the whole log into the database and
  sync four times. The process simply ends.
- A connection does not survive a fork. Open it after forking.
"""

from __future__ import annotations

import fcntl
import os

from libpod import errors
from libpod.state.sqlite import _sqlite3

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Any, Protocol

    Row = tuple[Any, ...]
    Args = Sequence[str | int | bytes | float | None]

    class HasStateDb(Protocol):
        """What `open_db` needs of the engine's paths."""

        @property
        def state_db(self) -> str: ...


SCHEMA_VERSION = 4
BUSY_TIMEOUT_S = 30.0
CHECKPOINT_PAGES = 256
"""The log is copied into the database when it is longer than this. The first process after all others are
gone reads the whole log, so a short one keeps opening cheap; each copy costs three syncs, so a very short
one makes writes dear.
"""

_FULL, _NORMAL = 2, 1
_NEW = ".new-"


class Db:
    """One connection. Made by `open_db`; used by the process that made it."""

    __slots__ = ("_con", "_pid", "_synchronous", "path")

    def __init__(self, con: _sqlite3.Connection, path: str) -> None:
        self._con = con
        self._pid = os.getpid()
        self._synchronous = _FULL
        self.path = path

    def rows(self, sql: str, args: Args = ()) -> list[Row]:
        """Run one statement and return all its rows. Reading needs no lock and no transaction."""
        if os.getpid() != self._pid:
            raise RuntimeError("a database connection was taken across a fork")
        try:
            return self._con.execute(sql, args).fetchall()
        except _sqlite3.Error as e:
            raise _explain(e, self.path) from e

    def row(self, sql: str, args: Args = ()) -> Row | None:
        """Run one statement and return its first row."""
        found = self.rows(sql, args)
        return found[0] if found else None

    def write(self, *, durable: bool = True) -> Write:
        """A write transaction, for `with`: committed at the end of the block, undone by an exception.

        Keep it to a few statements: no file operation, no spawn, no wait inside.
        """
        return Write(self, _FULL if durable else _NORMAL)

    def close(self) -> None:
        """Close the connection. Only for tests and long-lived processes: closing the last one syncs the
        disk.
        """
        self._con.close()


class Write:
    """A running write transaction."""

    __slots__ = ("_db", "_level")

    def __init__(self, db: Db, level: int) -> None:
        self._db = db
        self._level = level

    def __enter__(self) -> Write:
        db = self._db
        if self._level != db._synchronous:
            db.rows("PRAGMA synchronous = " + ("FULL" if self._level == _FULL else "NORMAL"))
            db._synchronous = self._level
        db.rows("BEGIN IMMEDIATE")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                self._db.rows("COMMIT")
            except errors.StateDbError:
                self._rollback()
                raise
        else:
            self._rollback()

    def _rollback(self) -> None:
        # SQLite has already rolled back on some errors (disk full, damage); then there is nothing to undo.
        if self._db._con.in_transaction:
            self._db._con.execute("ROLLBACK")

    def rows(self, sql: str, args: Args = ()) -> list[Row]:
        return self._db.rows(sql, args)

    def row(self, sql: str, args: Args = ()) -> Row | None:
        return self._db.row(sql, args)

    def run(self, sql: str, args: Args = ()) -> int:
        """Run one statement and return how many rows it changed."""
        try:
            return self._db._con.execute(sql, args).rowcount
        except _sqlite3.Error as e:
            raise _explain(e, self._db.path) from e


def open_db(paths: HasStateDb) -> Db:
    """Open the state database; make it on the first use, bring an older one up to date.

    The directory exists (conf.paths.ensure). Raises StateDbError with a remedy when the database is damaged
    or newer than this program.
    """
    path = paths.state_db
    # Without this the library would make an empty file, and two first users would race about its format.
    if not os.path.exists(path):
        _create(path)
    try:
        con = _connect(path)
        (version,) = con.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            _migrate(con, path, version)
        con.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    except _sqlite3.Error as e:
        raise _explain(e, path) from e
    return Db(con, path)


def _connect(path: str) -> _sqlite3.Connection:
    return _sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)


def _create(path: str) -> None:
    """Make a complete database beside its place and link it there: nobody ever sees half of one.

    Of several first users one wins; the others find its file.
    """
    folder = os.path.dirname(path)
    _sweep(folder, os.path.basename(path) + _NEW)
    mine = f"{path}{_NEW}{os.getpid()}"
    try:
        os.close(os.open(mine, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        con = _connect(mine)
        _migrate(con, mine, 0)
        con.close()  # moves everything from the log into the file and syncs it
        try:
            _link(mine, path)
        except FileExistsError:
            return
        folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder_fd)
        finally:
            os.close(folder_fd)
    except _sqlite3.Error as e:
        raise _explain(e, path) from e
    except OSError as e:
        raise errors.StateDbError(f"cannot make the state database {path}: {e.strerror}") from e
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            try:
                os.unlink(mine + suffix)
            except OSError:
                pass


def _link(mine: str, path: str) -> None:
    """Put the database into its place. Logs that lie there without one would be replayed: they go first."""
    lock_fd = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX)
        if os.path.lexists(path):
            raise FileExistsError
        for suffix in ("-wal", "-shm", "-journal"):
            try:
                os.unlink(path + suffix)
            except FileNotFoundError:
                pass
        os.link(mine, path)
    finally:
        os.close(lock_fd)


def _sweep(folder: str, prefix: str) -> None:
    """Remove what a process that was killed in `_create` left."""
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith(prefix) and not os.path.exists(f"/proc/{name[len(prefix) :].partition('-')[0]}"):
            try:
                os.unlink(f"{folder}/{name}")
            except FileNotFoundError:
                pass


def _migrate(con: _sqlite3.Connection, path: str, version: int) -> None:
    """Bring the schema from `version` to SCHEMA_VERSION, all steps in one transaction."""
    if version > SCHEMA_VERSION:
        raise errors.StateDbError(
            f"the state database {path} was written by a newer pypod (its schema is {version}, "
            f"this one knows {SCHEMA_VERSION})",
            remedy="use the newer pypod, or another store with --root",
        )
    if version == 0:
        con.execute("PRAGMA journal_mode = WAL")
    con.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done the work while this one waited for the lock.
        (version,) = con.execute("PRAGMA user_version").fetchone()
        for number, statements in _steps():
            if number > version:
                for statement in statements:
                    con.execute(statement)
                con.execute(f"PRAGMA user_version = {number}")
        con.execute("COMMIT")
    except BaseException:
        if con.in_transaction:
            con.execute("ROLLBACK")
        raise


def _steps() -> list[tuple[int, list[str]]]:
    """Read the numbered migration files: [(number, statements)], in order."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schema")
    steps = []
    for entry in sorted(os.listdir(folder)):
        if not entry.endswith(".sql"):
            continue
        with open(os.path.join(folder, entry), encoding="utf-8") as f:
            steps.append((int(entry[:4]), _split(f.read())))
    return steps


def _split(script: str) -> list[str]:
    # `executescript` would commit the running transaction first, so the statements are run one by one.
    statements = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if line.rstrip().endswith(";") and _sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements


def _explain(e: _sqlite3.Error, path: str) -> errors.StateDbError:
    """Turn an error of SQLite into ours, with what the user can do about it."""
    name = str(getattr(e, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return errors.StateDbError(
            f"the state database {path} stayed locked by another process for {BUSY_TIMEOUT_S:.0f} s",
            remedy=f'find the process with "fuser -v {path}"',
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return errors.StateDbError(
            f"the state database {path} is damaged: {e}",
            remedy=f'move it away with "mv {path} {path}.damaged", then load or pull the images again',
        )
    if name.startswith("SQLITE_FULL"):
        return errors.StateDbError(
            f"the state database {path} cannot be written: no space left on the disk",
            remedy="free some space on the file system of the store",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return errors.StateDbError(
            f"the state database {path} cannot be opened or written: {e}",
            remedy=f'check who owns it with "ls -l {path}"',
        )
    return errors.StateDbError(f"the state database {path}: {e}" + (f" ({name})" if name else ""))
