"""Owns: the command `pypod image prune`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import PruneFilters
    from pypod.cli.context import Context
    from pypod.cli.declare import ACCEPTED, opt


def prune(
    ctx: Context,
    all: Annotated[
        bool, opt("--all", "-a", help="Remove every image that no container uses, not only nameless ones")
    ] = False,
    build_cache: Annotated[
        bool,
        opt("--build-cache", help="Remove the cache of builds", state=ACCEPTED, why="there is none"),
    ] = False,
    external: Annotated[
        bool,
        opt(
            "--external",
            help="Remove images that containers of builds use",
            state=ACCEPTED,
            why="there are no such containers",
        ),
    ] = False,
    filter: PruneFilters = None,
    force: Annotated[bool, opt("--force", "-f", help="Do not ask")] = False,
) -> int | None:
    """Remove images that nobody needs.

    Those without a name that no container uses; with --all also those with a name. Prints the ID of each.
    """
    from libpod.engine import image_prune as engine

    if not force:
        from pypod.cli import ask

        what = "images without at least one container associated with them" if all else "dangling images"
        if not ask.agreed(ctx, f"WARNING! This command removes all {what}."):
            return 0
    engine.prune(ctx.session, lambda image_id: ctx.out(image_id + "\n"), every=all, filters=filter or ())
    return 0
