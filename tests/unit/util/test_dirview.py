"""Several layers as one directory, held against the kernel's overlay and against a flat copy."""

from __future__ import annotations

import os
import random
import stat
from pathlib import Path

import pytest

from libpod.errors import KernelError
from libpod.kernel import mount, ns, overlay
from libpod.kernel.const import CLONE_NEWNS
from libpod.storage import flatten
from libpod.util import dirview
from tests.support.userns import Paths, as_root


def seen(view: dirview.Plain, prefix: str = "") -> dict[str, str]:
    """Path -> kind, and the content of files, of all that a view shows. Closes it."""
    found = {}
    try:
        for raw in view.names():
            facts = view.look(raw)
            if facts is None:  # overlay lists whiteouts of a directory that it has from one layer alone
                assert not isinstance(view, dirview.Layered)
                continue
            name = prefix + raw.decode()
            if stat.S_ISDIR(facts.st_mode):
                found[name] = "dir"
                found |= seen(view.child(raw), name + "/")
            else:
                fd = os.open(raw, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=view.at(raw))
                found[name] = os.read(fd, 100).decode()
                os.close(fd)
    finally:
        view.close()
    return found


def fill(folder: str, chance: random.Random, label: str, depth: int = 0) -> None:
    """A random layer: files, directories, opaque ones, whiteouts."""
    for name in "abcd":
        path = f"{folder}/{name}"
        kind = chance.choice(("", "", "file", "dir", "dir", "opaque", "whiteout"))
        if kind == "file":
            Path(path).write_text(label + path[-20:])
        elif kind == "whiteout":
            os.mknod(path, stat.S_IFCHR, 0)
        elif kind and depth < 3:
            os.mkdir(path)
            if kind == "opaque":
                os.setxattr(path, dirview.OPAQUE, b"y")
            fill(path, chance, label, depth + 1)


@as_root
def test_what_the_kernel_and_a_copy_show(paths: Paths) -> None:
    ns.unshare(CLONE_NEWNS)
    mount.private_root()
    chance = random.Random(1)
    for number in range(40):
        base = f"{paths.tmp}/{number}"
        folders = [f"{base}/{n}" for n in range(3)]
        for folder in (*folders, f"{base}/flat", f"{base}/merged"):
            os.makedirs(folder)
        for folder in folders:
            fill(folder, chance, folder[-1])
        for folder in reversed(folders):
            flatten.apply(folder, f"{base}/flat")
        overlay.mount_overlay(folders, None, None, f"{base}/merged")
        shown = seen(dirview.layered(folders))
        assert shown == seen(dirview.plain(os.open(f"{base}/merged", os.O_PATH))), number
        assert shown == seen(dirview.plain(os.open(f"{base}/flat", os.O_PATH))), number
        mount.umount(f"{base}/merged")


def test_marks_of_fuse_overlayfs(tmp_path: Path) -> None:
    for name in ("top/opaque", "top/kept", "low/opaque", "low/kept", "low/gone"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / name[:3]).write_text(name)
    (tmp_path / "top" / "opaque" / ".wh..wh..opq").touch()
    (tmp_path / "top" / ".wh.gone").touch()
    (tmp_path / "top" / "kept" / ".wh..opq").touch()
    folders = [str(tmp_path / "top"), str(tmp_path / "low")]
    assert seen(dirview.layered(folders, fuse_top=True)) == {
        "kept": "dir",
        "kept/low": "low/kept",
        "kept/top": "top/kept",
        "opaque": "dir",
        "opaque/top": "top/opaque",
    }
    own = dirview.own(folders[0], fuse=True)
    assert sorted(own.names()) == [b"gone", b"kept", b"opaque"]
    assert own.removed(b"gone", own.look(b"gone"))
    own.close()
    plain = dirview.own(folders[0])
    assert b".wh.gone" in plain.names(), "the kernel's overlay has no such marks"
    plain.close()


def test_links_are_not_followed(tmp_path: Path) -> None:
    for name in ("top", "low/dir"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "low" / "dir" / "x").touch()
    (tmp_path / "top" / "dir").symlink_to("/etc")
    view = dirview.layered([str(tmp_path / "top"), str(tmp_path / "low")])
    facts = view.look(b"dir")
    assert facts is not None
    assert stat.S_ISLNK(facts.st_mode)
    with pytest.raises(KernelError):
        view.child(b"dir")
    view.close()


def test_a_copy_of_a_view_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "x").touch()
    view = dirview.layered([str(tmp_path / "top"), str(tmp_path)])
    again = view.dup()
    view.close()
    assert sorted(again.names()) == [b"top", b"x"]
    again.close()
