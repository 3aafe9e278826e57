"""Volume rows and who uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from libpod.errors import ConflictError, InUseError, NotFoundError
from libpod.state import containers, volumes
from libpod.state.db import Db
from tests.support.records import container, volume_mount

if TYPE_CHECKING:
    from libpod.model.volume import VolumeRecord


def volume(name: str, **members: Any) -> VolumeRecord:
    record: VolumeRecord = {
        "schema": 1,
        "name": name,
        "created_ns": 1,
        "driver": "local",
        "labels": {},
        "options": {},
        "anonymous": False,
        "needs_copy_up": True,
        "uid": 0,
        "gid": 0,
    }
    record.update(members)  # type: ignore[typeddict-item]
    return record


def test_a_volume_comes_back(db: Db) -> None:
    volumes.insert(db, volume("b", labels={"a": "b"}))
    volumes.insert(db, volume("a"))
    assert volumes.get(db, "b") == volume("b", labels={"a": "b"})
    assert [v["name"] for v in volumes.all_volumes(db)] == ["a", "b"]
    volumes.update(db, volume("a", needs_copy_up=False))
    assert not volumes.get(db, "a")["needs_copy_up"]


def test_names_are_taken_once_and_exact(db: Db) -> None:
    volumes.insert(db, volume("data"))
    with pytest.raises(ConflictError, match="already exists"):
        volumes.insert(db, volume("data"))
    for wrong in ("DATA", "dat", "%", "data "):
        for act in (volumes.get, volumes.delete):
            with pytest.raises(NotFoundError):
                act(db, wrong)
    with pytest.raises(NotFoundError):
        volumes.update(db, volume("other"))


def test_a_volume_that_is_used_stays(db: Db) -> None:
    volumes.insert(db, volume("data"))
    record = container("c", mounts=[volume_mount("data", "/a"), volume_mount("data", "/b")])
    containers.insert(db, record)
    assert volumes.users(db, "data") == [record["id"]]
    with pytest.raises(InUseError, match=record["id"]):
        volumes.delete(db, "data")
    containers.update(db, {**record, "mounts": []})
    volumes.delete(db, "data")
    with pytest.raises(NotFoundError):
        volumes.get(db, "data")
