"""Owns: `push`."""

from __future__ import annotations

from libpod import errors
from libpod.engine import registry
from libpod.state import images
from libpod.util import eventlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.engine.registry import Options
    from libpod.engine.session import Session
    from libpod.image.convert import Image
    from libpod.image.ref import Ref
    from libpod.model.image import ImageRecord

FORMATS = ("oci", "v2s2")
_ARCHIVES = ("docker-archive:", "oci-archive:", "oci:", "dir:")


def push(
    session: Session,
    name: str,
    destination: str,
    options: Options,
    *,
    say: Callable[[str], None] | None = None,
) -> str:
    """Send an image to a registry; returns the digest of its manifest there.

    `destination` empty = its own name; `oci-archive:FILE` and the like write archives as `save` does. Options
    besides those of registries: `format`, and `compression_format` for layers that are kept uncompressed.
    """
    wanted = str(options.get("format") or "")
    if wanted and wanted not in FORMATS:
        more = ": schema 1 is not supported" if wanted == "v2s1" else ""
        raise errors.UsageError(
            f'unknown format "{wanted}"{more}', remedy=f"the formats are {', '.join(FORMATS)}"
        )
    compression = str(options.get("compression_format") or "")
    if compression:
        _check_compression(compression)
    record, stored = images.find(session.db, name)
    if destination.startswith(_ARCHIVES):
        if compression:
            raise errors.NotSupportedError(
                "--compression-format is not supported for archives and directories",
                remedy="leave it out, and compress the archive itself",
            )
        return _to_archive(session, record, stored, destination, say)
    ref = _target(destination or stored or name, record)
    from libpod.image import convert, meter, recompress
    from libpod.image import push as image_push

    tell = say or (lambda line: None)
    tell("Getting image source signatures")
    image: Image = convert.to_format(convert.read(session.paths, record), wanted)  # type: ignore[arg-type]
    image_push.check_blobs(session.paths, image)
    if compression:
        tell(f"Compressing layers with {compression}")
    access = registry.access(session, options)
    display = None if say is None else session.transfer_display
    shown = registry.without_parts(tell) if display is not None else tell
    with (
        recompress.Compressed(session.paths, image, compression) as outgoing,
        meter.Meter(display() if display is not None else None) as measured,
    ):
        digest = image_push.push(
            access,
            session.paths,
            outgoing.image,
            ref,
            lambda d: images.repos_with(session.db, d),
            measured,
            shown,
            outgoing.files,
        )
    eventlog.image(session.paths.events, "push", record["id"], destination or stored or name)
    return digest


def _check_compression(name: str) -> None:
    from libpod.image import recompress

    if name not in recompress.COMPRESSIONS:
        raise errors.UsageError(
            f'unknown compression format "{name}"',
            remedy=f"the compression formats are {', '.join(recompress.COMPRESSIONS)}",
        )


def _target(text: str, record: ImageRecord) -> Ref:
    from libpod.image import ref as refs

    plain = text.removeprefix("docker://")
    if "://" in plain:
        raise errors.UsageError(f'"{text}" has a transport that is not known', remedy="use docker://NAME")
    try:
        ref = refs.parse(plain)
    except errors.ImageError:
        if len(record["names"]) == 1:  # an id
            return refs.parse(record["names"][0])
        raise
    if ref.is_short and record["id"].startswith(plain):
        if len(record["names"]) != 1:
            raise errors.UsageError(
                f'"{text}" does not say where to push to', remedy=f"pypod push {text} REGISTRY/NAME:TAG"
            )
        return refs.parse(record["names"][0])
    if ref.is_short:
        raise errors.UsageError(
            f'"{text}" does not say which registry to push to',
            remedy=f"pypod push {text} REGISTRY/{ref.path}:{ref.tag or 'latest'}",
        )
    return ref


def _to_archive(
    session: Session,
    record: ImageRecord,
    stored: str,
    destination: str,
    say: Callable[[str], None] | None,
) -> str:
    from libpod.engine import save

    transport, _, rest = destination.partition(":")
    path, _, name = rest.partition(":")
    kind = {"oci": "oci-dir", "dir": "docker-dir"}.get(transport, transport)
    names = [name] if name else [stored] if stored else []
    save.write(session, [(record, names)], kind, path, say=say)
    return record["manifest_digest"]
