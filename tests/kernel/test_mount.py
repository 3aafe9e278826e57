"""Mounts, by the old and the new system calls."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from libpod.errors import KernelError
from libpod.kernel import libc, mount
from libpod.kernel.const import AT_FDCWD, MOUNT_ATTR_NOEXEC, MS_NODEV, MS_NOSUID, TMPFS_MAGIC


def tmpfs(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    mount.mount("none", str(path), "tmpfs", MS_NODEV | MS_NOSUID, "mode=755")
    return path


def test_tmpfs_comes_and_goes(tmp_path: Path) -> None:
    place = tmpfs(tmp_path / "a b")
    assert libc.file_system_type(str(place)) == TMPFS_MAGIC
    row = mount.mounts()[-1]
    assert (row.target, row.fstype, row.device) == (str(place), "tmpfs", row.device)
    assert {"nodev", "nosuid"} <= set(row.options)
    mount.umount(str(place))
    assert libc.file_system_type(str(place)) != TMPFS_MAGIC
    with pytest.raises(KernelError, match="umount") as raised:
        mount.umount(str(place))
    assert raised.value.errno == errno.EINVAL


@pytest.mark.parametrize("old_kernel", [False, True])
def test_read_only_bind_keeps_locked_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old_kernel: bool
) -> None:
    """Without mount_setattr the flags of the source must be repeated, or the kernel refuses (EPERM)."""
    if old_kernel:
        monkeypatch.setattr(mount, "mount_setattr", no_such_call)
    source = tmpfs(tmp_path / "source")
    (source / "f").write_text("x")
    (tmp_path / "target").mkdir()
    mount.bind(str(source), str(tmp_path / "target"), readonly=True)
    assert (tmp_path / "target" / "f").read_text() == "x"
    with pytest.raises(OSError, match="Read-only"):
        (tmp_path / "target" / "f").write_text("y")
    (source / "f").write_text("y")
    assert "nosuid" in mount.mounts()[-1].options


def no_such_call(*_: object, **__: object) -> None:
    raise KernelError(errno.ENOSYS, "mount_setattr")


def test_read_only_covers_what_is_mounted_below(tmp_path: Path) -> None:
    source = tmpfs(tmp_path / "source")
    tmpfs(source / "below")
    (tmp_path / "target").mkdir()
    mount.bind(str(source), str(tmp_path / "target"), recursive=True, readonly=True)
    for path in ("target/f", "target/below/f"):
        with pytest.raises(OSError, match="Read-only"):
            (tmp_path / path).write_text("y")
    (source / "below" / "f").write_text("y")


def test_detached_copy_is_attached_elsewhere(tmp_path: Path) -> None:
    source = tmpfs(tmp_path / "source")
    (source / "f").write_text("x")
    (tmp_path / "target").mkdir()
    fd = mount.open_tree(AT_FDCWD, str(source))
    mount.umount(str(source))
    mount.mount_setattr(fd, "", set_attrs=MOUNT_ATTR_NOEXEC)
    mount.move_mount(fd, str(tmp_path / "target"))
    os.close(fd)
    assert (tmp_path / "target" / "f").read_text() == "x"
    assert "noexec" in mount.mounts()[-1].options


def test_new_mount_calls_make_a_file_system(tmp_path: Path) -> None:
    fd = mount.fsopen("tmpfs")
    mount.fsconfig(fd, "mode", "700")
    mount.fsconfig(fd, "ro")
    mount.fscreate(fd)
    mount_fd = mount.fsmount(fd)
    mount.move_mount(mount_fd, str(tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    with pytest.raises(OSError, match="Read-only"):
        (tmp_path / "f").write_text("x")


def test_refused_option_says_why() -> None:
    fd = mount.fsopen("tmpfs")
    with pytest.raises(KernelError, match="nonsense"):
        mount.fsconfig(fd, "nonsense", "1")
