"""Owns: the command `pypod restart`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def restart(
    ctx: Context,
    containers: Annotated[list[str] | None, arg("CONTAINER", complete="containers")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Restart all containers, whatever their state")] = False,
    cidfile: Annotated[
        list[str] | None,
        opt("--cidfile", metavar="FILE", help="Read a container's ID from this file", complete="files"),
    ] = None,
    filter: Annotated[
        list[str] | None,
        opt(
            "--filter",
            "-f",
            kind="slice",
            metavar="KEY=VALUE",
            help="Restart the containers that fit, as in `ps --filter`",
        ),
    ] = None,
    latest: Annotated[bool, opt("--latest", "-l", help="Take the container that was created last")] = False,
    running: Annotated[bool, opt("--running", help="Restart all containers that run")] = False,
    time: Annotated[
        int | None,
        opt(
            "--time",
            "-t",
            kind="uint",
            metavar="SECONDS",
            default="10",
            aliases=("timeout",),
            help="Time to wait before the container is killed",
        ),
    ] = None,
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
