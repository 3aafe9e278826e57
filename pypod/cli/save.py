"""Owns: the command `pypod save`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import ACCEPTED, LATER, arg, opt


def save(
    ctx: Context,
    images: Annotated[list[str] | None, arg("IMAGE", complete="images")] = None,
    compress: Annotated[
        bool, opt("--compress", help="Compress the layers of a directory", state=LATER)
    ] = False,
    format: Annotated[
        str,
        opt(
            "--format",
            metavar="FORMAT",
            complete="(docker-archive,oci-archive,oci-dir,docker-dir)",
            help="docker-archive, oci-archive, oci-dir or docker-dir",
        ),
    ] = "docker-archive",
    multi_image_archive: Annotated[
        bool, opt("--multi-image-archive", "-m", help="Every argument is an image, not one more name")
    ] = False,
    output: Annotated[
        str | None,
        opt(
            "--output",
            "-o",
            metavar="FILE",
            complete="files",
            help="Write to this file or directory instead of stdout",
        ),
    ] = None,
    quiet: Annotated[bool, opt("--quiet", "-q", help="Print no progress")] = False,
    uncompressed: Annotated[
        bool,
        opt(
            "--uncompressed",
            help="Accept uncompressed layers",
            state=ACCEPTED,
            why="layers are saved as they are kept",
        ),
    ] = False,
) -> int | None:
    """Save an image in an archive or a directory.

    Further arguments are more names for it, or with --multi-image-archive more images. A file or directory
    appears when it is complete.
    """
    import sys

    from libpod import errors
    from libpod.engine import save as engine
    from pypod.cli.context import note

    if not images:
        raise errors.UsageError("requires at least 1 arg(s), only received 0")
    if output is None and sys.stdout.isatty():
        raise errors.UsageError(
            "refusing to save to a terminal", remedy="use --output FILE, or send it to a file or pipe"
        )
    engine.save(
        ctx.session,
        images,
        kind=format,
        output="" if output in (None, "-", "/dev/stdout") else str(output),
        multi=multi_image_archive,
        say=None if quiet else note,
    )
    return 0
