"""Owns: the commands of `pypod volume`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import LATER, arg, opt


def create(
    ctx: Context,
    name: Annotated[str | None, arg("NAME")] = None,
    driver: Annotated[str, opt("--driver", "-d", help="Volume driver: local")] = "local",
    gid: Annotated[int | None, opt("--gid", metavar="GID", help="Group that owns the volume")] = None,
    ignore: Annotated[bool, opt("--ignore", help="Take a volume that exists as created")] = False,
    label: Annotated[list[str] | None, opt("--label", "-l", metavar="KEY=VALUE", help="Add a label")] = None,
    opt: Annotated[
        list[str] | None, opt("--opt", "-o", metavar="KEY=VALUE", help="Option of the driver", state=LATER)
    ] = None,
    uid: Annotated[int | None, opt("--uid", metavar="UID", help="User who owns the volume")] = None,
) -> int | None:
    """Create a volume, and print its name."""
    from libpod import errors
    from libpod.engine import volumes as engine

    labels: dict[str, str] = {}
    for text in label or ():
        key, _, value = text.partition("=")
        if not key:
            raise errors.UsageError(f'--label "{text}" has no name', remedy="give KEY=VALUE")
        labels[key] = value
    made = engine.create(
        ctx.session, name or "", labels=labels, driver=driver, ignore=ignore, uid=uid, gid=gid
    )
    ctx.out(made + "\n")
    return 0


def exists(ctx: Context, volume: Annotated[str, arg("VOLUME", complete="volumes")]) -> int | None:
    """Tell by the exit code whether a volume exists."""
    from libpod.engine import volumes as engine

    return 0 if engine.exists(ctx.session, volume) else 1


def inspect(
    ctx: Context,
    volumes: Annotated[list[str] | None, arg("VOLUME", complete="volumes")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Show all volumes")] = False,
    format: Annotated[
        str | None,
        opt("--format", "-f", help="Print as json or by a Go template", complete="format", default="json"),
    ] = None,
) -> int | None:
    """Show all about volumes."""
    from libpod import errors
    from libpod.engine import volumes as engine
    from pypod.cli import objects
    from pypod.ui import table

    if all:
        found: list[object] = [row for row in engine.ls(ctx.session)]
    elif volumes:
        found = [engine.inspect(ctx.session, name) for name in volumes]
    else:
        raise errors.UsageError(
            '"pypod volume inspect" needs at least one name', remedy="give names, or --all"
        )
    if format and format.strip() != "json":
        found = [objects.whole(item) for item in found]
    ctx.out(table.objects("volume inspect", found, format))
    return 0


def ls(
    ctx: Context,
    filter: Annotated[
        list[str] | None,
        opt(
            "--filter",
            "-f",
            kind="slice",
            metavar="KEY=VALUE",
            help="Show only what fits: name, label, driver, dangling ...",
        ),
    ] = None,
    format: Annotated[
        str | None, opt("--format", help="Print as json, or by a Go template", complete="format")
    ] = None,
    noheading: Annotated[bool, opt("--noheading", "-n", help="Print no column headings")] = False,
    quiet: Annotated[bool, opt("--quiet", "-q", help="Print names only")] = False,
) -> int | None:
    """List volumes."""
    from libpod.engine import volumes as engine
    from pypod.ui import table

    rows = engine.ls(ctx.session, filter or ())
    if quiet:
        ctx.out("".join(f"{row['Name']}\n" for row in rows))
        return 0
    ctx.out(
        table.listing(
            "volume ls",
            rows,
            ("Driver", "Name"),
            template=format,
            headings={"Name": "VOLUME NAME"},
            noheading=noheading,
        )
    )
    return 0


def prune(
    ctx: Context,
    filter: Annotated[
        list[str] | None,
        opt("--filter", metavar="KEY=VALUE", help="Remove only what fits: label, label!, until, name ..."),
    ] = None,
    force: Annotated[bool, opt("--force", "-f", help="Do not ask")] = False,
) -> int | None:
    """Remove the volumes that no container uses.

    Also those with a name. Prints the name of each.
    """
    from libpod.engine import volumes as engine

    if not force:
        from pypod.cli import ask

        names = engine.prunable(ctx.session, filter or ())
        if not names:
            ctx.out("No dangling volumes found\n")
            return 0
        warning = "WARNING! This will remove all volumes not used by at least one container."
        listed = "".join(f"\n{name}" for name in names)
        if not ask.agreed(ctx, f"{warning} The following volumes will be removed:{listed}"):
            return 0
    engine.prune(ctx.session, lambda name: ctx.out(name + "\n"), filters=filter or ())
    return 0


def rm(
    ctx: Context,
    volumes: Annotated[list[str] | None, arg("VOLUME", complete="volumes")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Remove all volumes that no container uses")] = False,
    force: Annotated[bool, opt("--force", "-f", help="Remove the containers that use it as well")] = False,
    time: Annotated[
        int | None,
        opt(
            "--time",
            "-t",
            kind="uint",
            metavar="SECONDS",
            default="10",
            aliases=("timeout",),
            help="Time that a forced stop waits before it kills",
        ),
    ] = None,
) -> int | None:
    """Remove volumes."""
    from libpod.engine import volumes as engine

    engine.rm(
        ctx.session, volumes or (), lambda name: ctx.out(name + "\n"), every=all, force=force, timeout_s=time
    )
    return 0
