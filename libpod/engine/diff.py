"""Owns: `diff`: what a container or image has changed."""

from __future__ import annotations

from libpod.engine import rootfiles
from libpod.storage import treediff

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
    if base is not None:
        new, new_owner = rootfiles.open_whole(session, found)
        try:
            old, old_owner = rootfiles.open_whole(session, base)
            try:
                owners = (new_owner, old_owner)
                return treediff.changes(new, old, layer=False, silent=rootfiles.PLACES, owners=owners)
            finally:
                old.close()
        finally:
            new.close()
    written = rootfiles.open_own(session, found)
    try:
        if written.own is None:
            return []
        return treediff.changes(
            written.own,
            -1 if written.below is None else written.below,
            layer=written.layer,
            silent=rootfiles.PLACES,
            copied_ns=written.copied_ns,
            owners=(written.owner, written.below_owner),
        )
    finally:
        written.close()
