"""Owns: what is looked up or made in a container's mounted root file system before its process starts.

Everything goes through a descriptor of the root and openat2(2): nothing in the image can lead outside it.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod import errors
from libpod.kernel import path
from libpod.spec import env as variables
from libpod.spec import users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from libpod.model.container import ContainerRecord
    from libpod.spec.users import User

FILES = ("/etc/passwd", "/etc/group")
_MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def read(root_fd: int, name: str) -> bytes:
    """A small file of the container; empty when it is missing or not a plain file."""
    try:
        return path.read_in_root(root_fd, name)
    except errors.KernelError as e:
        if e.errno in (*_MISSING, errno.EISDIR, errno.EACCES, errno.EINVAL, errno.ENXIO):
            return b""
        raise


def make_workdir(root_fd: int, record: ContainerRecord, who: User) -> None:
    """Make the working directory when it is missing, owned by the container's user, as `docker run -w`
    does."""
    workdir = record["workdir"]
    if workdir in ("", "/"):
        return
    if any(
        workdir == m["destination"] or workdir.startswith(m["destination"] + "/") for m in record["mounts"]
    ):
        return
    try:
        fd = path.open_in_root(root_fd, workdir, os.O_PATH | os.O_DIRECTORY)
    except errors.KernelError as e:
        if e.errno == errno.ENOTDIR:
            raise errors.UsageError(
                f'working directory "{workdir}" of container "{record["name"]}" is not a directory',
                remedy="give another one with --workdir",
            ) from e
        if e.errno != errno.ENOENT or record["security"]["read_only"]:
            raise
        fd = path.mkdirs_in_root(root_fd, workdir, 0o755, who["uid"], who["gid"])
    os.close(fd)


def check_command(root_fd: int, container: str, process: Mapping[str, Any]) -> None:
    """Raise CommandNotFound or CommandNotExecutable for a process object whose command cannot be started.

    The runtime would say so too, on the stderr of the caller and in its own words. What cannot be looked at
    from here is left to it."""
    subject = f'container "{container}"'
    cwd, name = process["cwd"], process["args"][0]
    error = _look(root_fd, cwd, os.O_DIRECTORY)
    if error in _MISSING:
        raise errors.CommandNotFound(f'{subject}: working directory "{cwd}": {os.strerror(error)}')
    if not name:
        raise errors.CommandNotExecutable(f"{subject}: the name of the command is empty")
    if "/" in name:
        error = _look(root_fd, f"{cwd}/{name}" if name[0] != "/" else name)
        if error in _MISSING:
            raise errors.CommandNotFound(f"{subject}: open executable `{name}`: {os.strerror(error)}")
        if error == errno.ENOEXEC:
            raise errors.CommandNotExecutable(f"{subject}: open executable `{name}`: Permission denied")
        return
    folders = (variables.get(process["env"], "PATH") or "").split(":")
    if all(folders) and all(_look(root_fd, f"{d}/{name}") in (*_MISSING, errno.ENOEXEC) for d in folders):
        raise errors.CommandNotFound(
            f"{subject}: executable file `{name}` not found in $PATH: No such file or directory"
        )


def _look(root_fd: int, name: str, flags: int = 0) -> int:
    """The errno of opening a path; ENOEXEC for what is there and is no program, 0 if all is well."""
    try:
        fd = path.open_in_root(root_fd, name, os.O_PATH | flags)
    except errors.KernelError as e:
        return int(e.errno or errno.EIO)
    try:
        mode = os.fstat(fd).st_mode
    finally:
        os.close(fd)
    return 0 if flags or (stat.S_ISREG(mode) and mode & 0o111) else errno.ENOEXEC


def make_mtab(root_fd: int, owner: tuple[int, int]) -> None:
    """/etc/mtab, which mount(8) and getmntent(3) of older programs read, where the image has /etc and not
    the file."""
    try:
        fd = path.open_in_root(root_fd, "/etc", os.O_PATH | os.O_DIRECTORY)
    except errors.KernelError:
        return
    try:
        os.symlink("/proc/mounts", "mtab", dir_fd=fd)
        if owner != (0, 0):
            os.chown("mtab", *owner, dir_fd=fd, follow_symlinks=False)
    except OSError:
        pass  # it is there, or cannot be
    finally:
        os.close(fd)


def exec_user(
    root_fd: int, record: ContainerRecord, user: str, more: tuple[bytes, bytes] = (b"", b"")
) -> User:
    """The ids of `USER[:GROUP]`, by the files that the container has now, and what they will get: `more`
    lines of /etc/passwd and /etc/group."""
    passwd, group = (
        users.joined(read(root_fd, name), lines) for name, lines in zip(FILES, more, strict=True)
    )
    return users.resolve_user(user, passwd, group, record["group_add"])
