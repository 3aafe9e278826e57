"""Owns: the mount system calls, old and new, and the mount table."""

from __future__ import annotations

import errno
import os
import sys

from libpod.errors import KernelError
from libpod.kernel import clib
from libpod.kernel.const import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_RECURSIVE,
    CLONE_NEWNS,
    FSCONFIG_CMD_CREATE,
    FSCONFIG_SET_FD,
    FSCONFIG_SET_FLAG,
    FSCONFIG_SET_STRING,
    FSMOUNT_CLOEXEC,
    FSOPEN_CLOEXEC,
    MNT_DETACH,
    MOUNT_ATTR_RDONLY,
    MOVE_MOUNT_F_EMPTY_PATH,
    MS_BIND,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    MS_SLAVE,
    NR_FSCONFIG,
    NR_FSMOUNT,
    NR_FSOPEN,
    NR_MOUNT_SETATTR,
    NR_MOVE_MOUNT,
    NR_OPEN_TREE,
    OPEN_TREE_CLOEXEC,
    OPEN_TREE_CLONE,
)
from libpod.kernel.libc import c_char_p, c_int, c_size_t, c_uint, c_void_p, check, encode, libc, syscall

_open_tree = syscall(NR_OPEN_TREE, c_int, c_char_p, c_uint)
_move_mount = syscall(NR_MOVE_MOUNT, c_int, c_char_p, c_int, c_char_p, c_uint)
_fsopen = syscall(NR_FSOPEN, c_char_p, c_uint)
_fsconfig = syscall(NR_FSCONFIG, c_int, c_uint, c_char_p, c_char_p, c_int)
_fsmount = syscall(NR_FSMOUNT, c_int, c_uint, c_uint)
_mount_setattr = syscall(NR_MOUNT_SETATTR, c_int, c_char_p, c_uint, c_void_p, c_size_t)

_LOCKED_FLAGS = {
    os.ST_NOSUID: 0x2,
    os.ST_NODEV: 0x4,
    os.ST_NOEXEC: 0x8,
    os.ST_NOATIME: 0x400,
    os.ST_NODIRATIME: 0x800,
    os.ST_RELATIME: 0x200000,
}
"""statvfs flag -> MS_ flag: what a remount in a user namespace must repeat (mount_namespaces(7), "locked").
"""


class MountAttr(clib.Structure):
    """struct mount_attr, mount_setattr(2)."""

    _fields_ = [
        ("attr_set", clib.c_uint64),
        ("attr_clr", clib.c_uint64),
        ("propagation", clib.c_uint64),
        ("userns_fd", clib.c_uint64),
    ]


class MountRow:
    """A line of /proc/<pid>/mountinfo, proc_pid_mountinfo(5)."""

    __slots__ = (
        "device",
        "fstype",
        "id",
        "optional",
        "options",
        "parent",
        "root",
        "source",
        "super_options",
        "target",
    )

    def __init__(self, line: str) -> None:
        words = line.split()
        dash = words.index("-", 6)
        self.id = int(words[0])
        self.parent = int(words[1])
        self.device = words[2]
        """`major:minor`."""
        self.root = _unescape(words[3])
        self.target = _unescape(words[4])
        self.options = words[5].split(",")
        self.optional = words[6:dash]
        """Propagation: `shared:N`, `master:N`."""
        self.fstype = words[dash + 1]
        self.source = _unescape(words[dash + 2])
        self.super_options = words[dash + 3].split(",") if len(words) > dash + 3 else []


def mount(
    source: str | None, target: str, fstype: str | None, flags: int = 0, data: str | None = None
) -> None:
    """mount(2).

    `data` holds 4095 bytes at most: the kernel cuts what is longer without a word, so that is EINVAL here.
    """
    raw = encode(data)
    if raw is not None and len(raw) > 4095:
        raise KernelError(errno.EINVAL, "mount", target)
    check(libc.mount(encode(source), encode(target), encode(fstype), flags, raw), "mount", target)


def umount(target: str, flags: int = MNT_DETACH) -> None:
    """umount2(2). Lazy unless other flags are given."""
    check(libc.umount2(encode(target), flags), "umount", target)


def private_root() -> None:
    """Keep mounts made here from other mount namespaces; the host's still arrive (MS_SLAVE, recursive)."""
    mount(None, "/", None, MS_REC | MS_SLAVE)


def bind(source: str, target: str, *, recursive: bool = False, readonly: bool = False) -> None:
    """Bind mount.

    `readonly` covers the mounts below too where mount_setattr(2) exists (5.12), else the top one alone.
    """
    mount(source, target, None, MS_BIND | (MS_REC if recursive else 0))
    if readonly:
        _make_readonly(target, recursive)


def open_tree(dir_fd: int, path: str, flags: int = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC) -> int:
    """Return an owned descriptor of a mount; with OPEN_TREE_CLONE of a detached copy for `move_mount`.

    open_tree(2), 5.2. EINVAL or EPERM for a mount that this mount namespace does not own.
    """
    return check(_open_tree(dir_fd, encode(path), flags | OPEN_TREE_CLOEXEC), "open_tree", path)


def move_mount(
    mount_fd: int, target: str, *, target_dir_fd: int = AT_FDCWD, flags: int = MOVE_MOUNT_F_EMPTY_PATH
) -> None:
    """Attach the mount behind this descriptor at the target. move_mount(2), 5.2."""
    check(_move_mount(mount_fd, b"", target_dir_fd, encode(target), flags), "move_mount", target)


