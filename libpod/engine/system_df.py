"""Owns: `system df`: how much disk images, containers and volumes take, and what a prune would give back."""

from __future__ import annotations

from libpod.engine import containers, volumes
from libpod.engine.system_prune import disk
from libpod.image import blobs
from libpod.state import containers as rows
from libpod.state import images
from libpod.state import volumes as volume_rows
from libpod.storage import mounted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.image import ImageRecord

    JsonDict = dict[str, object]


class _Usage:
    """What everything takes, measured once."""

    def __init__(self, session: Session) -> None:
        session.enter()
        paths = session.paths
        self.images = images.all_images(session.db)
        self.used = rows.counts_by_image(session.db)
        self.parts = {record["id"]: _parts(session, record) for record in self.images}
        """Of each image the paths of everything that it takes."""
        self.sizes = {path: disk(path) for path in {p for found in self.parts.values() for p in found}}
        self.containers = rows.summaries(session.db)
        self.states = {r["id"]: containers.status(session, r) for r in self.containers}
        self.upper = {r["id"]: disk(paths.container_dir(r["id"])) for r in self.containers}
        names = [record["name"] for record in volume_rows.all_volumes(session.db)]
        self.volumes = {name: disk(f"{paths.volumes}/{name}") for name in names}

    def running(self, cid: str) -> bool:
        return containers.is_running(self.states[cid])


def summary(session: Session) -> list[JsonDict]:
    """One row for each kind: Type, Total, Active, RawSize, RawReclaimable (bytes of disk).

    An image takes its unpacked layers, their archives and its documents. What images share counts once; what
    only images without a container use is reclaimable.
    """
    usage = _Usage(session)
    needed = {path for image_id, found in usage.parts.items() if image_id in usage.used for path in found}
    active_images = sum(record["id"] in usage.used for record in usage.images)
    free_images = sum(size for path, size in usage.sizes.items() if path not in needed)
    running = [cid for cid in usage.upper if usage.running(cid)]
    free_containers = sum(size for cid, size in usage.upper.items() if not usage.running(cid))
    free = set(volumes.prunable(session))
    free_volumes = sum(size for name, size in usage.volumes.items() if name in free)
    total = len(usage.volumes)
    return [
        _row("Images", len(usage.images), active_images, sum(usage.sizes.values()), free_images),
        _row("Containers", len(usage.upper), len(running), sum(usage.upper.values()), free_containers),
        _row("Local Volumes", total, total - len(free), sum(usage.volumes.values()), free_volumes),
    ]


def details(session: Session) -> tuple[list[JsonDict], list[JsonDict], list[JsonDict]]:
    """A row for each image, container and volume, in order of creation (volumes: of names).

    Images: Id, names, created_ns, Size, SharedSize (what other images need as well), UniqueSize, Containers.
    Containers: the `record`, its `status`, Size, LocalVolumes. Volumes: VolumeName, Links (containers that
    use it), Size.
    """
    usage = _Usage(session)
    users: dict[str, int] = {}
    for found in usage.parts.values():
        for path in set(found):
            users[path] = users.get(path, 0) + 1
    image_rows: list[JsonDict] = []
    for image in usage.images:
        parts = set(usage.parts[image["id"]])
        size = sum(usage.sizes[path] for path in parts)
        shared = sum(usage.sizes[path] for path in parts if users[path] > 1)
        image_rows.append(
            {
                "Id": image["id"],
                "names": [*image["names"], *image["digest_names"]],
                "created_ns": image["created_ns"],
                "Size": size,
                "SharedSize": shared,
                "UniqueSize": size - shared,
                "Containers": usage.used.get(image["id"], 0),
            }
        )
    container_rows: list[JsonDict] = [
        {
            "record": record,
            "status": usage.states[record["id"]],
            "Size": usage.upper[record["id"]],
            "LocalVolumes": sum(m["type"] == "volume" for m in record["mounts"]),
        }
        for record in usage.containers
    ]
    volume_table: list[JsonDict] = [
        {"VolumeName": name, "Links": len(volume_rows.users(session.db, name)), "Size": size}
        for name, size in sorted(usage.volumes.items())
    ]
    return image_rows, container_rows, volume_table


def _parts(session: Session, record: ImageRecord) -> list[str]:
    paths = session.paths
    found = [f"{paths.layers}/{key}" for key in record["layers"]]
    found.append(mounted.image_files(paths, record["id"]))  # seldom there
    return found + [blobs.path(paths, digest) for digest in images.blobs_of(session.db, record["id"])]


def _row(kind: str, total: int, active: int, size: int, reclaimable: int) -> JsonDict:
    return {
        "Type": kind,
        "Total": total,
        "Active": active,
        "RawSize": size,
        "RawReclaimable": reclaimable,
    }
