"""Owns: the question that commands ask before they remove what nobody named."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pypod.cli.context import Context


def agreed(ctx: Context, warning: str) -> bool:
    """Whether the user says yes. The end of the input is a no."""
    import sys

    ctx.out(f"{warning}\nAre you sure you want to continue? [y/N] ")
    ctx.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
