"""What clearing up may take away, and what it must leave."""

from __future__ import annotations

import os

from libpod.conf.paths import Paths
from libpod.engine import cleanup
from libpod.storage import rootfs
from tests.support.records import hex_id
from tests.support.session import session
from tests.support.userns import as_root


@as_root
def test_a_directory_of_a_container_that_was_never_made_goes(paths: Paths) -> None:
    rootfs.create_container_dirs(paths, hex_id("begun"))
    cleanup.sweep(session(paths), set())
    assert os.listdir(paths.containers) == []
    assert not [name for name in os.listdir(paths.locks) if name.startswith("40-")]


@as_root
def test_files_of_a_container_stay_when_the_database_was_lost(paths: Paths) -> None:
    cid = hex_id("lost")
    folder = rootfs.create_container_dirs(paths, cid)
    os.mkdir(f"{folder}/{rootfs.UPPER}")
    cleanup.sweep(session(paths), set())
    assert os.listdir(paths.containers) == [cid]
