"""Owns: the commands of images: `exists`, `import`, `load`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def exists(ctx: Context, image: Annotated[str, arg("IMAGE", complete="images")]) -> int | None:
    """Tell by the exit code whether an image exists.

    The code is 0 if it does, 1 if it does not, 125 if that cannot be found out.
    """
    from libpod.engine import images as engine

    return 0 if engine.exists(ctx.session, image) else 1


def import_(
    ctx: Context,
    path: Annotated[str, arg("PATH", complete="files")],
    reference: Annotated[str | None, arg("REFERENCE", complete="images")] = None,
    arch: Annotated[str | None, opt("--arch", help="Architecture of the image")] = None,
    change: Annotated[
        list[str] | None,
        opt(
            "--change",
            "-c",
            metavar="INSTRUCTION",
            help="Set the image's CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, USER, VOLUME, WORKDIR ...",
        ),
    ] = None,
    message: Annotated[str | None, opt("--message", "-m", help="Comment in the image's history")] = None,
    os: Annotated[str | None, opt("--os", help="Operating system of the image")] = None,
    quiet: Annotated[bool, opt("--quiet", "-q", help="Print the image's ID only")] = False,
    variant: Annotated[str | None, opt("--variant", help="Variant of the architecture of the image")] = None,
) -> int | None:
    """Make an image from a tar archive of a root file system.

    The archive may be compressed; `-` reads it from stdin. Prints the image's ID.
    """
    from libpod.engine import import_image as engine
    from pypod.cli.context import note

    image_id = engine.import_image(
        ctx.session,
        path,
        reference or "",
        change=change or (),
        message=message or "",
        architecture=arch or "",
        os_name=os or "",
        variant=variant or "",
        say=None if quiet else note,
    )
    ctx.out(f"sha256:{image_id}\n")
    return 0


def load(
    ctx: Context,
    input: Annotated[
        str | None,
        opt(
            "--input",
            "-i",
            metavar="FILE",
            help="Read the archive from this file instead of stdin",
            complete="files",
        ),
    ] = None,
    quiet: Annotated[bool, opt("--quiet", "-q", help="Print no progress")] = False,
) -> int | None:
    """Load images from an archive.

    Reads what `save` of this engine, Podman or Docker wrote: a docker-archive, an oci-archive, or a directory
    of the OCI layout.
    """
    import sys

    from libpod import errors
    from libpod.engine import load as engine
    from pypod.cli.context import note

    if input is None and sys.stdin.isatty():
        raise errors.UsageError(
            "cannot read an archive from a terminal", remedy="give the archive with --input, or by a pipe"
        )
    for name in engine.load(ctx.session, input or "-", say=None if quiet else note):
        ctx.out(f"Loaded image: {name}\n")
    return 0
