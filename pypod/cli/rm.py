"""Owns: the command `pypod rm`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Cidfiles, Containers, FiltersLong, Latest, StopTime
    from pypod.cli.context import Context
    from pypod.cli.declare import LATER, opt


def rm(
    ctx: Context,
    containers: Containers = None,
    all: Annotated[bool, opt("--all", "-a", help="Remove all containers")] = False,
    cidfile: Cidfiles = None,
    depend: Annotated[
        bool,
        opt(
            "--depend",
            help="Remove the containers that depend on it as well",
            state=LATER,
            why="name the containers that depend on it as well",
        ),
    ] = False,
    filter: FiltersLong = None,
    force: Annotated[bool, opt("--force", "-f", help="Stop and remove running containers as well")] = False,
    ignore: Annotated[
        bool, opt("--ignore", "-i", help="Take a container that does not exist as removed")
    ] = False,
    latest: Latest = False,
    time: StopTime = None,
    volumes: Annotated[bool, opt("--volumes", "-v", help="Remove its anonymous volumes as well")] = False,
) -> int | None:
    """Remove containers."""
    from libpod.engine import rm as engine
    from libpod.engine import tidy
    from pypod.cli import targets

    tidy.tidy(ctx.session)
    choice = targets.Choice(
        containers, every=all, latest=latest, cidfiles=cidfile, filters=filter, ignore=ignore or force
    )
    return targets.each(
        ctx,
        choice,
        lambda record: engine.rm(
            ctx.session, record, force=force, timeout_s=time, volumes=volumes, with_pod=all
        ),
        missing_code=engine.EXIT_MISSING,
    )
