"""Owns: the command `pypod attach`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Latest, RunningContainer
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def attach(
    ctx: Context,
    container: RunningContainer = None,
    detach_keys: Annotated[
        str | None,
        opt(
            "--detach-keys",
            metavar="KEYS",
            default="ctrl-p,ctrl-q",
            help="Keys that detach from the terminal",
        ),
    ] = None,
    latest: Latest = False,
    no_stdin: Annotated[bool, opt("--no-stdin", help="Do not pass on stdin")] = False,
    sig_proxy: Annotated[
        bool, opt("--sig-proxy", help="Forward signals to the container's first process")
    ] = True,
) -> int | None:
    """Attach to a running container.

    Connects this terminal to the output and, with `-i`, to the input of the container's first process.
    """
    from libpod.engine import attach as engine
    from pypod.cli import stdio, targets

    record = targets.one(ctx, container, latest)
    attached = stdio.Attached(
        stdio.chosen(None, record["stdin_open"] and not no_stdin),
        terminal=record["tty"],
        sig_proxy=sig_proxy,
        detach_keys=stdio.detach_keys(detach_keys, ctx.session.settings.detach_keys),
    )
    with attached as streams:
        return engine.attach(ctx.session, record, streams)
