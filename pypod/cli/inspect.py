"""Owns: the commands `pypod inspect`, `container inspect` and `image inspect`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Containers, Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def inspect(
    ctx: Context,
    names: Annotated[list[str] | None, arg("NAME", complete="objects")] = None,
    format: Annotated[
        str | None,
        opt("--format", "-f", help="Print as json or by a Go template", complete="format", default="json"),
    ] = None,
    latest: Latest = False,
    size: Annotated[bool, opt("--size", "-s", help="Show the size of containers too")] = False,
    type: Annotated[
        str,
        opt(
            "--type",
            "-t",
            help="Kind of object: all, container, image, volume",
            complete="(all,container,image,volume)",
        ),
    ] = "all",
) -> int | None:
    """Show all about containers, images and volumes.

    A name is looked for among containers, then images, then volumes, unless `--type` says what it is.
    """
    from pypod.cli import objects

    return objects.show(ctx, names, type, format, latest=latest, size=size)


def container_inspect(
    ctx: Context,
    containers: Containers = None,
    format: Annotated[
        str | None,
        opt("--format", "-f", help="Print as json or by a Go template", complete="format", default="json"),
    ] = None,
    latest: Latest = False,
    size: Annotated[bool, opt("--size", "-s", help="Show the size as well")] = False,
) -> int | None:
    """Show all about containers."""
    from pypod.cli import objects

    return objects.show(ctx, containers, "container", format, latest=latest, size=size)


def image_inspect(
    ctx: Context,
    images: Annotated[list[str] | None, arg("IMAGE", complete="images")] = None,
    format: Annotated[
        str | None,
        opt("--format", "-f", help="Print as json or by a Go template", complete="format", default="json"),
    ] = None,
) -> int | None:
    """Show all about images."""
    from pypod.cli import objects

    return objects.show(ctx, images, "image", format)
