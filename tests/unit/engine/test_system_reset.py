"""What `system reset` takes for its own."""

from __future__ import annotations

import os

from libpod.conf.paths import Paths
from libpod.engine import system_reset


def test_every_directory_of_the_store_is_removed() -> None:
    paths = Paths("/store", "/run")
    ours = {
        os.path.relpath(value, "/store")
        for name in Paths.__slots__
        if isinstance(value := getattr(paths, name), str) and value.startswith("/store/")
    }
    known = {
        *system_reset._DATABASE,
        *system_reset._FILES,
        *system_reset._REST,
        *system_reset._SIGNS,
    }
    assert ours <= known, "a new directory of the store: name it in libpod/engine/system_reset.py"
