"""Owns: the command `pypod rename`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Container
    from pypod.cli.context import Context
    from pypod.cli.declare import arg


def rename(
    ctx: Context,
    container: Container,
    name: Annotated[str, arg("NAME")],
) -> int | None:
    """Give a container another name.

    It may run meanwhile. Its host name stays what it was.
    """
    from libpod.engine import rename as engine

    engine.rename(ctx.session, container, name)
    return 0
