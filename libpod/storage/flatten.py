"""Owns: laying one layer over a directory, as overlay would show both, by descriptors.

No link is followed: layers hold whatever an image's author has put there.
"""

from __future__ import annotations

import os
import stat

from libpod.util import copytree, staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.util.copytree import Owner

_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPAQUE = "user.overlay.opaque"

Seen = dict[tuple[int, int], str]


def apply(source: str, target: str, owner: Owner | None = None) -> None:
    """Change the directory `target` as the layer in the directory `source` says. OSError as it comes.

    `owner` translates the ids.
    """
    source_fd = os.open(source, _DIR)
    try:
        target_fd = os.open(target, _DIR)
        try:
            _lay(source_fd, target_fd, {}, target_fd, "", owner)
            copytree.dress(target_fd, os.fstat(source_fd), source_fd, owner)
        finally:
            os.close(target_fd)
    finally:
        os.close(source_fd)


def _lay(source_fd: int, target_fd: int, seen: Seen, top_fd: int, prefix: str, owner: Owner | None) -> None:
    for name in sorted(os.listdir(source_fd)):
        facts = os.stat(name, dir_fd=source_fd, follow_symlinks=False)
        if stat.S_ISDIR(facts.st_mode):
            _lay_dir(source_fd, target_fd, name, seen, top_fd, prefix, owner)
            continue
        staging.remove_tree_at(target_fd, name)
        if stat.S_ISCHR(facts.st_mode) and facts.st_rdev == 0:
            continue  # a whiteout
        earlier = seen.get((facts.st_dev, facts.st_ino))
        if earlier is not None:
            os.link(earlier, name, src_dir_fd=top_fd, dst_dir_fd=target_fd, follow_symlinks=False)
        elif copytree.copy_one(source_fd, target_fd, name, facts, owner):
            if facts.st_nlink > 1:
                seen[facts.st_dev, facts.st_ino] = prefix + name
        elif stat.S_ISCHR(facts.st_mode) or stat.S_ISBLK(facts.st_mode):  # only in the store of the real root
            os.mknod(name, facts.st_mode, facts.st_rdev, dir_fd=target_fd)
            ids = copytree.ids_of(facts, owner)
            os.chown(name, *ids, dir_fd=target_fd, follow_symlinks=False)


def _lay_dir(
    source_fd: int, target_fd: int, name: str, seen: Seen, top_fd: int, prefix: str, owner: Owner | None
) -> None:
    inner_fd = os.open(name, _DIR, dir_fd=source_fd)
    try:
        if not _merges(inner_fd, target_fd, name):
            staging.remove_tree_at(target_fd, name)
            os.mkdir(name, 0o700, dir_fd=target_fd)
        made_fd = os.open(name, _DIR, dir_fd=target_fd)
        try:
            copytree.undress(made_fd)
            _lay(inner_fd, made_fd, seen, top_fd, f"{prefix}{name}/", owner)
            copytree.dress(made_fd, os.fstat(inner_fd), inner_fd, owner)
        finally:
            os.close(made_fd)
    finally:
        os.close(inner_fd)


def _merges(inner_fd: int, target_fd: int, name: str) -> bool:
    """Say whether both directories are seen as one: there is one below, and the upper does not hide it."""
    try:
        if not stat.S_ISDIR(os.stat(name, dir_fd=target_fd, follow_symlinks=False).st_mode):
            return False
    except FileNotFoundError:
        return False
    try:
        return os.getxattr(inner_fd, _OPAQUE) != b"y"
    except OSError:
        return True
