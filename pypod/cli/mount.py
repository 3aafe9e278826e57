"""Owns: the commands `pypod mount`, `unmount`, `image mount` and `image unmount`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Annotated

    from libpod.model.container import ContainerRecord
    from libpod.model.image import ImageRecord
    from pypod.cli.common import Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def mount(
    ctx: Context,
    containers: Annotated[list[str] | None, arg("CONTAINER", complete="containers")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Mount all containers")] = False,
    format: Annotated[
        str | None, opt("--format", help="How to print what is mounted: json", complete="format")
    ] = None,
    latest: Latest = False,
    no_trunc: Annotated[bool, opt("--no-trunc", aliases=("notruncate",), help="Do not shorten IDs")] = False,
) -> int | None:
    """Mount the root file systems of containers, and print where; without a name print what is mounted.

    Only inside of `pypod unshare`, where the mounts are seen and with which they end. A running container
    shows the root that it has, without its volumes; one that does not run can be written to, and started
    meanwhile.
    """
    from libpod import errors
    from libpod.engine import containers as find
    from libpod.engine import mount as engine

    engine.check_inside(ctx.session, ctx.command)
    if all and containers:
        raise errors.UsageError("no arguments are needed with --all")
    if latest and (all or containers):
        raise errors.UsageError("--latest and containers cannot be used together")
    if all or containers or latest:
        records = find.select(ctx.session, list(containers or ()), every=all, newest=latest)
        if all:
            records = [record for record in records if engine.has_files(record)]

        def show(record: ContainerRecord) -> None:
            ctx.out(engine.mount_container(ctx.session, record) + "\n")

        _each([lambda record=record: show(record) for record in records])  # type: ignore[misc]
        return 0
    found = engine.containers_here(ctx.session)
    _listing(
        ctx,
        format,
        [{"id": record["id"], "Names": [record["name"]], "mountpoint": place} for record, place in found],
        [(record["id"] if no_trunc else record["id"][:12], place) for record, place in found],
    )
    return 0


def unmount(
    ctx: Context,
    containers: Annotated[list[str] | None, arg("CONTAINER", complete="containers")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Unmount all that are mounted here")] = False,
    force: Annotated[bool, opt("--force", "-f", help="Also what is in use")] = False,
    latest: Latest = False,
) -> int | None:
    """Unmount the root file systems of containers that `mount` has mounted.

    In this `pypod unshare` alone. Containers that run go on.
    """
    from libpod import errors
    from libpod.engine import containers as find
    from libpod.engine import mount as engine

    engine.check_inside(ctx.session, ctx.command)
    if all and (containers or latest):
        raise errors.UsageError("no arguments are needed with --all")
    if not (all or containers or latest):
        raise errors.UsageError("you must provide at least one name or id")
    if all:
        records = [record for record, _ in engine.containers_here(ctx.session)]
        names = [record["id"] for record in records]
    else:
        records = find.select(ctx.session, list(containers or ()), newest=latest)
        names = list(containers or [record["id"] for record in records])

    def act(record: ContainerRecord, name: str) -> None:
        engine.unmount_container(ctx.session, record, force=force)
        ctx.out(name + "\n")

    _each([lambda r=r, n=n: act(r, n) for r, n in zip(records, names, strict=True)])  # type: ignore[misc]
    return 0


def image_mount(
    ctx: Context,
    images: Annotated[list[str] | None, arg("IMAGE", complete="images")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Mount all images")] = False,
    format: Annotated[
        str | None, opt("--format", help="How to print what is mounted: json", complete="format")
    ] = None,
) -> int | None:
    """Mount images read-only, and print where; without a name print what is mounted.

    Only inside of `pypod unshare`, where the mounts are seen and with which they end.
    """
    from libpod import errors
    from libpod.engine import mount as engine
    from libpod.state import images as rows

    engine.check_inside(ctx.session, ctx.command)
    if all and images:
        raise errors.UsageError("when using the --all switch, you may not pass any image names or IDs")
    if format not in (None, "", "json"):
        raise errors.UsageError(f'unknown --format argument: "{format}"')
    db = ctx.session.db
    records = rows.all_images(db) if all else [rows.find(db, name)[0] for name in images or ()]
    found: list[tuple[ImageRecord, str]] = []

    def act(record: ImageRecord) -> None:
        found.append((record, engine.mount_image(ctx.session, record)))

    _each([lambda record=record: act(record) for record in records])  # type: ignore[misc]
    if images and len(images) == 1 and not format:
        ctx.out(found[0][1] + "\n")
        return 0
    if not (all or images):
        found = engine.images_here(ctx.session)
    _listing(
        ctx,
        format,
        [
            {
                "id": record["id"],
                "Names": record["names"],
                "Repositories": record["names"],
                "mountpoint": place,
            }
            for record, place in found
        ],
        [(record["names"][0] if record["names"] else record["id"], place) for record, place in found],
    )
    return 0


def image_unmount(
    ctx: Context,
    images: Annotated[list[str] | None, arg("IMAGE", complete="images")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Unmount all that are mounted here")] = False,
    force: Annotated[bool, opt("--force", "-f", help="Also what is in use")] = False,
) -> int | None:
    """Unmount images that `image mount` has mounted, in this `pypod unshare` alone."""
    from libpod import errors
    from libpod.engine import mount as engine
    from libpod.state import images as rows

    engine.check_inside(ctx.session, ctx.command)
    if all and images:
        raise errors.UsageError("when using the --all switch, you may not pass any image names or IDs")
    if not (all or images):
        raise errors.UsageError("image name or ID must be specified")
    if all:
        records = [record for record, _ in engine.images_here(ctx.session)]
    else:
        records = [rows.find(ctx.session.db, name)[0] for name in images or ()]

    def act(record: ImageRecord) -> None:
        if engine.unmount_image(ctx.session, record, force=force):
            ctx.out(record["id"] + "\n")

    _each([lambda record=record: act(record) for record in records])  # type: ignore[misc]
    return 0


def _each(acts: list[Callable[[], object]]) -> None:
    """Do all of them, whatever fails; then raise what failed."""
    from libpod import errors

    failed: list[errors.PypodError] = []
    for act in acts:
        try:
            act()
        except errors.PypodError as e:
            failed.append(e)
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)


def _listing(
    ctx: Context, format: str | None, objects: list[dict[str, object]], lines: list[tuple[str, str]]
) -> None:
    from libpod import errors
    from pypod.ui import jsontext

    if format == "json":
        ctx.out(jsontext.pretty(objects, 1) + "\n")
    elif format:
        raise errors.UsageError(f'unknown --format argument: "{format}"')
    else:
        width = max([len(name) for name, _ in lines], default=0) + 2
        ctx.out("".join(name.ljust(width) + place + "\n" for name, place in lines))
