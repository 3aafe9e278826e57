"""Owns: unpacked layers: a crash at any moment leaves one whole or absent.

`layers/<key>/{diff, meta.json}`; the key is the beginning of the layer's chain id (image-spec config.md
"Layer ChainID"), so the same files on top of the same layers are kept once. A layer is made in `tmp/`,
beside a file `incomplete` whose lock its maker holds; its data is synced, the marker removed, and one
rename puts it in its place. The reference in the database comes last. Everything here runs inside the user
namespace: the files belong to mapped ids.
"""

from __future__ import annotations

import errno
import os

from libpod import errors
from libpod.kernel import clib, inodeflags
from libpod.kernel.libc import check, libc
from libpod.util import alive, atomic, failpoint, jsonio, staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypedDict

    from libpod.conf.paths import Paths

    class LayerMeta(TypedDict):
        schema: int
        diff_id: str
        """`sha256:...` of the uncompressed archive."""
        chain_id: str
        parent: str
        """Key of the layer below; empty for a base layer."""
        size_bytes: int
        """Sum of the sizes of the regular files."""
        stream_bytes: int
        """Size of the uncompressed archive."""
        entries: int


KEY_LENGTH = 32
MARKER = "incomplete"
STAGING_PREFIX = "layer-"
SCHEMA = 1

libc.syncfs.argtypes = [clib.c_int]
libc.syncfs.restype = clib.c_int


def chain_ids(diff_ids: Iterable[str]) -> list[str]:
    """The chain id of each layer, base first, as `sha256:...`."""
    from hashlib import sha256

    chain = ""
    out = []
    for diff_id in diff_ids:
        chain = "sha256:" + sha256(f"{chain} {diff_id}".encode()).hexdigest() if chain else diff_id
        out.append(chain)
    return out


def keys(diff_ids: Iterable[str]) -> list[str]:
    """The key of each layer, base first."""
    return [key_of(chain) for chain in chain_ids(diff_ids)]


def key_of(chain_id: str) -> str:
    return chain_id.partition(":")[2][:KEY_LENGTH]


def path(paths: Paths, key: str) -> str:
    return f"{paths.layers}/{key}"


def diff_dir(paths: Paths, key: str) -> str:
    """The directory with the layer's files."""
    return f"{paths.layers}/{key}/diff"


def exists(paths: Paths, key: str) -> bool:
    """True when the layer is there and whole."""
    return os.path.exists(f"{paths.layers}/{key}/meta.json")


def meta(paths: Paths, key: str) -> LayerMeta:
    """What is known about a layer. Raises StorageError when it is missing or damaged."""
    try:
        found: LayerMeta = jsonio.load_file(f"{paths.layers}/{key}/meta.json")
    except (OSError, ValueError) as e:
        raise damaged(key, (e.strerror or "") if isinstance(e, OSError) else str(e)) from e
    return found


def damaged(key: str, why: str) -> errors.StorageError:
    """The error for a layer that is not as it was published."""
    return errors.StorageError(
        f"layer {key[:12]} is missing or damaged: {why}",
        remedy='remove the images that use it with "pypod rmi", then load or pull them again',
        name=key,
    )


def all_keys(paths: Paths) -> list[str]:
    """The keys of all published layers, sorted."""
    try:
        names = os.listdir(paths.layers)
    except FileNotFoundError:
        return []
    return sorted(n for n in names if len(n) == KEY_LENGTH)


def sync(fd: int, shown: str) -> None:
    """Bring the file system of this open file to the disk. syncfs(2)."""
    check(libc.syncfs(fd), "syncfs", shown)