def clone_from(pid: int, target: str) -> int:
    """Return an owned descriptor of a copy of what is mounted at `target` for another process: the same file
    system, for `move_mount`. The mounts below are not in it.

    A forked child goes there: setns(2) wants a process that shares nothing with threads. The caller is root
    in the user namespace of the other's mount namespace. KernelError: EINVAL when nothing is mounted there,
    ESRCH when the process is gone.
    """
    import _socket  # lazy: seldom used

    from libpod.kernel import ns, process

    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    child = os.fork()
    if child == 0:
        number = errno.EIO
        try:
            ns.setns(process.pidfd_open(pid), CLONE_NEWNS)
            fd = open_tree(AT_FDCWD, target)
            rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fd.to_bytes(4, sys.byteorder))]
            theirs.sendmsg([b"\0"], rights)
            os._exit(0)
        except OSError as error:
            number = error.errno or number
        finally:
            os._exit(number)
    theirs.close()
    try:
        _data, rights, _flags, _address = ours.recvmsg(1, _socket.CMSG_SPACE(4), _socket.MSG_CMSG_CLOEXEC)
    finally:
        ours.close()
        _, status = os.waitpid(child, 0)
    if not rights:
        raise KernelError(os.waitstatus_to_exitcode(status) or errno.EIO, "copy the mount", target)
    return int.from_bytes(rights[0][2][:4], sys.byteorder)


def attach_clone(pid: int, source: str, target: str) -> None:
    """Mount at `target` what another process has mounted at `source`; see `clone_from`."""
    fd = clone_from(pid, source)
    try:
        move_mount(fd, target)
    finally:
        os.close(fd)


def mount_setattr(
    dir_fd: int,
    path: str,
    *,
    set_attrs: int = 0,
    clear_attrs: int = 0,
    propagation: int = 0,
    userns_fd: int = 0,
    recursive: bool = False,
) -> None:
    """Change the attributes (MOUNT_ATTR_*) of a mount. mount_setattr(2), 5.12; ENOSYS = not there."""
    attr = MountAttr(set_attrs, clear_attrs, propagation, userns_fd)
    flags = (AT_RECURSIVE if recursive else 0) | (0 if path else AT_EMPTY_PATH)
    check(
        _mount_setattr(dir_fd, encode(path), flags, clib.byref(attr), clib.sizeof(attr)),
        "mount_setattr",
        path,
    )


def fsopen(fstype: str) -> int:
    """Return an owned descriptor of a new file system context. fsopen(2), 5.2."""
    return check(_fsopen(encode(fstype), FSOPEN_CLOEXEC), "fsopen", fstype)


def fsconfig(fs_fd: int, key: str, value: str | int | None = None) -> None:
    """Set an option: text (255 bytes at most), a descriptor, or none = a flag. fsconfig(2), 5.2."""
    if value is None:
        ret = _fsconfig(fs_fd, FSCONFIG_SET_FLAG, encode(key), None, 0)
    elif isinstance(value, int):
        ret = _fsconfig(fs_fd, FSCONFIG_SET_FD, encode(key), None, value)
    else:
        ret = _fsconfig(fs_fd, FSCONFIG_SET_STRING, encode(key), encode(value), 0)
    if ret < 0:
        raise KernelError(clib.get_errno(), f"fsconfig {key}", messages(fs_fd) or None)


def fscreate(fs_fd: int) -> None:
    """Make the file system of the context (FSCONFIG_CMD_CREATE)."""
    if _fsconfig(fs_fd, FSCONFIG_CMD_CREATE, None, None, 0) < 0:
        raise KernelError(clib.get_errno(), "fsconfig create", messages(fs_fd) or None)


def fsmount(fs_fd: int, attrs: int = 0) -> int:
    """Return an owned descriptor of a detached mount of the context's file system. fsmount(2), 5.2."""
    return check(_fsmount(fs_fd, FSMOUNT_CLOEXEC, attrs), "fsmount")


def messages(fs_fd: int) -> str:
    """Return what the kernel has to say about a file system context, with its reasons for a failure."""
    lines = []
    while True:
        try:
            lines.append(os.read(fs_fd, 1024).decode("utf-8", "replace").strip())
        except OSError:  # ENODATA: no more
            return "; ".join(lines)


def mounts(pid: int | str = "self") -> list[MountRow]:
    """Return the mount table of a process: a mount comes after what it lies upon."""
    with open(f"/proc/{pid}/mountinfo", "rb", buffering=0) as stream:
        text = os.fsdecode(stream.read())
    return [MountRow(line) for line in text.split("\n") if line]


def _make_readonly(target: str, recursive: bool) -> None:
    try:
        mount_setattr(AT_FDCWD, target, set_attrs=MOUNT_ATTR_RDONLY, recursive=recursive)
        return
    except KernelError as error:
        if error.errno != errno.ENOSYS:
            raise
    flags = MS_BIND | MS_REMOUNT | MS_RDONLY
    present = os.statvfs(target).f_flag
    for have, keep in _LOCKED_FLAGS.items():
        if present & have:
            flags |= keep
    mount(None, target, None, flags)


def _unescape(word: str) -> str:
    """Undo the octal escapes of blanks and backslashes in the mount table."""
    if "\\" not in word:
        return word
    head, *rest = word.split("\\")
    return head + "".join(chr(int(part[:3], 8)) + part[3:] for part in rest)
