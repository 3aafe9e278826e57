"""Owns: mounting overlay file systems, Documentation/filesystems/overlayfs.rst."""

from __future__ import annotations

import errno
import os

from libpod.errors import KernelError
from libpod.kernel import mount as mounting
from libpod.kernel import ns
from libpod.kernel.const import CLONE_NEWNS, MNT_DETACH

MAX_LOWERS = 500
"""OVL_MAX_STACK of the kernel."""
_MAX_DATA = 4000
"""mount(2) takes a page of options; what is longer goes by descriptors, and their names are short."""
_SPECIAL = frozenset(":,\\")


def mount_overlay(
    lower: list[str],
    upper: str | None,
    work: str | None,
    target: str,
    *,
    volatile: bool = False,
    userxattr: bool = True,
) -> None:
    """Mount an overlay of `lower`, topmost first; its changes go to `upper`, with `work` beside it.

    Without `upper` it is read-only; a single layer is then bound read-only, since overlay wants two. Layers
    can be as many and their paths as long as you like: they are named by descriptor where the option string
    would not hold them or where they contain `:` or `,`. `volatile` (5.10) leaves out every sync, also that
    of umount: after a crash the upper directory cannot be mounted again. `userxattr` (5.11) keeps overlay's
    marks in `user.overlay.*`: needed in a user namespace.
    """
    if not lower or len(lower) > MAX_LOWERS:
        raise KernelError(errno.EINVAL, "mount overlay", target)
    if upper is None and len(lower) == 1:
        mounting.bind(lower[0], target, readonly=True)
        return
    paths = [*lower] if upper is None or work is None else [*lower, upper, work]
    fixed = (",userxattr" if userxattr else "") + (",volatile" if volatile and upper is not None else "")
    opened: list[int] = []
    try:
        if sum(map(len, paths)) + 64 > _MAX_DATA or not all(map(_SPECIAL.isdisjoint, paths)):
            for path in paths:
                opened.append(_open_dir(path))
            paths = [f"/proc/self/fd/{fd}" for fd in opened]
        layers = len(lower)
        data = "lowerdir=" + ":".join(paths[:layers])
        if len(paths) > layers:
            data += f",upperdir={paths[layers]},workdir={paths[layers + 1]}"
        mounting.mount("overlay", target, "overlay", 0, data + fixed)
    finally:
        for fd in opened:
            os.close(fd)


def probe(directory: str) -> str:
    """Try an overlay with its layers in this directory; return "" when it works, else the reason.

    Works in a forked child with a mount namespace of its own. Needs to be root in a user namespace. 5 ms:
    remember the answer.
    """
    base = os.path.join(directory, f".probe-{os.getpid()}-{os.urandom(4).hex()}")
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            reason = _probe_in_child(base)
        except OSError as error:
            reason = str(error)
        except BaseException as error:
            reason = repr(error)
        try:
            os.write(write_fd, reason.encode("utf-8", "replace")[:4096])
        finally:
            os._exit(0)
    os.close(write_fd)
    try:
        answer = b""
        while part := os.read(read_fd, 4096):
            answer += part
    finally:
        os.close(read_fd)
        _, status = os.waitpid(pid, 0)
        _remove(base)
    return answer.decode("utf-8", "replace") or ("the probe died" if status else "")


def _probe_in_child(base: str) -> str:
    lower, upper, work, merged = (f"{base}/{name}" for name in ("lower", "upper", "work", "merged"))
    for path in (base, lower, upper, work, merged, f"{lower}/dir", f"{lower}/gone"):
        os.mkdir(path, 0o700)
    ns.unshare(CLONE_NEWNS)
    mounting.private_root()
    mount_overlay([lower], upper, work, merged)
    try:
        os.mkdir(f"{merged}/dir/new", 0o700)
        os.rmdir(f"{merged}/gone")  # makes a whiteout
        os.mkdir(f"{merged}/gone", 0o700)  # makes an opaque directory: needs user.overlay.* attributes
        os.chmod(f"{merged}/dir", 0o755)  # copies up
        if os.path.exists(f"{lower}/dir/new") or not os.path.isdir(f"{upper}/dir/new"):
            return "the overlay does not write into its upper directory"
    finally:
        mounting.umount(merged, MNT_DETACH)
    return ""


def _remove(base: str) -> None:
    """Remove what the probe made; overlay leaves a directory of mode 0 in `work`."""
    for root, directories, files in os.walk(base, topdown=False):
        for name in files:
            os.unlink(os.path.join(root, name))
        for name in directories:
            os.rmdir(os.path.join(root, name))
    try:
        os.rmdir(base)
    except FileNotFoundError:
        pass


def _open_dir(path: str) -> int:
    try:
        return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, "mount overlay: open layer", path) from None
