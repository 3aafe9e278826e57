"""Owns: throwing away layers and blobs that nothing refers to any more.

Counting is a query: what images and containers name in the database is used, everything else is not.
Decided and moved under the image lock, deleted outside of it.
"""

from __future__ import annotations

import os
import time

from libpod.state import images
from libpod.storage import layers
from libpod.util import alive, failpoint, staging
from libpod.util.lock import RANK_LAYER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from libpod.conf.paths import Paths
    from libpod.state.db import Db
    from libpod.util.lock import Locks

BLOB_PREFIX = "blob-"
"""Archives in the making, in `tmp`; the maker holds the file's alive lock."""
SEALED_S = 3600
LOCK_NAME = "images"
"""One lock for publishing and removing layers and blobs: it is held for renames and one transaction only."""


def collect(paths: Paths, db: Db, locks: Locks, keys: Iterable[str], digests: Iterable[str]) -> list[str]:
    """Remove those of these layers and blobs that are not used; returns the keys of the layers that went.

    Call it after the rows are gone. A process that dies in between leaves them for `collect_all`.
    """
    trashed: dict[str, str] = {}
    with locks.take(RANK_LAYER, LOCK_NAME):
        used = images.used_layers(db)
        used_digests = images.used_blobs(db)
        for key in reversed(list(keys)):
            if key not in used and key not in trashed:
                moved = layers.trash(paths, key)
                if moved:
                    trashed[key] = moved
                failpoint.hit("gc:after-rename")
        for digest in digests:
            if digest not in used_digests:
                _remove_blob(paths, digest)
    for moved in trashed.values():
        staging.remove_tree(moved)
    return list(trashed)


def collect_all(paths: Paths, db: Db, locks: Locks) -> list[str]:
    """Remove every layer and blob that is not used, what killed processes left, and the trash."""
    digests = []
    try:
        digests = [f"sha256:{n}" for n in os.listdir(f"{paths.blobs}/sha256")]
    except FileNotFoundError:
        pass
    gone = collect(paths, db, locks, layers.all_keys(paths), digests)
    sweep_staging(paths)
    staging.empty(paths.trash)
    return gone


def sweep_staging(paths: Paths) -> int:
    """Throw away what killed processes left in `tmp`; returns how many. What is being made stays."""
    count = 0
    for name in os.listdir(paths.tmp):
        path = f"{paths.tmp}/{name}"
        if name.startswith(BLOB_PREFIX):
            if not alive.held(path):
                staging.remove_tree(path)
                count += 1
        elif name.startswith(layers.STAGING_PREFIX) and not _is_in_work(path):
            staging.discard(path, paths.trash)
            count += 1
    return count


def _is_in_work(folder: str) -> bool:
    marker = f"{folder}/{layers.MARKER}"
    if os.path.exists(marker):
        return alive.held(marker)
    try:
        age_s = time.time() - os.stat(folder).st_mtime
    except FileNotFoundError:
        return True  # published a moment ago
    # Sealed, and its maker may be about to publish it: only an old one is surely forgotten.
    return age_s < SEALED_S


def _remove_blob(paths: Paths, digest: str) -> None:
    try:
        os.unlink(f"{paths.blobs}/sha256/{digest.partition(':')[2]}")
    except FileNotFoundError:
        pass
