"""Owns: what a monitor leaves in `run/` for everybody to read: status.json and exit.json
(libpod/model/run.py).
"""

from __future__ import annotations

import os

from libpod.kernel import process
from libpod.util import atomic, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.run import ExitFile, StatusFile

VERSION = 1
STATUS, EXIT = "status.json", "exit.json"


def write_status(run_dir: str, status: StatusFile) -> None:
    """Say what runs. Not synced: it is worth nothing after a reboot."""
    atomic.write(f"{run_dir}/{STATUS}", jsonio.dumps(status), durable=False)


def write_exit(run_dir: str, record: ExitFile) -> None:
    """Say how it ended; `sync_exit` makes that survive a power cut, later and off everybody's way."""
    atomic.write(f"{run_dir}/{EXIT}", jsonio.dumps(record), durable=False)


def sync_exit(run_dir: str) -> None:
    """Sync the exit record to disk; nothing if the container has been removed meanwhile."""
    try:
        fd = os.open(f"{run_dir}/{EXIT}", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fdatasync(fd)
    finally:
        os.close(fd)
    atomic.sync_dir(run_dir)


def write_cgroup(link: str, inner: str) -> None:
    """Say in which cgroup everything of this run is, as a symbolic link: for who cleans up after a killed
    monitor. Empty = nothing is left there.
    """
    try:
        os.unlink(link)
    except FileNotFoundError:
        pass
    if inner:
        os.symlink(inner, link)


def write_failure(run_dir: str, run_id: str, code: int, error: str, now_ns: int) -> None:
    """Record a start that failed.

    The container that ran before and could not be started again keeps being one that has run: `started_ns` is
    kept, and the status of its last run goes, for it names another run.
    """
    started_ns = 0
    try:
        started_ns = int(jsonio.load_file(f"{run_dir}/{EXIT}")["started_ns"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    record: ExitFile = {
        "v": VERSION,
        "boot_id": process.boot_id(),
        "run_id": run_id,
        "code": code,
        "oom": False,
        "started_ns": started_ns,
        "finished_ns": now_ns,
        "error": error,
    }
    write_exit(run_dir, record)
    try:
        os.unlink(f"{run_dir}/{STATUS}")
    except FileNotFoundError:
        pass
