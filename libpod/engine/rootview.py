"""Owns: what is looked up or made in a container's mounted root file system before its process starts.

Everything goes through a descriptor of the root and openat2(2): nothing in the image can lead outside it.
"""

from __future__ import annotations

import errno
import os

from libpod import errors
from libpod.kernel import path
from libpod.spec import users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord
    from libpod.spec.users import User

_MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def read(root_fd: int, name: str) -> bytes:
    """A small file of the container; empty when it is missing or not a plain file."""
    try:
        return path.read_in_root(root_fd, name)
    except errors.KernelError as e:
        if e.errno in (*_MISSING, errno.EISDIR, errno.EACCES):
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


def exec_user(root_fd: int, record: ContainerRecord, name: str) -> User:
    """The ids for `exec --user`, by the files of the running container."""
    return users.resolve_user(
        name, read(root_fd, "/etc/passwd"), read(root_fd, "/etc/group"), record["group_add"]
    )
