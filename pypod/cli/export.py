"""Owns: the command `pypod export`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Container
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def export(
    ctx: Context,
    container: Container,
    output: Annotated[
        str | None,
        opt("--output", "-o", metavar="FILE", complete="files", help="Write to this file instead of stdout"),
    ] = None,
) -> int | None:
    """Write the files of a container as a tar archive.

    The container may run. Volumes and other mounts are not in it. A file appears when it is complete.
    """
    import sys

    from libpod import errors
    from libpod.engine import export as engine

    if output in (None, "-", "/dev/stdout") and sys.stdout.isatty():
        raise errors.UsageError(
            "refusing to export to a terminal", remedy="use --output FILE, or send it to a file or pipe"
        )
    engine.export(ctx.session, container, "" if output in (None, "-", "/dev/stdout") else str(output))
    return 0
