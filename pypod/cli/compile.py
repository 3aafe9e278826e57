"""Owns: the generated files: option table, texts, man pages, docs/compat.md.

`python -m pypod.cli.compile` writes them; with `--check` it only tells which are stale.
"""

from __future__ import annotations

import inspect
import os
import sys

from pypod.cli import compat, declare, describe, tree

_HEAD = '''"""Owns: the compiled option table. Written by `python -m pypod.cli.compile`; do not edit.

The text of options is explained in parse.py. A command is (module, function, options may follow arguments,
arguments, words for a wrong number of arguments, options).
"""

from __future__ import annotations

# fmt: off
TYPE_CHECKING = False
if TYPE_CHECKING:
    Spec = tuple[str, str, bool, str, str, str]

'''


_TEXTS_HEAD = '''"""Owns: texts of commands, options. Written by `python -m pypod.cli.compile`; do not edit.

OPTIONS: a line for each option: name, kind of value, help. ARGUMENTS: the kinds of the arguments, in order.
"""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
'''


def option_text(params: list[describe.Param]) -> str:
    """The options as one text for the parser."""
    words = [""]
    for p in params:
        kind = p.kind
        if kind == "k":
            kind += f"({','.join(p.info.choices)})"
        mark = {declare.LATER: "-", declare.ACCEPTED: "~"}.get(p.info.state, "")
        words.append(f"{p.long}/{p.short}={kind}{mark}{p.info.harmless if mark else ''}")
        words += [f"{alias}/=>{p.long}" for alias in p.info.aliases]
    return " ".join([*words, ""]) if len(words) > 1 else ""


def arguments_text(function: describe.Function) -> str:
    """The positional arguments: `name`, `name?` may be missing, `name*` takes the rest."""
    words = []
    for p in function.arguments:
        mark = "*" if p.type == list[str] else "" if p.default is inspect.Parameter.empty else "?"
        words.append(p.dest + mark)
    return " ".join(words)


def generate() -> str:
    """The whole text of table.py."""
    specs, paths, aliases = [], {}, dict(tree.MISSING_ALIASES)
    reasons: dict[str, str] = {p.long: p.info.why for p in describe.program_options() if p.info.why}
    for command in sorted(tree.COMMANDS):
        function = describe.read(command)
        module, _, name = command.target.partition(":")
        constant = f"_{module}_{name.rstrip('_')}".upper()
        fields = [module, name, command.interspersed, arguments_text(function), command.arity]
        specs.append((constant, fields, option_text(function.options)))
        paths.update(dict.fromkeys((command.path, *command.also), constant))
        for alias in command.aliases:
            aliases[alias] = _target(alias, command)
        reasons.update({f"{command.target} {p.long}": p.info.why for p in function.options if p.info.why})
    missing = {
        c: tree.REMEDIES.get(c, "") for c in compat.commands() if c not in paths and c not in tree.GROUPS
    }
    every = describe.program_options()
    out = [_HEAD]
    out += _text("PROGRAM", option_text([p for p in every if p.dest == "version"]))
    out += _text("GLOBAL", option_text([p for p in every if p.dest != "version"]))
    for constant, fields, text in specs:
        out.append(f"{constant}: Spec = (\n")
        out += [f"    {_quote(f) if isinstance(f, str) else f},\n" for f in fields]
        out += [*_wrapped(text, "    "), ")\n"]
    out.append("COMMANDS: dict[str, Spec] = {\n")
    out += [f"    {_quote(path)}: {constant},\n" for path, constant in sorted(paths.items())]
    out.append("}\n")
    out += _mapping("ALIASES", aliases) + _mapping("GROUPS", tree.GROUPS) + _mapping("MISSING", missing)
    out += _mapping("REASONS", reasons)
    return "".join(out)


