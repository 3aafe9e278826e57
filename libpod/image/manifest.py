"""Owns: image documents: manifests, indexes and configurations, read with suspicion.

Sources: image-spec manifest.md, image-index.md, config.md; Docker's Image Manifest Version 2, Schema 2. The
digest is over the bytes, so a document that is stored or sent is never parsed and written again; what is
built here is built once, from nothing.
"""

from __future__ import annotations

from libpod import errors
from libpod.image import ref as refs
from libpod.util import jsonio
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NotRequired, TypedDict

    from libpod.model.image import ImageConfig

    class Descriptor(TypedDict):
        mediaType: str
        digest: str
        size: int
        annotations: NotRequired[dict[str, str]]

    class Manifest(TypedDict):
        media_type: str
        config: Descriptor
        layers: list[Descriptor]
        annotations: dict[str, str]

    class IndexEntry(TypedDict):
        media_type: str
        digest: str
        size: int
        os: str
        architecture: str
        variant: str
        annotations: dict[str, str]

    class ConfigView(TypedDict):
        architecture: str
        os: str
        variant: str
        author: str
        created_ns: int
        comment: str
        history: list[dict[str, object]]
        diff_ids: list[str]
        config: ImageConfig


OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_SCHEMA_1 = (
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)
REF_NAME = "org.opencontainers.image.ref.name"
FULL_NAME = "io.containerd.image.name"

MAX_LAYERS = 500
"""The kernel's overlay takes no more."""
_OTHER_LAYERS = (
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
)
_LAYER_SUFFIXES = ("", "+gzip", ".gzip", "+zstd", ".zstd")
_LAYERS = frozenset(
    base + suffix for base in (OCI_LAYER, DOCKER_LAYER, *_OTHER_LAYERS) for suffix in _LAYER_SUFFIXES
)
_REMEDY = "get the image again; if it stays so, tell who made it"


