"""`volume export`, `volume import`, `volume mount`, `volume unmount`."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

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


# covers: volume mount, volume unmount
def test_the_place_of_a_volume(shared: Pypod) -> None:
    shared("volume", "create", "v")
    where = shared("volume", "inspect", "-f", "{{.Mountpoint}}", "v").out
    for verb, said in (("mount", where), ("unmount", "v")):
        outside = shared("volume", verb, "v", check=False)
        assert (outside.code, "unshare" in outside.stderr) == (125, True)
        assert shared("unshare", *shared.argv("volume", verb, "v")).out == said
