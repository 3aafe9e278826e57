"""Owns: one image from the store to a registry: only the blobs that are missing there, then the manifest.

The manifest goes as it is kept, byte for byte, so the digest is the same everywhere, unless another format or
compression is asked for.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod.image import blobs, names
from libpod.util import fanout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Literal

    from libpod.conf.paths import Paths
    from libpod.image.access import Access
    from libpod.image.convert import Image
    from libpod.image.meter import Meter
    from libpod.image.ref import Ref
    from libpod.image.registry import Client

CHUNK = 1 << 18
_REMEDY = 'remove the image with "pypod rmi", then load or pull it again'


def push(
    access: Access,
    paths: Paths,
    image: Image,
    ref: Ref,
    sources: Callable[[str], list[str]],
    meter: Meter,
    say: Callable[[str], None],
    files: Mapping[str, str],
) -> str:
    """Send an image to a full reference; returns the digest of its manifest there.

    `files` has the paths of blobs that are not in the store, by digest. `sources` tells the names under which
    images with a blob are known here: the registry may have it already.
    Raises RegistryError; what was uploaded until then is left to the registry's own collection.
    """
    endpoint = names.endpoints(access.registries, ref, access.tls_verify, mirrors=False)[-1]
    client = access.client(endpoint)
    wanted = [(d["digest"], d["size"]) for d in image.layers]
    unique = list(dict.fromkeys([*wanted, (image.config_digest, len(image.config_bytes))]))
    client.base  # noqa: B018  # found out once, not in every child
    jobs = []
    for digest, size in unique:
        kind = "config" if digest == image.config_digest else "blob"
        candidates = _same_registry(sources(digest), ref)
        moved = meter.add(digest, size) if kind == "blob" else lambda position: None
        path = files.get(digest) or blobs.path(paths, digest)
        jobs.append(_job(client, path, digest, size, candidates, moved))
        say(f"Copying {kind} {digest}")
    fanout.run(jobs, tick=meter.tick)
    say("Writing manifest to image destination")
    client.put_manifest(ref.digest or ref.tag or "latest", image.manifest_bytes, image.media_type)
    say("Storing signatures")
    return image.digest


def _same_registry(known: list[str], ref: Ref) -> list[str]:
    """The other repositories of the same registry, without its name."""
    found = [name[len(ref.domain) + 1 :] for name in known if name.startswith(ref.domain + "/")]
    return [name for name in dict.fromkeys(found) if name != ref.path][:2]


def _job(
    client: Client,
    path: str,
    digest: str,
    size: int,
    candidates: list[str],
    moved: Callable[[int], None],
) -> Callable[[], Literal["there", "mounted", "sent"]]:
    def work() -> Literal["there", "mounted", "sent"]:
        if client.has_blob(digest, size):
            moved(size)
            return "there"
        for source in candidates:
            location = client.mount(digest, source)
            if not location:
                moved(size)
                return "mounted"
            # An upload was begun instead: it is used at once, for no server likes them left open.
            _send(client, path, digest, size, moved, location)
            return "sent"
        _send(client, path, digest, size, moved, "")
        return "sent"

    return work


def _send(
    client: Client, path: str, digest: str, size: int, moved: Callable[[int], None], location: str
) -> None:
    """Upload a blob; after a failure that may pass, from its beginning."""
    for attempt in range(client.transport.retries + 1):
        try:
            at = location if location and not attempt else client.begin_upload()
            client.upload(at, digest, _chunks(path, digest, size, moved), size)
        except errors.RegistryError as e:
            passing = getattr(e, "passing", False) or e.status in (429, 500, 502, 503, 504)
            if attempt == client.transport.retries or not passing:
                raise
            client.transport.pause(attempt, e.message)
        else:
            return


def _chunks(path: str, digest: str, size: int, moved: Callable[[int], None]) -> Iterator[bytes]:
    """The bytes of a blob, checked on their way: a damaged one is not accepted by the registry,
    and the reason is known here.
    """
    from hashlib import sha256

    hasher = sha256()
    position = 0
    with open(path, "rb", buffering=0) as f:
        while data := f.read(CHUNK):
            hasher.update(data)
            position += len(data)
            if position == size and f"sha256:{hasher.hexdigest()}" != digest:
                break
            yield data
            moved(position)
    if position != size or f"sha256:{hasher.hexdigest()}" != digest:
        raise blobs.damaged(digest)


def check_blobs(paths: Paths, image: Image) -> None:
    """Raise StorageError unless every layer's archive is in the store."""
    for layer in image.layers:
        path = blobs.path(paths, layer["digest"])
        if not os.path.exists(path) or os.stat(path).st_size != layer["size"]:
            raise errors.StorageError(
                f"the archive {layer['digest'][:19]} of the image is missing or damaged", remedy=_REMEDY
            )
