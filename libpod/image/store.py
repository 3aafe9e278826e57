"""Owns: bringing images into the store, by `import` and `load`: all of it or nothing.

Order: documents are read and checked, layers unpacked and synced in `tmp/`, archives written to the content
store; then, under the image lock, layers get their places and one transaction writes the rows. A process
that dies before leaves only what `layers.sweep_staging` and `gc` throw away. Everything runs inside the
user namespace.
"""

from __future__ import annotations

import os
import stat
import time

from libpod import errors
from libpod.image import archive, blobs, changes, compress, manifest, platform, unpack
from libpod.image import ref as refs
from libpod.state import images
from libpod.storage import gc, layers
from libpod.util import alive, failpoint, jsonio
from libpod.util.lock import RANK_LAYER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Literal

    from libpod.conf.paths import Paths
    from libpod.image.archive import Found
    from libpod.model.image import ImageRecord
    from libpod.state.db import Db
    from libpod.util.lock import Locks

LOCK_NAME = gc.LOCK_NAME
_TRIES = 4


class Store:
    """What the operations of this module work on. `owners="squash"` is for a user namespace with a single
    id.
    """

    __slots__ = ("db", "locks", "owners", "paths", "say")

    def __init__(
        self,
        paths: Paths,
        db: Db,
        locks: Locks,
        *,
        owners: Literal["keep", "squash"] = "keep",
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.paths = paths
        self.db = db
        self.locks = locks
        self.owners = owners
        self.say = say or (lambda line: None)
        """Takes progress, a line at a time."""


def import_tar(
    store: Store,
    read: compress.Read,
    name: str = "",
    *,
    change: Sequence[str] = (),
    message: str = "",
    architecture: str = "",
    os_name: str = "",
    variant: str = "",
) -> ImageRecord:
    """Make an image of one layer from a root file system archive (compressed or not), read once to its end.

    `name` may be empty. Raises UsageError or ImageError before anything is read when an argument is wrong.
    """
    stored = [refs.normalise(name)] if name else []
    config = changes.apply(list(change))
    with layers.begin(store.paths) as staged, blobs.Writer(store.paths) as writer:
        store.say("Getting image source signatures")
        done = unpack.layer(store.paths, staged, writer, read, owners=store.owners)
        if not done["entries"]:
            raise errors.ImageError("the archive is empty", remedy="make it with tar -C ROOTFS -cf - .")
        unpack.report_warnings(done)
        staged.seal(done["diff_id"], "", done["size_bytes"], done["stream_bytes"], done["entries"])
        writer.publish(done["blob"])
        own_os, own_arch, own_variant = platform.host()
        document: dict[str, Any] = {
            "created": manifest.format_time(time.time_ns()),
            "architecture": architecture or own_arch,
            "os": os_name or own_os,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [done["diff_id"]]},
            "history": [],
        }
        if variant or (not architecture and own_variant):
            document["variant"] = variant or own_variant
        document["history"].append(
            {
                "created": document["created"],
                "created_by": f"/bin/sh -c #(nop) ADD file:{done['diff_id'].partition(':')[2]} in /",
                "comment": message or "imported from tarball",
            }
        )
        config_bytes = jsonio.dumps(document, compact=True).encode()
        media_type = manifest.OCI_LAYER + unpack.MEDIA_SUFFIX[done["compression"]]
        manifest_bytes = manifest.oci_manifest(
            config_bytes, blobs.digest_of(config_bytes), [(media_type, done["blob"], done["blob_size"])]
        )
        view = manifest.parse_config(config_bytes)
        record = record_of(manifest_bytes, config_bytes, view, [done["stream_bytes"]])
        store.say(f"Copying config {blobs.digest_of(config_bytes)}")
        with store.locks.take(RANK_LAYER, LOCK_NAME):
            staged.publish()
            failpoint.hit("import:after-publish")
            blobs.put(store.paths, config_bytes)
            blobs.put(store.paths, manifest_bytes)
            images.insert(
                store.db,
                record,
                stored,
                [record["manifest_digest"], "sha256:" + record["id"], done["blob"]],
            )
            failpoint.hit("import:after-row")
        store.say("Writing manifest to image destination")
    record["names"] = stored
    return record


