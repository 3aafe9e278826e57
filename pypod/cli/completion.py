"""Owns: the command `pypod completion`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def completion(
    ctx: Context,
    shell: Annotated[str, arg("SHELL", complete="(bash,zsh,fish)")],
    file: Annotated[
        str | None,
        opt("--file", "-f", metavar="FILE", help="Write into this file instead of stdout", complete="files"),
    ] = None,
    no_desc: Annotated[bool, opt("--no-desc", help="Complete without descriptions")] = False,
) -> int | None:
    """Print the script that completes commands in a shell.

    For bash: `source <(pypod completion bash)`. For zsh: write it as `_pypod` into a directory of `$fpath`.
    For fish: write it to `~/.config/fish/completions/pypod.fish`.
    """
    from libpod.errors import UsageError
    from pypod.cli import shells

    if shell not in shells.SCRIPTS:
        raise UsageError(
            f'invalid argument "{shell}" for "pypod completion"', remedy="give bash, zsh or fish"
        )
    text = shells.script(shell, descriptions=not no_desc)
    if not file:
        ctx.out(text)
        return 0
    try:
        with open(file, "w", encoding="utf-8") as f:
            f.write(text)
    except OSError as e:
        raise UsageError(f'--file "{file}": {e.strerror}') from e
    return 0
