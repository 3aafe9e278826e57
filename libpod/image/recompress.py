"""Owns: an image whose plain layers go out compressed: `push --compression-format`.

Layers that came compressed stay as they are. The same layer always gives the same bytes, so a registry that
has them is not sent them again. The image here is not changed.
"""

from __future__ import annotations

from libpod import errors
from libpod.image import blobs, compress, manifest
from libpod.image.convert import Image
from libpod.util import fanout, jsonio
from libpod.util.undo import Undo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.conf.paths import Paths

COMPRESSIONS = ("gzip", "zstd")
CHUNK = 1 << 18
_SUFFIX = {
    (manifest.OCI_LAYER, "gzip"): "+gzip",
    (manifest.OCI_LAYER, "zstd"): "+zstd",
    (manifest.DOCKER_LAYER, "gzip"): ".gzip",
}


class Compressed:
    """An image with compressed layers and the files that hold them, thrown away at the end of the block.

    `kind` empty = the image as it is. Raises ImageError when its format has no such layers, StorageError for
    a damaged layer.
    """

    def __init__(self, paths: Paths, image: Image, kind: str) -> None:
        self.files: dict[str, str] = {}
        """Digest -> path of what was compressed here."""
        self.image = image
        self._paths = paths
        self._kind = kind
        """One of COMPRESSIONS, or empty."""
        self._undo = Undo()

    def __enter__(self) -> Compressed:
        try:
            if self._kind:
                self._make()
        except BaseException:
            self._undo.run()
            raise
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        self._undo.run()

    def _make(self) -> None:
        document = jsonio.loads(self.image.manifest_bytes)
        plain = [
            d for d in document["layers"] if d["mediaType"] in (manifest.OCI_LAYER, manifest.DOCKER_LAYER)
        ]
        for descriptor in plain:
            if (descriptor["mediaType"], self._kind) not in _SUFFIX:
                raise errors.ImageError(
                    f"the format v2s2 has no layers that are compressed with {self._kind}",
                    remedy="add --format=oci",
                )
        names = list(dict.fromkeys(d["digest"] for d in plain))
        writers = [blobs.Writer(self._paths) for _ in names]
        for writer in writers:
            self._undo.push(writer.__exit__, None, None, None)
        jobs = [self._job(digest, writer) for digest, writer in zip(names, writers, strict=True)]
        made = dict(zip(names, fanout.run(jobs) if jobs else [], strict=True))
        for name, writer in zip(names, writers, strict=True):
            self.files[made[name][0]] = writer.file
        for descriptor in plain:
            descriptor["mediaType"] += _SUFFIX[descriptor["mediaType"], self._kind]
            descriptor["digest"], descriptor["size"] = made[descriptor["digest"]]
        if plain:
            self.image = Image(jsonio.dumps(document, compact=True).encode(), self.image.config_bytes)

    def _job(self, digest: str, writer: blobs.Writer) -> Callable[[], tuple[str, int]]:
        def work() -> tuple[str, int]:
            from hashlib import sha256

            before, after = sha256(), sha256()
            pieces = compress.encoder(self._kind)
            size = 0
            with open(blobs.path(self._paths, digest), "rb", buffering=0) as f:
                while True:
                    data = f.read(CHUNK)
                    before.update(data)
                    out = pieces.compress(data) if data else pieces.flush()
                    after.update(out)
                    writer.write(out)
                    size += len(out)
                    if not data:
                        break
            if f"sha256:{before.hexdigest()}" != digest:
                raise blobs.damaged(digest)
            return f"sha256:{after.hexdigest()}", size

        return work
