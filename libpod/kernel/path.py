"""Owns: opening paths below a root that somebody else fills, by openat2(2) (5.6): no link leads out."""

from __future__ import annotations

import errno
import os
import stat

from libpod.errors import KernelError
from libpod.kernel import clib
from libpod.kernel.const import NR_OPENAT2, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_XDEV
from libpod.kernel.libc import c_char_p, c_int, c_size_t, c_void_p, check, syscall

_openat2 = syscall(NR_OPENAT2, c_int, c_char_p, c_void_p, c_size_t)

_TRIES = 128
"""EAGAIN = somebody renamed or mounted below the root while the kernel walked: try again, openat2(2).
"""
_MAX_LINKS = 40
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class OpenHow(clib.Structure):
    """struct open_how, openat2(2)."""

    _fields_ = [("flags", clib.c_uint64), ("mode", clib.c_uint64), ("resolve", clib.c_uint64)]


def openat2(dir_fd: int, path: str, flags: int, mode: int = 0, resolve: int = 0) -> int:
    """Return an owned descriptor, close-on-exec.

    A bounded number of EAGAIN is tried again; the last one is raised.
    """
    how = OpenHow(flags | os.O_CLOEXEC, mode, resolve)
    raw = os.fsencode(path)
    fd = -1
    for _ in range(_TRIES):
        fd = _openat2(dir_fd, raw, clib.byref(how), clib.sizeof(how))
        if fd >= 0 or clib.get_errno() != errno.EAGAIN:
            break
    return check(fd, "openat2", path)


def open_root(path: str) -> int:
    """Return an owned O_PATH descriptor of a directory of ours, to be the root of what follows."""
    try:
        return os.open(path, _DIRECTORY)
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, "open", path) from None


def open_in_root(root_fd: int, path: str, flags: int, mode: int = 0) -> int:
    """Open a path as a process chrooted to the root would; magic links of /proc are refused (ELOOP).

    Owned, close-on-exec.

    Symbolic links, also absolute ones, and `..` stay below the root (RESOLVE_IN_ROOT). The umask applies to
    `mode`.
    """
    return openat2(root_fd, path or ".", flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)


def open_dir_no_xdev(dir_fd: int, name: str) -> int:
    """Open a directory to read it; no link is followed, and a mount point (a bind mount too) is EXDEV."""
    return openat2(dir_fd, name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, 0, RESOLVE_NO_XDEV)


def mkdirs_in_root(root_fd: int, path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> int:
    """Make a directory and its missing parents below the root; return an owned O_PATH descriptor of it.

    What is made gets exactly `mode`, `uid` and `gid`; what is there stays as it is. A dangling symbolic link
    on the way is followed and its target made. ENOTDIR if something on the way is not a directory.
    """
    for _ in range(_MAX_LINKS):
        try:
            return open_in_root(root_fd, path, _DIRECTORY)
        except KernelError as error:
            if error.errno != errno.ENOENT:
                raise
        _make_missing(root_fd, path, mode, uid, gid)
    raise KernelError(errno.ELOOP, "mkdir", path)


def read_in_root(root_fd: int, path: str, limit: int = 1 << 20) -> bytes:
    """Return the content of a regular file below the root.

    KernelError: ENOENT when it is not there, EINVAL when it is not a regular file, EFBIG when it is longer
    than `limit`.
    """
    fd = open_in_root(root_fd, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise KernelError(errno.EINVAL, "read", path)
        parts = []
        size = 0
        while part := os.read(fd, min(limit + 1 - size, 1 << 20)):
            parts.append(part)
            size += len(part)
            if size > limit:
                raise KernelError(errno.EFBIG, "read", path)
        return b"".join(parts)
    finally:
        os.close(fd)


def _make_missing(root_fd: int, path: str, mode: int, uid: int, gid: int) -> None:
    """Make what is missing, up to the first dangling link: there its target."""
    names = [name for name in path.split("/") if name not in ("", ".")]
    parent_fd = open_in_root(root_fd, ".", _DIRECTORY)
    try:
        for index, name in enumerate(names):
            here = "/".join(names[: index + 1])
            if name != "..":
                try:
                    os.mkdir(name, mode, dir_fd=parent_fd)
                except FileExistsError:
                    pass
                except OSError as error:
                    raise KernelError(error.errno or errno.EIO, "mkdir", here) from None
                else:
                    _give(parent_fd, name, mode, uid, gid)
            try:
                next_fd = open_in_root(root_fd, here, _DIRECTORY)
            except KernelError as error:
                if error.errno != errno.ENOENT:
                    raise
                _make_link_target(root_fd, parent_fd, names[:index], name, mode, uid, gid)
                return  # the caller looks again
            os.close(parent_fd)
            parent_fd = next_fd
    finally:
        os.close(parent_fd)


def _make_link_target(
    root_fd: int, parent_fd: int, parents: list[str], name: str, mode: int, uid: int, gid: int
) -> None:
    try:
        target = os.readlink(name, dir_fd=parent_fd)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT):
            return  # changed under us: the caller looks again
        raise KernelError(error.errno or errno.EIO, "readlink", name) from None
    whole = target if target.startswith("/") else "/".join([*parents, target])
    _make_missing(root_fd, whole, mode, uid, gid)


def _give(parent_fd: int, name: str, mode: int, uid: int, gid: int) -> None:
    """Set owner and mode of the directory just made; not through a link that replaced it."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent_fd)
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, "open", name) from None
    try:
        os.fchown(fd, uid, gid)
        os.fchmod(fd, mode)
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, "chown", name) from None
    finally:
        os.close(fd)
