"""Owns: `system df`: how much disk images, containers and volumes take, and what a prune would give back."""

from __future__ import annotations

from libpod.engine import containers, volumes
from libpod.engine.system_prune import disk
from libpod.state import containers as rows
from libpod.state import images
from libpod.state import volumes as volume_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session

    JsonDict = dict[str, object]


def summary(session: Session) -> list[JsonDict]:
    """One row for each kind: Type, Total, Active, RawSize, RawReclaimable (bytes of disk).

    Layers that images share count once; those of images that no container uses are reclaimable.
    """
    session.enter()
    paths = session.paths
    used = rows.counts_by_image(session.db)
    every = images.all_images(session.db)
    keys = {key for record in every for key in record["layers"]}
    needed = {key for record in every if record["id"] in used for key in record["layers"]}
    sizes = {key: disk(f"{paths.layers}/{key}") for key in keys}
    active_images = sum(record["id"] in used for record in every)
    free_images = sum(size for key, size in sizes.items() if key not in needed)
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


def _row(kind: str, total: int, active: int, size: int, reclaimable: int) -> JsonDict:
    return {
        "Type": kind,
        "Total": total,
        "Active": active,
        "RawSize": size,
        "RawReclaimable": reclaimable,
    }
