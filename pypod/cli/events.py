"""Owns: the command `pypod events`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def events(
    ctx: Context,
    filter: Annotated[
        list[str] | None,
        opt(
            "--filter",
            "-f",
            metavar="KEY=VALUE",
            help="Show only what fits: container, event, image, label, pod, type, volume",
        ),
    ] = None,
    format: Annotated[
        str | None, opt("--format", help="Print as json or by a Go template", complete="(json)")
    ] = None,
    no_trunc: Annotated[bool, opt("--no-trunc", kind="true", help="Show whole ids")] = True,
    since: Annotated[
        str | None, opt("--since", metavar="TIME", help="Show what was since then: a moment, or 10m")
    ] = None,
    stream: Annotated[bool, opt("--stream", kind="true", help="Go on with what comes")] = True,
    until: Annotated[
        str | None, opt("--until", metavar="TIME", help="Show what was, or comes, until then")
    ] = None,
) -> int | None:
    """Show what happens to containers, pods, images and volumes.

    Shows what comes, until it is stopped. With --since what was before comes first; --stream=false shows what
    was and ends. Filters of one key are alternatives, those of several keys must all fit.
    """
    from libpod.engine import events as engine
    from pypod.cli import eventview

    show = eventview.shower(format, whole_ids=no_trunc)
    found = engine.events(
        ctx.session, filters=filter or (), since=since or "", until=until or "", stream=stream
    )
    for event in found:
        ctx.out(show(event))
        if stream:
            ctx.flush()
    return 0
