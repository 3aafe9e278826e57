"""Owns: the command `pypod cp`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def cp(
    ctx: Context,
    source: Annotated[str, arg("SRC_PATH", complete="copies")],
    destination: Annotated[str, arg("DEST_PATH", complete="copies")],
    archive: Annotated[
        bool, opt("--archive", "-a", help="Give what goes into a container to the container's user")
    ] = True,
    overwrite: Annotated[
        bool,
        opt("--overwrite", help="Let a file take the place of a directory, and the other way round"),
    ] = False,
) -> int | None:
    """Copy files between a container and the host, or between containers.

    CONTAINER:PATH is a path in a container, which may run or not; volumes and other mounts are as the
    container sees them. A relative one counts from its working directory. `-` stands for an archive on stdin
    or stdout. A directory is copied into a directory that exists, or becomes one that does not; `/.` at its
    end stands for what is in it.

    What goes into a container belongs to its user, with --archive=false to whom it belonged before. What
    comes out belongs to you.
    """
    import sys

    from libpod import errors, log
    from libpod.engine import cp as engine

    if destination == "-" and sys.stdout.isatty():
        raise errors.UsageError(
            "refusing to write an archive to a terminal", remedy="send it to a file or pipe"
        )
    for text in engine.cp(ctx.session, source, destination, archive=archive, overwrite=overwrite):
        log.warning(text)
    return 0
