"""Trees of files as tar streams, held against Python's tarfile."""

from __future__ import annotations

import io
import os
import socket
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from libpod.errors import StorageError
from libpod.kernel import path
from libpod.util import tarread, tartree


def pack(root: Path, warnings: list[str] | None = None, **options: object) -> bytes:
    root_fd = path.open_root(str(root))
    try:
        warn = (warnings if warnings is not None else []).append
        return b"".join(tartree.Tree(root_fd, warn, **options).chunks())  # type: ignore[arg-type]
    finally:
        os.close(root_fd)


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {entry.name: entry for entry in archive}


def content(data: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = archive.extractfile(name)
        assert found is not None
        return found.read()


@pytest.mark.parametrize("time_ns", [5, 1_500_000_000, 2_000_000_000, -1, -1_500_000_000])
def test_layers_keep_fractions_of_seconds(tmp_path: Path, time_ns: int) -> None:
    (tmp_path / "file").touch()
    os.utime(tmp_path / "file", ns=(0, time_ns))
    read = io.BytesIO(pack(tmp_path, layer=True)).read
    entries = {}
    reader = tarread.TarReader(read)
    while entry := reader.next():
        entries[entry.name] = entry.mtime_ns
    assert entries[b"file"] == time_ns
    assert members(pack(tmp_path))["file"].mtime == time_ns // 1_000_000_000


def test_all_kinds_of_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b", "a", "a/z", "a/c"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "file").write_bytes(b"x" * 1000)
    os.link(tmp_path / "a" / "file", tmp_path / "b" / "hard")
    (tmp_path / "soft").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "a" / "file").chmod(0o4751)
    os.utime(tmp_path / "a" / "file", ns=(0, 1_234_567_890_999_999_999))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    data = pack(tmp_path)
    found = members(data)
    assert list(found) == ["a", "a/c", "a/file", "a/z", "b", "b/hard", "pipe", "soft"]
    facts = found["a/file"]
    assert (facts.mode, facts.size, facts.mtime) == (0o4751, 1000, 1_234_567_890)
    assert (facts.uid, facts.gid) == (os.getuid(), os.getgid())
    assert (found["b/hard"].islnk(), found["b/hard"].linkname) == (True, "a/file")
    assert (found["soft"].linkname, found["pipe"].isfifo()) == ("nowhere", True)
    assert content(data, "a/file") == b"x" * 1000
    assert pack(tmp_path) == data


def test_long_names_targets_old_times_and_large_ids(tmp_path: Path) -> None:
    name, target = "n" * 200, "t/" * 120
    (tmp_path / name).write_bytes(b"1")
    os.utime(tmp_path / name, (-5, -5))
    (tmp_path / "link").symlink_to(target)
    data = pack(tmp_path, owner=lambda uid, gid: (3_000_000, 4_000_000_000))
    found = members(data)
    assert found[name].mtime == -5
    assert (found[name].uid, found[name].gid) == (3_000_000, 4_000_000_000)
    assert found["link"].linkname == target
    assert content(data, name) == b"1"


def test_names_are_bytes(tmp_path: Path) -> None:
    raw = b"\xff\xfe\n"
    with open(os.fsencode(tmp_path) + b"/" + raw, "wb"):
        pass
    assert list(members(pack(tmp_path))) == [os.fsdecode(raw)]


@pytest.mark.parametrize("tail", [0, 5])
def test_holes_are_not_stored(tmp_path: Path, tail: int) -> None:
    size = 8 << 20
    with open(tmp_path / "sparse", "wb") as f:
        f.seek(4 << 20)
        f.write(b"middle")
        f.truncate(size)
        f.seek(0, os.SEEK_END)
        f.write(b"e" * tail)
    wanted = (tmp_path / "sparse").read_bytes()
    if os.stat(tmp_path / "sparse").st_blocks * 512 >= size:
        pytest.skip("the file system has no sparse files")
    data = pack(tmp_path)
    assert len(data) < 1 << 20
    assert content(data, "sparse") == wanted


def test_attributes_are_kept_and_marks_of_engines_are_not(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    try:
        os.setxattr(file, "user.kept", b"a\0=\n")
        os.setxattr(file, "user.overlay.origin", b"x")
    except OSError:
        pytest.skip("the file system has no attributes")
    found = members(pack(tmp_path))["file"].pax_headers
    assert found["SCHILY.xattr.user.kept"] == "a\0=\n"
    assert not any("overlay" in key for key in found)


def _grow(file: Path) -> None:
    with open(file, "ab") as f:
        f.write(b"more")


@pytest.mark.parametrize(
    ("change", "warned"),
    [(_grow, 0), (lambda file: os.truncate(file, 1000), 1), (lambda file: os.unlink(file), 0)],
)
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, change: object, warned: int) -> None:
    file, size = tmp_path / "a", 3 << 20
    file.write_bytes(b"x" * size)
    (tmp_path / "b").write_bytes(b"after")
    warnings: list[str] = []
    root_fd = path.open_root(str(tmp_path))
    chunks: Iterator[bytes] = tartree.Tree(root_fd, warnings.append).chunks()
    data = next(chunks)
    change(file)  # type: ignore[operator]
    data += b"".join(chunks)
    os.close(root_fd)
    assert len(content(data, "a")) == size
    assert content(data, "b") == b"after"
    assert len(warnings) == warned


def test_a_file_that_vanishes_before_it_is_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).write_bytes(b"1")
    (tmp_path / "c").unlink()
    (tmp_path / "c").mkdir()
    real = os.stat

    def late(name: object, **options: object) -> os.stat_result:
        facts = real(name, **options)  # type: ignore[arg-type, call-overload]
        if name == b"a":
            (tmp_path / "a").unlink()
        if name == b"b":
            (tmp_path / "b").unlink()
            (tmp_path / "b").symlink_to("/etc/passwd")
        if name == b"c":
            (tmp_path / "c").rmdir()
            (tmp_path / "c").symlink_to("/etc")
        return facts  # type: ignore[no-any-return]

    monkeypatch.setattr("os.stat", late)
    warnings: list[str] = []
    assert list(members(pack(tmp_path, warnings))) == ["d"]
    assert len(warnings) == 2


def test_places_for_mounts_are_left_out_while_they_are_empty(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hosts").touch()
    (tmp_path / "etc" / "hostname").write_bytes(b"own")
    skip = {b"proc", b"etc/hosts", b"etc/hostname"}
    assert list(members(pack(tmp_path, skip=skip))) == ["etc", "etc/hostname"]


def test_a_layer_has_its_root_and_no_names_that_would_remove_something(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    (tmp_path / ".wh.passwd").touch()
    warnings: list[str] = []
    found = members(pack(tmp_path, warnings, layer=True))
    assert (list(found), found["."].mode) == (["."], 0o711)
    assert len(warnings) == 1
    assert list(members(pack(tmp_path))) == [".wh.passwd"]


def test_nesting_without_end_is_refused_and_leaves_no_descriptor(tmp_path: Path) -> None:
    here = tmp_path
    for _ in range(tartree.MAX_DEPTH + 1):
        here = here / "d"
        here.mkdir()
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(StorageError, match="nested"):
        pack(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_reader_gives_no_more_than_was_asked_for() -> None:
    read = tartree.reader(iter([b"abc", b"defg"]))
    assert [read(2), read(2), read(9), read(9)] == [b"ab", b"c", b"defg", b""]
