"""Owns: the commands of `pypod volume`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Format, NoHeading, StopTime
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def create(
    ctx: Context,
    name: Annotated[str | None, arg("NAME")] = None,
    driver: Annotated[str, opt("--driver", "-d", help="Volume driver: local")] = "local",
    gid: Annotated[int | None, opt("--gid", metavar="GID", help="Group that owns the volume")] = None,
    ignore: Annotated[bool, opt("--ignore", help="Take a volume that exists as created")] = False,
    label: Annotated[list[str] | None, opt("--label", "-l", metavar="KEY=VALUE", help="Add a label")] = None,
    opt: Annotated[
        list[str] | None, opt("--opt", "-o", metavar="KEY=VALUE", help="Option of the driver")
    ] = None,
    uid: Annotated[int | None, opt("--uid", metavar="UID", help="User who owns the volume")] = None,
) -> int | None:
    """Create a volume, and print its name."""
    from libpod import errors
    from libpod.engine import volumes as engine
    from libpod.spec import volumeopts

    labels: dict[str, str] = {}
    for text in label or ():
        key, _, value = text.partition("=")
        if not key:
            raise errors.UsageError(f'--label "{text}" has no name', remedy="give KEY=VALUE")
        labels[key] = value
    made = engine.create(
        ctx.session,
        name or "",
        labels=labels,
        options=volumeopts.pairs(opt or ()),
        driver=driver,
        ignore=ignore,
        uid=uid,
        gid=gid,
    )
    ctx.out(made + "\n")
    return 0


def exists(ctx: Context, volume: Annotated[str, arg("VOLUME", complete="volumes")]) -> int | None:
    """Tell by the exit code whether a volume exists."""
    from libpod.engine import volumes as engine

    return 0 if engine.exists(ctx.session, volume) else 1


def export(
    ctx: Context,
    volume: Annotated[str, arg("VOLUME", complete="volumes")],
    output: Annotated[
        str | None,
        opt("--output", "-o", metavar="FILE", complete="files", help="Write to this file instead of stdout"),
    ] = None,
) -> int | None:
    """Write the files of a volume as a tar archive.

    The containers that use it go on meanwhile. A file appears when it is complete. Sockets and devices are
    left out, with a warning.
    """
    import sys

    from libpod import errors, log
    from libpod.engine import volume_archive as engine

    if output is None and sys.stdout.isatty():
        raise errors.UsageError(
            "refusing to export to a terminal", remedy="use --output FILE, or send it to a file or pipe"
        )
    target = "" if output in (None, "-", "/dev/stdout") else str(output)
    for line in engine.export(ctx.session, volume, target):
        log.warning(line)
    return 0


def import_(
    ctx: Context,
    volume: Annotated[str, arg("VOLUME", complete="volumes")],
    source: Annotated[str, arg("SOURCE", complete="files")],
) -> int | None:
    """Unpack a tar archive into a volume.

    The archive may be compressed; `-` reads it from stdin. Files of the same names are replaced, others stay.
    An archive that is damaged or too long for the disk changes nothing.
    """
    from libpod import log
    from libpod.engine import volume_archive as engine

    for line in engine.import_(ctx.session, volume, source):
        log.warning(line)
    return 0


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
    format: Format = None,
    noheading: NoHeading = False,
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


def mount(
    ctx: Context,
    volumes: Annotated[list[str] | None, arg("VOLUME", complete="volumes")] = None,
) -> int | None:
    """Print where the files of volumes lie.

    Only inside of `pypod unshare`: elsewhere their owners are not what they are in the containers.
    """
    from libpod.engine import volumes as engine

    for name in _unshared(ctx, volumes):
        ctx.out(f"{engine.inspect(ctx.session, name)['Mountpoint']}\n")
    return 0


def unmount(
    ctx: Context,
    volumes: Annotated[list[str] | None, arg("VOLUME", complete="volumes")] = None,
) -> int | None:
    """Give up the use of what `volume mount` printed.

    Local volumes are directories that stay where they are: there is nothing to unmount.
    """
    from libpod.engine import volumes as engine

    for name in _unshared(ctx, volumes):
        ctx.out(f"{engine.inspect(ctx.session, name)['Name']}\n")
    return 0


def _unshared(ctx: Context, names: list[str] | None) -> list[str]:
    import os

    from libpod import errors

    if not names:
        raise errors.UsageError("requires at least 1 arg(s), only received 0", remedy="name a volume")
    if os.geteuid() != 0:
        raise errors.UsageError(
            f'cannot run command "pypod {ctx.command}" in rootless mode, must execute "pypod unshare" first',
            remedy=f'"pypod unshare pypod {ctx.command} {names[0]}"',
        )
    return names


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
    time: StopTime = None,
) -> int | None:
    """Remove volumes."""
    from libpod.engine import volumes as engine

    engine.rm(
        ctx.session, volumes or (), lambda name: ctx.out(name + "\n"), every=all, force=force, timeout_s=time
    )
    return 0
