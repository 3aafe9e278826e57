"""Owns: files with several names (hard links), between two runs of fuse-overlayfs.

While it runs, all names of a file of the image are one file, also when it was changed. On disk the changed
copy has only one of these names (1.10), and the mark of where it comes from; the next run would show the old
content or the new one under the others, as it happens to look first. So before that run the copy gets the
other names too.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod import log
from libpod.util import copytree, dirview

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.util.dirview import Plain

    Inode = tuple[int, int]

_ORIGIN = "user.fuseoverlayfs.origin"
_STAGED = ".wh.pypod-"
"""Names that begin so are not seen in the container."""


def mend(upper: str, lower: list[str]) -> None:
    """Give changed files of the image all the names that they had, where these are still to be seen.

    `lower`: the layers, the top one first. The container must not run. Idempotent. What cannot be mended is
    logged and stays as it is.
    """
    try:
        copies = _copies(upper, lower)
        if copies:
            _link(upper, lower, copies)
    except (OSError, RecursionError) as e:
        log.warning("the names of files with hard links cannot be restored", folder=upper, error=str(e))


def _copies(upper: str, lower: list[str]) -> dict[Inode, str]:
    """The inode of each original with several names -> the path of its copy in the upper directory."""
    found: dict[Inode, str] = {}
    for folder, _folders, files, folder_fd in os.fwalk(upper):
        for name in files:
            try:
                origin = os.getxattr(f"/proc/self/fd/{folder_fd}/{name}", _ORIGIN, follow_symlinks=False)
            except OSError:
                continue  # made here, or no plain file
            facts = _original(lower, origin.rstrip(b"\0"))
            if facts is not None and facts.st_nlink > 1:
                found.setdefault((facts.st_dev, facts.st_ino), f"{folder}/{name}")
    return found


def _original(lower: list[str], origin: bytes) -> os.stat_result | None:
    for folder in lower:
        view = dirview.own(folder)
        try:
            facts = _look(view, origin)
        finally:
            view.close()
        if facts is not None:
            return facts if stat.S_ISREG(facts.st_mode) else None
    return None


def _link(upper: str, lower: list[str], copies: dict[Inode, str]) -> None:
    whole = dirview.layered([upper, *lower], fuse_top=True)
    try:
        for layer in lower:
            for folder, _folders, files, folder_fd in os.fwalk(layer):
                for name in files:
                    facts = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
                    inode = (facts.st_dev, facts.st_ino)
                    if facts.st_nlink > 1 and inode in copies:
                        _add(whole, upper, f"{folder}/{name}"[len(layer) + 1 :], inode, copies[inode])
    finally:
        whole.close()


def _add(whole: Plain, upper: str, name: str, inode: Inode, copy: str) -> None:
    """Make one more name of the copy, if the container sees the original there."""
    seen = _look(whole, os.fsencode(name))
    if seen is None or (seen.st_dev, seen.st_ino) != inode:
        return
    _make_parents(whole, upper, name)
    os.link(copy, f"{upper}/{name}", follow_symlinks=False)


def _make_parents(whole: Plain, upper: str, name: str) -> None:
    """Directories of the layers above, looking as they do there; each is whole when it gets its name."""
    views = [whole]
    try:
        done = upper
        for part in name.split("/")[:-1]:
            views.append(views[-1].child(os.fsencode(part)))
            done = f"{done}/{part}"
            if os.path.isdir(done):
                continue
            staged = f"{os.path.dirname(done)}/{_STAGED}{os.urandom(4).hex()}"
            os.mkdir(staged, 0o700)
            fd = os.open(staged, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                copytree.dress(fd, os.fstat(views[-1].fd), views[-1].fd)
            finally:
                os.close(fd)
            os.rename(staged, done)
    finally:
        for view in views[1:]:
            view.close()


def _look(view: Plain, name: bytes) -> os.stat_result | None:
    """The facts of a path; None if it is not there, or a link or mount is on the way."""
    *folders, base = name.split(b"/")
    if {b"", b".", b".."} & {*folders, base}:
        return None
    opened: list[Plain] = []
    try:
        for part in folders:
            opened.append((opened or [view])[-1].child(part))
        return (opened or [view])[-1].look(base)
    except OSError as e:
        if e.errno in (*dirview.GONE, errno.EXDEV):
            return None
        raise
    finally:
        for each in opened:
            each.close()
