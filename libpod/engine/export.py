"""Owns: `export`: the files of a container as an archive."""

from __future__ import annotations

from libpod import log
from libpod.engine import containers, rootfiles, save
from libpod.util import mktar, tartree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session


def export(session: Session, name: str, output: str = "") -> None:
    """Write the root file system of a container, running or not, without volumes. No `output` = stdout.

    A file appears whole or not at all. Raises NotFoundError, StorageError.
    """
    record = containers.find(session, name)
    session.enter()

    def fill(fd: int) -> None:
        root, owner = rootfiles.open_whole(session, (record, None))
        try:
            put = mktar.to_fd(fd, output or "stdout")
            for data in tartree.Tree(root, log.warning, owner=owner).chunks():
                put(data)
            put(b"")
        finally:
            root.close()

    if output:
        save.to_file(output, fill)
    else:
        fill(1)
