"""Owns: the words in which commands declare options and arguments: Typer's, with Podman's flag types added.

`opt()` and `arg()` return Typer's own objects, so a function that uses them is an ordinary Typer command.
Only the slow path (help, man pages, the compiler of the option table) reads this module: verbs name it in
annotations, which are strings.
"""

from __future__ import annotations

from typing import Any

import typer  # 75-90 ms: never imported by the fast path
from typer.models import ArgumentInfo, OptionInfo

WORKS = "works"
LATER = "later"
"""Known, and answers "not supported yet" when it is used."""
ACCEPTED = "accepted"
"""Parsed; a note says that it has no effect here."""


FULFILLED = "fulfilled"
"""Parsed; what it asks for is always so, and there is nothing to tell."""


class Opt(OptionInfo):
    """A Typer option that also knows its flag type, its state and how to complete its value."""

    kind: str = ""
    state: str = WORKS
    why: str = ""
    complete: str = ""
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    harmless: str = ""
    shown: str = ""


class Arg(ArgumentInfo):
    """A Typer argument that also knows how to complete it."""

    complete: str = ""


def opt(
    *names: str,
    help: str,
    kind: str = "",
    metavar: str = "",
    state: str = WORKS,
    why: str = "",
    complete: str = "",
    choices: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    harmless: str = "",
    default: str = "",
    hidden: bool = False,
) -> Any:
    """Declare an option.

    `kind` is the flag type where the annotation does not say it: "slice" = values are split at commas, "uint"
    = not negative, "true" = a bool that the engine takes as true when it is not given. `why` completes the
    sentence of `state`: what to do instead (LATER), or why there is no effect (ACCEPTED, FULFILLED).
    `harmless` is a value that asks for nothing and so is always fine. `complete` names what the value is:
    containers, images, volumes, files, dirs, or the words themselves as "(a,b)". `default` is shown by the
    help where the engine, not the function, supplies it.
    """
    info = Opt(
        default=..., param_decls=names, help=help, metavar=metavar or None, hidden=hidden, show_default=False
    )
    info.kind = "choice" if choices else kind
    info.state, info.why, info.complete = state, why, complete
    info.choices, info.aliases, info.shown, info.harmless = choices, aliases, default, harmless
    return info


def arg(metavar: str, *, help: str = "", complete: str = "") -> Any:
    """Declare a positional argument; `metavar` is its word in the usage line."""
    info = Arg(default=..., metavar=metavar, help=help or None, show_default=False)
    info.complete = complete
    return info


NAMES = {
    "opt": opt,
    "arg": arg,
    "typer": typer,
    "LATER": LATER,
    "ACCEPTED": ACCEPTED,
    "WORKS": WORKS,
    "FULFILLED": FULFILLED,
}
"""What string annotations may use besides `Annotated` and the built-in types."""
