"""Owns: the engine's session on a store of a test, without a command line."""

from __future__ import annotations

import os

from libpod.conf.paths import Paths
from libpod.engine.session import Session


def session(paths: Paths) -> Session:
    """A session on this store; nobody reads its notices."""
    return Session({"root": paths.graphroot, "runroot": paths.runroot}, os.environ, ["pypod"])
