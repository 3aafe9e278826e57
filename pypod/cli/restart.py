"""Owns: the command `pypod restart`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Cidfiles, Containers, Filters, Latest, StopTime
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def restart(
    ctx: Context,
    containers: Containers = None,
    all: Annotated[bool, opt("--all", "-a", help="Restart all containers, whatever their state")] = False,
    cidfile: Cidfiles = None,
    filter: Filters = None,
    latest: Latest = False,
    running: Annotated[bool, opt("--running", help="Restart all containers that run")] = False,
    time: StopTime = None,
) -> int | None:
    """Stop containers and start them again.

    One that does not run is started.
    """
    from libpod.engine import restart as engine
    from libpod.engine import start_again
    from pypod.cli import targets

    starter = start_again.Starter(ctx.session)
    try:
        choice = targets.Choice(
            containers,
            every=all or running,
            latest=latest,
            cidfiles=cidfile,
            filters=filter,
            running=running and not all,
        )
        return targets.each(ctx, choice, lambda record: engine.restart(ctx.session, starter, record, time))
    finally:
        starter.close()
