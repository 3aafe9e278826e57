"""Owns: the commands `pypod tag` and `pypod untag`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import arg


def tag(
    ctx: Context,
    image: Annotated[str, arg("IMAGE", complete="images")],
    targets: Annotated[list[str] | None, arg("TARGET_NAME")] = None,
) -> int | None:
    """Give an image more names.

    A name without a registry is kept under localhost/, a missing tag is `latest`. A name that another image
    has moves.
    """
    from libpod import errors
    from libpod.engine import images as engine

    if not targets:
        raise errors.UsageError("requires at least 2 arg(s), only received 1")
    engine.tag(ctx.session, image, targets)
    return 0


def untag(
    ctx: Context,
    image: Annotated[str, arg("IMAGE", complete="images")],
    names: Annotated[list[str] | None, arg("NAME", complete="images")] = None,
) -> int | None:
    """Take names from an image, all of them if none is given. The image stays."""
    from libpod.engine import images as engine

    engine.untag(ctx.session, image, names or ())
    return 0
