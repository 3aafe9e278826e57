"""Owns: an image of the store as it leaves it: its documents, in the format that is wanted.

An image keeps the manifest it came with. Between the formats of Docker and of the OCI only media types
differ; configuration and layers stay the same bytes.
"""

from __future__ import annotations

from libpod import errors
from libpod.image import blobs, manifest
from libpod.util import jsonio
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from libpod.conf.paths import Paths
    from libpod.image.manifest import Descriptor
    from libpod.model.image import ImageRecord

    Format = Literal["", "oci", "v2s2"]

_TO_OCI = {
    manifest.DOCKER_MANIFEST: manifest.OCI_MANIFEST,
    manifest.DOCKER_CONFIG: manifest.OCI_CONFIG,
    manifest.DOCKER_LAYER: manifest.OCI_LAYER,
    manifest.DOCKER_LAYER + ".gzip": manifest.OCI_LAYER + "+gzip",
    manifest.DOCKER_LAYER + ".zstd": manifest.OCI_LAYER + "+zstd",
}
_TO_DOCKER = {there: here for here, there in _TO_OCI.items() if not here.endswith(".zstd")}
_TABLES = {"oci": (_TO_OCI, manifest.OCI_MANIFEST), "v2s2": (_TO_DOCKER, manifest.DOCKER_MANIFEST)}


class Image:
    """The documents of an image."""

    __slots__ = ("config_bytes", "config_digest", "digest", "layers", "manifest_bytes", "media_type")

    def __init__(self, manifest_bytes: bytes, config_bytes: bytes) -> None:
        view = manifest.parse_manifest(manifest_bytes)
        self.manifest_bytes = manifest_bytes
        self.config_bytes = config_bytes
        self.media_type = view["media_type"]
        self.digest = blobs.digest_of(manifest_bytes)
        self.config_digest = view["config"]["digest"]
        self.layers: list[Descriptor] = view["layers"]


def read(paths: Paths, record: ImageRecord) -> Image:
    """The image as it is kept, checked. Raises StorageError."""
    return Image(blobs.read(paths, record["manifest_digest"]), blobs.read(paths, "sha256:" + record["id"]))


def to_format(image: Image, wanted: Format) -> Image:
    """The image in this format, unchanged if it has it. Raises ImageError when it cannot be told in it."""
    if not wanted or image.media_type == _TABLES[wanted][1]:
        return image
    table, own = _TABLES[wanted]
    document = jsonio.loads(image.manifest_bytes)
    document["mediaType"] = own
    for descriptor in (document["config"], *document["layers"]):
        kind = descriptor["mediaType"]
        if kind not in table and kind not in table.values():
            raise errors.ImageError(
                f'the media type "{printable(kind)}" does not exist in the format {wanted}',
                remedy=f"leave out --format={wanted}",
            )
        descriptor["mediaType"] = table.get(kind, kind)
    return Image(jsonio.dumps(document, compact=True).encode(), image.config_bytes)
