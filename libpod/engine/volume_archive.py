"""Owns: `volume export` and `volume import`: the files of a volume as an archive, and back."""

from __future__ import annotations

import os
import stat

from libpod import errors
from libpod import volumes as service
from libpod.state import volumes as rows
from libpod.util import lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session

_DIR_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 18


def export(session: Session, name: str, output: str = "") -> None:
    """Write the files of a volume as an uncompressed archive to the file `output`; empty = stdout.

    No lock is held: the containers that use it go on. Raises NotFoundError, StorageError.
    """
    from libpod.engine import save
    from libpod.image import volume_tar

    rows.get(session.db, name)
    session.enter()
    root_fd = _open(session, name)

    def fill(fd: int) -> None:
        volume_tar.write(root_fd, fd, output or "stdout", name)

    try:
        if output:
            save.to_file(output, fill)
        else:
            fill(1)
    finally:
        os.close(root_fd)


def import_(session: Session, name: str, source: str) -> list[str]:
    """Unpack an archive, compressed or not, over the files of a volume (`source` `-` = stdin); returns what
    was left out.

    What comes from a pipe is read whole before anything is changed, and without a lock. An archive that
    turns out to be bad leaves what was unpacked before. Raises NotFoundError, ImageError, StorageError.
    """
    from libpod.image import archive, compress
    from libpod.util import untar

    rows.get(session.db, name)
    fd = os.dup(0) if source == "-" else archive.open_source(source)
    try:
        kind = os.fstat(fd).st_mode
        if stat.S_ISDIR(kind):
            raise errors.ImageError(
                f'"{source}" is a directory, not an archive',
                remedy=f'pack it and pipe it in: "tar -C {source} -cf - . | pypod volume import {name} -"',
                name=source,
            )
        entry = session.enter()
        if not stat.S_ISREG(kind):
            fd = spooled(session, fd)
        with lock.Locks(session.paths.locks).take(lock.RANK_VOLUME, name) as held:
            try:
                rows.get(session.db, name)
            except errors.NotFoundError:
                held.remove()
                raise
            root_fd = _open(session, name)
            try:
                report = untar.extract(
                    compress.opened(lambda count: os.read(fd, count))[0],
                    root_fd,
                    owners="squash" if entry.kind == "single" else "keep",
                    max_bytes=_free(root_fd),
                    whiteouts=False,
                )
            finally:
                os.close(root_fd)
    finally:
        os.close(fd)
    more = report.warning_count - len(report.warnings)
    return [*report.warnings, *([f"{more} more members or attributes were left out"] if more > 0 else [])]


def spooled(session: Session, source_fd: int) -> int:
    """The content of a pipe in a file without a name; the pipe is closed."""
    try:
        fd = os.open(session.paths.tmp, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        while data := os.read(source_fd, _CHUNK):
            while data:
                data = data[os.write(fd, data) :]
        os.lseek(fd, 0, os.SEEK_SET)
        os.dup2(fd, source_fd, inheritable=False)
        os.close(fd)
    except OSError as e:
        raise errors.StorageError(
            f"cannot keep the archive in {session.paths.tmp}: {e.strerror}",
            remedy="free some space on the file system of the store",
        ) from e
    return source_fd


def _free(fd: int) -> int:
    facts = os.fstatvfs(fd)
    return max(facts.f_bavail * facts.f_frsize, 1 << 20)


def _open(session: Session, name: str) -> int:
    path = service.data_dir(session.paths, name)
    try:
        return os.open(path, _DIR_FLAGS)
    except OSError as e:
        raise errors.StorageError(
            f'the files of volume "{name}" cannot be opened: {path}: {e.strerror}',
            remedy=f'look at it with "pypod volume inspect {name}"; "pypod volume rm {name}" removes it',
            name=name,
        ) from e
