"""Owns: `system reset`: ending every container of this store and removing everything that belongs to it.

Nothing here depends on the database: what there is, is told by the directories. A reset that was killed is
finished by the next one: what says that this is a store (`locks`, `idmap`) goes last, and files leave their
places by a rename, so that no other command finds half a layer.
"""

from __future__ import annotations

import os
import select
import stat
import time

from libpod import errors, monitorctl
from libpod.engine import containers, initproc, stop
from libpod.kernel import mount, process
from libpod.rootless import holder
from libpod.state import containers as rows
from libpod.util import failpoint, staging
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypedDict

    from libpod.conf.paths import Paths
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord

    class Contents(TypedDict):
        containers: int
        running: int
        layers: int
        volumes: int


_DATABASE = ("state.db", "state.db-wal", "state.db-shm", "state.db-journal")
_NEW_DATABASE = "state.db.new-"
_FILES = ("containers", "layers", "blobs", "images", "volumes", "tmp")
"""What leaves its place by a rename."""
_REST = ("trash", "cache", "cgroups", "events", "secrets", "linger-told", "single-id")
_SIGNS = ("ns", "idmap", "locks")
"""These say that here is a store: as long as something else is left, they stay."""
_STOP_S = 10
_OTHERS_S = 10.0
_SIGTERM = 15


def contents(session: Session) -> Contents | None:
    """How much a reset would remove; None when there is no store. Takes no lock and changes nothing.

    Raises StorageError for a directory with such names in it that no store of ours has made.
    """
    paths = session.paths
    there = [name for name in (*_DATABASE, *_FILES, *_REST, *_SIGNS) if _lexists(paths, name)]
    if not there:
        return None
    if not any(_is_file(paths, name) for name in ("state.db", "idmap", "locks/10-rootless")):
        raise errors.StorageError(
            f"{paths.graphroot} does not look like a store: it has {', '.join(there)}, "
            "and neither a database nor locks",
            remedy=f'look at it, and remove it with "pypod unshare rm -rf {paths.graphroot}"',
            name=paths.graphroot,
        )
    cids = _names(paths.containers)
    return {
        "containers": len(cids),
        "running": sum(_runs(paths, cid) for cid in cids),
        "layers": len([name for name in _names(paths.layers) if name != "empty"]),
        "volumes": len(_names(paths.volumes)),
    }


def reset(session: Session) -> list[str]:
    """End all containers, and remove everything of this store. Idempotent, whatever state it is in.

    Returns what lies in the store's directory and is not ours: it stays, and so does the directory. Raises
    StateError while other commands work on the store, StorageError for what is mounted in it.
    """
    paths = session.paths
    if contents(session) is None:
        return []
    _refuse_mounts(paths)
    session.enter()
    _end_containers(session)
    deadline = time.monotonic() + _OTHERS_S
    while (other := _wait_for_others(paths, deadline)) == 0:
        # Whoever comes now waits for this lock, and finds a new store.
        with holder.rootless_lock(paths):
            if not _others(paths) and not any(_runs(paths, cid) for cid in _names(paths.containers)):
                return _remove_all(paths)
        if time.monotonic() > deadline:
            break
    raise errors.StateError(
        "the store is in use"
        + (f" by process {other} ({_command(other)})" if other else ": containers are started all the time"),
        remedy="let it end, or end it, and repeat the command",
        name=paths.graphroot,
    )


def _refuse_mounts(paths: Paths) -> None:
    below = sorted(row.target for row in mount.mounts() if row.target.startswith(paths.graphroot + "/"))
    if below:
        more = f" (and {len(below) - 1} more)" if len(below) > 1 else ""
        raise errors.StorageError(
            f"{below[0]} is a mount in the store{more}: what is mounted there would be lost",
            remedy=f'unmount it with "umount {below[0]}", or leave "pypod unshare"',
            name=below[0],
        )


def _end_containers(session: Session) -> None:
    """Ask all of them at once, kill what does not end in its time."""
    running = []
    for cid in _names(session.paths.containers):
        with session.locks.take(RANK_CONTAINER, cid):
            if not _runs(session.paths, cid):
                continue
            record = _record(session, cid)
            monitorctl.note_stop_requested(session.paths, cid)  # so that no policy starts it again
            init, monitor = initproc.of_run(session, cid)
        running.append(record)
        if monitor is not None:
            monitor.__exit__()
        if init is not None:
            with init:
                init.signal(record["stop_signal"])
    failpoint.hit("reset:after-signal")
    begun = time.monotonic()
    for record in running:
        left_s = record["stop_timeout_s"] - (time.monotonic() - begun)
        stop.end(session, record, max(0, int(left_s + 0.99)))
    for cid in _names(session.paths.containers):
        monitorctl.stop_unmonitored(session.paths, cid)  # what a killed monitor has left


