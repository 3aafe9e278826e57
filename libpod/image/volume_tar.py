"""Owns: a directory tree that others may change meanwhile as an archive.

Directories are opened one below the other without following links, so nothing outside of the tree is read,
whatever is renamed or replaced while it is read.
"""

from __future__ import annotations

import errno
import os
import stat
import tarfile

from libpod import errors
from libpod.util import mktar
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Put = Callable[[bytes | memoryview], None]

_DIR_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 1 << 18
_KINDS = {
    stat.S_IFREG: tarfile.REGTYPE,
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
}
_MOST = 20
"""Lines about what was left out."""


def write(root_fd: int, out_fd: int, shown: str, name: str) -> list[str]:
    """Write the tree below `root_fd` to a descriptor. `shown` names the target, `name` the volume.

    Returns a line for each thing that was left out: sockets, which mean nothing elsewhere, and devices, which
    no import could make.
    """
    put = mktar.to_fd(out_fd, shown)
    odd: list[str] = []
    links: dict[tuple[int, int], str] = {}
    put(_header(_info(".", os.fstat(root_fd)), root_fd))
    # One open directory for each level.
    stack = [(os.dup(root_fd), ".", sorted(os.listdir(root_fd)))]
    try:
        while stack:
            dir_fd, path, names = stack[-1]
            if not names:
                os.close(dir_fd)
                stack.pop()
                continue
            below = names.pop(0)
            fd = _member(put, dir_fd, below, f"{path}/{below}", links, odd)
            if fd >= 0:
                stack.append((fd, f"{path}/{below}", []))
                stack[-1][2].extend(sorted(os.listdir(fd)))
    except errors.PypodError:
        raise
    except OSError as e:
        raise errors.StorageError(
            f'cannot read the files of volume "{name}": {e.strerror}',
            remedy=f'"pypod volume inspect {name}" names their place, "pypod unshare" enters it',
            name=name,
        ) from e
    finally:
        for dir_fd, _path, _names in stack:
            os.close(dir_fd)
    put(bytes(2 * tarfile.BLOCKSIZE))
    put(b"")
    more = len(odd) - _MOST
    return [*odd[:_MOST], *([f"{more} more sockets or devices were left out"] if more > 0 else [])]


def _member(
    put: Put, dir_fd: int, name: str, path: str, links: dict[tuple[int, int], str], odd: list[str]
) -> int:
    """Write one member; returns the descriptor of a directory, or -1. What vanished is left out."""
    try:
        facts = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
        kind = stat.S_IFMT(facts.st_mode)
        if kind not in _KINDS:
            what = "socket" if kind == stat.S_IFSOCK else "device"
            odd.append(f'the {what} "{printable(os.fsencode(path[2:]))}" was left out')
            return -1
        info = _info(path, facts)
        if kind == stat.S_IFLNK:
            info.linkname = os.readlink(name, dir_fd=dir_fd)
        if kind in (stat.S_IFLNK, stat.S_IFIFO):
            put(_header(info, -1))
            return -1
        fd = os.open(name, _DIR_FLAGS if kind == stat.S_IFDIR else _FILE_FLAGS, dir_fd=dir_fd)
    except (FileNotFoundError, NotADirectoryError):
        return -1
    except OSError as e:
        if e.errno == errno.ELOOP:  # replaced by a link meanwhile
            return -1
        raise
    done = False
    try:
        facts = os.fstat(fd)
        if stat.S_IFMT(facts.st_mode) != kind:
            return -1
        info = _info(path, facts)
        if kind == stat.S_IFDIR:
            put(_header(info, fd))
            done = True
            return fd
        key = (facts.st_dev, facts.st_ino)
        if facts.st_nlink > 1 and key in links:
            info.type, info.linkname, info.size = tarfile.LNKTYPE, links[key], 0
            put(_header(info, -1))
            return -1
        links[key] = path
        info.size = facts.st_size
        put(_header(info, fd))
        _content(put, fd, facts.st_size)
    finally:
        if not done:
            os.close(fd)
    return -1


def _content(put: Put, fd: int, size: int) -> None:
    """As much as was announced, also of a file that becomes longer or shorter meanwhile."""
    left = size
    while left:
        data = os.read(fd, min(left, _CHUNK)) or bytes(min(left, _CHUNK))
        put(data)
        left -= len(data)
    if size % tarfile.BLOCKSIZE:
        put(bytes(-size % tarfile.BLOCKSIZE))


def _info(path: str, facts: os.stat_result) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type = _KINDS[stat.S_IFMT(facts.st_mode)]
    info.mode = stat.S_IMODE(facts.st_mode)
    info.uid, info.gid = facts.st_uid, facts.st_gid
    info.mtime = facts.st_mtime
    return info


def _header(info: tarfile.TarInfo, fd: int) -> bytes:
    if fd >= 0:
        info.pax_headers = {
            f"SCHILY.xattr.{key}": os.getxattr(fd, key).decode("utf-8", "surrogateescape")
            for key in os.listxattr(fd)
            if key.startswith("user.") or key == "security.capability"
        }
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
