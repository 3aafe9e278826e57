"""Owns: flags of inodes: ioctl_iflags(2)."""

from __future__ import annotations

import errno
import fcntl
import os
import struct

FS_IOC_GETFLAGS = 0x80086601
FS_IOC_SETFLAGS = 0x40086602
FS_TOPDIR_FL = 0x00020000
"""Directories in this one are strangers to each other, and are laid out apart (ext4)."""

_WITHOUT = (errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM, errno.EACCES, errno.EROFS)


def spread(path: str) -> bool:
    """Let new directories in this one lie apart on the disk; False where the file system knows no such
    thing, or the directory is somebody else's. Idempotent."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        word = bytearray(struct.calcsize("l"))
        fcntl.ioctl(fd, FS_IOC_GETFLAGS, word)
        flags = struct.unpack_from("i", word)[0]
        if not flags & FS_TOPDIR_FL:
            struct.pack_into("i", word, 0, flags | FS_TOPDIR_FL)
            fcntl.ioctl(fd, FS_IOC_SETFLAGS, word)
    except OSError as e:
        if e.errno not in _WITHOUT:
            raise
        return False
    finally:
        os.close(fd)
    return True
