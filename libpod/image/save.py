"""Owns: images of the store as archives and directories: docker-archive, oci-archive, oci-dir, docker-dir.

Blobs are checked against their digests on their way out. A docker-archive has uncompressed layers, named by
their digests; the others have the blobs as they are kept.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod.image import blobs, compress, convert, manifest
from libpod.storage import layers
from libpod.util import jsonio, mktar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from libpod.conf.paths import Paths
    from libpod.image.compress import Read
    from libpod.image.convert import Image
    from libpod.model.image import ImageRecord

    Wanted = list[tuple[ImageRecord, list[str]]]
    """(record, the names that it has in the archive)."""

FORMATS = ("docker-archive", "oci-archive", "oci-dir", "docker-dir")
CHUNK = 1 << 18
_REMEDY = 'remove the image with "pypod rmi", then load or pull it again'


class Target:
    """Takes the files of an archive or a directory."""

    def put(self, name: str, data: bytes) -> None:
        raise NotImplementedError

    def stream(self, name: str, size: int, read: Read) -> None:
        """Write a file of `size` bytes; a stream that is longer or shorter is a bug of the caller's."""
        raise NotImplementedError


class TarTarget(Target):
    def __init__(self, fd: int, shown: str) -> None:
        self._flush = mktar.to_fd(fd, shown)
        self._tar = mktar.TarWriter(self._flush)
        self._folders: set[str] = set()

    def put(self, name: str, data: bytes) -> None:
        self._above(name)
        self._tar.file(name, data)

    def stream(self, name: str, size: int, read: Read) -> None:
        self._above(name)
        self._tar.begin_file(name, size)
        while data := read(CHUNK):
            self._tar.write(data)
        self._tar.end_file()

    def _above(self, name: str) -> None:
        folder = ""
        for part in name.split("/")[:-1]:
            folder += part + "/"
            if folder not in self._folders:
                self._folders.add(folder)
                self._tar.directory(folder)

    def close(self) -> None:
        self._tar.close()
        self._flush(b"")


class DirTarget(Target):
    def __init__(self, folder: str) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes) -> None:
        parts = [data]
        self.stream(name, len(data), lambda count: parts.pop() if parts else b"")

    def stream(self, name: str, size: int, read: Read) -> None:
        path = f"{self._folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            put = mktar.to_fd(fd, path)
            while data := read(CHUNK):
                put(data)
            put(b"")
        finally:
            os.close(fd)


def write(paths: Paths, wanted: Wanted, kind: str, target: Target, say: Callable[[str], None]) -> None:
    """Write the images in one of FORMATS. Raises StorageError for a damaged blob."""
    say("Getting image source signatures")
    if kind == "docker-archive":
        _docker_archive(paths, wanted, target, say)
    elif kind == "docker-dir":
        [(record, _names)] = wanted
        _docker_dir(paths, convert.to_format(convert.read(paths, record), "v2s2"), target, say)
    else:
        _oci(paths, wanted, target, say)
    say("Writing manifest to image destination")
    say("Storing signatures")


def _docker_archive(paths: Paths, wanted: Wanted, target: Target, say: Callable[[str], None]) -> None:
    listed: list[dict[str, Any]] = []
    written: set[str] = set()
    for record, names in wanted:
        image = convert.read(paths, record)
        for number, (descriptor, diff_id) in enumerate(zip(image.layers, record["diff_ids"], strict=True)):
            if diff_id in written:
                continue
            written.add(diff_id)
            say(f"Copying blob {diff_id}")
            size = layers.meta(paths, record["layers"][number])["stream_bytes"]
            plain = compress.opened(_file(paths, descriptor["digest"]))[0]
            target.stream(f"{_hex(diff_id)}.tar", size, _checked(plain, diff_id, size))
        config = f"{_hex(image.config_digest)}.json"
        if image.config_digest not in written:
            written.add(image.config_digest)
            say(f"Copying config {image.config_digest}")
            target.put(config, image.config_bytes)
        tags = [name for name in names if "@" not in name]
        listed.append(
            {
                "Config": config,
                "RepoTags": tags or None,
                "Layers": [f"{_hex(d)}.tar" for d in record["diff_ids"]],
            }
        )
    target.put("manifest.json", jsonio.dumps(listed, compact=True).encode())


def _oci(paths: Paths, wanted: Wanted, target: Target, say: Callable[[str], None]) -> None:
    target.put("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    entries: list[dict[str, Any]] = []
    written: set[str] = set()
    for record, names in wanted:
        image = convert.to_format(convert.read(paths, record), "oci")
        _blobs(paths, image, target, "blobs/sha256/", written, say)
        if image.digest not in written:
            written.add(image.digest)
            target.put(f"blobs/sha256/{_hex(image.digest)}", image.manifest_bytes)
        entry = {"mediaType": image.media_type, "digest": image.digest, "size": len(image.manifest_bytes)}
        for name in names or [""]:
            entries.append({**entry, "annotations": {manifest.REF_NAME: name}} if name else entry)
    target.put("index.json", jsonio.dumps({"schemaVersion": 2, "manifests": entries}, compact=True).encode())


def _docker_dir(paths: Paths, image: Image, target: Target, say: Callable[[str], None]) -> None:
    target.put("version", b"Directory Transport Version: 1.1\n")
    _blobs(paths, image, target, "", set(), say)
    target.put("manifest.json", image.manifest_bytes)


def _blobs(
    paths: Paths, image: Image, target: Target, prefix: str, written: set[str], say: Callable[[str], None]
) -> None:
    for descriptor in image.layers:
        digest, size = descriptor["digest"], descriptor["size"]
        if digest in written:
            continue
        written.add(digest)
        say(f"Copying blob {digest}")
        target.stream(prefix + _hex(digest), size, _checked(_file(paths, digest), digest, size))
    if image.config_digest not in written:
        written.add(image.config_digest)
        say(f"Copying config {image.config_digest}")
        target.put(prefix + _hex(image.config_digest), image.config_bytes)


def _file(paths: Paths, digest: str) -> Read:
    try:
        f = open(blobs.path(paths, digest), "rb", buffering=0)  # noqa: SIM115  # ends with the function
    except OSError as e:
        raise _damaged(digest, e.strerror or "") from e
    return lambda count: f.read(count) or b""


def _checked(read: Read, digest: str, size: int) -> Read:
    """The stream, which must have this size and digest to the byte."""
    from hashlib import sha256

    hasher = sha256()
    position = 0

    def checked(count: int) -> bytes:
        nonlocal position
        try:
            data = read(count)
        except errors.ImageError as e:
            raise _damaged(digest, e.message) from e
        position += len(data)
        hasher.update(data)
        if position > size or (not data and position != size):
            raise _damaged(digest, "it has another size")
        if not data and f"sha256:{hasher.hexdigest()}" != digest:
            raise _damaged(digest, "it has another digest")
        return data

    return checked


def _damaged(digest: str, why: str) -> errors.StorageError:
    return errors.StorageError(
        f"the archive {digest[:19]} in the store is damaged: {why}", remedy=_REMEDY, name=digest
    )


def _hex(digest: str) -> str:
    return digest.partition(":")[2]
