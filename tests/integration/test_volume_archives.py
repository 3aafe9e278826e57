"""`volume export`, `volume import`, `volume mount`, `volume unmount`."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


def archive(path: Path, mode: str, *members: tuple[str, str, str]) -> Path:
    """A tar archive of (kind, name, content or target)."""
    kinds = {"file": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for kind, name, text in members:
            info = tarfile.TarInfo(name)
            info.type = kinds[kind]
            if kind == "file":
                info.size = len(text)
            else:
                info.linkname = text
            tar.addfile(info, io.BytesIO(text.encode()) if kind == "file" else None)
    return path


# covers: volume export --output, volume import
def test_a_volume_goes_through_an_archive(shared: Pypod, tmp_path: Path) -> None:
    script = (
        "mkdir -p /d/a/b && echo one > /d/a/b/f && ln /d/a/b/f /d/hard && ln -s a/b/f /d/soft && mkfifo /d/p"
        " && chown 7:8 /d/a && chmod 2750 /d/a && echo w > /d/a/.wh.x && chmod 1777 /d"
        " && echo odd > \"/d/$(printf '\\377')\""
    )
    shared.run("--rm", "-v", "old:/d", "IMAGE", "sh", "-c", script)
    shared("volume", "export", "-o", str(tmp_path / "v.tar"), "old")
    shared("volume", "create", "new")
    assert shared("volume", "import", "new", str(tmp_path / "v.tar")).stdout == ""
    look = (
        "cd /d && stat -c '%n %u:%g %a %h %F' . a a/b/f hard p && readlink soft"
        " && cat \"$(printf '\\377')\" hard soft a/.wh.x"
    )
    seen = [shared.run("--rm", "-v", f"{v}:/d", "IMAGE", "sh", "-c", look).out for v in ("old", "new")]
    assert seen[0] == seen[1]
    assert "a 7:8 2750" in seen[0]
    assert seen[0].endswith("a/b/f\nodd\none\none\nw")
    with tarfile.open(tmp_path / "v.tar") as tar:
        assert "./a/b/f" in tar.getnames()


# covers: volume export, volume import
def test_from_stdout_to_stdin(shared: Pypod) -> None:
    shared.run("--rm", "-v", "old:/d", "IMAGE", "sh", "-c", "echo one > /d/f")
    shared.run("--rm", "-v", "new:/d", "IMAGE", "sh", "-c", "echo two > /d/f; echo kept > /d/g")
    give = shared.start("volume", "export", "old")
    assert give.stdout is not None
    take = shared.start("volume", "import", "new", "-", stdin=give.stdout.fileno())
    assert (give.wait(60), take.wait(60)) == (0, 0)
    assert shared.run("--rm", "-v", "new:/d", "IMAGE", "cat", "/d/f", "/d/g").lines == ["one", "kept"]


# covers: volume import
@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_compressed_archives(shared: Pypod, tmp_path: Path, mode: str) -> None:
    shared("volume", "create", "v")
    shared("volume", "import", "v", str(archive(tmp_path / "a", mode, ("file", "f", "text"))))
    assert shared.run("--rm", "-v", "v:/d", "IMAGE", "cat", "/d/f").out == "text"


# covers: volume import
def test_an_archive_does_not_leave_the_volume(shared: Pypod, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    shared("volume", "create", "v")
    shared.run("--rm", "-v", "v:/d", "IMAGE", "ln", "-s", str(outside), "/d/there")
    for number, members in enumerate(
        (
            [("file", "../../../x", "bad")],
            [("hard", "h", "/etc/passwd")],
            [("link", "l", str(outside)), ("file", "l/x", "bad")],
            [("file", "there/x", "bad")],
            [("link", "m", "../../../.."), ("file", f"m{outside}/x", "bad")],
        )
    ):
        path = archive(tmp_path / f"{number}.tar", "w", *members)
        code = shared("volume", "import", "v", str(path), check=None).code
        assert code == 125 or number >= 2
        assert list(outside.iterdir()) == [], members
    mountpoint = Path(shared("volume", "inspect", "-f", "{{.Mountpoint}}", "v").out)
    assert not (mountpoint.parent / "x").exists()
    assert not (mountpoint / "h").exists()


# covers: volume export, volume import
def test_what_cannot_be_brought(shared: Pypod, tmp_path: Path) -> None:
    shared("volume", "create", "v")
    (tmp_path / "bad").write_text("no archive" * 1000)
    for words in (("v", str(tmp_path / "bad")), ("v", str(tmp_path)), ("v", str(tmp_path / "none"))):
        assert shared("volume", "import", *words, check=False).code == 125, words
    assert shared("volume", "import", "none", str(tmp_path / "bad"), check=False).code == 125
    assert shared("volume", "export", "none", "-o", str(tmp_path / "o"), check=False).code == 125
    assert not (tmp_path / "o").exists()


def tree(pypod: Pypod, name: str = "v") -> list[str]:
    look = "cd /d && find . | sort | xargs stat -c '%n %F %a %u:%g %s'"
    return pypod.run("--rm", "--network=none", "-v", f"{name}:/d", "IMAGE", "sh", "-c", look).lines


def beside(pypod: Pypod, name: str = "v") -> list[str]:
    return sorted(os.listdir(pypod.graphroot / "volumes" / name))


# covers: volume import
def test_a_bad_archive_changes_nothing(shared: Pypod, tmp_path: Path) -> None:
    shared.run("--rm", "-v", "v:/d", "IMAGE", "sh", "-c", "mkdir /d/a; echo old >/d/a/f; chmod 700 /d/a")
    before = tree(shared)
    good = archive(tmp_path / "good", "w:gz", ("file", "a/f", "new" * 100_000), ("file", "g", "new"))
    cut = tmp_path / "cut"
    cut.write_bytes(good.read_bytes()[:-20])
    outside = archive(tmp_path / "outside", "w", ("file", "a/f", "new"), ("file", "../x", "bad"))
    for path in (cut, outside):
        assert shared("volume", "import", "v", str(path), check=False).code == 125
        with open(path, "rb") as stream:
            piped = shared.start("volume", "import", "v", "-", stdin=stream.fileno())
            assert piped.wait(60) == 125
        assert tree(shared) == before
        assert beside(shared) == ["_data"]
    shared("volume", "import", "v", str(good))
    assert tree(shared) != before


# covers: volume import
def test_what_is_in_the_way(shared: Pypod, tmp_path: Path) -> None:
    script = (
        "cd /d; mkdir dir-file described implicit; echo x >dir-file/x; echo x >file-dir; ln -s real linked; "
        "ln -s nowhere to-file; mkdir real; echo kept | tee real/kept described/kept implicit/kept kept; "
        "chmod 700 described implicit; chown 3:3 described implicit; ln kept hard"
    )
    shared.run("--rm", "-v", "v:/d", "IMAGE", "sh", "-c", script)
    path = tmp_path / "a"
    with tarfile.open(path, "w") as tar:
        for name, kind in (
            *(("dir-file", "f"), ("file-dir", "d"), ("file-dir/y", "f"), ("to-file", "f"), ("kept", "f")),
            *(("described", "d"), ("described/y", "f"), ("implicit/y", "f"), ("linked/y", "f")),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.mode = (tarfile.DIRTYPE, 0o755) if kind == "d" else (tarfile.REGTYPE, 0o640)
            info.size, info.uid, info.mtime = 3 if kind == "f" else 0, 5, 77
            tar.addfile(info, io.BytesIO(b"new"))
    watcher = shared.detached("-v", "v:/d")
    shared("volume", "import", "v", str(path))
    found = {line.split()[0][2:]: line.split(maxsplit=1)[1] for line in tree(shared) if line[0] == "."}
    new = "regular file 640 5:0 3"
    for name in ("dir-file", "file-dir/y", "to-file", "kept", "described/y", "implicit/y", "real/y"):
        assert found[name] == new, name
    assert found["file-dir"].startswith("directory 755 5:0")
    assert found["described"].startswith("directory 755 5:0")
    assert found["implicit"].startswith("directory 700 3:3")
    assert found["linked"].startswith("symbolic link")
    assert not {"dir-file/x", "linked/y"} & set(found)
    look = "cd /d; cat real/kept described/kept implicit/kept hard kept; stat -c %Y described real/y"
    assert shared("exec", watcher, "sh", "-c", look).lines == [*(["kept"] * 4), "new77", "77"]
    assert beside(shared) == ["_data"]


# covers: volume import
def test_nobody_waits_for_an_import(shared: Pypod, tmp_path: Path) -> None:
    """A slow pipe keeps neither the volume's first container from starting nor another from removing it."""
    shared("volume", "create", "v")
    data = archive(tmp_path / "a", "w", ("file", "f", "text")).read_bytes()
    slow = [shared.start("volume", "import", "v", "-", stdin=subprocess.PIPE) for _ in range(2)]
    for client in slow:
        assert client.stdin
        os.write(client.stdin.fileno(), data[:1000])
    processes.wait_until(lambda: len(beside(shared)) == 3, 30, "both imports have begun")
    assert len(tree(shared)) == 1
    assert slow[0].stdin
    os.write(slow[0].stdin.fileno(), data[1000:])
    slow[0].communicate()
    assert slow[0].returncode == 0
    assert any(line.startswith("./f ") for line in tree(shared))
    shared("volume", "rm", "v")
    assert slow[1].stdin
    os.write(slow[1].stdin.fileno(), data[1000:])
    _, err = slow[1].communicate()
    assert (slow[1].returncode, "v" in err) == (125, True)
    assert "Traceback" not in err
    assert os.listdir(shared.graphroot / "volumes") == []


