"""Owns: inotify(7): to be told of changes of files instead of looking again and again."""

from __future__ import annotations

import os

from libpod.kernel import clib
from libpod.kernel.libc import check, libc

IN_MODIFY = 0x00000002
IN_ATTRIB = 0x00000004
IN_CLOSE_WRITE = 0x00000008
IN_MOVED_TO = 0x00000080
IN_CREATE = 0x00000100
IN_DELETE = 0x00000200
IN_DELETE_SELF = 0x00000400
IN_MOVE_SELF = 0x00000800
IN_CLOEXEC = 0o2000000
IN_NONBLOCK = 0o4000

libc.inotify_init1.argtypes = [clib.c_int]
libc.inotify_init1.restype = clib.c_int
libc.inotify_add_watch.argtypes = [clib.c_int, clib.c_char_p, clib.c_uint32]
libc.inotify_add_watch.restype = clib.c_int


class Watch:
    """One inotify instance. Readable (`fileno`) when something happened; close it with `with`.

    Raises KernelError: EMFILE when the user has no instance left (`fs.inotify.max_user_instances`), ENOSPC
    when it has no watch left.
    """

    def __init__(self) -> None:
        self._fd = check(libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1")

    def add(self, path: str, mask: int) -> int:
        return check(libc.inotify_add_watch(self._fd, os.fsencode(path), mask), "inotify_add_watch", path)

    def fileno(self) -> int:
        return self._fd

    def drain(self) -> bool:
        """Forget the events that are waiting; whether there were any."""
        seen = False
        while True:
            try:
                if not os.read(self._fd, 65536):
                    return seen
                seen = True
            except BlockingIOError:
                return seen

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
