"""Owns: the command `pypod commit`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def commit(
    ctx: Context,
    container: Annotated[str | None, arg("CONTAINER", complete="containers")] = None,
    image: Annotated[str | None, arg("IMAGE", complete="images")] = None,
    author: Annotated[str | None, opt("--author", "-a", help="Author of the image")] = None,
    change: Annotated[
        list[str] | None,
        opt(
            "--change",
            "-c",
            metavar="INSTRUCTION",
            help="Set the image's CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, USER, VOLUME, WORKDIR ...",
        ),
    ] = None,
    format: Annotated[
        str, opt("--format", "-f", metavar="FORMAT", complete="(oci,docker)", help="oci or docker")
    ] = "oci",
    iidfile: Annotated[
        str | None,
        opt("--iidfile", metavar="FILE", complete="files", help="Write the image's ID to this file"),
    ] = None,
    include_volumes: Annotated[
        bool, opt("--include-volumes", "-i", help="Make the container's volumes volumes of the image")
    ] = False,
    message: Annotated[
        str | None, opt("--message", "-m", help="Comment in the image's history (format docker only)")
    ] = None,
    pause: Annotated[
        bool, opt("--pause", "-p", help="Let a running container stand still meanwhile")
    ] = False,
    quiet: Annotated[bool, opt("--quiet", "-q", help="Print the image's ID only")] = False,
    squash: Annotated[bool, opt("--squash", "-s", help="Make an image of one layer")] = False,
) -> int | None:
    """Make an image of a container.

    The image has the container's files as they are now, without volumes and other mounts, and starts as the
    container does. Prints the image's ID.
    """
    from libpod import errors
    from libpod.engine import commit as engine
    from pypod.cli.context import note

    if container is None:
        raise errors.UsageError("accepts between 1 and 2 arg(s), received 0")
    if iidfile is not None:
        _check_place(iidfile)
    image_id = engine.commit(
        ctx.session,
        container,
        image or "",
        author=author or "",
        change=change or (),
        kind=format,
        include_volumes=include_volumes,
        message=message or "",
        pause=pause,
        squash=squash,
        say=None if quiet else note,
    )
    if iidfile is not None:
        with open(iidfile, "w", encoding="ascii") as f:
            f.write(image_id)
    ctx.out(image_id + "\n")
    return 0


def _check_place(file: str) -> None:
    """Raise UsageError when the ID could not be written: before there is an image."""
    import os

    from libpod import errors

    folder = os.path.dirname(file) or "."
    if not os.access(folder, os.W_OK) and not os.access(file, os.W_OK):
        raise errors.UsageError(
            f'cannot write --iidfile "{file}"', remedy="give a file in a directory of yours", name=file
        )
