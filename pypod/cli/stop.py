"""Owns: the command `pypod stop`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def stop(
    ctx: Context,
    containers: Annotated[list[str] | None, arg("CONTAINER", complete="running")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Stop all running containers")] = False,
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
            help="Stop the containers that fit, as in `ps --filter`",
        ),
    ] = None,
    ignore: Annotated[
        bool, opt("--ignore", "-i", help="Take a container that does not exist as stopped")
    ] = False,
    latest: Annotated[bool, opt("--latest", "-l", help="Take the container that was created last")] = False,
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
    """Stop running containers.

    Sends each its stop signal, and kills it when it still runs after `--time`.
    """
    from libpod.engine import stop as engine
    from pypod.cli import targets

    choice = targets.Choice(
        containers, every=all, latest=latest, cidfiles=cidfile, filters=filter, ignore=ignore, running=True
    )
    return targets.each(ctx, choice, lambda record: engine.stop(ctx.session, record, time))
