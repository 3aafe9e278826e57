"""Owns: moving one tree into another by renames, over what is there.

Both lie on one file system, so nothing is copied and no file is seen half. No link is followed but where the
caller says so, and then not out of the tree.
"""

from __future__ import annotations

import os
import stat

from libpod.errors import KernelError
from libpod.kernel import path
from libpod.kernel.const import RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV
from libpod.util import copytree, failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_STAY_BELOW = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV


def merge(source_fd: int, target_fd: int, old_fd: int, implicit: Container[str] = ()) -> None:
    """Move everything below `source_fd` into `target_fd`; what it replaces, if it is a directory or in the
    way of one, goes into the directory `old_fd`.

    A directory that is in both gets the attributes and time of the one in the source, unless it is named in
    `implicit` ("." is the root): such a one stays as it is, and may be a link to a directory in the target.
    Killed in between, it has moved a part. OSError as it comes.
    """
    waiting = [(".", ".")]
    while waiting:
        # By their paths, so that no depth of directories uses up descriptors or the stack.
        source_path, target_path = waiting.pop()
        source = path.openat2(source_fd, source_path, _DIRECTORY, 0, _STAY_BELOW)
        try:
            target = path.openat2(target_fd, target_path, _DIRECTORY, 0, _STAY_BELOW)
            try:
                facts = os.fstat(source)
                for name in sorted(os.listdir(source)):
                    below = _join(source_path, name), _join(target_path, name)
                    linked = target_fd if below[0] in implicit else -1
                    if goes_to := _move(source, target, old_fd, name, below[1], linked):
                        waiting.append((below[0], goes_to))
                if source_path not in implicit:
                    copytree.dress(target, facts, source)
            finally:
                os.close(target)
        finally:
            os.close(source)


def _move(source: int, target: int, old_fd: int, name: str, full: str, root_fd: int) -> str:
    """Move one entry; instead, the path of the directory in the target that the entry is to be merged with.

    `root_fd`: where a link of that name is followed, -1 = not.
    """
    folder = stat.S_ISDIR(os.stat(name, dir_fd=source, follow_symlinks=False).st_mode)
    try:
        there = os.stat(name, dir_fd=target, follow_symlinks=False).st_mode
    except FileNotFoundError:
        os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
        return ""
    if folder and stat.S_ISDIR(there):
        return full
    if folder and stat.S_ISLNK(there) and root_fd >= 0 and (real := _resolved(root_fd, full)):
        return real
    if folder or stat.S_ISDIR(there):
        os.rename(name, os.urandom(8).hex(), src_dir_fd=target, dst_dir_fd=old_fd)
        failpoint.hit("merge:after-old")
    os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
    failpoint.hit("merge:after-new")
    return ""


def _resolved(root_fd: int, name: str) -> str:
    """The path of the directory that a link leads to inside of the root; empty if it is none."""
    try:
        fd = path.open_in_root(root_fd, name, os.O_PATH | os.O_DIRECTORY)
    except KernelError:
        return ""
    try:
        top, real = os.readlink(f"/proc/self/fd/{root_fd}"), os.readlink(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)
    return "." if real == top else real[len(top) + 1 :] if real.startswith(top + "/") else ""


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