def load(store: Store, source: str | int, shown: str = "") -> list[tuple[ImageRecord, list[str]]]:
    """Load every image of an archive or directory: [(record, its names in the archive)].

    `source` is a path, or a descriptor to read from (a pipe is first copied to a temporary file: the list
    of images stands at the end of such archives). Raises ImageError; then nothing was stored.
    """
    if isinstance(source, str) and os.path.isdir(source):
        folder = archive.DirFiles(source)
        try:
            return _load(store, folder, shown or source)
        finally:
            folder.close()
    fd = os.dup(source) if isinstance(source, int) else archive.open_source(source)
    try:
        plain_fd = _plain_file(store, fd)
        try:
            return _load(
                store, archive.TarFiles(plain_fd), shown or (source if isinstance(source, str) else "-")
            )
        finally:
            os.close(plain_fd)
    finally:
        os.close(fd)


def _plain_file(store: Store, fd: int) -> int:
    """A descriptor of the archive as a seekable, uncompressed file; a nameless copy if it is a pipe or
    compressed.
    """
    facts = os.fstat(fd)
    if stat.S_ISREG(facts.st_mode):
        head = os.pread(fd, compress.PEEK, 0)
        if not compress.kind_of(head):
            return os.dup(fd)
        os.lseek(fd, 0, os.SEEK_SET)
    read, _kind = compress.opened(lambda count: os.read(fd, count))
    name = f"{store.paths.tmp}/{gc.BLOB_PREFIX}{os.urandom(8).hex()}"
    out_fd = alive.hold(name)
    os.unlink(name)
    try:
        while data := read(compress.CHUNK):
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(out_fd, rest) :]
    except BaseException as e:
        os.close(out_fd)
        if isinstance(e, OSError) and not isinstance(e, errors.PypodError):
            raise errors.StorageError(
                f"cannot copy the archive into the store: {e.strerror}",
                remedy="free some space on the file system of the store, or use another store with --root",
            ) from e
        raise
    return out_fd


def _load(store: Store, files: archive.Files, shown: str) -> list[tuple[ImageRecord, list[str]]]:
    return bring(store, archive.find(files, shown), shown)


def bring(
    store: Store, found: list[Found], shown: str, tick: Callable[[], None] | None = None
) -> list[tuple[ImageRecord, list[str]]]:
    """Store these images: [(record, its names)]. All of them or none; `tick` is called while it works."""
    for _ in range(_TRIES):
        with unpack.Batch(store.paths, store.owners, store.say, tick) as batch:
            loaded = [_bring(store, batch, image) for image in found]
            batch.seal()
            with store.locks.take(RANK_LAYER, LOCK_NAME):
                batch.publish()
                failpoint.hit("load:after-publish")
                if not all(complete(store.paths, record, needs) for record, _names, needs in loaded):
                    continue  # somebody removed an image with the same layers meanwhile: bring them again
                images.insert_all(store.db, loaded)
                failpoint.hit("load:after-row")
        return [(record, names) for record, names, _needs in loaded]
    raise errors.StorageError(
        f'layers of "{shown}" were removed again and again while it was loaded',
        remedy="repeat the command when no rmi runs",
    )


def _bring(store: Store, batch: unpack.Batch, image: Found) -> tuple[ImageRecord, list[str], list[str]]:
    """Bring the layers and documents of one image: (record, names, digests of the blobs it needs)."""
    results = batch.add(image.layers)
    config_digest = blobs.put(store.paths, image.config_bytes)
    manifest_bytes = image.manifest_bytes or manifest.docker_manifest(
        image.config_bytes, config_digest, [(r["blob"], r["blob_size"]) for r in results]
    )
    manifest_digest = blobs.put(store.paths, manifest_bytes)
    record = record_of(manifest_bytes, image.config_bytes, image.config, [r["stream_bytes"] for r in results])
    return record, image.names, [manifest_digest, config_digest, *(r["blob"] for r in results)]


def complete(paths: Paths, record: ImageRecord, needs: list[str]) -> bool:
    """True when the image's layers and these blobs are in the store."""
    return all(layers.exists(paths, key) for key in record["layers"]) and all(
        blobs.exists(paths, d) for d in needs
    )


def record_of(
    manifest_bytes: bytes, config_bytes: bytes, view: manifest.ConfigView, sizes: list[int]
) -> ImageRecord:
    """The row of an image with these documents; `sizes` are those of its uncompressed archives."""
    return {
        "schema": 1,
        "id": blobs.digest_of(config_bytes).partition(":")[2],
        "manifest_digest": blobs.digest_of(manifest_bytes),
        "layers": layers.keys(view["diff_ids"]),
        "diff_ids": view["diff_ids"],
        "size_bytes": sum(sizes) + len(config_bytes) + len(manifest_bytes),
        "created_ns": view["created_ns"],
        "architecture": view["architecture"],
        "os": view["os"],
        "author": view["author"],
        "comment": view["comment"],
        "history": view["history"],
        "config": view["config"],
        "names": [],
        "digest_names": [],
    }
