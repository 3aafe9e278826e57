"""Owns: the command `pypod update`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Unpack

    from pypod.cli.common import Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt
    from pypod.cli.options import LimitOptions


def update(
    ctx: Context,
    container: Annotated[str | None, arg("CONTAINER", complete="containers")] = None,
    env: Annotated[
        list[str] | None, opt("--env", "-e", metavar="NAME=VALUE", help="Set a variable for the next start")
    ] = None,
    latest: Latest = False,
    pids_limit: Annotated[
        int | None, opt("--pids-limit", metavar="N", help="Limit of processes; -1 = no limit")
    ] = None,
    restart: Annotated[
        str | None, opt("--restart", metavar="POLICY", help="Change the restart policy")
    ] = None,
    unsetenv: Annotated[
        list[str] | None,
        opt("--unsetenv", metavar="NAME", kind="slice", help="Take a variable away for the next start"),
    ] = None,
    **limits: Unpack[LimitOptions],
) -> int | None:
    """Change the limits of a container.

    One that runs has them at once, and all keep them for their next starts. What is not named stays as it is;
    0 takes a limit away. Prints the container's ID.
    """
    from libpod.engine import update as engine
    from pypod.cli import targets

    record = targets.one(ctx, container, latest)
    given: dict[str, object] = {**limits, "env": env, "unsetenv": unsetenv}
    if pids_limit is not None:
        given["pids_limit"] = pids_limit
    if restart is not None:
        given["restart"] = restart
    engine.update(ctx.session, record, given)
    ctx.out(record["id"] + "\n")
    return 0
