"""Owns: `system df`: how much disk images, containers and volumes take, and what a prune would give back."""

from __future__ import annotations

from libpod.engine import containers, volumes
from libpod.engine.system_prune import disk
from libpod.image import blobs
from libpod.state import containers as rows
from libpod.state import images
from libpod.state import volumes as volume_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.image import ImageRecord

    JsonDict = dict[str, object]


def summary(session: Session) -> list[JsonDict]:
    """One row for each kind: Type, Total, Active, RawSize, RawReclaimable (bytes of disk).

    An image takes its unpacked layers, their archives and its documents. What images share counts once; what
    only images without a container use is reclaimable.
    """
    session.enter()
    paths = session.paths
    used = rows.counts_by_image(session.db)
    every = images.all_images(session.db)
    parts = {record["id"]: _parts(session, record) for record in every}
    needed = {path for image_id, found in parts.items() if image_id in used for path in found}
    sizes = {path: disk(path) for path in {path for found in parts.values() for path in found}}
    active_images = sum(record["id"] in used for record in every)
    free_images = sum(size for path, size in sizes.items() if path not in needed)
    found = rows.summaries(session.db)
    running = {r["id"] for r in found if containers.is_running(containers.status(session, r))}
    upper = {r["id"]: disk(paths.container_dir(r["id"])) for r in found}
    free_containers = sum(size for cid, size in upper.items() if cid not in running)
    names = [record["name"] for record in volume_rows.all_volumes(session.db)]
    free = set(volumes.prunable(session))
    held = {name: disk(f"{paths.volumes}/{name}") for name in names}
    free_volumes = sum(size for name, size in held.items() if name in free)
    return [
        _row("Images", len(every), active_images, sum(sizes.values()), free_images),
        _row("Containers", len(found), len(running), sum(upper.values()), free_containers),
        _row("Local Volumes", len(names), len(names) - len(free), sum(held.values()), free_volumes),
    ]


def _parts(session: Session, record: ImageRecord) -> list[str]:
    """The paths of everything that an image takes."""
    paths = session.paths
    found = [f"{paths.layers}/{key}" for key in record["layers"]]
    return found + [blobs.path(paths, digest) for digest in images.blobs_of(session.db, record["id"])]


def _row(kind: str, total: int, active: int, size: int, reclaimable: int) -> JsonDict:
    return {
        "Type": kind,
        "Total": total,
        "Active": active,
        "RawSize": size,
        "RawReclaimable": reclaimable,
    }
