"""`images`, `tag`, `untag`: rows with Podman's members, filters and orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from libpod.conf.paths import Paths
from libpod.engine import images
from libpod.engine.session import Session
from libpod.errors import ImageError, NotFoundError, UsageError
from libpod.state import containers
from libpod.state import images as rows
from tests.support.records import container, image
from tests.support.session import session

BASE_NS = 1_700_000_000_000_000_000


@pytest.fixture
def engine(tmp_path: Path) -> Session:
    return session(Paths(str(tmp_path / "root"), str(tmp_path / "run")))


def add(engine: Session, seed: str, *names: str, labels: dict[str, str] | None = None, **members: Any) -> str:
    record = image(seed, **members)
    record["config"]["labels"] = labels or {}
    rows.insert(engine.db, record, names)
    return record["id"]


@pytest.fixture
def three(engine: Session) -> Session:
    add(
        engine,
        "old",
        "localhost/web:1",
        "localhost/web:2",
        created_ns=BASE_NS,
        size_bytes=300,
        labels={"a": "b"},
    )
    add(engine, "mid", "quay.io/x/y/app:latest", created_ns=BASE_NS + 10**9, size_bytes=100)
    add(engine, "new", created_ns=BASE_NS + 2 * 10**9, size_bytes=200, labels={"a": "c", "z": ""})
    return engine


def shown(engine: Session, name: str = "", **options: Any) -> list[str]:
    return [f"{row['repository']}:{row['tag']}" for row in images.images(engine, name, **options)]


def test_one_row_for_each_name_and_for_an_image_without_one(three: Session) -> None:
    assert shown(three) == ["<none>:<none>", "quay.io/x/y/app:latest", "localhost/web:1", "localhost/web:2"]


def test_members_are_those_of_podman(three: Session) -> None:
    digest = image("old")["manifest_digest"]
    row = next(r for r in images.images(three) if r["tag"] == "1")
    assert {key: value for key, value in row.items() if key[0].isupper()} == {
        "Id": image("old")["id"],
        "ParentId": "",
        "RepoTags": None,
        "RepoDigests": [f"localhost/web@{digest}"],
        "Size": 300,
        "SharedSize": 0,
        "VirtualSize": 300,
        "Labels": {"a": "b"},
        "Containers": 0,
        "Names": ["localhost/web:1", "localhost/web:2"],
        "Digest": digest,
        "History": ["localhost/web:2", "localhost/web:1"],
        "Created": 1_700_000_000,
        "CreatedAt": "2023-11-14T22:13:20Z",
    }
    dangling = images.images(three)[0]
    assert dangling["Dangling"] is True
    assert "Names" not in dangling
    assert "History" not in dangling


def test_containers_are_counted(three: Session) -> None:
    containers.insert(three.db, container("c", image_id=image("mid")["id"]))
    assert [row["Containers"] for row in images.images(three)] == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("created", "<none>:<none>"),
        ("repository", "<none>:<none>"),
        ("size", "quay.io/x/y/app:latest"),
        ("tag", "localhost/web:1"),
    ],
)
def test_orders(three: Session, key: str, first: str) -> None:
    assert shown(three, sort=key)[0] == first


def test_an_unknown_order_is_refused_in_podmans_words(three: Session) -> None:
    with pytest.raises(UsageError) as caught:
        images.images(three, sort="foo")
    assert caught.value.message == (
        '"foo" is not a valid field for sorting. Choose from: created, id, repository, size, tag'
    )


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["dangling=true"], ["<none>:<none>"]),
        (["dangling=false"], ["quay.io/x/y/app:latest", "localhost/web:1", "localhost/web:2"]),
        (["label=a"], ["<none>:<none>", "localhost/web:1", "localhost/web:2"]),
        (["label=a=c"], ["<none>:<none>"]),
        (["label=a", "label=z"], ["<none>:<none>"]),
        (["label=z="], ["<none>:<none>"]),
        (["before=web:1"], []),
        (["since=web:1"], ["<none>:<none>", "quay.io/x/y/app:latest"]),
        (["after=quay.io/x/y/app"], ["<none>:<none>"]),
        (["before=quay.io/x/y/app"], ["localhost/web:1", "localhost/web:2"]),
        (["reference=web"], ["localhost/web:1", "localhost/web:2"]),
        (["reference=web:2"], ["localhost/web:2"]),
        (["reference=*eb:*"], ["localhost/web:1", "localhost/web:2"]),
        (["reference=quay.io/*/*/app"], ["quay.io/x/y/app:latest"]),
        (["reference=quay.io/*"], []),
        (["reference=app", "reference=web:1"], ["quay.io/x/y/app:latest", "localhost/web:1"]),
        (["reference=web", "label=a=c"], []),
        ([f"id={image('mid')['id'][:10]}"], ["quay.io/x/y/app:latest"]),
        (["readonly=true"], []),
        (["containers=true"], []),
        (["intermediate=true"], []),
        (["until=1s"], ["<none>:<none>", "quay.io/x/y/app:latest", "localhost/web:1", "localhost/web:2"]),
        (["until=2023-11-14T22:13:21Z"], ["localhost/web:1", "localhost/web:2"]),
        (["until=1000000h"], []),
    ],
)
def test_filters(three: Session, filters: list[str], found: list[str]) -> None:
    assert shown(three, filters=filters) == found


@pytest.mark.parametrize("text", ["foo=bar", "dangling=maybe", "label", "", "=x", "before=nosuch", "until=x"])
def test_a_wrong_filter_is_refused(three: Session, text: str) -> None:
    with pytest.raises((UsageError, NotFoundError)):
        images.images(three, filters=[text])


def test_a_name_shows_what_it_fits(three: Session) -> None:
    assert shown(three, "web") == ["localhost/web:1", "localhost/web:2"]
    assert shown(three, "y/app") == ["quay.io/x/y/app:latest"]
    assert shown(three, "nosuch") == []


def test_exists(three: Session) -> None:
    assert images.exists(three, "web:1")
    assert images.exists(three, image("new")["id"][:8])
    assert not images.exists(three, "web")


def test_tags_come_and_go(three: Session) -> None:
    images.tag(three, "web:1", ["other:3", "quay.io/a/b"])
    assert rows.get(three.db, image("old")["id"])["names"][-2:] == ["localhost/other:3", "quay.io/a/b:latest"]
    assert images.untag(three, "other:3", ["other:3"]) == ["localhost/other:3"]
    assert len(images.untag(three, "web:1")) == 3
    assert rows.get(three.db, image("old")["id"])["names"] == []
    with pytest.raises(NotFoundError, match="image not known"):
        images.tag(three, "web:1", ["x"])
    with pytest.raises(NotFoundError, match="tag not known"):
        images.untag(three, "quay.io/x/y/app", ["other:3"])
    with pytest.raises(ImageError, match="lowercase"):
        images.tag(three, "quay.io/x/y/app", ["Bad"])
    with pytest.raises(UsageError, match="digest"):
        images.tag(three, "quay.io/x/y/app", ["x@sha256:" + "0" * 64])
