"""Owns: the JSON that `inspect` prints for an image, with the member names of Podman."""

from __future__ import annotations

from libpod.engine import images
from libpod.state import images as rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.image import ImageRecord

    JsonDict = dict[str, object]


def find(session: Session, name: str) -> JsonDict:
    """The JSON of the image that `name` fits. Raises NotFoundError (`NAME: image not known`),
    AmbiguousError.
    """
    return image(session, rows.find(session.db, name)[0])


def image(session: Session, record: ImageRecord) -> JsonDict:
    """All about an image. Reads its configuration and manifest from the content store, and checks them."""
    from libpod.image import blobs, manifest

    data = blobs.read(session.paths, record["manifest_digest"])
    view = manifest.parse_manifest(data)
    document = manifest.parse_json(blobs.read(session.paths, f"sha256:{record['id']}"), "config")
    config = document.get("config").mapping(optional=True).value
    assert isinstance(config, dict)
    names = record["names"]
    return {
        "Id": record["id"],
        "Digest": record["manifest_digest"],
        "RepoTags": names,
        "RepoDigests": images.repo_digests(record),
        "Parent": _parent(session, record),
        "Comment": record["comment"],
        "Created": document.get("created").text() or None,
        "Config": _config(config),
        "Version": document.get("docker_version").text(),
        "Author": record["author"],
        "Architecture": record["architecture"],
        "Os": record["os"],
        "Size": record["size_bytes"],
        "VirtualSize": record["size_bytes"],
        "GraphDriver": _driver(session, record),
        "RootFS": {"Type": "layers", "Layers": record["diff_ids"]},
        "Labels": record["config"]["labels"] or None,
        "Annotations": view["annotations"],
        "ManifestType": view["media_type"],
        "User": record["config"]["user"],
        "History": rows.history(session.db, record["id"]),
        "NamesHistory": rows.name_history(session.db, record["id"]).get(record["id"], []),
    }


def _parent(session: Session, record: ImageRecord) -> str:
    """The image that this one was made from, as far as it can be told: the one with most of its layers and
    steps that has no others. Empty when there is none.
    """
    steps = rows.history(session.db, record["id"])
    best, found = (-1, -1), ""
    for other in rows.all_images(session.db):
        count = len(other["diff_ids"])
        if other["id"] == record["id"] or other["diff_ids"] != record["diff_ids"][:count] or not count:
            continue
        below = rows.history(session.db, other["id"])
        if below != steps[: len(below)] or (len(below) == len(steps) and count == len(record["diff_ids"])):
            continue
        if (count, len(below)) > best:
            best, found = (count, len(below)), other["id"]
    return found


_MEMBERS = (
    "User",
    "ExposedPorts",
    "Env",
    "Entrypoint",
    "Cmd",
    "Volumes",
    "WorkingDir",
    "Labels",
    "StopSignal",
    "ArgsEscaped",
)


def _config(config: JsonDict) -> JsonDict:
    """The members that an OCI configuration has, in Podman's order; empty ones are left out."""
    return {key: config[key] for key in _MEMBERS if config.get(key)}


def _driver(session: Session, record: ImageRecord) -> JsonDict:
    from libpod.storage import layers

    folders = [layers.diff_dir(session.paths, key) for key in reversed(record["layers"])]
    data: dict[str, str] = {}
    if len(folders) > 1:
        data["LowerDir"] = ":".join(folders[1:])
    if folders:
        data["UpperDir"] = folders[0]
        data["WorkDir"] = folders[0].removesuffix("diff") + "work"
    return {"Name": "overlay", "Data": data}
