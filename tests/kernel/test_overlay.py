"""Overlays of many layers, with paths of any length and any characters."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libpod.errors import KernelError
from libpod.kernel import libc, mount, overlay
from libpod.kernel.const import OVERLAYFS_SUPER_MAGIC


def layers(tmp_path: Path, count: int, stem: str) -> list[str]:
    """Return layers, topmost first; each holds a file of its own and one that all have."""
    made = []
    for number in range(count):
        path = tmp_path / "layers" / f"{number}{stem}" / "diff"
        path.mkdir(parents=True)
        (path / f"own-{number}").write_text(str(number))
        (path / "top").write_text(str(number))
        made.append(str(path))
    for name in ("upper", "work", "merged"):
        (tmp_path / name).mkdir()
    return made


def merged(tmp_path: Path, lower: list[str], **options: bool) -> Path:
    target = tmp_path / "merged"
    overlay.mount_overlay(lower, str(tmp_path / "upper"), str(tmp_path / "work"), str(target), **options)
    return target


@pytest.mark.parametrize("volatile", [False, True])
def test_changes_go_to_the_upper_directory(tmp_path: Path, volatile: bool) -> None:
    lower = layers(tmp_path, 2, "")
    target = merged(tmp_path, lower, volatile=volatile)
    assert libc.file_system_type(str(target)) == OVERLAYFS_SUPER_MAGIC
    assert (target / "top").read_text() == "0"
    (target / "top").write_text("new")
    (target / "own-1").unlink()
    assert (tmp_path / "upper" / "top").read_text() == "new"
    assert not (target / "own-1").exists()
    assert Path(lower[0], "top").read_text() == "0"
    options = mount.mounts()[-1].super_options
    assert "userxattr" in options
    # the kernel's word for it since it has other ways to sync as well is "fsync=volatile"
    assert bool({"volatile", "fsync=volatile"} & set(options)) == volatile


@pytest.mark.parametrize("stem", ["", "-" + "x" * 200, ":,\\ ü"])
def test_128_layers_whatever_their_paths(tmp_path: Path, stem: str) -> None:
    target = merged(tmp_path, layers(tmp_path, 128, stem))
    assert (target / "top").read_text() == "0"
    assert len(list(target.glob("own-*"))) == 128
    (target / "new").write_text("x")
    assert (tmp_path / "upper" / "new").exists()


def test_without_upper_it_is_read_only(tmp_path: Path) -> None:
    lower = layers(tmp_path, 3, "")
    target = tmp_path / "merged"
    overlay.mount_overlay(lower, None, None, str(target))
    assert (target / "own-2").read_text() == "2"
    with pytest.raises(OSError, match="Read-only"):
        (target / "f").write_text("x")


def test_single_layer_without_upper_is_bound_read_only(tmp_path: Path) -> None:
    lower = layers(tmp_path, 1, "")
    overlay.mount_overlay(lower, None, None, str(tmp_path / "merged"))
    assert (tmp_path / "merged" / "top").read_text() == "0"
    with pytest.raises(OSError, match="Read-only"):
        (tmp_path / "merged" / "f").write_text("x")


def test_missing_layer_is_named(tmp_path: Path) -> None:
    lower = [*layers(tmp_path, 1, ""), str(tmp_path / ("no-such-layer:" + "x" * 30))]
    with pytest.raises(KernelError, match="no-such-layer"):
        merged(tmp_path, lower)
    with pytest.raises(KernelError, match="Invalid"):
        overlay.mount_overlay([], None, None, str(tmp_path))


def test_descriptors_are_closed(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    merged(tmp_path, layers(tmp_path, 64, "-" + "x" * 100))
    assert os.listdir("/proc/self/fd") == before


def test_probe_says_that_it_works_and_leaves_nothing(tmp_path: Path) -> None:
    assert overlay.probe(str(tmp_path)) == ""
    assert os.listdir(tmp_path) == []


def test_probe_says_why_it_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "full"
    place.mkdir()
    assert "No such file" in overlay.probe(str(tmp_path / "none"))
    mount.mount("none", str(place), "tmpfs", 0, "nr_inodes=4")
    assert "No space" in overlay.probe(str(place))
    assert os.listdir(place) == []
