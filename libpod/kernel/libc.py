"""Owns: the C library's functions as ctypes sees them: prototypes set once, errors as KernelError."""

from __future__ import annotations

import os

from libpod.errors import KernelError
from libpod.kernel import clib
from libpod.kernel.clib import c_char_p, c_int, c_long, c_size_t, c_uint, c_ulong, c_void_p

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

libc = clib.CDLL(None, use_errno=True)


def _prototypes() -> None:
    for name, *arguments in (
        ("mount", c_char_p, c_char_p, c_char_p, c_ulong, c_char_p),
        ("prctl", c_int, c_ulong, c_ulong, c_ulong, c_ulong),
        ("setns", c_int, c_int),
        ("statfs", c_char_p, c_void_p),
        ("umount2", c_char_p, c_int),
        ("unshare", c_int),
    ):
        function = getattr(libc, name)
        function.argtypes = arguments
        function.restype = c_int


_prototypes()


def syscall(number: int, *arguments: Any) -> Any:
    """Return a function that makes this system call; `arguments` are the ctypes types after the number.

    For numbers >= 424.
    """
    # libc["name"] makes a new function object each time, so that each caller has a prototype of its own.
    function = libc["syscall"]
    function.argtypes = [c_long, *arguments]
    function.restype = c_long

    def call(*values: Any) -> int:
        return int(function(number, *values))

    return call


def check(ret: int, op: str, path: str | None = None) -> int:
    """Return what the call returned, or raise KernelError with errno.

    To be called in the very next expression after it.
    """
    if ret < 0:
        raise KernelError(clib.get_errno(), op, path)
    return ret


def encode(text: str | None) -> bytes | None:
    """Return a path or option string as the kernel takes it."""
    return None if text is None else os.fsencode(text)


def file_system_type(path: str) -> int:
    """Return f_type of the file system that holds this path, statfs(2)."""
    buffer = clib.create_string_buffer(
        512
    )  # struct statfs: 120 bytes on 64-bit machines, f_type is its first long
    check(libc.statfs(os.fsencode(path), buffer), "statfs", path)
    return c_ulong.from_buffer(buffer).value & 0xFFFFFFFF


__all__ = [
    "c_char_p",
    "c_int",
    "c_long",
    "c_size_t",
    "c_uint",
    "c_ulong",
    "c_void_p",
    "check",
    "encode",
    "file_system_type",
    "libc",
    "syscall",
]
