"""Flags of inodes."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from libpod.kernel import inodeflags


def file_system(path: Path) -> str:
    return subprocess.run(
        ["stat", "-f", "-c", "%T", str(path)], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_directories_are_laid_out_apart(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    done = inodeflags.spread(str(folder))
    assert done == inodeflags.spread(str(folder))
    assert done == (file_system(tmp_path) == "ext2/ext3")
    if done:
        fd, word = os.open(folder, os.O_RDONLY), bytearray(8)
        fcntl.ioctl(fd, inodeflags.FS_IOC_GETFLAGS, word)
        os.close(fd)
        assert int.from_bytes(word[:4], sys.byteorder) & inodeflags.FS_TOPDIR_FL


def test_where_there_is_no_such_thing_nothing_happens() -> None:
    assert inodeflags.spread("/proc/self/fd") is False
