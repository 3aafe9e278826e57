"""Owns: the command `pypod info`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def info(
    ctx: Context,
    format: Annotated[
        str | None, opt("--format", "-f", help="Print as json or by a Go template", complete="format")
    ] = None,
) -> int | None:
    """Show facts about this machine, the store and the engine.

    Says which kind of user namespace, cgroups and network can be used here, and why not where they cannot.
    """
    from libpod.engine import info as engine
    from pypod.cli.version import client
    from pypod.ui import table, yamltext

    facts = engine.info(ctx.session, client())
    ctx.out(table.fact("info", facts, format) if format else yamltext.dumps(facts))
    return 0
