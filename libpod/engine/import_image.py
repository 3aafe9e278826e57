"""Owns: `import`: an image from a root file system archive."""

from __future__ import annotations

import os

from libpod import errors
from libpod.util import eventlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from libpod.engine.session import Session
    from libpod.image.store import Store


def open_store(session: Session, say: Callable[[str], None] | None) -> Store:
    """The image store, with the user namespace entered: files of layers belong to mapped ids."""
    from libpod.image import store  # lazy: only commands that bring images need it

    entry = session.enter()
    return store.Store(
        session.paths,
        session.db,
        session.locks,
        owners="squash" if entry.kind == "single" else "keep",
        say=say,
    )


def import_image(
    session: Session,
    source: str,
    name: str = "",
    *,
    change: Sequence[str] = (),
    message: str = "",
    architecture: str = "",
    os_name: str = "",
    variant: str = "",
    say: Callable[[str], None] | None = None,
) -> str:
    """Make an image from the archive at `source` (`-` = stdin, compressed or not); returns its full id.

    `say` takes lines of progress (None = quiet). `import` prints `sha256:<id>`.
    """
    from libpod.image import archive, store

    target = open_store(session, say)
    fd = os.dup(0) if source == "-" else archive.open_source(source)
    try:
        if os.path.isdir(f"/proc/self/fd/{fd}"):
            raise errors.ImageError(
                f'"{source}" is a directory, not an archive',
                remedy=f'pack it and pipe it in: "tar -C {source} -cf - . | pypod import -"',
                name=source,
            )
        record = store.import_tar(
            target,
            lambda count: os.read(fd, count),
            name,
            change=change,
            message=message,
            architecture=architecture,
            os_name=os_name,
            variant=variant,
        )
    finally:
        os.close(fd)
    eventlog.image(session.paths.events, "import", record["id"], name)
    return record["id"]
