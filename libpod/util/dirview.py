"""Owns: directories as readers of whole trees see them: plain, a layer with its marks, several layers as one.

Nothing is mounted: what overlay would show is looked up layer by layer (Documentation/filesystems/
overlayfs.rst "whiteouts and opaque directories"), so the same code reads the files of every storage driver,
also where the kernel's overlay does not work. No link is followed and no mount entered.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod.kernel import path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

OPAQUE = "user.overlay.opaque"
_FUSE_OPAQUE = "user.fuseoverlayfs.opaque"
_MARK = b".wh."
_OPAQUE_FILE = b".wh..wh..opq"
GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE)


class Plain:
    """A directory as it is. Owns its descriptor."""

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        self.fd = fd
        """For the facts and attributes of the directory itself."""

    def names(self) -> list[bytes]:
        """What is in it, in no order."""
        return [os.fsencode(name) for name in os.listdir(self.fd)]

    def look(self, name: bytes) -> os.stat_result | None:
        """The facts of an entry; None when it is not there."""
        return _look(self.fd, name)

    def at(self, name: bytes) -> int:
        """The descriptor to open an entry at; it stays the directory's."""
        return self.fd

    def child(self, name: bytes) -> Plain:
        """A directory in it (owned). KernelError: EXDEV for a mount point."""
        return Plain(path.open_dir_no_xdev(self.fd, os.fsdecode(name)))

    def removed(self, name: bytes, facts: os.stat_result | None) -> bool:
        """Say whether the entry is a mark for one that is gone."""
        return False

    @property
    def opaque(self) -> bool:
        """Say whether it hides those of the layers below."""
        return False

    def dup(self) -> Plain:
        return Plain(os.dup(self.fd))

    def close(self) -> None:
        os.close(self.fd)


class Own(Plain):
    """A layer's own directory: with the marks for what is gone, as entries of their own.

    `fuse`: it was written by fuse-overlayfs, which has files `.wh.X` as well and no others of such names.
    """

    __slots__ = ("fuse",)

    def __init__(self, fd: int, fuse: bool = False) -> None:
        super().__init__(fd)
        self.fuse = fuse

    def names(self) -> list[bytes]:
        found = super().names()
        if not self.fuse or not any(name.startswith(_MARK) for name in found):
            return found
        seen = {name for name in found if not name.startswith(_MARK)}
        # `.wh..opq` is a whiteout of the mark itself.
        seen.update(name[4:] for name in found if name.startswith(_MARK) and not name[4:].startswith(b"."))
        return list(seen)

    def removed(self, name: bytes, facts: os.stat_result | None) -> bool:
        if facts is None:
            return self.hides(name)
        return stat.S_ISCHR(facts.st_mode) and facts.st_rdev == 0

    def child(self, name: bytes) -> Own:
        return Own(path.open_dir_no_xdev(self.fd, os.fsdecode(name)), self.fuse)

    @property
    def opaque(self) -> bool:
        for key in (OPAQUE, _FUSE_OPAQUE) if self.fuse else (OPAQUE,):
            try:
                if os.getxattr(self.fd, key) == b"y":
                    return True
            except OSError:
                pass
        return self.fuse and _look(self.fd, _OPAQUE_FILE) is not None

    def hides(self, name: bytes) -> bool:
        """Say whether a file `.wh.X` of fuse-overlayfs takes the name away."""
        return self.fuse and _look(self.fd, _MARK + name) is not None

    def dup(self) -> Own:
        return Own(os.dup(self.fd), self.fuse)


class Layered(Plain):
    """Several layers as one directory, the top one first. Owns all of them."""

    __slots__ = ("_found", "_layers")

    def __init__(self, layers: Sequence[Own]) -> None:
        super().__init__(layers[0].fd)
        self._layers = layers
        self._found: dict[bytes, tuple[int, os.stat_result] | None] = {}

    def names(self) -> list[bytes]:
        every = {name for layer in self._layers for name in layer.names()}
        return [name for name in every if self._find(name) is not None]

    def look(self, name: bytes) -> os.stat_result | None:
        found = self._find(name)
        return found[1] if found is not None else None

    def at(self, name: bytes) -> int:
        found = self._find(name)
        return found[0] if found is not None else self.fd

    def child(self, name: bytes) -> Plain:
        found: list[Own] = []
        try:
            for layer in self._layers:
                facts = layer.look(name)
                if facts is not None:
                    if not stat.S_ISDIR(facts.st_mode):
                        break
                    found.append(layer.child(name))
                    if found[-1].opaque:
                        break
                if layer.hides(name):
                    break
            if not found:
                return super().child(name)  # ENOENT, ENOTDIR
        except BaseException:
            for each in found:
                each.close()
            raise
        return Layered(found)

    def dup(self) -> Layered:
        return Layered([layer.dup() for layer in self._layers])

    def close(self) -> None:
        for layer in self._layers:
            layer.close()

    def _find(self, name: bytes) -> tuple[int, os.stat_result] | None:
        """Where the name is, and its facts; kept, since readers ask several times."""
        if name not in self._found:
            self._found[name] = self._search(name)
        return self._found[name]

    def _search(self, name: bytes) -> tuple[int, os.stat_result] | None:
        for layer in self._layers:
            facts = layer.look(name)
            if facts is not None:
                return None if layer.removed(name, facts) else (layer.fd, facts)
            if layer.hides(name):
                return None
        return None


def plain(root_fd: int) -> Plain:
    """A tree by a descriptor of its root (O_PATH will do), which stays the caller's."""
    return Plain(path.open_dir_no_xdev(root_fd, "."))


def own(folder: str, *, fuse: bool = False) -> Own:
    """The tree of one layer, with its marks. KernelError when it is not there."""
    root_fd = path.open_root(folder)
    try:
        return Own(path.open_dir_no_xdev(root_fd, "."), fuse)
    finally:
        os.close(root_fd)


def layered(folders: Sequence[str], *, fuse_top: bool = False) -> Layered:
    """The tree that these layers show together, the top one first; `fuse_top` is `fuse` of the first."""
    opened: list[Own] = []
    try:
        for folder in folders:
            opened.append(own(folder, fuse=fuse_top and not opened))
            if opened[-1].opaque:
                break
    except BaseException:
        for each in opened:
            each.close()
        raise
    return Layered(opened)


def _look(dir_fd: int, name: bytes) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except OSError as e:
        if e.errno in GONE:
            return None
        raise
