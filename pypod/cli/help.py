"""Owns: the command `pypod help`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import arg


def help_(ctx: Context, command: Annotated[list[str] | None, arg("COMMAND")] = None) -> int | None:
    """Show the help of a command."""
    from pypod.cli import entry

    return entry.show_help(command or [])
