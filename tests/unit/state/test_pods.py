"""The queries on pods."""

from __future__ import annotations

import pytest

from libpod import errors
from libpod.state import containers, pods
from libpod.state.db import Db
from tests.support.records import container, pod


def test_a_pod_has_its_members(db: Db) -> None:
    one, two = pod("one"), pod("two")
    infra = container("one-infra", pod=one["id"], infra="hollow")
    pods.insert(db, {**one, "infra_id": infra["id"]}, infra)
    pods.insert(db, two, None)
    member = container("m", pod=one["id"])
    containers.insert(db, member)
    assert set(pods.member_ids(db, one["id"])) == {infra["id"], member["id"]}
    assert pods.member_ids(db, two["id"]) == []
    assert [p["name"] for p in pods.all_pods(db)] == ["one", "two"]
    latest = pods.latest(db)
    assert latest is not None
    assert latest["name"] == "two"
    assert [r.get("pod") for r in containers.summaries(db)] == [one["id"], one["id"]]


def test_one_with_members_cannot_be_deleted(db: Db) -> None:
    one, member = pod("one"), container("m")
    pods.insert(db, one, None)
    containers.insert(db, {**member, "pod": one["id"]})
    with pytest.raises(errors.InUseError, match=member["id"][:12]):
        pods.delete(db, one["id"])
    containers.delete(db, member["id"])
    assert pods.delete(db, one["id"])
    assert not pods.delete(db, one["id"])
    with pytest.raises(errors.NotFoundError):
        containers.insert(db, {**member, "pod": one["id"]})


def test_names_are_those_of_containers_too(db: Db) -> None:
    one = pod("one")
    pods.insert(db, one, None)
    containers.insert(db, container("c"))
    with pytest.raises(errors.ConflictError, match='container name "one" is already in use by pod'):
        containers.insert(db, container("one"))
    with pytest.raises(errors.ConflictError, match='pod name "c" is already in use by container'):
        pods.insert(db, pod("c"), None)
    with pytest.raises(errors.ConflictError, match=r'pod name "one" is already in use by [0-9a-f]{64}'):
        pods.insert(db, {**pod("one"), "id": "f" * 64}, None)


def test_they_are_found_by_name_and_id(db: Db) -> None:
    one, two = {**pod("one"), "id": "ab" + "0" * 62}, {**pod("two"), "id": "ab" + "1" * 62}
    for each in (one, two):
        pods.insert(db, each, None)
    assert pods.lookup(db, "one")["id"] == one["id"]
    assert pods.lookup(db, "ab1")["id"] == two["id"]
    assert pods.get(db, one["id"])["name"] == "one"
    with pytest.raises(errors.AmbiguousError):
        pods.lookup(db, "ab")
    for text in ("", "nope", "ff"):
        with pytest.raises(errors.NotFoundError):
            pods.lookup(db, text)
    pods.update(db, {**one, "labels": {"a": "b"}})
    assert pods.get(db, one["id"])["labels"] == {"a": "b"}