class View:
    """A JSON value with its place in the document, for messages such as `manifest.layers[2].digest is
    missing`.
    """

    __slots__ = ("value", "where")

    def __init__(self, value: object, where: str) -> None:
        self.value = value
        self.where = where

    def get(self, key: str) -> View:
        assert isinstance(self.value, dict)
        return View(self.value.get(key), f"{self.where}.{key}")

    def bad(self, wanted: str) -> errors.ImageError:
        if self.value is None:
            return errors.ImageError(f"damaged image: {printable(self.where)} is missing", remedy=_REMEDY)
        return errors.ImageError(f"damaged image: {printable(self.where)} is not {wanted}", remedy=_REMEDY)

    def mapping(self, *, optional: bool = False) -> View:
        if self.value is None and optional:
            return View({}, self.where)
        if not isinstance(self.value, dict):
            raise self.bad("an object")
        return self

    def items(self, *, optional: bool = True) -> list[View]:
        if self.value is None and optional:
            return []
        if not isinstance(self.value, list):
            raise self.bad("a list")
        return [View(v, f"{self.where}[{i}]") for i, v in enumerate(self.value)]

    def text(self, default: str | None = "") -> str:
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str):
            raise self.bad("a string")
        return self.value

    def texts(self) -> list[str]:
        return [item.text(None) for item in self.items()]

    def strings(self) -> dict[str, str]:
        found = self.mapping(optional=True).value
        assert isinstance(found, dict)
        return {key: View(value, f"{self.where}.{key}").text(None) for key, value in found.items()}

    def number(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            raise self.bad("a size")
        return self.value

    def digest(self) -> str:
        text = self.text(None)
        try:
            return refs.check_digest(text)
        except errors.ImageError:
            raise self.bad("a sha256 digest") from None


def parse_json(data: bytes, what: str) -> View:
    """The top object of a document. Raises ImageError."""
    try:
        return View(jsonio.loads(data), what).mapping()
    except ValueError as e:
        raise errors.ImageError(f"damaged image: the {what} is not JSON: {e}", remedy=_REMEDY) from e


def media_type_of(data: bytes, hint: str = "") -> str:
    """The media type of a manifest or index: what it says itself, else the hint, else by its members."""
    view = parse_json(data, "manifest")
    said = view.get("mediaType").text()
    if view.get("schemaVersion").value == 1 or (said or hint) in DOCKER_SCHEMA_1:
        raise errors.ImageError(
            "the image has a manifest of the old schema 1, which is not supported",
            remedy="convert it, for example with skopeo copy --format=v2s2",
        )
    if said or hint:
        return said or hint
    return OCI_INDEX if view.get("manifests").value is not None else OCI_MANIFEST


def parse_manifest(data: bytes, hint: str = "") -> Manifest:
    """Read a manifest of one image. Raises ImageError for other documents and for media types that are not
    images.
    """
    media_type = media_type_of(data, hint)
    if media_type not in (OCI_MANIFEST, DOCKER_MANIFEST):
        raise errors.ImageError(
            f'the media type "{printable(media_type)}" is not that of an image manifest', remedy=_REMEDY
        )
    view = parse_json(data, "manifest")
    config = _descriptor(view.get("config"))
    if config["mediaType"] not in (OCI_CONFIG, DOCKER_CONFIG):
        raise errors.ImageError(
            f'not a container image: its configuration is of the type "{printable(config["mediaType"])}"',
            remedy=_REMEDY,
        )
    layers = [_descriptor(item) for item in view.get("layers").items(optional=False)]
    if len(layers) > MAX_LAYERS:
        raise errors.ImageError(
            f"the image has {len(layers)} layers, more than the {MAX_LAYERS} that can be mounted"
        )
    for number, layer in enumerate(layers):
        if layer["mediaType"] not in _LAYERS:
            raise errors.ImageError(
                f'layer {number} of the image has the unknown media type "{printable(layer["mediaType"])}"',
                remedy=_REMEDY,
            )
    return {
        "media_type": media_type,
        "config": config,
        "layers": layers,
        "annotations": view.get("annotations").strings(),
    }


def parse_index(data: bytes, hint: str = "") -> list[IndexEntry]:
    """Read an index (a manifest list). Raises ImageError."""
    media_type = media_type_of(data, hint or OCI_INDEX)
    if media_type not in (OCI_INDEX, DOCKER_LIST):
        raise errors.ImageError(
            f'the media type "{printable(media_type)}" is not that of an image index', remedy=_REMEDY
        )
    entries: list[IndexEntry] = []
    for item in parse_json(data, "index").get("manifests").items(optional=False):
        item.mapping()
        platform = item.get("platform").mapping(optional=True)
        entries.append(
            {
                "media_type": item.get("mediaType").text(),
                "digest": item.get("digest").digest(),
                "size": item.get("size").number(),
                "os": platform.get("os").text(),
                "architecture": platform.get("architecture").text(),
                "variant": platform.get("variant").text(),
                "annotations": item.get("annotations").strings(),
            }
        )
    return entries


def parse_config(data: bytes) -> ConfigView:
    """Read an image configuration, with every default filled in. Raises ImageError."""
    view = parse_json(data, "config")
    rootfs = view.get("rootfs").mapping()
    history = [item.mapping().value for item in view.get("history").items()]
    return {
        "architecture": view.get("architecture").text(),
        "os": view.get("os").text(),
        "variant": view.get("variant").text(),
        "author": view.get("author").text(),
        "created_ns": parse_time(view.get("created").text()),
        "comment": _comment(view, history),
        "history": history,  # type: ignore[typeddict-item]
        "diff_ids": [item.digest() for item in rootfs.get("diff_ids").items()],
        "config": _run_config(view.get("config").mapping(optional=True)),
    }


def _comment(view: View, history: list[object]) -> str:
    said = view.get("comment").text()
    first = history[0] if history else {}
    found = first.get("comment") if isinstance(first, dict) else None
    return said or (found if isinstance(found, str) else "")


def _run_config(view: View) -> ImageConfig:
    return {
        "user": view.get("User").text(),
        "env": view.get("Env").texts(),
        "entrypoint": _command(view.get("Entrypoint")),
        "cmd": _command(view.get("Cmd")),
        "workdir": view.get("WorkingDir").text(),
        "labels": view.get("Labels").strings(),
        "volumes": _keys(view.get("Volumes")),
        "exposed_ports": _keys(view.get("ExposedPorts")),
        "stop_signal": view.get("StopSignal").text(),
        "healthcheck": dict(view.get("Healthcheck").mapping(optional=True).value),  # type: ignore[call-overload]
    }


def _command(view: View) -> list[str]:
    if isinstance(view.value, str):
        raise view.bad("a list of strings")
    return view.texts()


def _keys(view: View) -> list[str]:
    found = view.mapping(optional=True).value
    assert isinstance(found, dict)
    return sorted(found)


def _descriptor(view: View) -> Descriptor:
    view.mapping()
    out: Descriptor = {
        "mediaType": view.get("mediaType").text(None),
        "digest": view.get("digest").digest(),
        "size": view.get("size").number(),
    }
    annotations = view.get("annotations").strings()
    if annotations:
        out["annotations"] = annotations
    return out


def docker_manifest(config: bytes, config_digest: str, layers: list[tuple[str, int]]) -> bytes:
    """Make a Docker manifest for an image that came without one. `layers` = (digest, size) of uncompressed
    archives.

    The same image always gets the same bytes, and those that Podman makes for it.
    """
    return docker_manifest_of(
        config, config_digest, [(DOCKER_LAYER, digest, size) for digest, size in layers]
    )


def docker_manifest_of(config: bytes, config_digest: str, layers: list[tuple[str, str, int]]) -> bytes:
    """Make a Docker manifest. `layers` = (media type, digest, size)."""
    document = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": {"mediaType": DOCKER_CONFIG, "size": len(config), "digest": config_digest},
        "layers": [{"mediaType": kind, "size": size, "digest": digest} for kind, digest, size in layers],
    }
    return jsonio.dumps(document, compact=True).encode()