def _runs(paths: Paths, cid: str) -> bool:
    try:
        status = monitorctl.status(paths, cid)
    except (OSError, ValueError, KeyError, TypeError):
        return False  # files of `run/` are damaged: what runs holds the namespace, and is met there
    return containers.is_running(status) or status["state"] == "initialized"


def _record(session: Session, cid: str) -> ContainerRecord:
    """The container's row, or what stopping needs of it when the database cannot be read."""
    try:
        return rows.get(session.db, cid)
    except errors.PypodError:
        found: Any = {"id": cid, "name": cid[:12], "stop_signal": _SIGTERM, "stop_timeout_s": _STOP_S}
        return found  # type: ignore[no-any-return]


def _others(paths: Paths) -> list[int]:
    me = os.getpid()
    return [pid for pid in holder.living(paths) if pid != me]


def _wait_for_others(paths: Paths, deadline: float) -> int:
    """Wait until no other process is in the user namespace: monitors that end, commands at work.

    Returns one that stays, 0 when all have gone.
    """
    while others := _others(paths):
        try:
            fd = process.pidfd_open(others[0])
        except OSError:
            continue
        try:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return others[0]
        finally:
            os.close(fd)
    return 0


def _command(pid: int) -> str:
    from libpod.util.printable import printable  # lazy: for the message

    try:
        with open(f"/proc/{pid}/cmdline", "rb", buffering=0) as stream:
            words = stream.read(400).decode("utf-8", "replace").replace("\0", " ").strip()
    except OSError:
        words = ""
    return printable(words) or "it has ended by now"


def _remove_all(paths: Paths) -> list[str]:
    """Under the rootless lock, with nobody else in the namespace."""
    root_fd = os.open(paths.graphroot, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in [*_DATABASE, *(n for n in os.listdir(root_fd) if n.startswith(_NEW_DATABASE))]:
            staging.remove_tree_at(root_fd, name)
        failpoint.hit("reset:after-database")
        trash_fd = _trash(root_fd)
        try:
            for name in _FILES:
                _move(root_fd, name, trash_fd)
            failpoint.hit("reset:after-rename")
        finally:
            os.close(trash_fd)
        failed: list[errors.PypodError] = []
        for name in (*_FILES, *_REST):
            try:
                staging.remove_tree_at(root_fd, name)
            except errors.PypodError as e:
                failed.append(e)
        if failed:
            raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)
        failpoint.hit("reset:after-files")
        for name in _SIGNS:
            staging.remove_tree_at(root_fd, name)
        # What a command that reads, and so waits for no lock, has made anew is a new store, not a rest.
        ours = (*_DATABASE, *_FILES, *_REST, *_SIGNS)
        left = sorted(n for n in os.listdir(root_fd) if n not in ours and not n.startswith(_NEW_DATABASE))
    finally:
        os.close(root_fd)
    for path in (paths.runroot, *([] if left else [paths.graphroot])):
        try:
            os.rmdir(path)
        except OSError:
            pass  # not empty, or a mount: it was there before us
    return left


def _trash(root_fd: int) -> int:
    """A descriptor of the trash. A link in its place is removed: nothing may be moved to where it leads."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open("trash", flags, dir_fd=root_fd)
    except FileNotFoundError:
        pass
    except NotADirectoryError:
        os.unlink("trash", dir_fd=root_fd)
    except OSError:  # ELOOP
        os.unlink("trash", dir_fd=root_fd)
    os.mkdir("trash", 0o700, dir_fd=root_fd)
    return os.open("trash", flags, dir_fd=root_fd)


def _move(root_fd: int, name: str, trash_fd: int) -> None:
    try:
        os.rename(name, f"{name}-{os.urandom(4).hex()}", src_dir_fd=root_fd, dst_dir_fd=trash_fd)
    except OSError:
        pass  # not there, or it stays in its place and is removed there


def _names(folder: str) -> list[str]:
    """What lies in a directory of the store; not in one that a link leads to."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        return sorted(os.listdir(fd))
    finally:
        os.close(fd)


def _lexists(paths: Paths, name: str) -> bool:
    return os.path.lexists(f"{paths.graphroot}/{name}")


def _is_file(paths: Paths, name: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(f"{paths.graphroot}/{name}").st_mode)
    except OSError:
        return False
