"""Owns: one image from a registry into the store: manifest, platform, configuration, layers.

Only documents are read before anything is stored. Layers go through the same unpacking as those of archives,
each in a child with a connection of its own: downloaded, hashed, kept and unpacked in one pass.
"""

from __future__ import annotations

import os

from libpod import errors, log
from libpod.image import archive, blobs, manifest, names, platform, registry, store
from libpod.state import images
from libpod.util import failpoint
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.conf.paths import Paths
    from libpod.image.access import Access
    from libpod.image.compress import Read
    from libpod.image.manifest import IndexEntry, Manifest
    from libpod.image.meter import Meter
    from libpod.image.platform import Platform
    from libpod.image.ref import Ref
    from libpod.image.registry import Client
    from libpod.image.store import Store
    from libpod.model.image import ImageRecord
    from libpod.state.db import Db

_REMEDY = "get the image again; if it stays so, tell who made it"


class Fetched:
    """An image's manifest, for the wanted platform, and where it came from."""

    __slots__ = ("client", "data", "digest", "view")

    def __init__(self, client: Client, data: bytes, view: Manifest) -> None:
        self.client = client
        self.data = data
        self.view = view
        self.digest = blobs.digest_of(data)

    def needs(self) -> list[str]:
        """The digests of all blobs of the image."""
        return [self.digest, self.view["config"]["digest"], *(d["digest"] for d in self.view["layers"])]


def fetch(access: Access, ref: Ref, want: Platform) -> Fetched:
    """Read the manifest of a full reference, from the first place that has it. Raises RegistryError of the
    last one, or ImageError.
    """
    places = names.endpoints(access.registries, ref, access.tls_verify)
    for number, endpoint in enumerate(places):
        client = access.client(endpoint)
        try:
            data, kind = client.manifest(ref.digest or ref.tag or "latest")
            return _for_platform(client, data, kind, want)
        except errors.RegistryError as e:
            if number == len(places) - 1:
                raise
            log.debug("a mirror does not have the image", mirror=client.name, error=e.message)
    raise AssertionError("there is always the registry itself")


def _for_platform(client: Client, data: bytes, kind: str, want: Platform) -> Fetched:
    """Follow indexes to the manifest for the platform."""
    for _ in range(archive.MAX_DEPTH + 1):
        kind = manifest.media_type_of(data, kind)
        if kind not in (manifest.OCI_INDEX, manifest.DOCKER_LIST):
            return Fetched(client, data, manifest.parse_manifest(data, kind))
        entries = manifest.parse_index(data, kind)
        chosen = platform.choose(entries, want.architecture, want.variant, want.os)
        if chosen is None:
            raise _no_platform(client, entries, want)
        data, kind = client.manifest(chosen["digest"])
        if len(data) != chosen["size"]:
            raise errors.ImageError(
                f"damaged image: the manifest {chosen['digest'][:19]} has {len(data)} bytes "
                f"instead of {chosen['size']}",
                remedy=_REMEDY,
            )
        kind = kind or chosen["media_type"]
    raise errors.ImageError(
        f"the image's indexes are nested more than {archive.MAX_DEPTH} deep", remedy=_REMEDY
    )


def _no_platform(client: Client, entries: list[IndexEntry], want: Platform) -> errors.ImageError:
    known = {
        "/".join(w for w in (e["os"], e["architecture"], e["variant"]) if w)
        for e in entries
        if e["os"] not in ("", "unknown")
    }
    has = printable(", ".join(sorted(known)) or "unknown platforms")
    return errors.ImageError(
        f"{client.name} has nothing for {want}, only for {has}",
        remedy="choose one of these with --platform",
        name=client.name,
    )


def present(paths: Paths, db: Db, fetched: Fetched) -> ImageRecord | None:
    """The stored image of that manifest, if nothing of it is missing."""
    try:
        record, _ = images.find(db, fetched.digest.partition(":")[2])
    except errors.NotFoundError:
        return None
    if record["manifest_digest"] != fetched.digest:
        return None
    return record if store.complete(paths, record, fetched.needs()) else None


def name(db: Db, record: ImageRecord, ref: Ref) -> bool:
    """Point the reference at a stored image; False if somebody removed it a moment ago."""
    try:
        images.tag(db, record["id"], [ref.stored()])
    except errors.NotFoundError:
        return False
    return True


def bring(target: Store, fetched: Fetched, ref: Ref, want: Platform, meter: Meter) -> ImageRecord:
    """Store the image under the reference; returns its record."""
    target.say("Getting image source signatures")
    view = fetched.view
    config_bytes = fetched.client.document(view["config"]["digest"], view["config"]["size"])
    config = manifest.parse_config(config_bytes)
    archive.check_count(len(view["layers"]), config)
    found = archive.Found(
        fetched.data,
        config_bytes,
        config,
        [
            archive.Layer(
                _opener(target, fetched.client, d["digest"], d["size"], meter),
                d["mediaType"],
                d["digest"],
                d["size"],
                diff_id,
            )
            for d, diff_id in zip(view["layers"], config["diff_ids"], strict=True)
        ],
        [ref.stored()],
    )
    failpoint.hit("pull:before-layers")
    [(record, _names)] = store.bring(target, [found], str(ref), meter.tick)
    target.say(f"Copying config {view['config']['digest']}")
    target.say("Writing manifest to image destination")
    target.say("Storing signatures")
    _tell_platform(record, want)
    return record


def _opener(target: Store, client: Client, digest: str, size: int, meter: Meter) -> Callable[[], Read]:
    moved = meter.add(digest, size)

    def open_it() -> Read:
        # The archive may be here although its layer is not: of another image, with other layers below.
        if blobs.exists(target.paths, digest) and blobs.size(target.paths, digest) == size:
            fd = os.open(blobs.path(target.paths, digest), os.O_RDONLY | os.O_CLOEXEC)
            return lambda count: os.read(fd, count)
        return registry.BlobStream(client, digest, size, moved).read

    return open_it


def _tell_platform(record: ImageRecord, want: Platform) -> None:
    """An image without an index may be for another machine: nobody chose it."""
    _, own_arch, _ = platform.host()
    wanted = want.architecture or own_arch
    if record["architecture"] and record["architecture"] != wanted:
        log.warning(
            f"the image is for {record['os']}/{record['architecture']}, and {want} was expected",
        )