def oci_manifest(config: bytes, config_digest: str, layers: list[tuple[str, str, int]]) -> bytes:
    """Make an OCI manifest. `layers` = (media type, digest, size)."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": config_digest, "size": len(config)},
        "layers": [{"mediaType": kind, "digest": digest, "size": size} for kind, digest, size in layers],
    }
    return jsonio.dumps(document, compact=True).encode()


def parse_time(text: str) -> int:
    """RFC 3339 time to nanoseconds since the epoch; 0 for what is no time (many builders write none, or a
    zero one).
    """
    import calendar

    date, sep, rest = text.partition("T")
    clock, zone, offset_s = rest, "", 0
    for mark in ("Z", "z", "+", "-"):
        if mark in rest:
            clock, zone = rest.split(mark, 1)[0], rest[rest.index(mark) :]
            break
    try:
        year, month, day = (int(x) for x in date.split("-"))
        hms, _, fraction = clock.partition(".")
        hour, minute, second = (int(x) for x in hms.split(":"))
        if zone[:1] in ("+", "-"):
            hours, minutes = (int(x) for x in zone[1:].split(":"))
            offset_s = (hours * 3600 + minutes * 60) * (1 if zone[0] == "+" else -1)
        seconds = calendar.timegm((year, month, day, hour, minute, second)) - offset_s
        ns = int(fraction[:9].ljust(9, "0")) if fraction else 0
    except (ValueError, OverflowError):
        return 0
    return seconds * 1_000_000_000 + ns if sep and seconds > 0 else 0


def format_time(ns: int) -> str:
    """Nanoseconds since the epoch as RFC 3339 in UTC, as the configurations have it."""
    import time

    seconds, rest = divmod(ns, 1_000_000_000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{text}{fraction}Z"
