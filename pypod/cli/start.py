"""Owns: the command `pypod start`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Containers, Filters, Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def start(
    ctx: Context,
    containers: Containers = None,
    all: Annotated[bool, opt("--all", help="Start all containers")] = False,
    attach: Annotated[bool, opt("--attach", "-a", help="Attach to the container's output")] = False,
    detach_keys: Annotated[
        str | None,
        opt(
            "--detach-keys",
            metavar="KEYS",
            default="ctrl-p,ctrl-q",
            help="Keys that detach from the terminal",
        ),
    ] = None,
    filter: Filters = None,
    interactive: Annotated[bool, opt("--interactive", "-i", help="Pass on stdin")] = False,
    latest: Latest = False,
    sig_proxy: Annotated[
        bool | None,
        opt(
            "--sig-proxy",
            kind="true",
            default="true if attaching",
            help="Forward signals to the container's first process",
        ),
    ] = None,
) -> int | None:
    """Start containers that were created or have ended."""
    from libpod.engine import start_again as engine
    from pypod.cli import targets

    starter = engine.Starter(ctx.session)
    try:
        choice = targets.Choice(containers, every=all, latest=latest, filters=filter)
        if not (attach or interactive):
            return targets.each(ctx, choice, starter.start)
        from libpod.errors import UsageError
        from pypod.cli import stdio

        if all or filter or len(containers or ()) > 1:
            raise UsageError(
                "only one container can be attached to", remedy="start the others without --attach"
            )
        record = targets.one(ctx, containers[0] if containers else None, latest)
        attached = stdio.Attached(
            stdio.chosen(None, interactive and record["stdin_open"]),
            terminal=record["tty"],
            sig_proxy=sig_proxy is not False,
            detach_keys=stdio.detach_keys(detach_keys, ctx.session.settings.detach_keys),
        )
        with attached as streams:
            return starter.start_attached(record, streams)
    finally:
        starter.close()
