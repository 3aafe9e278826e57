"""Owns: reading the declarations of commands back as facts: for Typer, the option table, help and man pages.

Slow path only. A function's annotations are evaluated here, with the names of `declare` and `common` at
hand; a `**options: Unpack[T]` stands for the fields of T.
"""

from __future__ import annotations

import importlib
import inspect
import typing
from typing import Annotated, Any, NamedTuple

from pypod.cli import common, declare, globals, options, tree

_NAMES: dict[str, Any] = {
    **declare.NAMES,
    **vars(common),
    "Annotated": Annotated,
    "Unpack": typing.Unpack,
    "RunOptions": options.RunOptions,
    "CreateOptions": options.CreateOptions,
    "LimitOptions": options.LimitOptions,
    "PodOptions": options.PodOptions,
}

_KINDS = {"bool": "b", "true": "B", "slice": "l", "uint": "u", "choice": "k"}
_WORDS = {
    "l": "strings",
    "a": "stringArray",
    "s": "string",
    "i": "int",
    "u": "uint",
    "f": "float",
    "k": "string",
}


class Param(NamedTuple):
    """One option or argument of a command."""

    dest: str
    type: Any
    """The Python type without `| None`."""
    default: Any
    """The function's default; `inspect.Parameter.empty` if it has none."""
    info: Any
    """The `Opt` or `Arg` of the declaration."""
    gathered: bool
    """It reaches the function in `**options`, and only if it was given."""

    @property
    def is_option(self) -> bool:
        return isinstance(self.info, declare.Opt)

    @property
    def long(self) -> str:
        return next(str(n[2:]) for n in self.info.param_decls if n.startswith("--"))

    @property
    def short(self) -> str:
        return next((str(n[1:]) for n in self.info.param_decls if not n.startswith("--")), "")

    @property
    def kind(self) -> str:
        """The letter of the flag type in the option table."""
        if self.type is bool:
            return "B" if self.default is True else _KINDS.get(self.info.kind, "b")
        if self.info.kind in _KINDS:
            return _KINDS[self.info.kind]
        letters: dict[Any, str] = {int: "i", float: "f", str: "s", list[str]: "a"}
        return letters[self.type]

    @property
    def metavar(self) -> str:
        """The word for the value in help and man pages; empty for a bool."""
        return "" if self.kind in "bB" else str(self.info.metavar or _WORDS[self.kind])

    @property
    def shown_default(self) -> str:
        """The default as the help shows it; empty if there is none worth showing."""
        if self.info.shown:
            return str(self.info.shown)
        if self.kind == "B":
            return "true"
        return str(self.default) if isinstance(self.default, (str, int)) and self.kind not in "bB" else ""


class Function(NamedTuple):
    """A command's function with its parameters in the order of their declaration."""

    call: Any
    params: tuple[Param, ...]
    takes_context: bool

    @property
    def options(self) -> list[Param]:
        return sorted((p for p in self.params if p.is_option), key=lambda p: p.long)

    @property
    def arguments(self) -> list[Param]:
        return [p for p in self.params if not p.is_option]

    @property
    def short(self) -> str:
        """The first line of the docstring, without the full stop."""
        return (inspect.getdoc(self.call) or "").split("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        """The whole docstring."""
        return inspect.getdoc(self.call) or ""


def read(command: tree.Command) -> Function:
    """The function of a command with evaluated parameters."""
    module, _, name = command.target.partition(":")
    return read_function(getattr(importlib.import_module(f"pypod.cli.{module}"), name))


def read_function(call: Any) -> Function:
    scope = {**vars(inspect.getmodule(call)), **_NAMES}
    params: list[Param] = []
    takes_context = False
    for p in inspect.signature(call).parameters.values():
        if p.name == "ctx":
            takes_context = True
        elif p.kind is p.VAR_KEYWORD:
            params += fields(typing.get_args(eval(p.annotation, scope))[0])
        else:
            base, info = typing.get_args(eval(p.annotation, scope))
            params.append(Param(p.name, _plain(base), p.default, info, False))
    for param in params:
        if param.is_option and param.long.replace("-", "_") != param.dest:
            raise AssertionError(
                f"{call.__name__}: --{param.long} needs a parameter of that name, not {param.dest}"
            )
    return Function(call, tuple(params), takes_context)


def fields(options_type: Any) -> list[Param]:
    """The options that the fields of a TypedDict declare."""
    found = []
    for name, hint in typing.get_type_hints(options_type, include_extras=True).items():
        base, info = typing.get_args(hint)
        found.append(Param(name, _plain(base), None, info, True))
    return found


def program_options() -> list[Param]:
    """The options before the command."""
    return sorted(fields(globals.ProgramOptions), key=lambda p: p.long)


def _plain(annotation: Any) -> Any:
    """The type without `| None`."""
    if typing.get_origin(annotation) is list:
        return annotation
    parts = [a for a in typing.get_args(annotation) if a is not type(None)]
    return parts[0] if parts else annotation


def usage(command: tree.Command, function: Function) -> str:
    """The usage line behind the command's words, as Podman writes it."""
    words = ["[options]"] if function.options else []
    if command.usage:
        words.append(command.usage)
    else:
        for p in function.arguments:
            required = p.default is inspect.Parameter.empty
            words.append(p.info.metavar if required else f"[{p.info.metavar}]")
    return " ".join(words)
