"""Owns: the command `pypod logs`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Containers, Latest, LogColor, LogSince, LogTail, LogTimestamps, LogUntil
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def logs(
    ctx: Context,
    containers: Containers = None,
    color: LogColor = False,
    follow: Annotated[
        bool, opt("--follow", "-f", help="Print new lines as they come, until the container ends")
    ] = False,
    latest: Latest = False,
    names: Annotated[
        bool, opt("--names", "-n", help="Of several containers, print the name before each line, not the id")
    ] = False,
    since: LogSince = None,
    tail: LogTail = -1,
    timestamps: LogTimestamps = False,
    until: LogUntil = None,
) -> int | None:
    """Print what containers have written."""
    from libpod import errors
    from libpod.engine import logs as engine
    from pypod.cli import logview, targets

    if latest and containers:
        raise errors.UsageError("--latest and a container cannot be given together")
    if not latest and not containers:
        raise errors.UsageError(
            '"pypod logs" needs at least one container', remedy="give names or ids, or --latest"
        )
    names_given: list[str | None] = [*containers] if containers else [None]
    records = [targets.one(ctx, name, latest) for name in names_given]
    wanted = engine.Filter(
        since=logview.moment(since, "--since", ahead=False),
        until=logview.moment(until, "--until", ahead=True),
        timestamps=timestamps,
    )
    several = len(records) > 1
    if several and follow:
        return logview.follow_all(ctx, records, tail, wanted, names=names, color=color)
    for number, record in enumerate(records):
        write = logview.writer(record, number, several=several, names=names, color=color)
        engine.show(ctx.session, record, write, tail=tail, follow=follow, wanted=wanted)
        write.finish(newline=several)
    return 0
