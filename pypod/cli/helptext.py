"""Owns: the text of `--help`, in the order of Podman's: what it does, usage, aliases, examples, options."""

from __future__ import annotations

import inspect
import textwrap

from pypod.cli import declare, describe, table, tree

_WIDTH = 110


def command_help(path: str) -> str:
    """The help of the command with the words `path`."""
    command = next(c for c in tree.COMMANDS if path in (c.path, *c.also))
    function = describe.read(command)
    blocks = [function.short, "Description:\n" + _indent(function.description)]
    blocks.append(f"Usage:\n  pypod {path} {describe.usage(command, function)}".rstrip())
    aliases = [a for a in command.aliases if table.ALIASES.get(a) == path]
    if aliases:
        names = ", ".join(p.rpartition(" ")[2] for p in (path, *aliases))
        blocks.append(f"Aliases:\n  {names}")
    if command.examples:
        blocks.append(
            "Examples:\n" + "\n".join(f"  pypod {_moved(e, command, path)}" for e in command.examples)
        )
    if function.options:
        blocks.append("Options:\n" + options_text(function.options))
    return "\n\n".join(blocks) + "\n"


def _moved(example: str, command: tree.Command, path: str) -> str:
    """The example with the words under which the help was asked for."""
    return path + example[len(command.path) :]


def group_help(path: str) -> str:
    """The help of a group, or of the program (`path` empty)."""
    short = tree.GROUPS[path] if path else "Run containers without root and without a daemon"
    blocks = [short]
    if path:
        blocks.append(f"Description:\n  {short}")
    program = f"pypod {path}" if path else "pypod [options]"
    blocks.append(f"Usage:\n  {program} [command]")
    rows = subcommands(path)
    if rows:
        width = max(len(name) for name, _ in rows) + 1
        blocks.append("Available Commands:\n" + "\n".join(f"  {n.ljust(width)} {text}" for n, text in rows))
    if not path:
        blocks.append("Options:\n" + options_text(describe.program_options()))
    return "\n\n".join(blocks) + "\n"


def subcommands(path: str) -> list[tuple[str, str]]:
    """Names and short texts of what is right below `path`, without groups that have nothing yet."""
    prefix = f"{path} " if path else ""
    found = {}
    for command in tree.COMMANDS:
        for words in (command.path, *command.also):
            if words.startswith(prefix) and not command.hidden:
                first, _, more = words[len(prefix) :].partition(" ")
                if not more:
                    found[first] = describe.read(command).short
                elif prefix + first in tree.GROUPS:
                    found[first] = tree.GROUPS[prefix + first]
    return sorted(found.items())


def options_text(params: list[describe.Param]) -> str:
    """One paragraph for each option, in columns."""
    rows = [(_left(p), _right(p)) for p in params if not p.info.hidden]
    width = min(max(len(left) for left, _ in rows), 38) + 3
    lines = []
    for left, right in rows:
        parts = textwrap.wrap(right, _WIDTH - width) or [""]
        if len(left) + 3 > width:
            lines.append(left)
        else:
            lines.append(left.ljust(width) + parts.pop(0))
        lines += [" " * width + part for part in parts]
    return "\n".join(lines)


def _left(p: describe.Param) -> str:
    short = f"-{p.short}, " if p.short else "    "
    return f"  {short}--{p.long} {p.metavar}".rstrip()


def _right(p: describe.Param) -> str:
    text = str(p.info.help)
    if p.shown_default and p.shown_default != "-1":
        quoted = p.shown_default if p.type in (bool, int, float) else f'"{p.shown_default}"'
        text += f" (default {quoted})"
    if p.info.state == declare.LATER:
        text += " [not supported yet]"
    elif p.info.state == declare.ACCEPTED:
        text += " [no effect here]"
    return text


def _indent(text: str) -> str:
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(textwrap.indent("\n".join(textwrap.wrap(p, _WIDTH - 2)), "  ") for p in paragraphs)
