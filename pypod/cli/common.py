"""Owns: the options and arguments that many commands have, declared once.

Slow path only, as `declare`: verbs name these in annotations, which are strings.
"""

from __future__ import annotations

from typing import Annotated

from pypod.cli.declare import arg, opt

Container = Annotated[str, arg("CONTAINER", complete="containers")]
Containers = Annotated[list[str] | None, arg("CONTAINER", complete="containers")]
RunningContainer = Annotated[str | None, arg("CONTAINER", complete="running")]
RunningContainers = Annotated[list[str] | None, arg("CONTAINER", complete="running")]
"""Completed by those that run; the command may take others too."""

Cidfiles = Annotated[
    list[str] | None,
    opt("--cidfile", metavar="FILE", help="Read a container's ID from this file", complete="files"),
]
Filters = Annotated[
    list[str] | None,
    opt(
        "--filter",
        "-f",
        kind="slice",
        metavar="KEY=VALUE",
        help="Take the containers that fit, as in `ps --filter`",
    ),
]
FiltersLong = Annotated[
    list[str] | None,
    opt(
        "--filter",
        kind="slice",
        metavar="KEY=VALUE",
        help="Take the containers that fit, as in `ps --filter`",
    ),
]
"""Where `-f` means something else."""
Format = Annotated[str | None, opt("--format", help="Print as json, or by a Go template", complete="format")]
Latest = Annotated[bool, opt("--latest", "-l", help="Take the container that was created last")]
LogColor = Annotated[bool, opt("--color", help="Print each container in a colour of its own")]
LogSince = Annotated[
    str | None,
    opt("--since", metavar="TIME", help="Lines since this time: a timestamp, or a duration as in 10m"),
]
LogTail = Annotated[int, opt("--tail", metavar="N", help="Print the last N lines only; -1 = all")]
LogTimestamps = Annotated[bool, opt("--timestamps", "-t", help="Print the time before each line")]
LogUntil = Annotated[
    str | None,
    opt(
        "--until",
        metavar="TIME",
        help="Lines until this time: a timestamp, or a duration from now on as in 10m",
    ),
]
NoHeading = Annotated[bool, opt("--noheading", "-n", help="Print no column headings")]
NoTrunc = Annotated[bool, opt("--no-trunc", help="Do not shorten IDs")]
PruneFilters = Annotated[
    list[str] | None,
    opt("--filter", metavar="KEY=VALUE", help="Remove only what fits: label, label!, until"),
]
StopTime = Annotated[
    int | None,
    opt(
        "--time",
        "-t",
        kind="uint",
        metavar="SECONDS",
        default="10",
        aliases=("timeout",),
        help="Time to wait before the container is killed",
    ),
]
Pod = Annotated[str, arg("POD", complete="pods")]
Pods = Annotated[list[str] | None, arg("POD", complete="pods")]
PodIdFiles = Annotated[
    list[str] | None,
    opt("--pod-id-file", metavar="FILE", help="Read a pod's ID from this file", complete="files"),
]
PodLatest = Annotated[bool, opt("--latest", "-l", help="Take the pod that was created last")]
QuietIds = Annotated[bool, opt("--quiet", "-q", help="Print IDs only")]
Secret = Annotated[str, arg("SECRET", complete="secrets")]
Secrets = Annotated[list[str] | None, arg("SECRET", complete="secrets")]
