"""Owns: copying and re-owning a directory tree by descriptors: no link is followed, no mount is crossed."""

from __future__ import annotations

import errno
import os
import stat

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Owner = Callable[[int, int], tuple[int, int]]

CHUNK = 1 << 20
_DIR_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def copy_content(source_fd: int, target_fd: int) -> None:
    """Copy everything in one directory into another, with owners, modes, times, links and attributes.

    Hard links inside the tree stay links. What lies on another device than `source_fd` is left out. Raises
    StorageError.
    """
    seen: dict[tuple[int, int], str] = {}
    try:
        _copy_dir(source_fd, target_fd, os.fstat(source_fd).st_dev, seen, target_fd, "")
    except OSError as e:
        raise errors.StorageError(f"cannot copy the image's files into the volume: {e.strerror}") from e


def chown(path: str, uid: int, gid: int) -> None:
    """Give a file, or a directory and everything below, to one owner. Links are not followed."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            facts = os.fstat(fd)
            if (facts.st_uid, facts.st_gid) != (uid, gid):
                os.fchown(fd, uid, gid)
            if stat.S_ISDIR(facts.st_mode):
                _chown_dir(fd, uid, gid, facts.st_dev)
        finally:
            os.close(fd)
    except OSError as e:
        raise errors.StorageError(
            f"cannot give {path} to {uid}:{gid}: {e.strerror}",
            remedy=f'look for files of others with "find {path} ! -user $USER"',
        ) from e


def _chown_dir(dir_fd: int, uid: int, gid: int, device: int) -> None:
    for name in os.listdir(dir_fd):
        facts = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
        if facts.st_dev != device:
            continue
        if (facts.st_uid, facts.st_gid) != (uid, gid):
            os.chown(name, uid, gid, dir_fd=dir_fd, follow_symlinks=False)
        if stat.S_ISDIR(facts.st_mode):
            fd = os.open(name, _DIR_FLAGS, dir_fd=dir_fd)
            try:
                _chown_dir(fd, uid, gid, device)
            finally:
                os.close(fd)


def _copy_dir(
    source_fd: int, target_fd: int, device: int, seen: dict[tuple[int, int], str], top_fd: int, prefix: str
) -> None:
    for name in sorted(os.listdir(source_fd)):
        facts = os.stat(name, dir_fd=source_fd, follow_symlinks=False)
        if stat.S_ISDIR(facts.st_mode):
            if facts.st_dev != device:
                continue
            os.mkdir(name, 0o700, dir_fd=target_fd)
            inner_fd = os.open(name, _DIR_FLAGS, dir_fd=source_fd)
            try:
                made_fd = os.open(name, _DIR_FLAGS, dir_fd=target_fd)
                try:
                    _copy_dir(inner_fd, made_fd, device, seen, top_fd, f"{prefix}{name}/")
                    dress(made_fd, facts, inner_fd)
                finally:
                    os.close(made_fd)
            finally:
                os.close(inner_fd)
            continue
        earlier = seen.get((facts.st_dev, facts.st_ino))
        if earlier is not None:
            os.link(earlier, name, src_dir_fd=top_fd, dst_dir_fd=target_fd, follow_symlinks=False)
            continue
        if copy_one(source_fd, target_fd, name, facts) and facts.st_nlink > 1:
            seen[facts.st_dev, facts.st_ino] = prefix + name


def ids_of(facts: os.stat_result, owner: Owner | None) -> tuple[int, int]:
    """The owner that a copy gets."""
    return (facts.st_uid, facts.st_gid) if owner is None else owner(facts.st_uid, facts.st_gid)


def copy_one(
    source_fd: int, target_fd: int, name: str, facts: os.stat_result, owner: Owner | None = None
) -> bool:
    """Copy what is no directory; False if it is of a kind that is left out (sockets, devices)."""
    if stat.S_ISREG(facts.st_mode):
        in_fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=source_fd)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            out_fd = os.open(name, flags, 0o600, dir_fd=target_fd)
            try:
                _copy_data(in_fd, out_fd, facts.st_size)
                dress(out_fd, facts, in_fd, owner)
            finally:
                os.close(out_fd)
        finally:
            os.close(in_fd)
        return True
    if stat.S_ISLNK(facts.st_mode):
        os.symlink(os.readlink(name, dir_fd=source_fd), name, dir_fd=target_fd)
        os.chown(name, *ids_of(facts, owner), dir_fd=target_fd, follow_symlinks=False)
    elif stat.S_ISFIFO(facts.st_mode):
        os.mkfifo(name, 0o600, dir_fd=target_fd)
        os.chown(name, *ids_of(facts, owner), dir_fd=target_fd, follow_symlinks=False)
        fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=target_fd)
        try:
            os.chmod(f"/proc/self/fd/{fd}", stat.S_IMODE(facts.st_mode))
        finally:
            os.close(fd)
    else:
        return False
    os.utime(name, ns=(facts.st_atime_ns, facts.st_mtime_ns), dir_fd=target_fd, follow_symlinks=False)
    return True


def _copy_data(in_fd: int, out_fd: int, size: int) -> None:
    """Copy what there is; holes stay holes."""
    at = 0
    while at < size:
        try:
            begin = os.lseek(in_fd, at, os.SEEK_DATA)
        except OSError as e:
            if e.errno != errno.ENXIO:
                raise
            break  # no data any more
        at = os.lseek(in_fd, begin, os.SEEK_HOLE)
        os.lseek(in_fd, begin, os.SEEK_SET)
        os.lseek(out_fd, begin, os.SEEK_SET)
        while begin < at and (done := os.sendfile(out_fd, in_fd, None, min(CHUNK, at - begin))):
            begin += done
    os.ftruncate(out_fd, size)


def _kept(name: str) -> bool:
    if name.startswith("user.overlay."):
        return False
    return name.startswith(("user.", "security.capability", "system.posix_acl_"))


def undress(fd: int) -> None:
    """Take away the attributes that `dress` gives."""
    for name in os.listxattr(fd):
        if _kept(name):
            os.removexattr(fd, name)


def dress(fd: int, facts: os.stat_result, like_fd: int, owner: Owner | None = None) -> None:
    """Give owner, mode, attributes and times of another file; overlay's own marks are left out. `owner`
    translates the ids.
    """
    os.fchown(fd, *ids_of(facts, owner))
    os.fchmod(fd, stat.S_IMODE(facts.st_mode))
    for name in os.listxattr(like_fd):
        if not _kept(name):
            continue
        try:
            os.setxattr(fd, name, os.getxattr(like_fd, name))
        except OSError:
            pass  # the file system of the volumes knows no such attribute
    os.utime(fd, ns=(facts.st_atime_ns, facts.st_mtime_ns))
