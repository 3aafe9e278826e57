"""The place where the files of a container are mounted that lacks the user's own id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from libpod.errors import StorageError
from libpod.storage import stage
from tests.support.records import container
from tests.support.userns import Paths


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made = [tmp_path / name / "place" for name in ("one", "two")]
    for each in made:
        each.mkdir(parents=True)
    monkeypatch.setattr(stage, "_PLACES", tuple(map(str, made)))
    return [str(each) for each in made]


def find(tmp_path: Path, rows: list[list[int]], **more: Any) -> str:
    record = container("c", userns={"mode": "map", "uidmap": rows, "gidmap": rows}, **more)
    return stage.find(Paths(str(tmp_path / "store"), str(tmp_path / "run")), record)


def mount(source: str) -> dict[str, Any]:
    return {"type": "bind", "source": source, "destination": "/x", "options": []}


def test_none_is_needed_where_the_map_has_the_users_own_id(tmp_path: Path, places: list[str]) -> None:
    assert find(tmp_path, []) == ""
    assert find(tmp_path, [[0, 1, 10], [10, 0, 1]]) == ""


def test_the_first_that_all_may_enter_and_nothing_is_needed_of(tmp_path: Path, places: list[str]) -> None:
    rows = [[0, 1, 10]]
    assert find(tmp_path, rows) == places[0]
    assert find(tmp_path, rows, mounts=[mount(places[0] + "/below")]) == places[1]
    link = tmp_path / "link"
    link.symlink_to(places[0])
    assert find(tmp_path, rows, mounts=[mount(str(link))]) == places[1]
    Path(places[0]).chmod(0o700)
    assert find(tmp_path, rows) == places[1]
    Path(places[0]).rmdir()
    Path(places[0]).symlink_to("/srv")
    assert find(tmp_path, rows) == places[1]
    Path(places[1]).parent.chmod(0o700)
    with pytest.raises(StorageError, match="no place") as caught:
        find(tmp_path, rows)
    assert "install -d" in caught.value.remedy
