"""Owns: the answer to a command that does not exist."""

from __future__ import annotations

from libpod.errors import UsageError
from pypod.cli import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def unknown(path: str, word: str) -> NoReturn:
    """Raise UsageError for `word` behind `path`, with the commands that are like it."""
    program = f"pypod {path}" if path else "pypod"
    message = f"unrecognized command `{program} {word}`"
    near = like(path, word)
    if near:
        message += "\n\nDid you mean this?\n" + "".join(f"\t{name}\n" for name in near)
    raise UsageError(message, remedy=f"Try '{program} --help' for more information")


def like(path: str, word: str) -> list[str]:
    """Commands below `path` that begin with `word` or differ from it by two letters at most."""
    names = set()
    prefix = f"{path} " if path else ""
    for name in [*table.COMMANDS, *table.GROUPS]:
        if name.startswith(prefix) and " " not in name[len(prefix) :]:
            names.add(name[len(prefix) :])
    low = word.lower()
    return sorted(n for n in names if n.lower().startswith(low) or distance(n.lower(), low) <= 2)


def distance(a: str, b: str) -> int:
    """How many letters must be put in, taken out or changed to make `b` of `a`."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]
