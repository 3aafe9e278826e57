"""Owns: the Typer application: the same commands as the option table's, built from the same functions.

It serves what the fast parser does not: help, and a full command line for whoever wants one
(`application()`). A bool option `--rm` is `--rm/--no-rm` to Typer; `--rm=false` of the fast parser's
canonical words becomes `--no-rm` (see `typer_words`).
"""

from __future__ import annotations

import copy
import inspect
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from pypod.cli import declare, describe, helptext, tree
from pypod.cli.context import Context

_SETTINGS = {"help_option_names": ["--help"]}


class HelpfulCommand(TyperCommand):
    """A command whose help looks like Podman's."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(helptext.command_help(ctx.command_path.partition(" ")[2]))


class HelpfulGroup(TyperGroup):
    """A group whose help looks like Podman's."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(helptext.group_help(ctx.command_path.partition(" ")[2]))


def show_help(words: list[str]) -> int:
    """Print the help of the command that `words` name; the program's own without words."""
    from pypod.cli import table

    path = ""
    for word in words:
        name = f"{path} {word}" if path else word
        name = table.ALIASES.get(name, name)
        if name in table.MISSING:
            from libpod.errors import NotSupportedError

            raise NotSupportedError(f'"pypod {name}" is not supported yet', remedy=table.MISSING[name])
        if name not in table.COMMANDS and name not in table.GROUPS:
            if not path:
                sys.stdout.write(f"Unknown help topic [`{' '.join(words)}`]\n")
            break
        path = name
    run(application(path), [*path.split(), "--help"])
    return 0


def application(only: str | None = None) -> typer.Typer:
    """The whole application, or only the part that leads to the command `only`."""
    root = _group("")
    root.callback(cls=HelpfulGroup, invoke_without_command=False)(_wrap_program())
    groups = {"": root}
    for name in sorted(tree.GROUPS):
        if only is None or f"{only} ".startswith(f"{name} "):
            parent, _, last = name.rpartition(" ")
            groups[name] = _group(name)
            groups[parent].add_typer(groups[name], name=last)
    for command in tree.COMMANDS:
        for path in (command.path, *command.also):
            parent, _, last = path.rpartition(" ")
            if parent in groups and (only is None or path == only):
                callback = wrap(path, describe.read(command))
                settings = {**_SETTINGS, "allow_interspersed_args": command.interspersed}
                groups[parent].command(last, cls=HelpfulCommand, context_settings=settings)(callback)
    return root


def run(app: typer.Typer, words: list[str]) -> Any:
    """Run the application on words; the command's return value. Click's exceptions come through."""
    return typer.main.get_command(app).main(words, prog_name="pypod", standalone_mode=False)


def _group(name: str) -> typer.Typer:
    return typer.Typer(
        name=name.rpartition(" ")[2] or "pypod",
        help=tree.GROUPS.get(name, ""),
        cls=HelpfulGroup,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=dict(_SETTINGS),
    )


def _wrap_program() -> Any:
    """The callback that keeps the global options for the commands."""
    params = describe.program_options()

    def pypod(**values: Any) -> None:
        _click_context().obj = _given(params, values)

    return _signed(pypod, params)


def wrap(path: str, function: describe.Function) -> Any:
    """A function for Typer that calls the command's own: with a context, and gathered options if given."""

    def call(**values: Any) -> Any:
        options: Any = _click_context().find_root().obj or {}
        plain = {p.dest: values[p.dest] for p in function.params if not p.gathered}
        gathered = _given([p for p in function.params if p.gathered], values)
        first = [Context(path, options, [])] if function.takes_context else []
        return function.call(*first, **plain, **gathered)

    call.__doc__ = function.description
    return _signed(call, function.params)


def _click_context() -> Any:
    try:
        from typer._click.globals import get_current_context  # since 0.26 Typer carries its own Click
    except ImportError:
        from click import get_current_context  # type: ignore[import-not-found,no-redef]
    return get_current_context()


def _given(params: list[describe.Param], values: dict[str, Any]) -> dict[str, Any]:
    """The values of options that stand on the command line."""
    source = _click_context().get_parameter_source
    return {p.dest: values[p.dest] for p in params if source(p.dest).name == "COMMANDLINE"}


def _signed(call: Any, params: Any) -> Any:
    """Give `call` the signature from which Typer reads the parameters."""
    signature, hints = [], {}
    for p in params:
        info = copy.copy(p.info)
        default = p.default
        hint = p.type
        if p.is_option and p.type is bool:
            info.param_decls = [f"{n}/--no-{n[2:]}" if n.startswith("--") else n for n in info.param_decls]
            if p.kind == "B" and default is None:
                default = True
        if p.is_option and (p.type == list[str]) and p.kind == "l":
            info.callback = _split
        if default is None:
            hint, default = p.type | None, None
        hints[p.dest] = Annotated[hint, info]
        kind = inspect.Parameter.KEYWORD_ONLY
        signature.append(inspect.Parameter(p.dest, kind, default=default, annotation=hints[p.dest]))
    call.__signature__ = inspect.Signature(signature)
    call.__annotations__ = hints
    return call


def _split(values: list[str] | None) -> list[str] | None:
    """Split the values of a slice option at commas, as the fast parser does."""
    from pypod.cli.parse import split_commas

    return None if values is None else [part for value in values for part in split_commas(value)]


def typer_words(canonical: list[str], params: list[describe.Param]) -> list[str]:
    """Canonical words (`--name=value`) as Typer reads them: a bool is a flag there, with a `--no-` form."""
    bools = {p.long for p in params if p.is_option and p.type is bool}
    words = []
    for word in canonical:
        name, _, value = word[2:].partition("=")
        if name in bools:
            word = f"--{name}" if value in ("1", "t", "T", "true", "TRUE", "True") else f"--no-{name}"
        words.append(word)
    return words


__all__ = ["application", "declare", "run", "show_help", "typer_words", "wrap"]
