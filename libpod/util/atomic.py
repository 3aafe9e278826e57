"""Owns: replacing a small file: a reader sees, and a crash leaves, the old or the new content."""

from __future__ import annotations

import os

PREFIX = ".new-"
"""Temporary files begin so: one that is found belongs to a process that was killed while it wrote."""


def write(path: str, data: bytes | str, *, mode: int = 0o600, durable: bool = True) -> None:
    """Give the file this content and exactly this mode, by a temporary file and rename(2).

    `durable=False` leaves fdatasync and the fsync of the directory out: for tmpfs and for what is worth
    nothing after a reboot.
    """
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, f"{PREFIX}{name[:100]}-{os.getpid()}-{os.urandom(4).hex()}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        try:
            os.fchmod(fd, mode)  # whatever the umask is
            write_all(fd, raw)
            if durable:
                os.fdatasync(fd)
        finally:
            os.close(fd)
        os.rename(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
    if durable:
        sync_dir(directory or ".")


def write_all(fd: int, data: bytes) -> None:
    """Write all of it, however many write(2) calls that takes. The descriptor must be blocking."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_dir(path: str) -> None:
    """Make renames and new names in this directory survive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
