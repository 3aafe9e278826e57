"""Container records by name, id and the beginning of an id; what they hold on to."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libpod.errors import AmbiguousError, ConflictError, InUseError, NotFoundError, StateDbError
from libpod.state import containers, images, volumes
from libpod.state.db import Db
from tests.support.records import container, image, volume_mount


def test_a_record_comes_back_as_it_was(db: Db) -> None:
    record = container("web", labels={"ä": '"\n\\', "x": ""}, env=["A=\udcff", "B=€"])
    containers.insert(db, record)
    assert containers.get(db, record["id"]) == record
    assert containers.all_records(db) == [record]
    assert containers.latest(db) == record


def test_a_name_is_taken_once(db: Db) -> None:
    first = container("web")
    containers.insert(db, first)
    with pytest.raises(ConflictError) as caught:
        containers.insert(db, container("web", id="f" * 64))
    assert first["id"] in caught.value.message
    assert '"web"' in caught.value.message
    with pytest.raises(ConflictError):
        containers.insert(db, container("other", id=first["id"]))
    assert containers.all_records(db) == [first]


def test_names_are_exact(db: Db) -> None:
    for name in ("web_1", "web-1", "web.1", "WEB-1"):
        containers.insert(db, container(name))
    for name in ("web_1", "WEB-1"):
        assert containers.lookup(db, name)["name"] == name
    for wrong in ("web%1", "web", "web_", "%", "_____", "", "web*", "'", "web-1 "):
        with pytest.raises(NotFoundError) as caught:
            containers.lookup(db, wrong)
        assert caught.value.message == f'no such container "{wrong}"'


def test_the_beginning_of_an_id_is_enough_if_it_is_alone(db: Db) -> None:
    one, two = "abc1" + "0" * 60, "abc2" + "f" * 60
    containers.insert(db, container("one", id=one))
    containers.insert(db, container("two", id=two))
    for text in ("abc1", "abc10", one):
        assert containers.lookup(db, text)["name"] == "one"
    assert containers.lookup(db, "abc2f")["name"] == "two"
    for text in ("a", "abc"):
        with pytest.raises(AmbiguousError):
            containers.lookup(db, text)
    for text in ("abd", "ABC1", "abc1g", one + "0"):
        with pytest.raises(NotFoundError):
            containers.lookup(db, text)


def test_a_name_comes_before_the_beginning_of_an_id(db: Db) -> None:
    containers.insert(db, container("one", id="abc" + "0" * 61))
    containers.insert(db, container("abc", id="f" * 64))
    assert containers.lookup(db, "abc")["id"] == "f" * 64


def test_a_full_id_comes_before_a_name(db: Db) -> None:
    wanted = "a" * 64
    containers.insert(db, container(wanted, id="b" * 64))
    containers.insert(db, container("one", id=wanted))
    assert containers.lookup(db, wanted)["name"] == "one"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.text("0f", min_size=64, max_size=64), max_size=6), st.text("0f", min_size=1, max_size=64))
def test_prefixes_find_what_startswith_finds(db: Db, ids: set[str], prefix: str) -> None:
    for record in containers.all_records(db):
        containers.delete(db, record["id"], durable=False)
    for cid in ids:
        containers.insert(db, container(f"n{cid}", id=cid), durable=False)
    fitting = [cid for cid in ids if cid.startswith(prefix)]
    if len(fitting) == 1:
        assert containers.lookup(db, prefix)["id"] == fitting[0]
    else:
        with pytest.raises((AmbiguousError, NotFoundError)) as caught:
            containers.lookup(db, prefix)
        assert isinstance(caught.value, AmbiguousError) == bool(fitting)


def test_an_update_replaces_record_summary_and_name(db: Db) -> None:
    record = container("old")
    containers.insert(db, record)
    changed = container("new", id=record["id"], labels={"a": "b"})
    containers.update(db, changed)
    assert containers.lookup(db, "new") == changed
    assert containers.summaries(db)[0]["labels"] == {"a": "b"}
    with pytest.raises(NotFoundError):
        containers.lookup(db, "old")
    containers.insert(db, container("taken"))
    with pytest.raises(ConflictError):
        containers.update(db, container("taken", id=record["id"]))
    with pytest.raises(NotFoundError):
        containers.update(db, container("nobody"))


def test_deleting_twice_is_no_error(db: Db) -> None:
    record = container("a", mounts=[volume_mount("data", "/data")])
    containers.insert(db, record)
    assert containers.delete(db, record["id"])
    assert not containers.delete(db, record["id"])
    assert volumes.users(db, "data") == []
    containers.insert(db, record)


def test_lists_are_in_the_order_of_creation(db: Db) -> None:
    for name, at in (("b", 2), ("a", 1), ("c", 3)):
        containers.insert(db, container(name, created_ns=at))
    assert [r["name"] for r in containers.all_records(db)] == ["a", "b", "c"]
    assert [r["name"] for r in containers.summaries(db)] == ["a", "b", "c"]
    latest = containers.latest(db)
    assert latest is not None
    assert latest["name"] == "c"


def test_no_containers_have_no_latest(db: Db) -> None:
    assert containers.latest(db) is None


def test_an_image_that_is_used_stays(db: Db) -> None:
    base = image("base")
    images.insert(db, base, ["localhost/base:latest"])
    record = container("c", image_id=base["id"], layers=base["layers"])
    containers.insert(db, record)
    assert containers.uses_image(db, base["id"]) == [record["id"]]
    assert containers.counts_by_image(db) == {base["id"]: 1}
    with pytest.raises(InUseError, match=record["id"]):
        images.delete(db, base["id"])
    assert images.used_layers(db) == set(base["layers"])
    containers.delete(db, record["id"])
    images.delete(db, base["id"])
    assert images.used_layers(db) == set()


def test_a_container_of_an_image_that_went_meanwhile_is_refused(db: Db) -> None:
    base = image("base")
    images.insert(db, base)
    record = container("c", image_id=base["id"])
    images.delete(db, base["id"])
    with pytest.raises(NotFoundError, match="removed in the meantime"):
        containers.insert(db, record)


def test_layers_of_a_container_count_as_used(db: Db) -> None:
    containers.insert(db, container("c", layers=["a" * 32, "b" * 32]))
    assert images.used_layers(db) == {"a" * 32, "b" * 32}


def test_a_damaged_record_is_named(db: Db) -> None:
    record = container("c")
    containers.insert(db, record)
    db.rows("UPDATE containers SET record = '{'")
    with pytest.raises(StateDbError, match=record["id"][:12]) as caught:
        containers.lookup(db, "c")
    assert "rm -f" in caught.value.remedy
