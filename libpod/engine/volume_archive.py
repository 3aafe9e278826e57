"""Owns: `volume export` and `volume import`: the files of a volume as an archive, and back."""

from __future__ import annotations

import contextlib
import os
import stat

from libpod import errors
from libpod import volumes as service
from libpod.state import volumes as rows
from libpod.storage import layers
from libpod.util import alive, failpoint, lock, mergetree, staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from libpod.engine.session import Session

_DIR_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 18
_BESIDE = "import-"


def export(session: Session, name: str, output: str = "") -> list[str]:
    """Write the files of a volume as an uncompressed archive to the file `output`; empty = stdout. Returns
    what was left out.

    No lock is held: the containers that use it go on. Raises NotFoundError, StorageError.
    """
    from libpod.engine import save
    from libpod.image import volume_tar

    rows.get(session.db, name)
    session.enter()
    root_fd = _open(session, name)

    left_out: list[str] = []

    def fill(fd: int) -> None:
        left_out.extend(volume_tar.write(root_fd, fd, output or "stdout", name))

    try:
        if output:
            save.to_file(output, fill)
        else:
            fill(1)
    finally:
        os.close(root_fd)
    return left_out


def import_(session: Session, name: str, source: str) -> list[str]:
    """Unpack an archive, compressed or not, over the files of a volume (`source` `-` = stdin); returns what
    was left out.

    It is unpacked beside the volume, without a lock, and then moved into it under the volume's lock: an
    archive that turns out to be bad, or is too long for the disk, changes nothing. Raises NotFoundError,
    ImageError, StorageError.
    """
    from libpod.image import archive, compress
    from libpod.util import untar

    rows.get(session.db, name)
    if service.is_directory_of_user(session.paths, name):
        place = os.readlink(service.data_dir(session.paths, name))
        raise errors.StateError(
            f'volume "{name}" is the directory {place}: nothing is unpacked there',
            remedy=f"tar -C {place} -xf {source}",
            name=name,
        )
    fd = os.dup(0) if source == "-" else archive.open_source(source)
    try:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise errors.ImageError(
                f'"{source}" is a directory, not an archive',
                remedy=f'pack it and pipe it in: "tar -C {source} -cf - . | pypod volume import {name} -"',
                name=source,
            )
        owners: Literal["keep", "squash"] = "squash" if session.enter().kind == "single" else "keep"
        with _Beside(session, name) as beside:
            report = untar.extract(
                compress.opened(lambda count: os.read(fd, count))[0],
                beside.files_fd,
                owners=owners,
                max_bytes=room(beside.files_fd),
                whiteouts=False,
            )
            layers.sync(beside.files_fd, name)
            failpoint.hit("volume-import:after-unpack")
            with _locked(session, name):
                beside.move(frozenset(report.implicit_dirs))
    finally:
        os.close(fd)
    more = report.warning_count - len(report.warnings)
    return [*report.warnings, *([f"{more} more members or attributes were left out"] if more > 0 else [])]


@contextlib.contextmanager
def _locked(session: Session, name: str) -> Iterator[None]:
    """Hold the lock of a volume that is there. Raises NotFoundError."""
    with lock.Locks(session.paths.locks).take(lock.RANK_VOLUME, name) as held:
        try:
            rows.get(session.db, name)
        except errors.NotFoundError:
            held.remove()
            raise
        yield


class _Beside:
    """A directory beside the files of a volume; it and what was replaced go at the end of the block.

    While it is in use its file `incomplete` is locked; the next import removes what killed ones have left.
    It is made under the volume's lock: between the directory and the file it looks like a rest.
    """

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self._name = name
        self._top = f"{session.paths.volumes}/{name}"
        self._folder = f"{self._top}/{_BESIDE}{os.urandom(6).hex()}"
        self._fds: list[int] = []

    def __enter__(self) -> _Beside:
        try:
            with _locked(self._session, self._name):
                for name in os.listdir(self._top):
                    if name.startswith(_BESIDE) and not alive.held(f"{self._top}/{name}/{layers.MARKER}"):
                        staging.discard(f"{self._top}/{name}", self._session.paths.trash)
                os.mkdir(self._folder, 0o700)
                self._fds.append(alive.hold(f"{self._folder}/{layers.MARKER}"))
            for name in ("files", "old"):
                os.mkdir(f"{self._folder}/{name}", 0o700)
                self._fds.append(os.open(f"{self._folder}/{name}", _DIR_FLAGS))
        except OSError as e:
            self.__exit__()
            raise errors.StorageError(
                f'cannot unpack beside the files of volume "{self._name}": {e.strerror}',
                remedy=f'look at "ls -la {self._top}" inside of "pypod unshare"',
                name=self._name,
            ) from e
        return self

    @property
    def files_fd(self) -> int:
        """Where to unpack to."""
        return self._fds[1]

    def move(self, implicit: frozenset[str]) -> None:
        """Move what was unpacked into the volume. Its lock must be held."""
        root_fd = _open(self._session, self._name)
        try:
            mergetree.merge(self._fds[1], root_fd, self._fds[2], implicit)
        except OSError as e:
            raise errors.StorageError(
                f'cannot replace files of volume "{self._name}": {e.strerror}',
                remedy="what was moved stays; repeat the command when nothing is mounted in the volume",
                name=self._name,
            ) from e
        finally:
            os.close(root_fd)

    def __exit__(self, *exc: object) -> None:
        while self._fds:
            os.close(self._fds.pop())
        staging.discard(self._folder, self._session.paths.trash)


def spooled(session: Session, source_fd: int) -> int:
    """The content of a pipe in a file without a name; the pipe is closed. StorageError when it is longer than
    the disk allows.
    """
    size = 0
    try:
        fd = os.open(session.paths.tmp, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            limit = room(fd)
            while data := os.read(source_fd, _CHUNK):
                size += len(data)
                if size > limit:
                    raise errors.StorageError(
                        f"the archive is longer than the {limit >> 20} MiB that are free on the disk",
                        remedy="free some space on the file system of the store",
                    )
                while data:
                    data = data[os.write(fd, data) :]
            os.lseek(fd, 0, os.SEEK_SET)
            os.dup2(fd, source_fd, inheritable=False)
        finally:
            os.close(fd)
    except OSError as e:
        raise errors.StorageError(
            f"cannot keep the archive in {session.paths.tmp}: {e.strerror}",
            remedy="free some space on the file system of the store",
        ) from e
    return source_fd


def room(fd: int) -> int:
    """How many bytes may be written to the file system of this file: it must not become full, for that is
    everybody's. The rest is a twentieth, at most 1 GiB.
    """
    facts = os.fstatvfs(fd)
    free = facts.f_bavail * facts.f_frsize
    return max(free - min(free // 20, 1 << 30), 1)


def _open(session: Session, name: str) -> int:
    path = service.data_dir(session.paths, name)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC  # a volume may be a link to a directory of the user's
    try:
        return os.open(path, flags)
    except OSError as e:
        raise errors.StorageError(
            f'the files of volume "{name}" cannot be opened: {path}: {e.strerror}',
            remedy=f'look at it with "pypod volume inspect {name}"; "pypod volume rm {name}" removes it',
            name=name,
        ) from e
