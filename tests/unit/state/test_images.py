"""Images by name and id, names that move, and what is used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import AmbiguousError, ImageError, NotFoundError
from libpod.image import ref
from libpod.state import images
from libpod.state.db import Db
from tests.support.records import image


def add(db: Db, seed: str, *names: str, **members: object) -> str:
    record = image(seed, **members)
    images.insert(db, record, names, [record["manifest_digest"], f"sha256:{record['id']}"])
    return record["id"]


def found(db: Db, ref_: str) -> str | None:
    record = images.lookup(db, ref_)
    return None if record is None else record["id"]


def test_a_record_comes_back_with_its_names(db: Db) -> None:
    add(db, "a", "localhost/a:latest", "quay.io/x/a:1", f"quay.io/x/a@sha256:{'0' * 64}")
    record = images.lookup(db, "quay.io/x/a:1")
    assert record is not None
    assert record["names"] == ["quay.io/x/a:1", "localhost/a:latest"], "the name that matched comes first"
    assert record["digest_names"] == [f"quay.io/x/a@sha256:{'0' * 64}"]
    assert record["history"] == []
    assert images.history(db, record["id"]) == [{"created_by": "a test"}]
    plain = image("a")
    assert {k: v for k, v in record.items() if "names" not in k and k != "history"} == {
        k: v for k, v in plain.items() if "names" not in k and k != "history"
    }


def test_short_names_are_local_first(db: Db) -> None:
    hub = add(db, "hub", "docker.io/library/web:latest")
    assert found(db, "web") == hub
    local = add(db, "local", "localhost/web:latest")
    assert found(db, "web") == found(db, "web:latest") == found(db, "localhost/web") == local
    assert found(db, "docker.io/web") == found(db, "docker.io/library/web:latest") == hub
    assert found(db, "index.docker.io/library/web") == hub
    assert found(db, "web:other") is None
    assert found(db, "library/web") == hub


def test_names_with_a_user_of_the_hub(db: Db) -> None:
    hub = add(db, "hub", "docker.io/me/web:1")
    assert found(db, "me/web:1") == found(db, "docker.io/me/web:1") == hub
    assert found(db, "me/web") is None


def test_a_short_name_fits_the_end_of_a_long_one(db: Db) -> None:
    there = add(db, "q", "quay.io/a/b/zed:1")
    assert found(db, "zed:1") == found(db, "b/zed:1") == there
    assert found(db, "zed") is None
    assert found(db, "ed:1") is None
    assert found(db, "example.com/zed:1") is None
    add(db, "r", "quay.io/a/c/zed:1")
    with pytest.raises(AmbiguousError):
        images.lookup(db, "zed:1")
    assert found(db, "b/zed:1") == there


def test_ids_and_their_beginnings(db: Db) -> None:
    one = add(db, "1", "localhost/one:latest", id="abc1" + "0" * 60)
    two = add(db, "2", id="abc2" + "0" * 60)
    assert (
        found(db, one) == found(db, f"sha256:{one}") == found(db, "abc1") == found(db, "sha256:abc1") == one
    )
    assert found(db, "abc2") == two
    with pytest.raises(AmbiguousError):
        images.lookup(db, "abc")
    assert found(db, "abd") is None
    assert found(db, "") is None
    assert found(db, "sha256:") is None
    assert found(db, "%") is None


def test_a_name_comes_before_the_beginning_of_an_id(db: Db) -> None:
    add(db, "1", id="cafe" + "0" * 60)
    named = add(db, "2", "localhost/cafe:latest")
    assert found(db, "cafe") == named
    assert found(db, "cafe0") != named


def test_a_digest_finds_the_image(db: Db) -> None:
    record = image("a")
    add(db, "a", "quay.io/x/a:1")
    digest = record["manifest_digest"]
    assert found(db, digest) == record["id"]
    assert found(db, f"quay.io/x/a@{digest}") == record["id"]
    assert found(db, f"quay.io/x/b@{digest}") is None
    assert found(db, f"quay.io/x/a@sha256:{'0' * 64}") is None


def test_a_name_moves_to_the_image_that_got_it_last(db: Db) -> None:
    old = add(db, "old", "localhost/web:latest")
    new = add(db, "new", "localhost/web:latest")
    assert found(db, "web") == new
    assert images.get(db, old)["names"] == []
    images.tag(db, old, ["localhost/web:latest"])
    assert found(db, "web") == old


def test_tag_and_untag(db: Db) -> None:
    one = add(db, "1", "localhost/a:latest")
    images.tag(db, one, ["localhost/b:1", "localhost/c:1"])
    assert images.get(db, one)["names"] == ["localhost/a:latest", "localhost/b:1", "localhost/c:1"]
    assert images.untag(db, one, ["localhost/b:1", "localhost/nothing:1"]) == ["localhost/b:1"]
    with pytest.raises(NotFoundError):
        images.tag(db, "f" * 64, ["localhost/x:1"])
    assert found(db, "x:1") is None


def test_deleting_gives_names_and_blobs_that_nobody_else_needs(db: Db) -> None:
    one, two = image("1"), image("2")
    images.insert(db, one, ["localhost/a:1", "localhost/b:1"], ["sha256:own", "sha256:shared"])
    images.insert(db, two, [], ["sha256:shared", "sha256:other"])
    assert images.delete(db, one["id"]) == (["localhost/a:1", "localhost/b:1"], ["sha256:own"])
    assert images.used_blobs(db) == {"sha256:shared", "sha256:other"}
    assert found(db, "a:1") is None
    with pytest.raises(NotFoundError):
        images.delete(db, one["id"])
    assert images.delete(db, two["id"]) == ([], ["sha256:other", "sha256:shared"])


def test_storing_again_keeps_names_and_replaces_the_manifest(db: Db) -> None:
    one = image("1")
    images.insert(db, one, ["localhost/a:1"], ["sha256:x"])
    images.insert(db, {**one, "manifest_digest": "sha256:new"}, ["localhost/b:1"], ["sha256:y"])
    record = images.get(db, one["id"])
    assert record["manifest_digest"] == "sha256:new"
    assert record["names"] == ["localhost/a:1", "localhost/b:1"]
    assert images.used_blobs(db) == {"sha256:y"}


def test_all_images_are_newest_first(db: Db) -> None:
    add(db, "old", "localhost/o:1", created_ns=1)
    add(db, "new", created_ns=2)
    assert [r["created_ns"] for r in images.all_images(db)] == [2, 1]
    assert [r["names"] for r in images.all_images(db)] == [[], ["localhost/o:1"]]


def test_several_images_are_stored_together_or_not_at_all(db: Db) -> None:
    good, bad = image("good"), image("bad")
    del bad["created_ns"]  # type: ignore[misc]
    with pytest.raises(KeyError):
        images.insert_all(db, [(good, [], []), (bad, [], [])])
    assert images.all_images(db) == []


@given(st.text(st.sampled_from("ab.:/@-_0localhostdker.io"), min_size=1, max_size=30))
def test_candidates_agree_with_the_grammar_of_references(text: str) -> None:
    try:
        expected = ref.expand(text)
    except ImageError:
        images.candidates(text)  # whatever it says, no image has such a name
        return
    assert images.candidates(text) == expected
