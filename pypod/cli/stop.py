"""Owns: the command `pypod stop`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Cidfiles, Filters, Latest, RunningContainers, StopTime
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def stop(
    ctx: Context,
    containers: RunningContainers = None,
    all: Annotated[bool, opt("--all", "-a", help="Stop all running containers")] = False,
    cidfile: Cidfiles = None,
    filter: Filters = None,
    ignore: Annotated[
        bool, opt("--ignore", "-i", help="Take a container that does not exist as stopped")
    ] = False,
    latest: Latest = False,
    time: StopTime = None,
) -> int | None:
    """Stop running containers.

    Sends each its stop signal, and kills it when it still runs after `--time`.
    """
    from libpod.engine import stop as engine
    from pypod.cli import targets

    choice = targets.Choice(
        containers, every=all, latest=latest, cidfiles=cidfile, filters=filter, ignore=ignore, running=True
    )
    return targets.each(ctx, choice, lambda record: engine.stop(ctx.session, record, time))