class Staged:
    """A layer in the making. Use as a context manager: what was not published is thrown away at the end of
    the block.
    """

    __slots__ = ("_marker_fd", "_paths", "_sealed", "chain", "diff", "folder", "key")

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._sealed = False
        self.folder = f"{paths.tmp}/{STAGING_PREFIX}{os.urandom(8).hex()}"
        self.diff = self.folder + "/diff"
        """Where to unpack to."""
        self.chain = ""
        """The chain id, once `describe` was called."""
        self.key = ""
        # ext4 looks at every inode that was freed a moment ago before it takes another one of the same place:
        # after an rmi of 20,000 files, a load beside it takes 12 s longer.
        inodeflags.spread(paths.tmp)
        os.mkdir(self.folder, 0o700)
        self._marker_fd = alive.hold(f"{self.folder}/{MARKER}")
        failpoint.hit("layer:after-marker")
        os.mkdir(self.diff, 0o755)
        os.chmod(self.diff, 0o755)

    def describe(
        self, diff_id: str, parent_chain: str, size_bytes: int, stream_bytes: int, entries: int
    ) -> LayerMeta:
        """Write down what was unpacked; `parent_chain` is the chain id of the layers below ("" for a base
        layer).
        """
        parents = [parent_chain] if parent_chain else []
        self.chain = chain_ids([*parents, diff_id])[-1]
        self.key = key_of(self.chain)
        info: LayerMeta = {
            "schema": SCHEMA,
            "diff_id": diff_id,
            "chain_id": self.chain,
            "parent": key_of(parent_chain) if parent_chain else "",
            "size_bytes": size_bytes,
            "stream_bytes": stream_bytes,
            "entries": entries,
        }
        atomic.write(f"{self.folder}/meta.json", jsonio.dumps(info) + "\n", mode=0o644, durable=False)
        failpoint.hit("layer:before-sync")
        return info

    def sync(self) -> None:
        """Bring everything to the disk and remove the marker; after this `publish` only renames."""
        folder_fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # One call for thousands of files, instead of an fsync for each.
            sync(folder_fd, self.folder)
            failpoint.hit("layer:after-sync")
            os.unlink(f"{self.folder}/{MARKER}")
            failpoint.hit("layer:after-unmark")
            os.fsync(folder_fd)
        finally:
            os.close(folder_fd)
        self._sealed = True

    def seal(
        self, diff_id: str, parent_chain: str, size_bytes: int, stream_bytes: int, entries: int
    ) -> LayerMeta:
        """`describe` and `sync`."""
        info = self.describe(diff_id, parent_chain, size_bytes, stream_bytes, entries)
        self.sync()
        return info

    def publish(self) -> bool:
        """Put the sealed layer in its place; False if another process was faster. The image lock must be
        held.
        """
        assert self._sealed, "a layer is sealed before it is published"
        target = f"{self._paths.layers}/{self.key}"
        for _ in range(2):
            try:
                os.rename(self.folder, target)
                break
            except OSError as e:
                if e.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise errors.StorageError(f"cannot publish layer {self.key[:12]}: {e.strerror}") from e
            if exists(self._paths, self.key):
                return False
            staging.discard(target, self._paths.trash)  # what a power cut left of it
        failpoint.hit("layer:after-rename")
        atomic.sync_dir(self._paths.layers)
        return True

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        os.close(self._marker_fd)
        if os.path.exists(self.folder):
            staging.discard(self.folder, self._paths.trash)


def begin(paths: Paths) -> Staged:
    """Begin a new layer: unpack into `.diff`, then `.seal()` and, under the image lock, `.publish()`."""
    return Staged(paths)


def trash(paths: Paths, key: str) -> str:
    """Move a layer out of sight; returns the path to empty later, outside the lock ("" if it was not
    there).
    """
    target = f"{paths.trash}/layer-{key}-{os.urandom(4).hex()}"
    try:
        os.rename(f"{paths.layers}/{key}", target)
    except FileNotFoundError:
        return ""
    return target


def delete(paths: Paths, key: str) -> None:
    """Remove a layer. Idempotent. Nothing may refer to it."""
    staging.discard(f"{paths.layers}/{key}", paths.trash)
