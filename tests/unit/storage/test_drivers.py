"""Which storage driver a container gets, and what vfs makes of layers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libpod.conf import settings as conf
from libpod.errors import PypodError, StorageError, ToolMissingError, UsageError
from libpod.storage import driver, flatten, fuse, overlay
from libpod.util import copytree
from tests.support.records import container
from tests.support.userns import Paths


def settings(tmp_path: Path, environ: dict[str, str] | None = None, **options: object) -> conf.Settings:
    none = {"CONTAINERS_CONF": "", "HOME": str(tmp_path)}
    return conf.load(Paths(str(tmp_path), str(tmp_path)), options, {**none, **(environ or {})})


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = Paths(str(tmp_path), str(tmp_path / "run"))
    os.makedirs(found.cache, exist_ok=True)
    return found


def test_the_option_the_environment_the_file(tmp_path: Path, paths: Paths) -> None:
    named = tmp_path / "storage.conf"
    named.write_text('[storage]\ndriver = "vfs"\n')
    env = {"CONTAINERS_STORAGE_CONF": str(named)}
    assert driver.choose(paths, settings(tmp_path, env)) == ("vfs", "")
    env["STORAGE_DRIVER"] = "overlay"
    assert driver.choose(paths, settings(tmp_path, env)) == ("overlay", "")
    env["PYPOD_STORAGE_DRIVER"] = "fuse-overlayfs"
    assert driver.choose(paths, settings(tmp_path, env)) == ("fuse-overlayfs", "")
    assert driver.choose(paths, settings(tmp_path, env, storage_driver="overlay2")) == ("overlay", "")
    for name in ("PYPOD_STORAGE_DRIVER", "STORAGE_DRIVER"):
        with pytest.raises(UsageError, match=name):
            settings(tmp_path, {name: "btrfs"})


def test_a_mount_program_means_fuse(tmp_path: Path, paths: Paths) -> None:
    named = tmp_path / "storage.conf"
    named.write_text('[storage]\ndriver = "overlay"\n[storage.options.overlay]\nmount_program = "/f"\n')
    env = {"CONTAINERS_STORAGE_CONF": str(named)}
    assert driver.choose(paths, settings(tmp_path, env)) == ("fuse-overlayfs", "/f")
    assert driver.choose(paths, settings(tmp_path, env, storage_driver="overlay")) == ("overlay", "")
    assert driver.choose(paths, settings(tmp_path, env, storage_driver="vfs")) == ("vfs", "")
    given = settings(tmp_path, env, storage_driver="overlay", storage_opt=["overlay.mount_program=/g"])
    assert driver.choose(paths, given) == ("fuse-overlayfs", "/g")
    for option in ("overlay.mountopt=nodev", "mount_program=relative", "mount_program", ""):
        with pytest.raises(UsageError, match="--storage-opt"):
            settings(tmp_path, storage_opt=[option])


def test_the_first_that_works(tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    answers = {"overlay": "no overlay", "fuse": "no fuse"}

    def overlay_probe(_paths: object) -> str:
        asked.append(1)
        return answers["overlay"]

    monkeypatch.setattr(overlay, "probe", overlay_probe)
    monkeypatch.setattr(fuse, "probe", lambda _paths, _program="": answers["fuse"])
    free = settings(tmp_path)
    assert driver.choose(paths, free) == ("vfs", "")
    answers["fuse"] = ""
    assert driver.choose(paths, free) == ("fuse-overlayfs", "")
    answers["overlay"] = ""
    assert [driver.choose(paths, free) for _ in range(3)] == [("overlay", "")] * 3
    assert len(asked) == 3, "a good answer is remembered, others are not"
    Path(paths.cache, "overlay-works").write_text("another kernel")
    driver.choose(paths, free)
    assert len(asked) == 4


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError) as missing:
        fuse.find("/no/such")
    assert "apt-get install fuse-overlayfs" in missing.value.remedy
    monkeypatch.setattr(fuse, "DEVICE", str(tmp_path / "fuse"))
    with pytest.raises(StorageError, match="No such file") as no_device:
        fuse.find("/bin/true")
    assert "modprobe fuse" in no_device.value.remedy


def test_an_unknown_driver_of_a_record(paths: Paths) -> None:
    with pytest.raises(PypodError, match="zfs"):
        driver.mount_plan(paths, container("c", driver="zfs"))


def test_a_layer_is_laid_over_another(tmp_path: Path) -> None:
    lower, upper, target = (tmp_path / name for name in ("lower", "upper", "target"))
    lowers = ("lower/hidden/old", "lower/merged/old", "lower/file")
    for path in (*lowers, "upper/hidden/new", "upper/merged/new"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    (upper / "file").mkdir()
    (upper / "merged").chmod(0o711)
    (lower / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "outside").mkdir()
    (upper / "link").mkdir()
    (upper / "link/inside").touch()
    os.setxattr(upper / "hidden", "user.overlay.opaque", b"y")
    target.mkdir()
    flatten.apply(str(lower), str(target))
    flatten.apply(str(upper), str(target))
    found = sorted(str(path.relative_to(target)) for path in target.rglob("*"))
    assert found == [
        "file", "hidden", "hidden/new", "link", "link/inside", "merged", "merged/new", "merged/old",
    ]  # fmt: skip
    assert (target / "merged").stat().st_mode & 0o777 == 0o711
    assert os.listxattr(target / "hidden") == []
    assert not (target / "link").is_symlink()
    assert os.listdir(tmp_path / "outside") == []


def test_holes_stay_holes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (tmp_path / "a/sparse").open("wb") as stream:
        stream.seek(1 << 20)
        stream.write(b"middle")
        stream.truncate(1 << 30)
    fds = [os.open(tmp_path / name, os.O_RDONLY) for name in ("a", "b")]
    copytree.copy_content(*fds)
    for fd in fds:
        os.close(fd)
    made = tmp_path / "b/sparse"
    assert made.stat().st_size == 1 << 30
    assert made.stat().st_blocks * 512 < 1 << 20
    with made.open("rb") as stream:
        stream.seek(1 << 20)
        assert stream.read(8) == b"middle\0\0"
