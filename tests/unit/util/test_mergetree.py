"""One tree moved into another, over what is there."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from libpod.util import mergetree, staging

Tree = dict[str, str | None]
"""Path -> content; None = a directory."""


def make(folder: Path, wanted: Tree) -> None:
    folder.mkdir()
    for name in sorted(wanted):
        content = wanted[name]
        if content is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_text(content)


def read(folder: Path) -> Tree:
    return {
        str(path.relative_to(folder)): None if path.is_dir() else path.read_text()
        for path in folder.rglob("*")
        if not path.is_symlink()
    }


def some(chance: random.Random, label: str, prefix: str = "", depth: int = 0) -> Tree:
    found: Tree = {}
    for name in "abc":
        kind = chance.choice(("", "file", "dir"))
        if kind == "file":
            found[prefix + name] = label
        elif kind and depth < 3:
            found[prefix + name] = None
            found |= some(chance, label, f"{prefix}{name}/", depth + 1)
    return found


def over(old: Tree, new: Tree) -> Tree:
    found = dict(old)
    for name in sorted(new):
        if new[name] is not None or found.get(name, "") is not None:
            found = {p: c for p, c in found.items() if p != name and not p.startswith(name + "/")}
        found[name] = new[name]
    return found


def merge(base: Path, implicit: frozenset[str] = frozenset()) -> None:
    (base / "old").mkdir()
    fds = [os.open(base / name, os.O_RDONLY | os.O_DIRECTORY) for name in ("new", "there", "old")]
    try:
        mergetree.merge(*fds, implicit)
    finally:
        for fd in fds:
            os.close(fd)


@pytest.mark.parametrize("seed", range(25))
def test_every_entry_of_the_new_one_wins(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    old, new = some(chance, "old"), some(chance, "new")
    make(tmp_path / "there", old)
    make(tmp_path / "new", new)
    merge(tmp_path)
    assert read(tmp_path / "there") == over(old, new)


def test_attributes_of_directories(tmp_path: Path) -> None:
    for side in ("there", "new"):
        make(tmp_path / side, {"told": None, "implied": None, f"told/{side}": "x", f"implied/{side}": "x"})
    for name in ("told", "implied", "."):
        (tmp_path / "new" / name).chmod(0o711)
        os.utime(tmp_path / "new" / name, (5, 5))
    (tmp_path / "there").chmod(0o700)
    merge(tmp_path, frozenset({"implied", "."}))
    told, implied = (tmp_path / "there" / "told").stat(), (tmp_path / "there" / "implied").stat()
    assert (told.st_mode & 0o7777, told.st_mtime) == (0o711, 5)
    assert implied.st_mode & 0o7777 != 0o711
    assert (tmp_path / "there").stat().st_mode & 0o7777 == 0o700


@pytest.mark.parametrize("target", ["inside", "../outside", "/etc", "nowhere", "to-file", "loop"])
def test_links_in_the_way(tmp_path: Path, target: str) -> None:
    make(tmp_path / "there", {"inside": None, "to-file": "x"})
    (tmp_path / "outside").mkdir()
    (tmp_path / "there" / "loop").symlink_to("loop")
    (tmp_path / "there" / "link").symlink_to(target)
    make(tmp_path / "new", {"link": None, "link/x": "new"})
    merge(tmp_path, frozenset({"link"}))
    there = read(tmp_path / "there")
    if target == "inside":
        assert there["inside/x"] == "new"
        assert (tmp_path / "there" / "link").is_symlink()
    else:
        assert there["link/x"] == "new"
        assert not (tmp_path / "there" / "link").is_symlink()
    assert list((tmp_path / "outside").iterdir()) == []
    assert not Path("/etc/x").exists()


def test_deep_trees(tmp_path: Path) -> None:
    for side in ("there", "new"):
        path = f"{tmp_path}/{side}"
        os.mkdir(path)
        for _ in range(1200):
            path += "/d"
            os.mkdir(path)
        os.close(os.open(f"{path}/{side}", os.O_CREAT | os.O_WRONLY))
    merge(tmp_path)
    try:
        assert sorted(os.listdir(f"{tmp_path}/there" + "/d" * 1200)) == ["new", "there"]
    finally:
        for side in ("there", "new"):
            staging.remove_tree(f"{tmp_path}/{side}")
