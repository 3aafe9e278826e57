"""Owns: removing directory trees: away by one rename, then bit by bit, never across a mount point."""

from __future__ import annotations

import errno
import os

from libpod.errors import ErrorList, KernelError, PypodError, StorageError
from libpod.kernel.path import open_dir_no_xdev
from libpod.util import clearing

_MAX_DEPTH = 200
"""Deeper directories are first moved up to the top, so that neither the stack nor the descriptors run out."""


def discard(path: str, trash_dir: str) -> bool:
    """Remove a tree: rename it into the trash (it is gone for everybody from here on), then delete it there.

    False when there was nothing. What cannot be deleted stays in the trash for `empty`, and StorageError says
    why.
    """
    target = os.path.join(trash_dir, f"{os.path.basename(path)[:80]}-{os.urandom(6).hex()}")
    try:
        try:
            os.rename(path, target)
        except FileNotFoundError:
            os.makedirs(trash_dir, 0o700, exist_ok=True)  # the tree is missing, or the trash
            os.rename(path, target)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise StorageError(f"cannot remove {path}: {error.strerror}") from error
        target = path  # another file system: no way but in place
    remove_tree(target)
    return True


def empty(trash_dir: str) -> None:
    """Delete all that lies in the trash; several processes may do so at once. ErrorList of what resisted."""
    try:
        names = os.listdir(trash_dir)
    except FileNotFoundError:
        return
    failed: list[PypodError] = []
    for name in names:
        try:
            remove_tree(os.path.join(trash_dir, name))
        except PypodError as error:
            failed.append(error)
    if failed:
        raise ErrorList(failed)


def remove_tree(path: str) -> None:
    """Delete a file or a tree, links not followed.

    Nothing there is fine; StorageError after all else was deleted.
    """
    directory, name = os.path.split(path)
    try:
        dir_fd = os.open(directory or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        remove_tree_at(dir_fd, name)
    finally:
        os.close(dir_fd)


def remove_tree_at(dir_fd: int, name: str) -> None:
    """Delete `name` in this directory: a file, or a tree with everything below.

    Somebody may delete it at the same time. A mount point below is left alone, with the directories that lead
    to it, and named in the StorageError.
    """
    problems: list[str] = []
    deep: list[str] = []
    if _is_full(dir_fd, name):
        clearing.clear(dir_fd, name)
    _remove(dir_fd, name, name, dir_fd, 0, deep, problems)
    while deep and not problems:
        again: list[str] = []
        for moved in deep:
            _remove(dir_fd, moved, moved, dir_fd, 0, again, problems)
        deep = again
    if not problems:
        _remove(dir_fd, name, name, dir_fd, 0, deep, problems)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise StorageError(
            f"cannot remove {name}: {problems[0]}{more}", remedy="unmount what is mounted there and try again"
        )


def _is_full(dir_fd: int, name: str) -> bool:
    """Say whether this is a directory with something in it; files and empty directories are removed."""
    try:
        os.unlink(name, dir_fd=dir_fd)
    except IsADirectoryError:
        try:
            os.rmdir(name, dir_fd=dir_fd)
        except OSError as error:
            return error.errno in (errno.ENOTEMPTY, errno.EEXIST)
    except OSError:
        pass  # `_remove` meets it again
    return False


def _remove(
    dir_fd: int, name: str, shown: str, top_fd: int, depth: int, deep: list[str], problems: list[str]
) -> None:
    try:
        os.unlink(name, dir_fd=dir_fd)
        return
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError) as error:
        # unlink(2): EISDIR on Linux, EPERM where the file system says so; a real EPERM shows up again below.
        refused = error
    except OSError as error:
        problems.append(f"{shown}: {error.strerror}")
        return
    try:
        os.rmdir(name, dir_fd=dir_fd)
        return
    except FileNotFoundError:
        return
    except NotADirectoryError:
        problems.append(f"{shown}: {refused.strerror}")
        return
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            problems.append(f"{shown}: {error.strerror}")
            return
    if depth >= _MAX_DEPTH:
        moved = f".deep-{os.urandom(8).hex()}"
        try:
            os.rename(name, moved, src_dir_fd=dir_fd, dst_dir_fd=top_fd)
            deep.append(moved)
        except OSError as error:
            problems.append(f"{shown}: {error.strerror}")
        return
    _remove_content(dir_fd, name, shown, top_fd, depth, deep, problems)


def _remove_content(
    dir_fd: int, name: str, shown: str, top_fd: int, depth: int, deep: list[str], problems: list[str]
) -> None:
    try:
        fd = _open_dir(dir_fd, name)
    except KernelError as error:
        if error.errno == errno.EXDEV:
            problems.append(f"{shown} is a mount point")
        elif error.errno not in (errno.ENOENT, errno.ENOTDIR):
            problems.append(f"{shown}: {error.strerror}")
        return
    before = len(problems) + len(deep)
    try:
        for entry in os.listdir(fd):
            _remove(fd, entry, f"{shown}/{entry}", top_fd, depth + 1, deep, problems)
    finally:
        os.close(fd)
    try:
        os.rmdir(name, dir_fd=dir_fd)
    except FileNotFoundError:
        pass
    except OSError as error:
        if len(problems) + len(deep) == before:
            problems.append(f"{shown}: {error.strerror}")


def _open_dir(dir_fd: int, name: str) -> int:
    try:
        return open_dir_no_xdev(dir_fd, name)
    except KernelError as error:
        if error.errno not in (errno.EACCES, errno.EPERM):
            raise
    _give_rights(dir_fd, name)
    return open_dir_no_xdev(dir_fd, name)


def _give_rights(dir_fd: int, name: str) -> None:
    """Let us read a directory of ours that has no rights for us; not what a link in its place names."""
    try:
        fd = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd)
        try:
            os.chmod(f"/proc/self/fd/{fd}", 0o700)
        finally:
            os.close(fd)
    except OSError as error:
        raise KernelError(error.errno or errno.EACCES, "chmod", name) from None
