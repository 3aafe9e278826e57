"""Owns: the command `pypod rmi`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import FULFILLED, arg, opt


def rmi(
    ctx: Context,
    images: Annotated[list[str] | None, arg("IMAGE", complete="images")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Remove all images")] = False,
    force: Annotated[
        bool, opt("--force", "-f", help="Remove the containers of the image and all its names as well")
    ] = False,
    ignore: Annotated[
        bool, opt("--ignore", "-i", help="Take an image that does not exist as removed")
    ] = False,
    no_prune: Annotated[
        bool,
        opt(
            "--no-prune",
            help="Keep the images below it that have no name",
            state=FULFILLED,
            why="there are no intermediate images to keep",
        ),
    ] = False,
) -> int | None:
    """Remove images from the store."""
    from libpod.engine import rmi as engine

    engine.rmi(
        ctx.session, images or (), lambda line: ctx.out(line + "\n"), every=all, force=force, ignore=ignore
    )
    return 0
