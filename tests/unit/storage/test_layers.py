"""A layer is there and whole, or not there, whenever its maker dies."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from libpod.errors import StorageError
from libpod.storage import gc, layers
from libpod.util import staging
from tests.support.userns import Paths, as_root

DIFF = "sha256:" + "1" * 64
UPPER = "sha256:" + "2" * 64


def make(paths: Paths, diff_id: str = DIFF, parent: str = "", text: str = "content") -> str:
    with layers.begin(paths) as staged:
        Path(staged.diff, "file").write_text(text)
        staged.seal(diff_id, parent, 7, 10240, 1)
        staged.publish()
        return staged.key


def killed_at(failpoint: str, work: object) -> None:
    """Run `work` in a child that is killed at the failpoint."""
    pid = os.fork()
    if pid == 0:
        os.environ["PYPOD_FAILPOINT"] = failpoint
        try:
            work()  # type: ignore[operator]
        finally:
            os._exit(1)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status), f"{failpoint} was not reached"


def failpoints(module: object) -> list[str]:
    source = Path(module.__file__).read_text()  # type: ignore[attr-defined]
    return re.findall(r'failpoint\.hit\("([^"]+)"\)', source)


def test_chain_ids_are_those_of_the_specification() -> None:
    # image-spec config.md "Layer ChainID": ChainID(A) = A, ChainID(A|B) = sha256(ChainID(A) + " " + B)
    import hashlib

    second = "sha256:" + hashlib.sha256(f"{DIFF} {UPPER}".encode()).hexdigest()
    third = "sha256:" + hashlib.sha256(f"{second} {DIFF}".encode()).hexdigest()
    assert layers.chain_ids([DIFF, UPPER, DIFF]) == [DIFF, second, third]
    assert layers.keys([DIFF, UPPER]) == ["1" * 32, second[7:39]]
    assert layers.chain_ids([]) == []


@as_root
def test_a_published_layer_is_described(paths: Paths) -> None:
    base = make(paths)
    top = make(paths, UPPER, DIFF)
    assert layers.exists(paths, base)
    assert layers.meta(paths, top) == {
        "schema": 1,
        "diff_id": UPPER,
        "chain_id": layers.chain_ids([DIFF, UPPER])[1],
        "parent": base,
        "size_bytes": 7,
        "stream_bytes": 10240,
        "entries": 1,
    }
    assert Path(layers.diff_dir(paths, base), "file").read_text() == "content"
    assert layers.all_keys(paths) == sorted([base, top])
    assert os.listdir(paths.tmp) == os.listdir(paths.trash) == []
    assert not os.path.exists(f"{layers.path(paths, base)}/{layers.MARKER}")


@as_root
def test_what_is_not_published_goes_away(paths: Paths) -> None:
    def fail() -> None:
        with layers.begin(paths) as staged:
            Path(staged.diff, "file").write_text("x")
            staged.seal(DIFF, "", 1, 1, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert os.listdir(paths.tmp) == os.listdir(paths.trash) == os.listdir(paths.layers) == []


@as_root
def test_a_maker_killed_at_any_point_leaves_nothing_half_visible(paths: Paths) -> None:
    points = [p for p in failpoints(layers) if p.startswith("layer:")]
    assert len(points) >= 5
    for point in points:
        killed_at(point, lambda: make(paths))
        if layers.exists(paths, "1" * 32):
            assert point == "layer:after-rename"
            assert Path(layers.diff_dir(paths, "1" * 32), "file").read_text() == "content"
            assert not os.path.exists(f"{layers.path(paths, '1' * 32)}/{layers.MARKER}")
        else:
            assert os.listdir(paths.layers) == []
        assert make(paths) == "1" * 32, "it can be made again"
        for name in os.listdir(paths.tmp):  # what was sealed looks as if its maker might go on
            os.utime(f"{paths.tmp}/{name}", (0, 0))
        gc.sweep_staging(paths)
        assert os.listdir(paths.tmp) == os.listdir(paths.trash) == []
        layers.delete(paths, "1" * 32)


@as_root
def test_sweeping_spares_what_a_living_process_makes(paths: Paths) -> None:
    ready_r, ready_w = os.pipe()
    go_r, go_w = os.pipe()
    pid = os.fork()
    if pid == 0:
        with layers.begin(paths):
            os.write(ready_w, b"1")
            os.close(go_w)
            os.read(go_r, 1)
        os._exit(0)
    os.read(ready_r, 1)
    assert gc.sweep_staging(paths) == 0
    assert len(os.listdir(paths.tmp)) == 1
    os.close(go_r)
    os.close(go_w)
    os.waitpid(pid, 0)
    assert os.listdir(paths.tmp) == []


@as_root
def test_of_two_makers_the_second_finds_the_first(paths: Paths) -> None:
    with layers.begin(paths) as one, layers.begin(paths) as two:
        for staged, text in ((one, "one"), (two, "two")):
            Path(staged.diff, "file").write_text(text)
            staged.seal(DIFF, "", 1, 1, 1)
        assert one.publish()
        assert not two.publish()
    assert Path(layers.diff_dir(paths, one.key), "file").read_text() == "one"
    assert os.listdir(paths.tmp) == []


@as_root
def test_what_a_power_cut_left_in_the_place_is_replaced(paths: Paths) -> None:
    place = layers.path(paths, "1" * 32)
    os.makedirs(f"{place}/diff/half")
    assert not layers.exists(paths, "1" * 32)
    make(paths)
    assert os.listdir(f"{place}/diff") == ["file"]


@as_root
def test_deleting_is_idempotent_and_takes_half_layers(paths: Paths) -> None:
    key = make(paths)
    os.unlink(f"{layers.path(paths, key)}/meta.json")
    layers.delete(paths, key)
    layers.delete(paths, key)
    assert layers.trash(paths, key) == ""
    assert os.listdir(paths.layers) == os.listdir(paths.trash) == []


@as_root
def test_a_damaged_layer_is_named_with_the_remedy(paths: Paths) -> None:
    key = make(paths)
    Path(f"{layers.path(paths, key)}/meta.json").write_text("{")
    for name in (key, "f" * 32):
        with pytest.raises(StorageError, match="missing or damaged") as caught:
            layers.meta(paths, name)
        assert "pypod rmi" in caught.value.remedy


@as_root
def test_trashed_layers_are_out_of_sight(paths: Paths) -> None:
    key = make(paths)
    moved = layers.trash(paths, key)
    assert not layers.exists(paths, key)
    staging.remove_tree(moved)
    assert os.listdir(paths.trash) == []
