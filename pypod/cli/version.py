"""Owns: the command `pypod version`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import opt

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
"""What the kernel says, in the words of images."""


def version(
    ctx: Context,
    format: Annotated[
        str | None, opt("--format", "-f", help="Print as json or by a Go template", complete="format")
    ] = None,
) -> int | None:
    """Show the version of the engine."""
    from pypod.ui import jsontext, table

    facts = client()
    if not format:
        lines = [
            ["Client:", "pypod Engine"],
            ["Version:", facts["Version"]],
            ["API Version:", facts["APIVersion"]],
            ["Python Version:", facts["PythonVersion"]],
            ["OS/Arch:", facts["OsArch"]],
        ]
        ctx.out(table.columns(lines))
    elif format.strip() == "json":
        ctx.out(jsontext.compact({"Client": facts}) + "\n")
    else:
        ctx.out(table.fact("version", {"Client": facts, "Server": None}, format))
    return 0


def client() -> dict[str, str]:
    """The facts about this program, under Podman's names."""
    from pypod import __version__

    machine = os.uname().machine
    return {
        "APIVersion": __version__,
        "Version": __version__,
        "PythonVersion": ".".join(str(n) for n in sys.version_info[:3]),
        "GitCommit": "",
        "OsArch": f"linux/{_ARCHITECTURES.get(machine, machine)}",
        "Os": "linux",
    }
