"""Owns: the commands of `pypod system` that are not verbs of their own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Format, PruneFilters
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def check(
    ctx: Context,
    force: Annotated[
        bool,
        opt("--force", "-f", help="Remove damaged containers too, and those of damaged images, also running"),
    ] = False,
    max: Annotated[
        str | None,
        opt(
            "--max",
            "-m",
            metavar="DURATION",
            default="24h0m0s",
            help="Layers that nothing uses are damage when they are older",
        ),
    ] = None,
    quick: Annotated[
        bool, opt("--quick", "-q", help="Leave out what takes time: archives and files of layers")
    ] = False,
    repair: Annotated[
        bool, opt("--repair", "-r", help="Remove damaged images that no container uses")
    ] = False,
) -> int | None:
    """Compare what is stored with its digests, and show what is damaged.

    Documents and archives are compared with their digests, the files of each layer with its archive, which is
    unpacked once more for that, and the database with the directories. The exit code is 125 when something
    is damaged, and still there afterwards. After a repair the commands are shown that bring images back.
    """
    from libpod import errors, units
    from libpod.engine import system_check as engine

    try:
        age_s = engine.MAX_AGE_S if max is None else units.parse_duration_ns(max) / 1e9
    except ValueError as e:
        raise errors.UsageError(f'invalid argument "{max}" for "-m, --max" flag: {e}') from e
    report = engine.check(ctx.session, quick=quick, max_age_s=age_s)
    for kind, found in (("layer", report.layers), ("image", report.images), ("container", report.containers)):
        for name, lines in found.items():
            ctx.out(f"Damaged {kind} {name}:\n" + "".join(f"\t* {line}\n" for line in lines))
    for digest in report.unknown:
        ctx.out(f"Damaged blob {digest}:\n\t* no image refers to it\n")
    if not report.damaged:
        return 0
    if not (repair or force):
        raise errors.StorageError(
            "damage detected in local storage",
            remedy='"pypod system check --repair" removes it, and says how images come back',
        )
    try:
        engine.repair(ctx.session, report, force=force)
    finally:
        ctx.out("".join(f"Deleted damaged {kind}: {name}\n" for kind, name in report.removed))
        for line in engine.remedies(report):
            ctx.out(f"To bring it back: {line}\n")
    if report.left:
        raise errors.StorageError(
            "damage in local storage still present after repair attempt",
            remedy="" if force else 'containers use it: "pypod system check --force" removes these as well',
        )
    return 0


def df(
    ctx: Context,
    format: Format = None,
    verbose: Annotated[bool, opt("--verbose", "-v", help="Show each image, container and volume")] = False,
) -> int | None:
    """Show how much disk images, containers and volumes take, and how much of it can be had back.

    Blocks of disk are counted: an image takes its unpacked layers, their archives and its documents.
    """
    from libpod.engine import system_df as engine
    from pypod.ui import human, table

    if verbose:
        from libpod import errors
        from pypod.cli import dfview

        if format is not None:
            raise errors.UsageError("cannot combine --format and --verbose flags")
        ctx.out(dfview.tables(*engine.details(ctx.session)))
        return 0
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
            "\t- all pods",
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
