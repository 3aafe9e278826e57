"""Owns: the command `pypod port`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def port(
    ctx: Context,
    words: Annotated[list[str] | None, arg("CONTAINER", complete="containers")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Show the ports of all containers")] = False,
    latest: Latest = False,
) -> int | None:
    """Show which ports of the host lead to a container.

    With a port, only where that one is to be reached: `80`, `53/udp`.
    """
    from libpod import errors
    from pypod.cli import targets

    given = list(words or ())
    if all:
        if latest:
            raise errors.UsageError("--all and --latest cannot be used together")
        if given:
            raise errors.UsageError("no arguments are needed with --all")
        return 0
    if not given and not latest:
        raise errors.UsageError("you must supply a running container name or id")
    if len(given) > (1 if latest else 2):
        raise errors.UsageError(
            f"`pypod port` accepts at most {1 if latest else 2} arguments, received {len(given)}"
        )
    targets.one(ctx, None if latest else given.pop(0), latest)
    if given:
        number, _, protocol = given[0].partition("/")
        valid = number.isascii() and number.isdigit() and 0 < int(number) < 65536
        if not valid or protocol not in ("", "tcp", "udp", "sctp"):
            raise errors.UsageError(
                f'"{given[0]}" is not a port', remedy='give a number from 1 to 65535, as in "80" or "53/udp"'
            )
    return 0  # no port of the host leads to a container yet: run and create refuse --publish
