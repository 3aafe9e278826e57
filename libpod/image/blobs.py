"""Owns: the content store: manifests, configurations and layer archives, as the bytes of their digests.

`GRAPHROOT/blobs/sha256/<hex>`, as in an OCI image layout (image-spec image-layout.md "Blobs"), so that what
came from a registry or an archive can go back byte for byte. A blob is written in `tmp/`, checked, synced
and renamed.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod.storage import gc
from libpod.util import alive, atomic, failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.conf.paths import Paths

CHUNK = 1 << 18
MAX_DOCUMENT = 4 << 20
"""Longest manifest, index or configuration that is read (the registries' limit for manifests)."""
_REMEDY = "get the archive again, and compare its checksum"


def path(paths: Paths, digest: str) -> str:
    """Where a blob is or would be. `digest` is `sha256:<64 hex>`; anything else is a bug."""
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256" or len(value) != 64 or not value.isalnum():
        raise ValueError(f"not a digest: {digest!r}")
    return f"{paths.blobs}/sha256/{value}"


def exists(paths: Paths, digest: str) -> bool:
    return os.path.exists(path(paths, digest))


def size(paths: Paths, digest: str) -> int:
    """Raises StorageError when it is not there."""
    try:
        return os.stat(path(paths, digest)).st_size
    except OSError as e:
        raise _missing(digest, e) from e


def read(paths: Paths, digest: str) -> bytes:
    """The bytes of a manifest or configuration, checked against the digest. Raises StorageError."""
    data = read_file(path(paths, digest), digest)
    if digest_of(data) != digest:
        raise damaged(digest)
    return data


def read_file(file: str, digest: str) -> bytes:
    try:
        with open(file, "rb", buffering=0) as f:
            data = f.read(MAX_DOCUMENT + 1)
    except OSError as e:
        raise _missing(digest, e) from e
    if len(data) > MAX_DOCUMENT:
        raise errors.ImageError(f"the document {digest[:19]} is longer than {MAX_DOCUMENT >> 20} MiB")
    return data


def put(paths: Paths, data: bytes) -> str:
    """Store a small document; returns its digest. Idempotent."""
    digest = digest_of(data)
    if not exists(paths, digest):
        with Writer(paths) as writer:
            writer.write(data)
            writer.publish(digest)
    return digest


def digest_of(data: bytes) -> str:
    from hashlib import sha256

    return "sha256:" + sha256(data).hexdigest()


class Writer:
    """A blob in the making. Use as a context manager: what was not published is thrown away at the end of
    the block.
    """

    __slots__ = ("_fd", "_paths", "file", "size_bytes")

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self.file = f"{paths.tmp}/{gc.BLOB_PREFIX}{os.urandom(8).hex()}"
        self._fd = alive.hold(self.file)
        self.size_bytes = 0

    def write(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        self.size_bytes += len(rest)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except OSError as e:
                raise errors.StorageError(
                    f"cannot write into the store: {e.strerror}",
                    remedy="free space on the file system of the store, or use another one with --root",
                ) from e

    def publish(self, digest: str) -> None:
        """Sync the data and give it its name. The caller has checked that `digest` is the digest of what
        was written.
        """
        os.fdatasync(self._fd)
        failpoint.hit("blob:after-sync")
        folder = f"{self._paths.blobs}/sha256"
        os.makedirs(folder, mode=0o700, exist_ok=True)
        os.chmod(self.file, 0o644)
        os.rename(self.file, path(self._paths, digest))
        failpoint.hit("blob:after-rename")
        atomic.sync_dir(folder)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        os.close(self._fd)
        try:
            os.unlink(self.file)
        except FileNotFoundError:
            pass


def tee(read: Callable[[int], bytes], writer: Writer | None, hasher: object) -> Callable[[int], bytes]:
    """A read function that also hashes what passes and, with a writer, stores it."""
    update: Callable[[bytes], None] = hasher.update  # type: ignore[attr-defined]

    def tapped(count: int) -> bytes:
        data = read(count)
        if data:
            update(data)
            if writer is not None:
                writer.write(data)
        return data

    return tapped


def damaged(digest: str) -> errors.StorageError:
    """The error that says so of a blob whose bytes have another digest."""
    return errors.StorageError(
        f"the blob {digest[:19]} is damaged on the disk",
        remedy='remove the image with "pypod rmi", then load or pull it again',
        name=digest,
    )


def _missing(digest: str, e: OSError) -> errors.StorageError:
    return errors.StorageError(
        f"the blob {digest[:19]} cannot be read: {e.strerror}",
        remedy='remove the image with "pypod rmi", then load or pull it again',
        name=digest,
    )
