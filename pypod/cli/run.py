"""Owns: the command `pypod run`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Unpack

    from pypod.cli.context import Context
    from pypod.cli.declare import arg
    from pypod.cli.options import RunOptions


def run(
    ctx: Context,
    image: Annotated[str, arg("IMAGE", complete="images")],
    command: Annotated[list[str] | None, arg("COMMAND")] = None,
    **options: Unpack[RunOptions],
) -> int | None:
    """Run a command in a new container.

    The exit code is the command's own; 126 if it cannot be executed, 127 if it does not exist, 125 if the
    engine failed.
    """
    from libpod.engine import run as engine
    from pypod.cli import created

    given: dict[str, object] = dict(options)
    created.check(ctx.session, given, image)
    asked = engine.Asked(given, image, list(command or ()), created.command_line())
    if given.get("detach"):
        return engine.run(
            ctx.session,
            asked,
            None,
            on_made=lambda record: created.made(given, record),
            on_started=created.show,
        )
    from pypod.cli import stdio

    terminal, interactive = bool(given.get("tty")), bool(given.get("interactive"))
    stdio.check_terminal(interactive, terminal)
    attached = stdio.Attached(
        stdio.chosen(given.get("attach"), interactive),  # type: ignore[arg-type]
        terminal=terminal,
        sig_proxy=bool(given.get("sig_proxy", True)),
        detach_keys=stdio.detach_keys(given.get("detach_keys"), ctx.session.settings.detach_keys),  # type: ignore[arg-type]
    )
    with attached as streams:
        return engine.run(ctx.session, asked, streams, on_made=lambda record: created.made(given, record))
