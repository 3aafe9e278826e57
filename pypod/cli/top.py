"""Owns: the command `pypod top`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def top(
    ctx: Context,
    words: Annotated[list[str] | None, arg("CONTAINER", complete="running")] = None,
    latest: Latest = False,
    list_descriptors: Annotated[bool, opt("--list-descriptors", help="List the descriptors")] = False,
) -> int | None:
    """Show the processes of a running container.

    Descriptors choose the columns: `pid user args`, also as AIX's codes (`%p`). Arguments like those of ps
    are understood as well: -ef, aux, -o pid,comm. Users and groups have the names that the container's own
    files give them; `hpid`, `huser` and `hgroup` are those of the host.
    """
    from libpod import errors
    from libpod.engine import top as engine
    from pypod.cli import targets
    from pypod.ui import table

    if list_descriptors:
        ctx.out("".join(f"{name}\n" for name in engine.DESCRIPTORS))
        return 0
    given = list(words or ())
    if not given and not latest:
        raise errors.UsageError(
            "you must provide the name or id of a running container",
            remedy='as in "pypod top NAME", or use --latest',
        )
    record = targets.one(ctx, None if latest else given.pop(0), latest)
    ctx.out(table.columns(engine.top(ctx.session, record, given)))
    return 0
