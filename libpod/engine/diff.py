"""Owns: `diff`: what a container or image has changed."""

from __future__ import annotations

import os

from libpod.engine import rootfiles
from libpod.storage import treediff, view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.rootfiles import Kind
    from libpod.engine.session import Session
    from libpod.storage.treediff import Change


def diff(session: Session, name: str, other: str = "", kind: Kind = "all") -> list[Change]:
    """The changes of a container against its image, of an image against the layers below its last one, or of
    `name` against `other`; in order of paths. Raises NotFoundError, AmbiguousError, StorageError.
    """
    found = rootfiles.find(session, name, kind)
    base = rootfiles.find(session, other, kind) if other else None
    session.enter()
    opened: list[int] = []
    try:
        if base is not None:
            for each in (found, base):
                opened.append(rootfiles.open_whole(session, each))
            return treediff.changes(*opened, layer=False, silent=rootfiles.PLACES)
        own_fd, below = rootfiles.open_own(session, found)
        if own_fd < 0:
            return []
        opened.append(own_fd)
        opened.append(view.of_layers(session.paths, below))
        return treediff.changes(*opened, layer=True, silent=rootfiles.PLACES)
    finally:
        for fd in opened:
            os.close(fd)
