"""Owns: the command `pypod kill`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Cidfiles, Latest, RunningContainers
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def kill(
    ctx: Context,
    containers: RunningContainers = None,
    all: Annotated[bool, opt("--all", "-a", help="Signal all running containers")] = False,
    cidfile: Cidfiles = None,
    latest: Latest = False,
    signal: Annotated[
        str,
        opt("--signal", "-s", metavar="SIGNAL", help="Signal to send, by name or number", complete="signals"),
    ] = "KILL",
) -> int | None:
    """Send a signal to the first process of running containers."""
    from libpod.engine import stop as engine
    from pypod.cli import targets

    number = targets.signal_number(signal)
    choice = targets.Choice(containers, every=all, latest=latest, cidfiles=cidfile, running=True)
    return targets.each(ctx, choice, lambda record: engine.kill(ctx.session, record, number))
