"""Owns: the command `pypod unshare`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import LATER, arg, opt


def unshare(
    ctx: Context,
    command: Annotated[list[str] | None, arg("COMMAND", complete="commands")] = None,
    rootless_netns: Annotated[
        bool,
        opt(
            "--rootless-netns", help="Enter the network namespace of the named networks as well", state=LATER
        ),
    ] = False,
) -> int | None:
    """Run a command in the user namespace of the containers.

    There the caller is root and owns the files of the store. Without a command it is the shell.
    """
    from libpod.engine import unshare as engine

    engine.unshare(ctx.session.paths, list(command or ()), ctx.session.environ)
