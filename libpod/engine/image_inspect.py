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
        "Parent": "",
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
        "NamesHistory": list(reversed([*names, *record["digest_names"]])),
    }


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
