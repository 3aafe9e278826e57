"""Owns: the list of commands and options to be compatible with (docs/options/compat.tsv)."""

from __future__ import annotations

import os
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIST = os.path.join(ROOT, "docs", "options", "compat.tsv")


class Row(NamedTuple):
    command: str
    option: str
    """`--name`; empty in the row of the command itself."""
    wanted: str
    """must, should, later or accept."""
    use: str
    """How common it is: stars."""


def rows() -> list[Row]:
    """The list, in its order."""
    with open(LIST, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return [Row(*[*line, "", "", ""][:4]) for line in lines]


def commands() -> list[str]:
    """Every command of the list."""
    return [row.command for row in rows() if not row.option]
