"""Owns: the commands `pypod pause` and `pypod unpause`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Cidfiles, Filters, Latest, RunningContainers
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def pause(
    ctx: Context,
    containers: RunningContainers = None,
    all: Annotated[bool, opt("--all", "-a", help="Pause all running containers")] = False,
    cidfile: Cidfiles = None,
    filter: Filters = None,
    latest: Latest = False,
) -> int | None:
    """Pause all processes of running containers.

    They stay in memory and get no processor time until `unpause`. It needs a cgroup of the container's own.
    """
    from libpod.engine import pause as engine
    from pypod.cli import targets

    filters = ["status=running"] if all and not filter else filter
    choice = targets.Choice(
        containers, every=all, latest=latest, cidfiles=cidfile, filters=filters, running=True
    )
    return targets.each(ctx, choice, lambda record: engine.pause(ctx.session, record))


def unpause(
    ctx: Context,
    containers: RunningContainers = None,
    all: Annotated[bool, opt("--all", "-a", help="Let all paused containers go on")] = False,
    cidfile: Cidfiles = None,
    filter: Filters = None,
    latest: Latest = False,
) -> int | None:
    """Let paused containers go on."""
    from libpod.engine import pause as engine
    from pypod.cli import targets

    filters = ["status=paused"] if all and not filter else filter
    choice = targets.Choice(
        containers, every=all, latest=latest, cidfiles=cidfile, filters=filters, running=True
    )
    return targets.each(ctx, choice, lambda record: engine.unpause(ctx.session, record))
