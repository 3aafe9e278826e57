"""Owns: `load`: images from an archive or directory."""

from __future__ import annotations

from libpod.engine import import_image
from libpod.util import eventlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.engine.session import Session


def load(session: Session, source: str = "-", *, say: Callable[[str], None] | None = None) -> list[str]:
    """Load every image of a file, a directory or stdin (`-`); returns what to print after `Loaded image: `.

    That is each name in the archive, or `sha256:<id>` of an image without one. All images are stored or none.
    """
    from libpod.image import store

    target = import_image.open_store(session, say)
    loaded: list[str] = []
    for record, names in store.load(target, 0 if source in ("", "-") else source):
        name = "" if source == "-" else source
        eventlog.image(session.paths.events, "loadfromarchive", record["id"], name)
        loaded += names or [f"sha256:{record['id']}"]
    return loaded
