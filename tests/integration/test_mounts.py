"""Mounts that are more than a bind: overlays of a source (`:O`), images, parts of volumes, patterns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import tars
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox", "fuse-overlayfs")

ME = os.getuid()
DRIVERS = ("overlay", "fuse-overlayfs", "vfs")


def sh(engine: Pypod, script: str, *options: str, check: bool | None = True) -> list[str]:
    return engine.run("--rm", "--network=none", *options, "IMAGE", "sh", "-c", script, check=check).lines


def error(engine: Pypod, *options: str) -> str:
    failed = engine.run("--rm", "--network=none", *options, "IMAGE", "true", check=False)
    assert failed.code == 125
    assert len(failed.stderr.splitlines()) <= 2
    return failed.stderr


@pytest.fixture
def low(tmp_path: Path) -> Path:
    folder = tmp_path / "low"
    folder.mkdir(0o755)
    (folder / "f").write_text("low\n")
    (folder / "gone").touch()
    return folder


# :O


WRITE = "echo more >>/x/f; rm /x/gone; touch /x/n; cat /x/f; ls /x"
WRITTEN = ["low", "more", "f", "n"]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("userns", ["host", "keep-id", "nomap"])
# covers: run --volume
def test_an_overlay_of_a_directory(shared: Pypod, low: Path, driver: str, userns: str) -> None:
    """What is written is seen and thrown away; the source stays as it is."""
    low.chmod(0o777)
    (low / "f").chmod(0o666)
    words = ["run", "-d", "--name", "c", "--network=none", "--userns", userns, "-v", f"{low}:/x:O"]
    shared("--storage-driver", driver, *words, shared.image, "sleep", "1000")
    for _ in range(2):
        assert shared("exec", "c", "sh", "-c", WRITE).lines == WRITTEN
        assert shared("exec", "c", "stat", "-c", "%a", "/x").out == "777"
        assert sorted(os.listdir(low)) == ["f", "gone"]
        assert (low / "f").read_text() == "low\n"
        shared("restart", "-t", "0", "c")
    shared("rm", "-f", "-t", "0", "c")
    assert os.listdir(shared.graphroot / "containers") == []


# covers: run --volume, run --mount
def test_an_overlay_of_a_volume_and_in_the_long_form(shared: Pypod, low: Path) -> None:
    assert sh(shared, "echo 1 >/v/f", "-v", "vol:/v") == []
    assert sh(shared, "echo 2 >>/v/f; cat /v/f", "-v", "vol:/v:O") == ["1", "2"]
    assert sh(shared, "cat /v/f", "-v", "vol:/v") == ["1"]
    assert sh(shared, WRITE, "--mount", f"type=bind,src={low},dst=/x,O") == WRITTEN
    assert "busybox" in sh(shared, "touch /bin/n; ls /bin", "-v", "filled:/bin:O")
    assert "n" not in sh(shared, "ls /v", "-v", "filled:/v")


# covers: run --volume
def test_an_overlay_with_directories_of_ones_own(shared: Pypod, low: Path, tmp_path: Path) -> None:
    for name in ("up", "work"):
        (tmp_path / name).mkdir()
    options = ["-v", f"{low}:/x:O,upperdir={tmp_path}/up,workdir={tmp_path}/work"]
    assert sh(shared, WRITE, *options) == WRITTEN
    assert sorted(os.listdir(tmp_path / "up")) == ["f", "gone", "n"]
    assert sh(shared, "cat /x/f; ls /x", *options) == WRITTEN, "they are kept"
    assert os.listdir(low) != os.listdir(tmp_path / "up")
    shared("unshare", "rm", "-r", f"{tmp_path}/up", f"{tmp_path}/work")
    assert "mkdir -p" in error(shared, *options)


# covers: run --volume
def test_an_overlay_given_to_the_user(shared: Pypod, low: Path) -> None:
    look = "stat -c %u:%g /x /x/f; touch /x/own"
    assert sh(shared, look, "--user", "5:6", "-v", f"{low}:/x:O,U") == ["5:6", "5:6"]
    assert low.stat().st_uid == (low / "f").stat().st_uid == ME


# covers: run --volume
def test_names_that_separate_options(shared: Pypod, tmp_path: Path) -> None:
    odd = tmp_path / "a:b,c \\d"
    odd.mkdir()
    (odd / "f").touch()
    escaped = str(odd).replace(":", "\\:")
    assert sh(shared, "touch /x/n; ls /x", "-v", f"{escaped}:/x:O") == ["f", "n"]
    assert os.listdir(odd) == ["f"]


# covers: run --volume
def test_an_overlay_of_a_directory_that_holds_the_store(shared: Pypod) -> None:
    assert "mine" in sh(shared, "touch /x/mine; ls /x", "-v", f"{shared.base}:/x:O")
    assert not (shared.base / "mine").exists()


# covers: run --volume
def test_overlays_that_cannot_be(shared: Pypod, low: Path, tmp_path: Path) -> None:
    assert "not a directory" in error(shared, "-v", f"{low}/f:/x:O")
    assert "mkdir -p" in error(shared, "-v", f"{low}/none:/x:O")
    for options in ("O,ro", "O,upperdir=/tmp", "upperdir=/tmp,workdir=/tmp", "O,rslave"):
        assert "--volume" in error(shared, "-v", f"{low}:/x:{options}")
    assert shared("ps", "-aq").lines == []
    assert os.listdir(shared.graphroot / "containers") == []


# covers: run --volume, run --mount, create --volume
def test_a_volume_that_is_not_to_be_made(shared: Pypod) -> None:
    for words in (["-v", "none:/v:nocreate"], ["--mount", "type=volume,src=none,dst=/v,nocreate"]):
        message = error(shared, *words)
        assert 'no such volume "none"' in message
        assert "volume create none" in message
        assert shared("create", *words, shared.image, "true", check=False).code == 125
    assert shared("ps", "-aq").lines == shared("volume", "ls", "-q").lines == []
    assert "--volume" in error(shared, "-v", "/tmp:/v:nocreate")
    shared("volume", "create", "there")
    assert sh(shared, "echo x", "-v", "there:/v:nocreate") == ["x"]


# type=image


@pytest.fixture
def other(shared: Pypod, tmp_path: Path) -> Iterator[str]:
    changes = [
        tars.folder("data", 0o1777, 9),
        tars.file("data/seven", b"7\n", 0o640, 7),
        tars.link("data/out", "/etc/passwd"),
        tars.link("data/up", "../../../../etc"),
        tars.file("only-here", b"x"),
    ]
    tars.variant(shared.image_tar, tmp_path / "other.tar", changes)
    shared("import", "-q", str(tmp_path / "other.tar"), "other")
    yield "localhost/other:latest"
    shared("rm", "-af", "-t", "0")
    shared("rmi", "-i", "other")


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("userns", ["host", "keep-id", "auto"])
# covers: run --mount
def test_the_files_of_an_image(shared: Pypod, other: str, driver: str, userns: str) -> None:
    start = ["--storage-driver", driver, "run", "--rm", "--network=none", "--userns", userns, "-u", "0"]
    look = "cat /i/data/seven; stat -c '%n %a %u:%g' /i/bin/busybox /i/data /i/data/seven; "
    owners = ["7", "/i/bin/busybox 755 0:0", "/i/data 1777 9:9", "/i/data/seven 640 7:7"]
    mount = ["--mount", f"type=image,src={other},dst=/i"]
    found = shared(*start, *mount, shared.image, "sh", "-c", look + "touch /i/x 2>/dev/null || echo no")
    assert found.lines == [*owners, "no"]
    mount = ["--mount", "type=image,src=other,target=/i,rw=true"]
    script = look + "touch /i/x; rm /i/only-here; ls /i/x /i/only-here 2>/dev/null"
    assert shared(*start, *mount, shared.image, "sh", "-c", script, check=None).lines == [*owners, "/i/x"]
    assert sh(shared, "ls /i/only-here", "--mount", f"type=image,src={other},dst=/i") == ["/i/only-here"]
    assert os.listdir(shared.graphroot / "containers") == []


# covers: run --mount
def test_a_part_of_an_image(shared: Pypod, other: str) -> None:
    """Links in it lead nowhere but into the image."""

    def part(path: str) -> str:
        return f"type=image,src={other},dst=/i,subpath={path}"

    assert "seven" in sh(shared, "ls /i", "--mount", part("data"))
    assert sh(shared, "cat /i", "--mount", part("data/seven")) == ["7"]
    theirs = sh(shared, "cat /i", "--mount", part("data/out"))
    assert theirs == sh(shared, "cat /etc/passwd")
    assert "hostname" not in sh(shared, "ls /i", "--mount", part("data/up"))
    assert "No such file" in error(shared, "--mount", part("data/none"))
    assert "subpath" in error(shared, "--mount", part("../data"))


# covers: create --mount
def test_an_image_that_is_mounted_stays_for_its_container(shared: Pypod, other: str) -> None:
    mount = f"type=image,src={other},dst=/i"
    shared("create", "--name", "c", "--network=none", "--mount", mount, shared.image, "cat", "/i/only-here")
    found = shared.inspect("c")["Mounts"]
    assert [(m["Type"], m["Source"], m["RW"]) for m in found] == [("image", other, False)]
    shared("rmi", "other")
    for _ in range(2):
        assert shared("start", "-a", "c").out == "x"
    missing = ["--pull=never", "--mount", "type=image,src=localhost/no-such,dst=/i"]
    assert "no-such" in error(shared, *missing)
    assert shared("ps", "-aq", "--filter", "name=c").lines != []


# subpath of a volume


@pytest.fixture
def volume(shared: Pypod) -> str:
    script = (
        "mkdir -p /v/a/b; echo in >/v/a/b/f; ln -s / /v/root; ln -s /etc/passwd /v/passwd; "
        "ln -s ../../../../../../etc /v/a/up; ln -s /a/b /v/inside; mkdir /v/etc; "
        "ln -s /proc/self/root /v/magic"
    )
    sh(shared, script, "-v", "vol:/v")
    return "vol"


# covers: run --mount
def test_a_part_of_a_volume(shared: Pypod, volume: str) -> None:
    def part(path: str, more: str = "") -> list[str]:
        return ["--mount", f"type=volume,src={volume},dst=/x,subpath={path}{more}"]

    assert sh(shared, "cat /x/f; touch /x/new", *part("a/b")) == ["in"]
    assert sh(shared, "cat /x", *part("a/b/f")) == ["in"]
    assert sh(shared, "ls /x", *part("/inside/")) == ["f", "new"]
    assert sh(shared, "touch /x/y 2>/dev/null || echo no", *part("a", ",ro")) == ["no"]
    assert sh(shared, "stat -c %u /x /x/f", "-u", "7", *part("a/b", ",U")) == ["7", "7"]
    assert sh(shared, "stat -c %u /v /v/a /v/a/b", "-v", "vol:/v") == ["0", "0", "7"]
    assert "No such file" in error(shared, *part("none"))
    cid = shared("create", "--network=none", *part("a/b"), shared.image, "cat", "/x/f").out
    assert [shared("start", "-a", cid).out for _ in range(2)] == ["in"] * 2


# covers: run --mount
def test_a_link_in_a_volume_leads_nowhere_else(shared: Pypod, volume: str) -> None:
    """As if the volume were a root directory: /etc of the host and of the container are not to be had."""

    def look(path: str) -> list[str]:
        return sh(shared, "ls -a /x", "--mount", f"type=volume,src={volume},dst=/x,subpath={path}")

    assert look("root") == look("root/root")
    assert "a" in look("root")
    assert look("a/up") == [".", ".."]
    for path in ("passwd", "magic", "a/up/passwd", "root/proc"):
        assert error(shared, "--mount", f"type=volume,src={volume},dst=/x,subpath={path}")
    for path in ("..", "a/../..", "a/b/../../../x"):
        assert "--mount" in error(shared, "--mount", f"type=volume,src={volume},dst=/x,subpath={path}")
    assert os.listdir(shared.graphroot / "containers") == []


# type=glob, owners, idmap


# covers: run --mount
def test_a_pattern(shared: Pypod, tmp_path: Path) -> None:
    for name in ("lib1.so", "lib2.so", ".lib.so", "other"):
        (tmp_path / name).write_text(name)
    pattern = f"{tmp_path}/*lib*.so"
    script = "ls -A /there; cat /there/lib1.so; touch /there/lib2.so 2>/dev/null || echo no"
    found = sh(shared, script, "--mount", f"type=glob,src={pattern},dst=/there,ro=true")
    assert found == [".lib.so", "lib1.so", "lib2.so", "lib1.sono"]
    assert sh(shared, f"ls {tmp_path}", "--mount", f"type=glob,src={pattern}") == ["lib1.so", "lib2.so"]
    assert "matches no file" in error(shared, "--mount", f"type=glob,src={tmp_path}/none*,dst=/there")
    cid = shared(
        "create", "--network=none", "--mount", f"type=glob,src={pattern},dst=/t", shared.image, "ls", "/t"
    ).out
    (tmp_path / "lib3.so").touch()
    assert shared("start", "-a", cid).lines == ["lib1.so", "lib2.so", "lib3.so"]


@pytest.mark.parametrize("userns", ["host", "keep-id"])
# covers: run --mount
def test_a_tmpfs_for_the_user(shared: Pypod, userns: str) -> None:
    options = ["--userns", userns, "-u", "5:6", "--mount", "type=tmpfs,dst=/t,U,tmpfs-mode=700"]
    assert sh(shared, "stat -c %u:%g:%a /t; touch /t/x", *options) == ["5:6:700"]
    options[-1] = "type=tmpfs,dst=/t,U=false,tmpfs-mode=755"
    assert sh(shared, "stat -c %u:%g:%a /t", *options) == ["0:0:755"]


# covers: run --mount, run --volume
def test_mapped_mounts_are_for_root(shared: Pypod, low: Path) -> None:
    for words in (["-v", f"{low}:/x:idmap"], ["--mount", f"type=bind,src={low},dst=/x,idmap"]):
        message = error(shared, *words)
        assert "to root only" in message
        assert '"U"' in message


# covers: run --mount
def test_propagation(shared: Pypod, low: Path) -> None:
    def propagation(*options: str) -> str:
        rows = [line.split() for line in sh(shared, "cat /proc/self/mountinfo", *options)]
        return next("".join(row[6 : row.index("-")]) for row in rows if row[4] == "/x").partition(":")[0]

    for mode, seen in (("rprivate", ""), ("rslave", "master"), ("slave", "master")):
        assert propagation("--mount", f"type=bind,src={low},dst=/x,bind-propagation={mode}") == seen
        assert propagation("-v", f"{low}:/x:{mode}") == seen
