"""Owns: the command `pypod stats`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Latest, RunningContainers
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def stats(
    ctx: Context,
    containers: RunningContainers = None,
    all: Annotated[bool, opt("--all", "-a", help="Show those that do not run too")] = False,
    format: Annotated[
        str | None, opt("--format", help="Print as json or by a Go template", complete="(json)")
    ] = None,
    interval: Annotated[int, opt("--interval", "-i", metavar="SECONDS", help="Time between two reports")] = 5,
    latest: Latest = False,
    no_reset: Annotated[bool, opt("--no-reset", help="Do not clear the screen between reports")] = False,
    no_stream: Annotated[bool, opt("--no-stream", help="Print one report and end")] = False,
    no_trunc: Annotated[bool, opt("--no-trunc", help="Show whole ids")] = False,
) -> int | None:
    """Show what containers use of processor, memory, network and disk.

    Without names it is about those that run. The first report has the processor's use since the start of the
    container, the others since the report before. What this account has no cgroup controller for is shown as
    `--`.
    """
    from libpod import errors
    from pypod.cli import statsview

    if sum((bool(containers), all, latest)) > 1:
        raise errors.UsageError("--all, --latest and containers cannot be used together")
    if interval < 1:
        raise errors.UsageError("invalid interval, must be a positive number greater zero")
    report = statsview.Report(ctx, list(containers or ()), every=all, latest=latest)
    return report.run(format, None if no_stream else interval, clear=not no_reset, whole_ids=no_trunc)
