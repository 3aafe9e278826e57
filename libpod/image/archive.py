"""Owns: finding the images in what `load` is given: archives and directories, of the OCI and of Docker.

Only documents are read here (and checked against their digests); the layers are opened later, by
`Layer.open`.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from libpod import errors
from libpod.image import blobs, compress, manifest, platform
from libpod.image import ref as refs
from libpod.util import jsonio
from libpod.util.printable import printable
from libpod.util.tarread import TarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.image.manifest import ConfigView, IndexEntry, Manifest

MAX_MEMBERS = 100_000
MAX_IMAGES = 10_000
MAX_DEPTH = 8
"""Deepest nesting of indexes that is followed."""
_REMEDY = "get the archive again, and compare its checksum"


class Layer:
    """One layer's archive in the source. `digest` is over its bytes as they are there; empty when nobody
    said it.
    """

    __slots__ = ("diff_id", "digest", "media_type", "open", "size")

    def __init__(
        self, opener: Callable[[], compress.Read], media_type: str, digest: str, size: int, diff_id: str
    ) -> None:
        self.open = opener
        """A new read function from the beginning of the layer."""
        self.media_type = media_type
        self.digest = digest
        self.size = size
        """-1 = nobody said it."""
        self.diff_id = diff_id


class Found:
    """An image in the source."""

    __slots__ = ("config", "config_bytes", "layers", "manifest_bytes", "names")

    def __init__(
        self,
        manifest_bytes: bytes,
        config_bytes: bytes,
        config: ConfigView,
        layers: list[Layer],
        names: list[str],
    ) -> None:
        self.manifest_bytes = manifest_bytes
        """Empty when the source has none (docker-archive)."""
        self.config_bytes = config_bytes
        self.config = config
        self.layers = layers
        self.names = names
        """Stored names, possibly none."""


class Files:
    """The files of an archive or a directory, by name. What `open` gives is valid until `close`."""

    def close(self) -> None:
        """Close what was opened. Idempotent."""

    def import_command(self, source: str) -> str:
        """What makes an image of it, if it is a root file system."""
        return f"pypod import {source}"

    def names(self) -> set[str]:
        raise NotImplementedError

    def open(self, name: str) -> tuple[compress.Read, int]:
        """(a read function from the file's beginning, its size). Raises ImageError when there is no such
        file.
        """
        raise NotImplementedError

    def document(self, name: str) -> bytes:
        """A small file, whole."""
        read, size = self.open(name)
        if size > blobs.MAX_DOCUMENT:
            raise errors.ImageError(
                f'"{printable(name)}" in the archive is longer than {blobs.MAX_DOCUMENT >> 20} MiB',
                remedy=_REMEDY,
            )
        parts = []
        while data := read(1 << 16):
            parts.append(data)
        return b"".join(parts)


class TarFiles(Files):
    """A tar archive in a seekable, uncompressed file; the descriptor stays the caller's."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._members: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        position = 0

        def read(count: int) -> bytes:
            nonlocal position
            data = os.pread(fd, count, position)
            position += len(data)
            return data

        def skip(count: int) -> None:
            nonlocal position
            position += count

        end = os.fstat(fd).st_size
        reader = TarReader(read, skip=skip)
        while (entry := reader.next()) is not None:
            name = posixpath.normpath(os.fsdecode(entry.name))
            if entry.kind == "0" and entry.segments is None:
                if reader.position + entry.size > end:
                    raise errors.ImageError(f'the archive is cut off at "{printable(name)}"', remedy=_REMEDY)
                self._members[name] = (reader.position, entry.size)
            elif entry.kind == "2":  # old `docker save` links equal layers
                self._links[name] = posixpath.normpath(
                    posixpath.join(posixpath.dirname(name), os.fsdecode(entry.link))
                )
            elif entry.kind == "1":
                self._links[name] = posixpath.normpath(os.fsdecode(entry.link))
            if reader.entries > MAX_MEMBERS:
                raise errors.ImageError(f"the archive has more than {MAX_MEMBERS} members", remedy=_REMEDY)

    def names(self) -> set[str]:
        return {*self._members, *self._links}

    def open(self, name: str) -> tuple[compress.Read, int]:
        target = posixpath.normpath(name)
        for _ in range(8):
            if target not in self._links or target in self._members:
                break
            target = self._links[target]
        if target not in self._members:
            raise errors.ImageError(f'the archive has no "{printable(name)}"', remedy=_REMEDY)
        at, size = self._members[target]
        end = at + size

        def read(count: int) -> bytes:
            nonlocal at
            data = os.pread(self._fd, min(count, end - at), at)
            at += len(data)
            return data

        return read, size


class DirFiles(Files):
    """A directory of the user's."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._fds: list[int] = []

    def close(self) -> None:
        while self._fds:
            os.close(self._fds.pop())

    def import_command(self, source: str) -> str:
        return f"tar -C {source} -cf - . | pypod import -"

    def names(self) -> set[str]:
        found = set(os.listdir(self._folder))
        try:
            found |= {f"blobs/sha256/{n}" for n in os.listdir(f"{self._folder}/blobs/sha256")}
        except OSError:
            pass
        return found

    def open(self, name: str) -> tuple[compress.Read, int]:
        try:
            fd = os.open(f"{self._folder}/{name}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as e:
            raise errors.ImageError(
                f'cannot read "{self._folder}/{name}": {e.strerror}', remedy=_REMEDY
            ) from e
        self._fds.append(fd)
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise errors.ImageError(f'"{self._folder}/{name}" is not a file', remedy=_REMEDY)
        return lambda count: os.read(fd, count), facts.st_size


def find(files: Files, source: str) -> list[Found]:
    """Every image of the source. `source` is what the user called it. Raises ImageError; nothing was stored
    then.
    """
    names = files.names()
    if "index.json" in names and ("oci-layout" in names or "manifest.json" not in names):
        found = _oci(files, names, source)
    elif "manifest.json" in names:
        view = files.document("manifest.json")
        found = [_docker_dir(files, view)] if view.lstrip()[:1] == b"{" else _docker_archive(files, view)
    else:
        raise errors.ImageError(
            f'"{source}" is not an image archive: it has neither index.json (OCI) nor manifest.json (Docker)',
            remedy=f'if it holds a root file system, use "{files.import_command(source)}"',
            name=source,
        )
    if not found:
        raise errors.ImageError(f'"{source}" has no image in it', remedy=_REMEDY, name=source)
    return found


# -- OCI layout (image-spec image-layout.md) ---------------------------
# --------------------------------------------------------------------------------


def _oci(files: Files, names: set[str], source: str) -> list[Found]:
    entries = manifest.parse_index(files.document("index.json"))
    if len(entries) > MAX_IMAGES:
        raise errors.ImageError(f"the archive has more than {MAX_IMAGES} images", remedy=_REMEDY)
    named = [e for e in entries if _names_of(e)]
    if len(entries) > 1 and not named:
        one = platform.choose(entries)
        entries = [one] if one is not None else []
    by_digest: dict[str, tuple[IndexEntry, list[str]]] = {}
    for entry in entries:
        if entry["os"] == "unknown" and not _names_of(entry):
            continue  # attestations of a build
        by_digest.setdefault(entry["digest"], (entry, []))[1].extend(_names_of(entry))
    found = []
    for entry, its_names in by_digest.values():
        data, hint = _resolve(files, entry, 0)
        view = manifest.parse_manifest(data, hint)
        config_bytes = _blob(files, view["config"]["digest"], view["config"]["size"])
        if not its_names and len(by_digest) == 1 and isinstance(files, DirFiles):
            its_names = _name_of_dir(source)
        found.append(_with_layers(files, data, view, config_bytes, its_names, "blobs/sha256/"))
    return found


def _resolve(files: Files, entry: IndexEntry, depth: int) -> tuple[bytes, str]:
    """Follow an entry of an index to the manifest of the image for this machine."""
    data = _blob(files, entry["digest"], entry["size"])
    kind = manifest.media_type_of(data, entry["media_type"])
    if kind not in (manifest.OCI_INDEX, manifest.DOCKER_LIST):
        return data, kind
    if depth >= MAX_DEPTH:
        raise errors.ImageError(f"the image's indexes are nested more than {MAX_DEPTH} deep", remedy=_REMEDY)
    inner = manifest.parse_index(data, kind)
    chosen = platform.choose(inner)
    if chosen is None:
        known = {f"{e['os']}/{e['architecture']}" for e in inner if e["os"] not in ("", "unknown")}
        has = printable(", ".join(sorted(known)) or "unknown platforms")
        raise errors.ImageError(
            f"the image has nothing for linux/{platform.host()[1]}, only for {has}",
            remedy="get the image for this machine's platform",
        )
    return _resolve(files, chosen, depth + 1)


def _blob(files: Files, digest: str, size: int) -> bytes:
    data = files.document("blobs/sha256/" + digest.partition(":")[2])
    if len(data) != size:
        raise errors.ImageError(
            f"damaged image: {digest[:19]} has {len(data)} bytes instead of {size}", remedy=_REMEDY
        )
    return _checked(data, digest)


def _checked(data: bytes, digest: str) -> bytes:
    if blobs.digest_of(data) != digest:
        raise errors.ImageError(
            f"damaged image: the content of {digest[:19]} does not have that digest", remedy=_REMEDY
        )
    return data


def _names_of(entry: IndexEntry) -> list[str]:
    full = entry["annotations"].get(manifest.FULL_NAME, "")
    name = full or entry["annotations"].get(manifest.REF_NAME, "")
    return [refs.normalise(name)] if name else []


def _name_of_dir(source: str) -> list[str]:
    base = os.path.basename(os.path.abspath(source)).lower()
    try:
        return [refs.normalise(base)]
    except errors.ImageError:
        return []


# -- Docker ------------------------------------------------------------


def _docker_dir(files: Files, data: bytes) -> Found:
    """The `dir:` layout: manifest.json is the manifest itself, blobs lie beside it under their hex digest."""
    view = manifest.parse_manifest(data)
    digest = view["config"]["digest"]
    config = _checked(files.document(digest.partition(":")[2]), digest)
    return _with_layers(files, data, view, config, [], "")


def _docker_archive(files: Files, data: bytes) -> list[Found]:
    """`docker save`: manifest.json lists images by their files; the layers are uncompressed, or compressed
    and unnamed.
    """
    try:
        listed = jsonio.loads(data)
    except ValueError as e:
        raise errors.ImageError(f"damaged image: manifest.json is not JSON: {e}", remedy=_REMEDY) from e
    if not isinstance(listed, list) or len(listed) > MAX_IMAGES:
        raise errors.ImageError("damaged image: manifest.json is not a list of images", remedy=_REMEDY)
    found = []
    for number, item in enumerate(listed):
        view = manifest.View(item, f"manifest.json[{number}]").mapping()
        config_bytes = files.document(view.get("Config").text(None))
        config = manifest.parse_config(config_bytes)
        paths = view.get("Layers").texts()
        check_count(len(paths), config)
        layers = [
            Layer(_opener(files, path), manifest.DOCKER_LAYER, "", -1, diff_id)
            for path, diff_id in zip(paths, config["diff_ids"], strict=True)
        ]
        names = [refs.normalise(name, "docker.io") for name in view.get("RepoTags").texts()]
        found.append(Found(b"", config_bytes, config, layers, names))
    return found


def _with_layers(
    files: Files, data: bytes, view: Manifest, config_bytes: bytes, names: list[str], prefix: str
) -> Found:
    config = manifest.parse_config(config_bytes)
    check_count(len(view["layers"]), config)
    layers = [
        Layer(
            _opener(files, prefix + d["digest"].partition(":")[2]),
            d["mediaType"],
            d["digest"],
            d["size"],
            diff_id,
        )
        for d, diff_id in zip(view["layers"], config["diff_ids"], strict=True)
    ]
    return Found(data, config_bytes, config, layers, names)


def check_count(layers: int, config: ConfigView) -> None:
    """Raise ImageError unless manifest and configuration have the same number of layers."""
    said = len(config["diff_ids"])
    if layers != said:
        raise errors.ImageError(
            f"damaged image: {layers} layers in the manifest, {said} in the configuration", remedy=_REMEDY
        )


def _opener(files: Files, name: str) -> Callable[[], compress.Read]:
    return lambda: files.open(name)[0]


def open_source(path: str) -> int:
    """Open a file or directory that the user named. Raises NotFoundError or ImageError."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as e:
        what = e.strerror.lower() if e.strerror else "unknown error"
        if e.errno in (errno.ENOENT, errno.ENOTDIR):
            raise errors.NotFoundError(f'cannot open "{path}": {what}', name=path) from e
        raise errors.ImageError(f'cannot open "{path}": {what}', name=path) from e
