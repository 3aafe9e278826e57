"""Owns: from a layer's archive to an unpacked layer and a blob, in one pass, checked against its digests."""

from __future__ import annotations

import os

from libpod import errors, log
from libpod.image import blobs, compress
from libpod.storage import implicit, layers
from libpod.util import fanout, untar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, TypedDict

    from libpod.conf.paths import Paths
    from libpod.image.archive import Layer

    class Unpacked(TypedDict):
        diff_id: str
        """`sha256:...` of the uncompressed archive."""
        blob: str
        """`sha256:...` of the archive as it is kept."""
        blob_size: int
        compression: compress.Kind
        entries: int
        size_bytes: int
        stream_bytes: int
        warnings: list[str]
        warning_count: int
        implicit_dirs: list[str]


MEDIA_SUFFIX = {"": "", "gzip": "+gzip", "zstd": "+zstd", "xz": "", "bzip2": ""}
_REMEDY = "get the archive again, and compare its checksum"


def layer(
    paths: Paths,
    staged: layers.Staged,
    writer: blobs.Writer | None,
    read: compress.Read,
    *,
    owners: Literal["keep", "squash"] = "keep",
    keep: Literal["as-is", "uncompressed"] = "as-is",
) -> Unpacked:
    """Unpack one archive into a staged layer and write it into a blob, not published yet.

    xz and bzip2 are no media types of layers: such an archive is kept uncompressed, and any one with
    `keep="uncompressed"`.
    """
    from hashlib import sha256

    raw = compress.Peeked(read)
    kind = compress.kind_of(raw.head)
    outer, inner = sha256(), sha256()
    if kind and keep == "as-is" and kind in ("gzip", "zstd"):
        plain, _ = compress.opened(blobs.tee(raw.read, writer, outer))
        tapped, hasher = plain, inner
    else:
        plain = compress.opened(raw.read)[0]
        tapped, hasher, outer = blobs.tee(plain, writer, inner), None, inner
        kind = ""
    root_fd = os.open(staged.diff, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        report = untar.extract(tapped, root_fd, hasher=hasher, owners=owners, max_bytes=room(paths))
    finally:
        os.close(root_fd)
    return {
        "diff_id": f"sha256:{inner.hexdigest()}",
        "blob": f"sha256:{outer.hexdigest()}",
        "blob_size": writer.size_bytes if writer is not None else 0,
        "compression": kind,
        "entries": report.entries,
        "size_bytes": report.size_bytes,
        "stream_bytes": report.stream_bytes,
        "warnings": report.warnings,
        "warning_count": report.warning_count,
        "implicit_dirs": report.implicit_dirs,
    }


def report_warnings(done: Unpacked) -> None:
    """Tell the user what was left out of a layer; `--quiet` does not silence it."""
    for line in done["warnings"]:
        log.warning(line)
    more = done["warning_count"] - len(done["warnings"])
    if more > 0:
        log.warning(f"{more} more members or attributes of the archive were left out")


def room(paths: Paths) -> int:
    """How long an archive may become: it must not fill the disk, for that is everybody's."""
    facts = os.statvfs(paths.tmp)
    free = facts.f_bavail * facts.f_frsize
    return free - min(free // 20, 1 << 30) + (1 << 20)


class Batch:
    """The layers of one `load`: unpacked side by side, published together. A context manager: what is left
    over goes away.
    """

    def __init__(
        self,
        paths: Paths,
        owners: Literal["keep", "squash"],
        say: Callable[[str], None],
        tick: Callable[[], None] | None = None,
    ) -> None:
        self._paths = paths
        self._owners = owners
        self._say = say
        self._tick = tick
        self._staged: dict[str, layers.Staged] = {}
        self._writers: dict[str, blobs.Writer] = {}
        self._blobs: dict[str, str] = {}
        """Layer key -> digest of the blob in its writer."""
        self._done: dict[str, Unpacked] = {}

    def add(self, wanted: list[Layer]) -> list[Unpacked]:
        """Bring the layers of one image, base first; what the store or this batch has already is not read
        again.
        """
        chains = layers.chain_ids(item.diff_id for item in wanted)
        todo: list[tuple[str, Layer]] = []
        for chain, item in zip(chains, wanted, strict=True):
            key = layers.key_of(chain)
            if key in self._done or any(key == k for k, _ in todo):
                continue
            if self._known(key, item):
                continue
            todo.append((key, item))
        for key, _item in todo:
            self._staged[key] = layers.begin(self._paths)
            self._writers[key] = blobs.Writer(self._paths)
        jobs = [self._job(key, item) for key, item in todo]
        results = fanout.run(jobs, tick=self._tick) if jobs else []
        for (key, item), done in zip(todo, results, strict=True):
            self._check(item, done)
            self._done[key] = done
            self._blobs[key] = done["blob"]
            report_warnings(done)
        parent = ""
        for chain, item in zip(chains, wanted, strict=True):
            key = layers.key_of(chain)
            staged = self._staged.get(key)
            if staged is not None and not staged.chain:
                done = self._done[key]
                implicit.dress(staged.diff, done["implicit_dirs"], self._below(chains, chain))
                staged.describe(
                    item.diff_id, parent, done["size_bytes"], done["stream_bytes"], done["entries"]
                )
            parent = chain
        return [self._done[layers.key_of(chain)] for chain in chains]

    def _known(self, key: str, item: Layer) -> bool:
        """True when the layer and its blob are in the store; remembers what is known about them."""
        if not layers.exists(self._paths, key):
            return False
        blob = item.digest or item.diff_id
        if not blobs.exists(self._paths, blob):
            return False
        try:
            info = layers.meta(self._paths, key)
            blob_size = blobs.size(self._paths, blob)
        except errors.StorageError:
            return False  # somebody removed it a moment ago
        self._done[key] = {
            "diff_id": item.diff_id,
            "blob": blob,
            "blob_size": blob_size,
            "compression": "",
            "entries": info["entries"],
            "size_bytes": info["size_bytes"],
            "stream_bytes": info["stream_bytes"],
            "warnings": [],
            "warning_count": 0,
            "implicit_dirs": [],
        }
        return True

    def _job(self, key: str, item: Layer) -> Callable[[], Unpacked]:
        staged, writer = self._staged[key], self._writers[key]

        def work() -> Unpacked:
            keep: Literal["as-is", "uncompressed"] = "as-is" if item.digest else "uncompressed"
            done = layer(self._paths, staged, writer, item.open(), owners=self._owners, keep=keep)
            done["blob_size"] = writer.size_bytes
            return done

        self._say(f"Copying blob {item.digest or item.diff_id}")
        return work

    def _check(self, item: Layer, done: Unpacked) -> None:
        if item.digest and done["blob"] != item.digest:
            raise errors.ImageError(
                f"damaged image: the layer {item.digest[:19]} does not have that digest", remedy=_REMEDY
            )
        if item.size >= 0 and done["blob_size"] != item.size:
            raise errors.ImageError(
                f"damaged image: the layer {item.digest[:19]} has {done['blob_size']} bytes, not {item.size}",
                remedy=_REMEDY,
            )
        if done["diff_id"] != item.diff_id:
            raise errors.ImageError(
                f"damaged image: a layer unpacks to {done['diff_id'][:19]}, "
                f"and the configuration says {item.diff_id[:19]}",
                remedy=_REMEDY,
            )

    def _below(self, chains: list[str], chain: str) -> list[str]:
        """The directories of the layers below one, the nearest first."""
        keys = [layers.key_of(c) for c in chains[: chains.index(chain)]]
        return [
            self._staged[k].diff if k in self._staged else layers.diff_dir(self._paths, k)
            for k in reversed(keys)
        ]

    def seal(self) -> None:
        """Bring everything to the disk, and the archives into the content store."""
        for staged in self._staged.values():
            staged.sync()
        for key, writer in self._writers.items():
            writer.publish(self._blobs[key])

    def publish(self) -> None:
        """Give the layers their places. The image lock must be held."""
        for staged in self._staged.values():
            staged.publish()

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        for writer in self._writers.values():
            writer.__exit__(kind, value, trace)
        for staged in self._staged.values():
            staged.__exit__(kind, value, trace)