def generate_texts() -> str:
    """The whole text of texts.py."""
    shorts = {name: text for name, text in tree.GROUPS.items() if any(_below(name))}
    options, arguments = {"": _option_lines(describe.program_options())}, {}
    for command in sorted(tree.COMMANDS):
        function = describe.read(command)
        shorts.update(dict.fromkeys((command.path, *command.also), function.short))
        options[command.target] = _option_lines(function.options)
        arguments[command.target] = " ".join(p.info.complete or "-" for p in function.arguments)
    out = [_TEXTS_HEAD, *_mapping("COMMANDS", shorts), *_mapping("ARGUMENTS", arguments), "OPTIONS = {\n"]
    for key, lines in sorted(options.items()):
        out.append(f"    {_quote(key)}: (\n" if lines else f'    {_quote(key)}: "",\n')
        out += [f"        {_quote(line)}\n" for line in lines]
        out += ["    ),\n"] if lines else []
    return "".join([*out, "}\n"])


def _below(group: str) -> list[str]:
    paths = [path for command in tree.COMMANDS for path in (command.path, *command.also)]
    return [path for path in paths if path.startswith(f"{group} ")]


def _option_lines(params: list[describe.Param]) -> list[str]:
    shown = [p for p in params if not p.info.hidden]
    return [f"{p.long}\t{p.info.complete or '-'}\t{_clipped(p.info.help)}\n" for p in shown]


def _clipped(text: str) -> str:
    """A help as it fits beside a candidate."""
    return text if len(text) <= 60 else text[:57].rstrip() + "..."


def _target(alias: str, command: tree.Command) -> str:
    """The path of `command` in the group of `alias`."""
    group = alias.rpartition(" ")[0]
    return next(p for p in (command.path, *command.also) if p.rpartition(" ")[0] == group)


def _quote(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\t", "\\t").replace("\n", "\\n") + '"'


def _text(name: str, text: str) -> list[str]:
    return [f"{name} = (\n", *_wrapped(text, "    ", ""), ")\n"]


def _wrapped(text: str, indent: str, comma: str = ",") -> list[str]:
    """A long text as literals of one line each."""
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > 100 - len(indent):
            lines.append(line)
            line = ""
        line += word + " "
    lines.append(line[:-1])
    quoted = [f"{indent}{_quote(part)}\n" for part in lines]
    return [*quoted[:-1], quoted[-1][:-1] + comma + "\n"]


def _mapping(name: str, values: dict[str, str]) -> list[str]:
    rows = []
    for key, value in sorted(values.items()):
        row = f"    {_quote(key)}: {_quote(value)},\n"
        if len(row) > 111:
            row = f"    {_quote(key)}: (\n" + "".join(_wrapped(value, "        ", "")) + "    ),\n"
        rows.append(row)
    return [f"{name} = {{\n", *rows, "}\n"]


def outputs() -> dict[str, str]:
    """What is generated: path in the tree, and its text."""
    from pypod.cli import manual

    made = {"pypod/cli/table.py": generate(), "pypod/cli/texts.py": generate_texts()}
    made["docs/compat.md"] = compat.generate()
    made.update({f"docs/man/{name}": text for name, text in manual.pages().items()})
    return made


def stale() -> list[str]:
    """The generated files that are not as they would be written now, or should not be there."""
    made = outputs()
    wrong = [path for path, text in made.items() if _read(path) != text]
    for name in sorted(os.listdir(_full("docs/man")) if os.path.isdir(_full("docs/man")) else []):
        if f"docs/man/{name}" not in made:
            wrong.append(f"docs/man/{name}")
    return wrong


def _full(path: str) -> str:
    return os.path.join(compat.ROOT, path)


def _read(path: str) -> str:
    try:
        with open(_full(path), encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def main(args: list[str]) -> int:
    if "--check" in args:
        for path in stale():
            print(f"{path} is stale: run `python -m pypod.cli.compile`", file=sys.stderr)
        return 1 if stale() else 0
    made = outputs()
    os.makedirs(_full("docs/man"), exist_ok=True)
    for name in os.listdir(_full("docs/man")):
        if f"docs/man/{name}" not in made:
            os.unlink(_full(f"docs/man/{name}"))
    for path, text in made.items():
        if _read(path) != text:
            with open(_full(path), "w", encoding="utf-8") as f:
                f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
