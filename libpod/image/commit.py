"""Owns: an image of a container's files: one more layer on its image, published as `import` does."""

from __future__ import annotations

import os
import time

from libpod import errors
from libpod.image import blobs, changes, compress, convert, manifest, platform, unpack
from libpod.image import ref as refs
from libpod.image.store import LOCK_NAME, complete, record_of
from libpod.state import images
from libpod.storage import layers
from libpod.util import failpoint, jsonio
from libpod.util.lock import RANK_LAYER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from libpod.image.manifest import Descriptor
    from libpod.image.store import Store
    from libpod.model.image import ImageRecord

    Config = dict[str, Any]


def commit(
    store: Store,
    read: compress.Read,
    base: ImageRecord | None,
    config: Config,
    name: str = "",
    *,
    change: Sequence[str] = (),
    author: str = "",
    message: str = "",
    parent_name: str = "",
    created_by: str = "",
    docker: bool = False,
) -> ImageRecord:
    """Make an image of `base` (None = of nothing) and the layer that `read` gives, with `config` and changes.

    `docker`: manifest and configuration are Docker's, which has comments and health checks. Raises UsageError
    for a wrong argument before anything is read.
    """
    stored = [refs.normalise(name)] if name else []
    config = changes.apply(list(change), config)
    below, document = _start(store, base, "v2s2" if docker else "oci")
    diff_ids: list[str] = document["rootfs"]["diff_ids"]
    with layers.begin(store.paths) as staged, blobs.Writer(store.paths) as writer:
        store.say("Getting image source signatures")
        diff_id = _keep(read, writer)
        parent = layers.chain_ids(diff_ids)[-1] if diff_ids else ""
        diff_ids.append(diff_id)
        # The same files on the same image make the same archive: unpacking it again would take most of the
        # time.
        new = not layers.exists(store.paths, layers.keys(diff_ids)[-1])
        if new:
            _unpack(store, staged, writer.file, diff_id, parent)
        writer.publish(diff_id)
        now = manifest.format_time(time.time_ns())
        step = {"created": now, "created_by": created_by}
        if author:
            step["author"] = author
        comment = message or (f"FROM {parent_name}" if parent_name else "")
        if comment:
            step["comment"] = comment
        document["history"].append(step)
        document["created"], document["config"] = now, config
        if author:
            document["author"] = author
        if docker and message:
            document["comment"] = message
        config_bytes = jsonio.dumps(document, compact=True).encode()
        config_digest = blobs.digest_of(config_bytes)
        own = (diff_id, writer.size_bytes)
        manifest_bytes = _manifest(below, config_bytes, config_digest, own, docker)
        view = manifest.parse_config(config_bytes)
        sizes = [layers.meta(store.paths, key)["stream_bytes"] for key in (base["layers"] if base else [])]
        record = record_of(manifest_bytes, config_bytes, view, [*sizes, writer.size_bytes])
        needs = [record["manifest_digest"], config_digest, *(d["digest"] for d in below), diff_id]
        store.say(f"Copying config {config_digest}")
        with store.locks.take(RANK_LAYER, LOCK_NAME):
            if new:
                staged.publish()
            failpoint.hit("commit:after-publish")
            blobs.put(store.paths, config_bytes)
            blobs.put(store.paths, manifest_bytes)
            if not complete(store.paths, record, needs):
                raise errors.StorageError(
                    "an image with the same layers was removed while the container was committed",
                    remedy="repeat the command",
                )
            images.insert(store.db, record, stored, needs)
            failpoint.hit("commit:after-row")
        store.say("Writing manifest to image destination")
    record["names"] = stored
    return record


def _keep(read: compress.Read, writer: blobs.Writer) -> str:
    """Write the archive into the blob; its digest."""
    from hashlib import sha256

    hasher = sha256()
    while data := read(compress.CHUNK):
        hasher.update(data)
        writer.write(data)
    return f"sha256:{hasher.hexdigest()}"


def _unpack(store: Store, staged: layers.Staged, file: str, diff_id: str, parent: str) -> None:
    """Unpack what was just written, from the page cache."""
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        done = unpack.layer(store.paths, staged, None, lambda count: os.read(fd, count), owners=store.owners)
    finally:
        os.close(fd)
    if done["diff_id"] != diff_id:
        raise blobs.damaged(diff_id)
    unpack.report_warnings(done)
    staged.seal(diff_id, parent, done["size_bytes"], done["stream_bytes"], done["entries"])


def _start(store: Store, base: ImageRecord | None, form: Any) -> tuple[list[Descriptor], Config]:
    """(the layers of the base, the configuration to add to)."""
    own_os, own_arch, own_variant = platform.host()
    document: Config = {"created": "", "architecture": own_arch, "os": own_os}
    if own_variant:
        document["variant"] = own_variant
    document |= {"config": {}, "rootfs": {"type": "layers", "diff_ids": []}, "history": []}
    if base is None:
        return [], document
    image = convert.to_format(convert.read(store.paths, base), form)
    there = jsonio.loads(image.config_bytes)
    for key in ("architecture", "os", "variant", "os.version", "os.features"):
        if there.get(key):
            document[key] = there[key]
        else:
            document.pop(key, None)
    document["rootfs"]["diff_ids"] = list(base["diff_ids"])
    document["history"] = list(there.get("history") or [])
    return image.layers, document


def _manifest(
    below: list[Descriptor], config: bytes, config_digest: str, own: tuple[str, int], docker: bool
) -> bytes:
    every = [(d["mediaType"], d["digest"], d["size"]) for d in below]
    every.append((manifest.DOCKER_LAYER if docker else manifest.OCI_LAYER, *own))
    if not docker:
        return manifest.oci_manifest(config, config_digest, every)
    return manifest.docker_manifest_of(config, config_digest, every)
