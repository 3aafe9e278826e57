"""Owns: the command `pypod rm`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from libpod.model.container import ContainerRecord
    from pypod.cli.common import Cidfiles, Containers, FiltersLong, Latest, StopTime
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def rm(
    ctx: Context,
    containers: Containers = None,
    all: Annotated[bool, opt("--all", "-a", help="Remove all containers")] = False,
    cidfile: Cidfiles = None,
    depend: Annotated[
        bool,
        opt(
            "--depend",
            help="Remove all containers that need it as well, and the pod of an infra container",
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

    def gone(record: ContainerRecord) -> None:
        choice.gone.append(record)
        ctx.out(record["id"] + "\n")

    def act(record: ContainerRecord) -> None:
        if depend or all:  # of all, those that others need go last
            engine.rm_with_dependents(ctx.session, record, gone, force=force, timeout_s=time, volumes=volumes)
        else:
            engine.rm(ctx.session, record, force=force, timeout_s=time, volumes=volumes, with_pod=all)

    return targets.each(ctx, choice, act, show=not (depend or all), missing_code=engine.EXIT_MISSING)
