"""Owns: the commands of `pypod container` that are not verbs of their own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from libpod.model.container import ContainerRecord
    from pypod.cli.common import Container, Containers, Latest, PruneFilters
    from pypod.cli.context import Context
    from pypod.cli.declare import FULFILLED, opt


def cleanup(
    ctx: Context,
    containers: Containers = None,
    all: Annotated[bool, opt("--all", "-a", help="Clean up after all containers that do not run")] = False,
    exec: Annotated[
        str | None, opt("--exec", metavar="ID", help="Clean up after this exec session instead")
    ] = None,
    latest: Latest = False,
    rm: Annotated[bool, opt("--rm", help="Remove the container afterwards")] = False,
    rmi: Annotated[bool, opt("--rmi", help="Remove the image afterwards")] = False,
    stopped_only: Annotated[
        bool, opt("--stopped-only", help="Leave one alone that runs, or is not there, instead of failing")
    ] = False,
) -> int | None:
    """Clean up what a container that has ended left behind.

    Removes its mounts, network and runtime state. The engine runs this itself; to run it again does no harm.
    """
    from libpod import errors
    from libpod.engine import cleanup as engine
    from pypod.cli import targets

    if exec is not None and (all or rm or rmi):
        raise errors.UsageError("--exec cannot be used with --all, --rm or --rmi")

    def act(record: ContainerRecord) -> None:
        if exec is not None:
            engine.check_exec(record, exec)
        engine.after_exit(ctx.session, record, rm=rm, rmi=rmi, stopped_only=stopped_only or all)

    choice = targets.Choice(containers, every=all, latest=latest, ignore=stopped_only)
    return targets.each(ctx, choice, act)


def exists(
    ctx: Context,
    container: Container,
    external: Annotated[
        bool,
        opt(
            "--external",
            help="Look at containers of other tools as well",
            state=FULFILLED,
            why="the store has containers of this engine only",
        ),
    ] = False,
) -> int | None:
    """Tell by the exit code whether a container exists.

    The code is 0 if it does, 1 if it does not, 125 if that cannot be found out.
    """
    from libpod import errors
    from libpod.engine import containers as engine

    try:
        engine.find(ctx.session, container)
    except errors.NotFoundError:
        return 1
    return 0


def prune(
    ctx: Context,
    filter: PruneFilters = None,
    force: Annotated[bool, opt("--force", "-f", help="Do not ask")] = False,
) -> int | None:
    """Remove the containers that do not run.

    Those that have ended and those that were never started. Prints the ID of each.
    """
    from libpod.engine import container_prune as engine

    if not force:
        from pypod.cli import ask

        if not ask.agreed(ctx, "WARNING! This will remove all non running containers."):
            return 0
    engine.prune(ctx.session, lambda cid: ctx.out(cid + "\n"), filters=filter or ())
    return 0
