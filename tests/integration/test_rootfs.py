"""`--rootfs`: a container of a directory instead of an image."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox", "fuse-overlayfs")


@pytest.fixture
def root(shared: Pypod, image_tar: Path) -> Iterator[Path]:
    """An unpacked root file system that belongs to the user."""
    folder = shared.base / "root"
    folder.mkdir()
    subprocess.run(["tar", "-xf", image_tar, "-C", folder], check=True)
    yield folder
    shutil.rmtree(folder)


# covers: run --rootfs, create --rootfs
def test_the_directory_is_the_root(shared: Pypod, root: Path) -> None:
    script = "echo hello > /new; stat -c %u:%g /etc /new; touch /tmp/f"
    done = shared("run", "--name", "c", "--rootfs", "root", "sh", "-c", script)
    assert done.lines == ["0:0", "0:0"]
    assert (root / "new").read_text() == "hello\n"
    assert (root / "new").stat().st_uid == os.getuid()
    assert shared("start", "-a", "c").lines == ["0:0", "0:0"]
    shown = shared.inspect("c")
    assert (shown["Rootfs"], shown["Image"], shown["ImageName"]) == (str(root), "", "")
    assert shared("ps", "-a", "--size", "--format", "{{.Names}}:{{.Image}}").out == "c:"
    shared("rm", "c")
    assert (root / "new").exists()


# covers: run --rootfs
@pytest.mark.parametrize("driver", ["overlay", "fuse-overlayfs", "vfs"])
def test_with_an_overlay_it_stays_as_it_is(shared: Pypod, root: Path, driver: str) -> None:
    before = sorted(str(path) for path in root.rglob("*"))
    shared.options += ["--storage-driver", driver]
    script = "cat /new; rm -f /etc/passwd; echo hello > /new"
    shared("create", "--name", "c", "--rootfs", f"{root}:O", "sh", "-c", script)
    assert shared("start", "-a", "c", check=None).out == ""
    assert shared("start", "-a", "c").out == "hello"
    assert sorted(str(path) for path in root.rglob("*")) == before
    shared("rm", "c")


# covers: run --rootfs, create --rootfs
def test_what_is_no_root_file_system(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    for value, text in (
        ("/no/such/dir", "No such file"),
        (str(tmp_path / "file"), "Not a directory"),
        (str(tmp_path / "empty"), "is empty"),
        (":O", "DIR or DIR:O"),
        ("/srv:idmap", "DIR or DIR:O"),
    ):
        result = shared("run", "--rm", "--rootfs", value, "true", check=False)
        assert (result.code, "--rootfs" in result.stderr, text in result.stderr) == (125, True, True), result
    result = shared("create", "--rootfs", str(tmp_path), check=False)
    assert (result.code, "no command: none was given" in result.stderr) == (125, True)
    assert not shared("ps", "-aq").out
