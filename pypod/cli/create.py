"""Owns: the command `pypod create`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Unpack

    from pypod.cli.context import Context
    from pypod.cli.declare import arg
    from pypod.cli.options import CreateOptions


def create(
    ctx: Context,
    image: Annotated[str, arg("IMAGE", complete="images")],
    command: Annotated[list[str] | None, arg("COMMAND")] = None,
    **options: Unpack[CreateOptions],
) -> int | None:
    """Create a container without starting it.

    Prints the container's ID. `start` starts it.
    """
    from libpod.engine import create as engine
    from pypod.cli import created

    given: dict[str, object] = dict(options)
    created.check(ctx.session, given, image)
    record = engine.create(
        ctx.session,
        given,
        image,
        list(command or ()),
        created.command_line(),
        on_made=lambda made: created.made(given, made),
    )
    created.show(record)
    return 0
