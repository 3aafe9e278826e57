"""Layers and blobs go when nothing refers to them, and not before."""

from __future__ import annotations

import os

from libpod.image import blobs
from libpod.state import containers, images
from libpod.state.db import Db, open_db
from libpod.storage import gc, layers
from libpod.util.lock import Locks
from tests.support.records import container, image
from tests.support.userns import Paths, as_root
from tests.unit.storage.test_layers import make

DIFFS = ["sha256:" + digit * 64 for digit in "123"]


def two_images(paths: Paths) -> tuple[Db, Locks, list[str], str]:
    """Two images on one base: (database, locks, the keys of base, first, second; a shared blob)."""
    db, locks = open_db(paths), Locks(paths.locks)
    base = make(paths, DIFFS[0])
    tops = [make(paths, diff, DIFFS[0], diff) for diff in DIFFS[1:]]
    shared = blobs.put(paths, b"shared")
    for number, top in enumerate(tops):
        own = blobs.put(paths, b"own %d" % number)
        images.insert(db, image(str(number), layers=[base, top]), [], [own, shared])
    return db, locks, [base, *tops], shared


def forget(paths: Paths, db: Db, locks: Locks, number: int) -> list[str]:
    record = image(str(number))
    stored = images.get(db, record["id"])
    _, digests = images.delete(db, record["id"])
    return gc.collect(paths, db, locks, stored["layers"], digests)


@as_root
def test_shared_layers_and_blobs_stay_until_the_last_image_goes(paths: Paths) -> None:
    db, locks, (base, one, two), shared = two_images(paths)
    assert forget(paths, db, locks, 0) == [one]
    assert layers.all_keys(paths) == sorted([base, two])
    assert blobs.exists(paths, shared)
    assert set(forget(paths, db, locks, 1)) == {base, two}
    assert layers.all_keys(paths) == []
    assert os.listdir(f"{paths.blobs}/sha256") == []
    assert os.listdir(paths.trash) == []
    db.close()


@as_root
def test_layers_of_a_container_stay(paths: Paths) -> None:
    db, locks, (base, one, two), _ = two_images(paths)
    containers.insert(db, container("c", layers=[base, one]))
    forget(paths, db, locks, 0)
    forget(paths, db, locks, 1)
    assert layers.all_keys(paths) == sorted([base, one])
    containers.delete(db, container("c")["id"])
    assert set(gc.collect_all(paths, db, locks)) == {base, one}
    assert two not in layers.all_keys(paths)
    db.close()


@as_root
def test_all_that_is_left_over_is_found(paths: Paths) -> None:
    db, locks, (base, one, two), shared = two_images(paths)
    stray = make(paths, "sha256:" + "9" * 64)
    blobs.put(paths, b"stray")
    os.makedirs(f"{paths.trash}/old/x")
    assert gc.collect_all(paths, db, locks) == [stray]
    assert layers.all_keys(paths) == sorted([base, one, two])
    assert blobs.exists(paths, shared)
    assert len(os.listdir(f"{paths.blobs}/sha256")) == 3
    assert os.listdir(paths.trash) == []
    db.close()


@as_root
def test_a_collector_killed_at_any_point_leaves_work_for_the_next(paths: Paths) -> None:
    db, locks, (base, one, two), _ = two_images(paths)
    db.close()
    pid = os.fork()
    if pid == 0:
        os.environ["PYPOD_FAILPOINT"] = "gc:after-rename"
        forget(paths, open_db(paths), locks, 0)
        os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    db = open_db(paths)
    assert layers.all_keys(paths) == sorted([base, two])
    gc.collect_all(paths, db, locks)
    assert os.listdir(paths.trash) == []
    assert layers.exists(paths, base)
    assert not layers.exists(paths, one)
    db.close()
