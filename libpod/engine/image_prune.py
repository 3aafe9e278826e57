"""Owns: `image prune`: removing images that nobody needs."""

from __future__ import annotations

from libpod import errors
from libpod.engine import images, prune_filters, rmi
from libpod.state import containers
from libpod.state import images as rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from libpod.engine.session import Session


def prune(
    session: Session, say: Callable[[str], None], *, every: bool = False, filters: Sequence[str] = ()
) -> None:
    """Remove images without a name, with `every` also named ones, that no container uses. `say` takes each
    id. An image that a container took meanwhile stays.
    """
    prune_filters.check(filters, "image prune")
    fitting = {str(row["Id"]) for row in images.images(session, filters=filters)}
    used = containers.counts_by_image(session.db)
    session.enter()
    for record in rows.all_images(session.db):
        if record["id"] not in fitting or record["id"] in used:
            continue
        if not every and (record["names"] or record["digest_names"]):
            continue
        try:
            rmi.remove(session, record, lambda line: None)
        except (errors.InUseError, errors.NotFoundError):
            continue
        say(record["id"])
