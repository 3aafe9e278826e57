"""Owns: the commands of `pypod system` that are not verbs of their own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import PruneFilters
    from pypod.cli.context import Context
    from pypod.cli.declare import LATER, opt


def df(
    ctx: Context,
    format: Annotated[
        str | None, opt("--format", help="Print as json, or by a Go template", complete="format")
    ] = None,
    verbose: Annotated[
        bool, opt("--verbose", "-v", help="Show each image, container and volume", state=LATER)
    ] = False,
) -> int | None:
    """Show how much disk images, containers and volumes take, and how much of it can be had back."""
    from libpod.engine import system_df as engine
    from pypod.ui import human, table

    rows = []
    for row in engine.summary(ctx.session):
        size, free = int(str(row["RawSize"])), int(str(row["RawReclaimable"]))
        share = round(100 * free / size) if size else 0
        rows.append({**row, "Size": human.size(size), "Reclaimable": f"{human.size(free)} ({share}%)"})
    fields = ("Type", "Total", "Active", "Size", "Reclaimable")
    ctx.out(table.listing("system df", rows, fields, template=format))
    return 0


def prune(
    ctx: Context,
    all: Annotated[
        bool, opt("--all", "-a", help="Remove every image that no container uses, not only nameless ones")
    ] = False,
    filter: PruneFilters = None,
    force: Annotated[bool, opt("--force", "-f", help="Do not ask")] = False,
    volumes: Annotated[bool, opt("--volumes", help="Remove volumes that no container uses")] = False,
) -> int | None:
    """Remove what nobody needs: containers that do not run, images without a name.

    With --all also images with a name that no container uses, with --volumes also volumes. Prints what went
    and how much room that gave.
    """
    from libpod.engine import system_prune as engine
    from pypod.ui import human

    if not force:
        from pypod.cli import ask

        lines = ["WARNING! This command removes:", "\t- all stopped containers"]
        if volumes:
            lines.append("\t- all volumes not used by at least one container")
        what = "images without at least one container associated with them" if all else "dangling images"
        if not ask.agreed(ctx, "\n".join([*lines, f"\t- all {what}", ""])):
            return 0
    seen: set[str] = set()

    def say(kind: str, name: str) -> None:
        if kind not in seen:
            seen.add(kind)
            ctx.out(f"Deleted {kind}\n")
        ctx.out(name + "\n")

    freed = engine.prune(ctx.session, say, every=all, with_volumes=volumes, filters=filter or ())
    ctx.out(f"Total reclaimed space: {human.size(freed)}\n")
    return 0


def reset(
    ctx: Context,
    force: Annotated[bool, opt("--force", "-f", help="Do not ask")] = False,
) -> int | None:
    """End all containers and remove everything: containers, images, volumes, the store itself.

    Works without a database that can be read, and finishes a reset that was interrupted. No mount is crossed
    and no link followed; files in the store's directory that are not of the store stay. Settings and the
    passwords of registries are kept.
    """
    from libpod.engine import system_reset as engine

    there = engine.contents(ctx.session)
    root = ctx.session.paths.graphroot
    if there is None:
        ctx.out(f"There is nothing to remove in {root}\n")
        return 0
    if not force:
        from pypod.cli import ask

        lines = [
            "WARNING! This will remove:",
            f"\t- all containers ({there['containers']}, {there['running']} of them running)",
            f"\t- all images ({there['layers']} layers)",
            f"\t- all volumes ({there['volumes']}), with the data in them",
            f"\t- the store {root}",
        ]
        if not ask.agreed(ctx, "\n".join(lines)):
            return 0
    left = engine.reset(ctx.session)
    ctx.out(
        f"Removed {there['containers']} containers, {there['layers']} layers of images and "
        f"{there['volumes']} volumes, with the store {root}\n"
    )
    if left:
        from pypod.cli.context import note

        note(f"Note: not of the store, and left in {root}: {', '.join(left)}")
    return 0
