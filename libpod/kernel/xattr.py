"""Owns: extended attributes by descriptor, xattr(7)."""

from __future__ import annotations

import errno
import os

from libpod.errors import KernelError


def get(fd: int, name: str) -> bytes | None:
    """Return the value, or None where there is none or the file system has no such attributes.

    Not for O_PATH descriptors.
    """
    try:
        return os.getxattr(fd, name)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.EOPNOTSUPP):
            return None
        raise KernelError(error.errno or errno.EIO, f"getxattr {name}") from None


def set(fd: int, name: str, value: bytes) -> None:
    """Set the value. EOPNOTSUPP: not on this file system; EPERM: not for this process or kind of file."""
    try:
        os.setxattr(fd, name, value)
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, f"setxattr {name}") from None


def names(fd: int) -> list[str]:
    """Return the names of all attributes; none where the file system has none."""
    try:
        return os.listxattr(fd)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return []
        raise KernelError(error.errno or errno.EIO, "listxattr") from None
