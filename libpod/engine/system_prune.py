"""Owns: `system prune`: containers, images and volumes that nobody needs, and how much room that gave."""

from __future__ import annotations

import os
import stat

from libpod.engine import container_prune, image_prune, prune_filters, volumes
from libpod.state import containers
from libpod.storage import layers, mounted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from libpod.engine.session import Session


def prune(
    session: Session,
    say: Callable[[str, str], None],
    *,
    every: bool = False,
    with_volumes: bool = False,
    filters: Sequence[str] = (),
) -> int:
    """Remove them, each kind as its own `prune` does; returns how many bytes of disk that gave back.

    `say` takes the kind ("Containers", "Images", "Volumes") and the id or name of each.
    """
    prune_filters.check(filters, "system prune")
    session.enter()
    before = _sizes(session, with_volumes)
    container_prune.prune(session, lambda cid: say("Containers", cid), filters=filters)
    image_prune.prune(session, lambda image_id: say("Images", image_id), every=every, filters=filters)
    if with_volumes:
        volumes.prune(session, lambda name: say("Volumes", name), filters=filters)
    return sum(size for path, size in before.items() if not os.path.lexists(path))


def _sizes(session: Session, with_volumes: bool) -> dict[str, int]:
    """Path -> bytes of disk, of all that may go."""
    paths = session.paths
    found = [paths.container_dir(record["id"]) for record in containers.summaries(session.db)]
    found += [f"{paths.layers}/{key}" for key in layers.all_keys(paths)]
    blobs = f"{paths.blobs}/sha256"
    if os.path.isdir(blobs):
        found += [f"{blobs}/{name}" for name in os.listdir(blobs)]
    if with_volumes:
        found += [f"{paths.volumes}/{name}" for name in volumes.prunable(session)]
    return {path: disk(path) for path in found}


def disk(path: str) -> int:
    """Bytes of disk of a file or tree, links not followed and hard links counted once; what vanishes
    meanwhile counts nothing, nor does what `mount` shows below the directory of a container.
    """
    try:
        total = os.lstat(path).st_blocks
    except OSError:
        return 0
    linked: set[tuple[int, int]] = set()
    for folder, below, names in os.walk(path):
        if folder == path and mounted.PLACE in below and os.path.isdir(f"{path}/run"):
            below.remove(mounted.PLACE)
        for name in (*below, *names):
            try:
                found = os.lstat(f"{folder}/{name}")
            except OSError:
                continue
            if found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode):
                if (found.st_dev, found.st_ino) in linked:
                    continue
                linked.add((found.st_dev, found.st_ino))
            total += found.st_blocks
    return total * 512
