"""Owns: the command `pypod wait`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from libpod.model.container import ContainerRecord
    from pypod.cli.common import Containers, Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import FULFILLED, opt


def wait(
    ctx: Context,
    containers: Containers = None,
    condition: Annotated[
        list[str] | None,
        opt(
            "--condition",
            kind="slice",
            metavar="STATE",
            help="State to wait for: stopped, running, exited, removing ...",
            complete="(configured,created,exited,healthy,initialized,paused,removing,running,stopped,stopping,unhealthy)",
        ),
    ] = None,
    exit_first_match: Annotated[
        bool,
        opt("--exit-first-match", help="End when the first of the containers is there, and print its code"),
    ] = False,
    ignore: Annotated[
        bool, opt("--ignore", help="Take a container that does not exist as ended, with code -1")
    ] = False,
    interval: Annotated[
        str,
        opt(
            "--interval",
            "-i",
            metavar="TIME",
            help="Time between two looks",
            state=FULFILLED,
            why="the wait ends at the very moment",
        ),
    ] = "250ms",
    latest: Latest = False,
) -> int | None:
    """Wait until containers have ended, and print their exit codes."""
    import functools

    from libpod import errors
    from libpod.engine import stop as engine
    from pypod.cli import targets

    known = (
        "configured",
        "created",
        "exited",
        "initialized",
        "paused",
        "removing",
        "running",
        "stopped",
        "stopping",
    )
    for state in condition or ():
        if state not in known:
            raise errors.UsageError(
                f'--condition "{state}" is not a state', remedy="states are " + ", ".join(known)
            )
    conditions = tuple(condition or ("stopped", "exited"))

    def act(record: ContainerRecord) -> None:
        ctx.out(f"{engine.wait(ctx.session, record, conditions)}\n")

    choice = targets.Choice(containers, latest=latest, ignore=ignore)
    if exit_first_match:
        from libpod.util import fanout

        found: list[ContainerRecord] = []
        absent: list[bool] = []
        targets.each(ctx, choice, found.append, show=False, missing=lambda: absent.append(True))
        jobs = [functools.partial(engine.wait, ctx.session, record, conditions) for record in found]
        ctx.out(f"{-1 if absent else fanout.first(jobs)}\n")
        return 0
    return targets.each(ctx, choice, act, show=False, missing=lambda: ctx.out("-1\n"))
