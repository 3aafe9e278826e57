"""A new database for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from libpod.conf.paths import Paths
from libpod.state.db import Db, open_db


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(str(tmp_path), str(tmp_path / "run"))


@pytest.fixture
def db(paths: Paths) -> Iterator[Db]:
    found = open_db(paths)
    yield found
    found.close()
