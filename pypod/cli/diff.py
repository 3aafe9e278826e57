"""Owns: the commands `pypod diff`, `container diff` and `image diff`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from libpod.engine.rootfiles import Kind
    from pypod.cli.common import Containers, Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def diff(
    ctx: Context,
    names: Annotated[list[str] | None, arg("NAME", complete="objects")] = None,
    format: Annotated[str | None, opt("--format", help="Print as json", complete="(json)")] = None,
    latest: Latest = False,
) -> int | None:
    """Show what a container has changed in its files, or an image in its last layer.

    A line begins with A (added), C (changed) or D (deleted). With a second name, that container or image is
    what the first one is compared with.
    """
    return _show(ctx, names, format, "all", latest=latest)


def container_diff(
    ctx: Context,
    containers: Containers = None,
    format: Annotated[str | None, opt("--format", help="Print as json", complete="(json)")] = None,
    latest: Latest = False,
) -> int | None:
    """Show what a container has changed in its files.

    A line begins with A (added), C (changed) or D (deleted). With a second name, that container is what the
    first one is compared with.
    """
    return _show(ctx, containers, format, "container", latest=latest)


def image_diff(
    ctx: Context,
    images: Annotated[list[str] | None, arg("IMAGE", complete="images")] = None,
    format: Annotated[str | None, opt("--format", help="Print as json", complete="(json)")] = None,
) -> int | None:
    """Show what the last layer of an image has changed.

    A line begins with A (added), C (changed) or D (deleted). With a second name, that image is what the first
    one is compared with.
    """
    return _show(ctx, images, format, "image")


def _show(
    ctx: Context, names: list[str] | None, format: str | None, kind: Kind, *, latest: bool = False
) -> int:

    from libpod import errors
    from libpod.engine import containers
    from libpod.engine import diff as engine
    from libpod.util.printable import printable

    wanted = list(names or ())
    if latest and kind != "image":
        if wanted:
            raise errors.UsageError("--latest and arguments cannot be used together")
        wanted = [containers.latest(ctx.session)["id"]]
    if not wanted and kind != "image":
        raise errors.UsageError(f'"pypod {ctx.command}" requires a name, id, or the "--latest" flag')
    if not 1 <= len(wanted) <= 2:
        raise errors.UsageError(f"accepts between 1 and 2 arg(s), received {len(wanted)}")
    if format not in (None, "", "json"):
        raise errors.UsageError("only supported value for '--format' is 'json'")
    found = engine.diff(ctx.session, wanted[0], wanted[1] if len(wanted) > 1 else "", kind)
    if format:
        from libpod.util import jsonio

        shown = {}
        for word, letter in (("changed", "C"), ("added", "A"), ("deleted", "D")):
            paths = [path.decode("utf-8", "replace") for kind_, path in found if kind_ == letter]
            if paths:
                shown[word] = paths
        ctx.out(jsonio.dumps_pretty(shown, 5) + "\n")
    else:
        ctx.out("".join(f"{letter} {printable(path, 4096)}\n" for letter, path in found))
    return 0
