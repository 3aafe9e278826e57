"""Unpacking into files that are in use: who owns what, what stays, and where names lead."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from libpod import errors
from libpod.conf.paths import Paths
from libpod.kernel import mount, ns, process
from libpod.kernel.const import CLONE_NEWNS
from libpod.util import copyin, untar
from tests.support.userns import as_root


def archive(*entries: tuple[str, str, int]) -> io.BytesIO:
    """An archive of (name, content or `-> target` or `/` for a directory, mode)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content, mode in entries:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.uid, entry.gid, entry.mtime = mode, 3, 4, 10**9
            if content == "/":
                entry.type = tarfile.DIRTYPE
            elif content.startswith("-> "):
                entry.type, entry.linkname = tarfile.SYMTYPE, content[3:]
            else:
                entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content.encode()))
    out.seek(0)
    return out


def unpack(root: Path, data: io.BytesIO, folder: str = "", **options: object) -> None:
    fd = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        untar.extract(data.read, fd, into=copyin.CopyIn(fd, folder, **options))  # type: ignore[arg-type]
    finally:
        os.close(fd)


def made(paths: Paths) -> Path:
    root = Path(paths.tmp) / "root"
    root.mkdir()
    return root


@as_root
def test_owners_modes_and_times(paths: Paths) -> None:
    root = made(paths)
    data = archive(("d", "/", 0o2750), ("d/f", "x", 0o6755))
    unpack(root, data, owner=lambda uid, gid: (uid + 10, gid + 10))
    facts = (root / "d/f").stat()
    assert (facts.st_uid, facts.st_gid, facts.st_mode & 0o7777, facts.st_mtime) == (13, 14, 0o6755, 10**9)
    assert (root / "d").stat().st_mode & 0o7777 == 0o2750
    data.seek(0)
    unpack(root, data, "other")
    facts = (root / "other/d/f").stat()
    assert (facts.st_uid, facts.st_gid, facts.st_mode & 0o7777) == (0, 0, 0o755)


@as_root
def test_the_directory_itself_stays_as_it_is(paths: Paths) -> None:
    root = made(paths)
    root.chmod(0o711)
    unpack(root, archive(("./", "/", 0o700), ("./f", "x", 0o644)), owner=lambda uid, gid: (uid, gid))
    facts = root.stat()
    assert (facts.st_uid, facts.st_mode & 0o777) == (0, 0o711)
    assert (root / "f").read_text() == "x"


@as_root
def test_links_lead_where_they_lead_in_the_root(paths: Paths) -> None:
    root, outside = made(paths), Path(paths.tmp) / "outside"
    outside.mkdir()
    (root / "target").mkdir()
    (root / "sub").mkdir()
    (root / "sub/inner").symlink_to("/target")
    (root / "sub/out").symlink_to(f"{'../' * 12}{outside}")
    unpack(root, archive(("inner/f", "x", 0o644)), "sub")
    assert (root / "target/f").read_text() == "x"
    unpack(root, archive(("out/f", "x", 0o644)), "sub")
    assert not list(outside.iterdir())
    with pytest.raises(errors.ImageError, match="outside"):
        unpack(root, archive(("../../f", "x", 0o644)), "sub")


@as_root
def test_kinds_are_kept_unless_asked(paths: Paths) -> None:
    root = made(paths)
    (root / "d").mkdir()
    (root / "d/kept").touch()
    (root / "f").write_text("old")
    (root / "l").symlink_to("/nowhere")
    for name, content in (("d", "x"), ("f", "/"), ("l", "/")):
        data = archive((name, content, 0o755))
        with pytest.raises(errors.ConflictError, match="is to take its place"):
            unpack(root, data)
        data.seek(0)
        unpack(root, data, overwrite=True)
    assert (root / "d").read_text() == "x"
    assert (root / "f").is_dir()
    assert not (root / "l").is_symlink()
    unpack(root, archive(("f", "/", 0o755), ("f/new", "n", 0o644)))
    unpack(root, archive(("f", "/", 0o755), ("f/more", "m", 0o644)))
    assert sorted(os.listdir(root / "f")) == ["more", "new"]


@as_root
def test_a_replaced_file_is_a_new_one_and_a_mounted_one_is_written_over(paths: Paths) -> None:
    root, source = made(paths), Path(paths.tmp) / "source"
    (root / "f").write_text("old")
    with open(root / "f") as old:
        unpack(root, archive(("f", "new", 0o644)))
        assert old.read() == "old"
    source.write_text("a long text")
    source.chmod(0o600)
    (root / "m").touch()
    ns.unshare(CLONE_NEWNS)
    mount.private_root()
    mount.bind(str(source), str(root / "m"))
    try:
        unpack(root, archive(("m", "new", 0o644)), owner=lambda uid, gid: (7, 7))
        assert source.read_text() == (root / "m").read_text() == "new"
        assert (source.stat().st_uid, source.stat().st_mode & 0o777) == (0, 0o600)
        assert mount.mounts()[-1].target == str(root / "m")
    finally:
        mount.umount(str(root / "m"))


@as_root
def test_what_is_made_as_another_keeps_the_rights_of_root(paths: Paths) -> None:
    root = made(paths)
    root.chmod(0o700)
    process.create_as(5, 6)
    (root / "f").touch()
    facts = (root / "f").stat()
    assert (facts.st_uid, facts.st_gid) == (5, 6)
    os.chown(root / "f", 9, 9)
    (root / "f").chmod(0o600)
    assert (root / "f").read_text() == ""
    process.create_as(0, 0)
