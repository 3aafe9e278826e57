"""Owns: `save`: images as archives and directories; a file or directory appears whole or not at all."""

from __future__ import annotations

import os
import stat

from libpod import errors
from libpod.state import images
from libpod.util import eventlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from libpod.engine.session import Session
    from libpod.image.save import Wanted

FORMATS = ("docker-archive", "oci-archive", "oci-dir", "docker-dir")


def save(
    session: Session,
    names: Sequence[str],
    *,
    kind: str = "docker-archive",
    output: str = "",
    multi: bool = False,
    say: Callable[[str], None] | None = None,
) -> None:
    """Write an image; further `names` are more names of it, or with `multi` more images.

    `output` empty = stdout. Raises UsageError, NotFoundError, StorageError; then nothing is left behind.
    """
    from libpod.image import ref as refs

    if kind not in FORMATS:
        raise errors.UsageError(f'unknown format "{kind}"', remedy=f"the formats are {', '.join(FORMATS)}")
    if multi and kind not in ("docker-archive", "oci-archive"):
        raise errors.UsageError(
            f"several images do not fit into one {kind}", remedy="use --format docker-archive or oci-archive"
        )
    if multi:
        by_id: dict[str, int] = {}
        wanted: Wanted = []
        for name in names:
            record, stored = images.find(session.db, name)
            at = by_id.setdefault(record["id"], len(wanted))
            if at == len(wanted):
                wanted.append((record, []))
            if stored and stored not in wanted[at][1]:
                wanted[at][1].append(stored)
    else:
        record, stored = images.find(session.db, names[0])
        more = [refs.normalise(name) for name in names[1:]]
        wanted = [(record, [*([stored] if stored else []), *more])]
    write(session, wanted, kind, output, say=say)
    for record, _names in wanted:
        eventlog.image(session.paths.events, "save", record["id"], output)


def write(
    session: Session, wanted: Wanted, kind: str, output: str, *, say: Callable[[str], None] | None = None
) -> None:
    """Write images to a file or directory (`output`), or stdout."""
    from libpod.image import save as image_save

    tell = say or (lambda line: None)
    if kind.endswith("-dir"):
        if not output:
            raise errors.UsageError(
                f"--format {kind} needs --output", remedy="name a directory with --output"
            )
        _to_dir(
            output,
            lambda folder: image_save.write(session.paths, wanted, kind, image_save.DirTarget(folder), tell),
        )
        return

    def to_fd(fd: int) -> None:
        target = image_save.TarTarget(fd, output or "stdout")
        image_save.write(session.paths, wanted, kind, target, tell)
        target.close()

    if not output:
        to_fd(1)
    else:
        to_file(output, to_fd)


def to_file(output: str, fill: Callable[[int], None]) -> None:
    """A regular file is written beside its place and renamed; a pipe or device is written to."""
    try:
        if os.path.exists(output) and not stat.S_ISREG(os.stat(output).st_mode):
            fd = os.open(output, os.O_WRONLY | os.O_CLOEXEC)
            try:
                fill(fd)
            finally:
                os.close(fd)
            return
        target = os.path.realpath(output)
        staged = _beside(target)
        fd = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except OSError as e:
        raise _cannot(output, e) from e
    try:
        fill(fd)
        os.fsync(fd)
        os.rename(staged, target)
    except BaseException as e:
        os.unlink(staged)
        if isinstance(e, OSError) and not isinstance(e, errors.PypodError):
            raise _cannot(output, e) from e
        raise
    finally:
        os.close(fd)


def _to_dir(output: str, fill: Callable[[str], None]) -> None:
    """A directory that is not there yet, or empty, is made beside its place and renamed."""
    from libpod.util import staging

    target = os.path.realpath(output)
    try:
        if os.path.lexists(target) and (not os.path.isdir(target) or os.listdir(target)):
            raise errors.UsageError(
                f'"{output}" exists already and is not empty', remedy="remove it, or choose another directory"
            )
        os.makedirs(os.path.dirname(target), exist_ok=True)
        staged = _beside(target)
        os.mkdir(staged, 0o755)
    except OSError as e:
        raise _cannot(output, e) from e
    try:
        fill(staged)
        os.rename(staged, target)
    except BaseException as e:
        staging.remove_tree(staged)
        if isinstance(e, OSError) and not isinstance(e, errors.PypodError):
            raise _cannot(output, e) from e
        raise


def _beside(target: str) -> str:
    folder, base = os.path.split(target)
    return f"{folder}/.{base[:200]}.{os.urandom(4).hex()}"


def _cannot(output: str, e: OSError) -> errors.StorageError:
    return errors.StorageError(
        f"cannot write {output}: {e.strerror}", remedy="choose another place with --output", name=output
    )