# covers: volume import
@pytest.mark.parametrize("point", ["volume-import:after-unpack", "merge:after-old", "merge:after-new"])
def test_an_import_that_is_killed(shared: Pypod, tmp_path: Path, point: str) -> None:
    shared.run("--rm", "-v", "v:/d", "IMAGE", "sh", "-c", "mkdir /d/a; echo old | tee /d/a/x /d/b /d/c")
    path = archive(tmp_path / "a", "w", ("file", "a", "new"), ("file", "b", "new"), ("file", "c", "new"))
    before = tree(shared)
    assert shared("volume", "import", "v", str(path), env={"PYPOD_FAILPOINT": point}, check=False).code == -9
    if point == "volume-import:after-unpack":
        assert tree(shared) == before
    assert {line.split()[0] for line in tree(shared)} >= {"./b", "./c"}
    assert len(beside(shared)) == 2
    shared("volume", "import", "v", str(path))
    assert beside(shared) == ["_data"]
    found = shared.run("--rm", "-v", "v:/d", "IMAGE", "sh", "-c", "cat /d/a /d/b /d/c").out
    assert found == "newnewnew"


# covers: volume import
def test_an_archive_that_is_too_long_for_the_disk(shared: Pypod, tmp_path: Path) -> None:
    shared("volume", "create", "v")
    path = archive(tmp_path / "a", "w:gz", ("file", "f", "x" * (32 << 20)))
    folder = shared.graphroot / "volumes" / "v"
    script = (
        'mount -t tmpfs -o size=8m none "$0" && mkdir "$0/_data" && echo old >"$0/_data/old" && '
        'cat "$1" | "$2" --root "$3" --runroot "$4" volume import v -; echo =$?; ls -A "$0" "$0/_data"'
    )
    words = [str(folder), str(path), shared.argv()[0], str(shared.graphroot), str(shared.runroot)]
    result = shared("unshare", "sh", "-c", script, *words)
    assert result.lines[0] == "=125"
    assert result.lines[-1] == "old"
    assert "import-" not in result.stdout
    assert "MiB that are free" in result.stderr


# covers: volume export
def test_what_an_export_leaves_out_is_told(shared: Pypod, tmp_path: Path) -> None:
    shared("volume", "create", "v")
    place = shared.graphroot / "volumes" / "v" / "_data"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(place / "sock"))
    (place / "file").write_text("x")
    told = shared("volume", "export", "v", "-o", str(tmp_path / "v.tar"))
    assert 'the socket "sock" was left out' in told.stderr
    with tarfile.open(tmp_path / "v.tar") as tar:
        assert tar.getnames() == [".", "./file"]


# covers: volume mount, volume unmount
def test_the_place_of_a_volume(shared: Pypod) -> None:
    shared("volume", "create", "v")
    where = shared("volume", "inspect", "-f", "{{.Mountpoint}}", "v").out
    for verb, said in (("mount", where), ("unmount", "v")):
        outside = shared("volume", verb, "v", check=False)
        assert (outside.code, "unshare" in outside.stderr) == (125, True)
        assert shared("unshare", *shared.argv("volume", verb, "v")).out == said
