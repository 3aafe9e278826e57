"""Owns: the man pages (docs/man), made from the declarations and the longer texts of docs/options."""

from __future__ import annotations

import os
import re

from pypod import __version__
from pypod.cli import compat, declare, describe, helptext, tree

_SECTION = 1
OPTION_TEXTS = os.path.join(compat.ROOT, "docs", "options")
_ABOUT = """\
pypod runs containers as an ordinary user. There is no daemon: every command does its work itself, and a small
monitor stays with each running container. The command line is that of Podman.
"""
_EXIT = {
    "run": "container",
    "exec": "container",
    "create": "",
    "start": "container",
    "attach": "container",
    "container exists": "exists",
    "image exists": "exists",
    "volume exists": "exists",
}


def pages() -> dict[str, str]:
    """Every page by its file name: one for each command, links for its other words, one for the program."""
    found = {f"pypod.{_SECTION}": _program_page()}
    for command in tree.COMMANDS:
        found[_file(command.path)] = _command_page(command)
        for path in command.also:
            found[_file(path)] = f".so man{_SECTION}/{_file(command.path)}\n"
    for group, short in tree.GROUPS.items():
        if helptext.subcommands(group):
            found[_file(group)] = _group_page(group, short)
    return found


def _file(path: str) -> str:
    return f"pypod-{path.replace(' ', '-')}.{_SECTION}"


def _head(path: str, short: str) -> list[str]:
    name = f"pypod {path}".strip().replace(" ", "-")
    title = roff(name.upper())
    return [
        f'.TH "{title}" {_SECTION} "" "pypod {__version__}" "pypod"\n',
        ".SH NAME\n",
        f"{roff(name)} \\- {roff(short[:1].lower() + short[1:])}\n",
    ]


def _command_page(command: tree.Command) -> str:
    function = describe.read(command)
    out = _head(command.path, function.short)
    out.append(".SH SYNOPSIS\n")
    for path in (command.path, *command.also):
        usage = describe.usage(command, function)
        out.append(f"\\fBpypod {roff(path)}\\fR {_usage(usage)}\n.br\n")
    out += [".SH DESCRIPTION\n", paragraphs(function.description)]
    if function.options:
        out += [".SH OPTIONS\n", *(_option(p, command.path) for p in function.options)]
        out.append("The global options of\n.BR pypod (1)\nmay be given as well.\n")
    kind = _EXIT.get(command.path, "plain")
    if kind:
        out += [".SH EXIT STATUS\n", _exit_text(kind)]
    if command.examples:
        out.append(".SH EXAMPLES\n.nf\n")
        out += [f"    pypod {roff(example)}\n" for example in command.examples]
        out.append(".fi\n")
    out += [".SH SEE ALSO\n", _see_also(command.path)]
    return "".join(out)


def _program_page() -> str:
    short = "run containers without root and without a daemon"
    out = _head("", short)
    out.append(".SH SYNOPSIS\n\\fBpypod\\fR [options] \\fIcommand\\fR\n.SH DESCRIPTION\n")
    out.append(_ABOUT)
    out += [".SH GLOBAL OPTIONS\n", "They may stand before the command and behind it.\n"]
    out += [_option(p, "") for p in describe.program_options() if not p.info.hidden]
    out.append(".SH COMMANDS\n")
    for name, text in helptext.subcommands(""):
        out.append(f".TP\n.BR pypod\\-{roff(name)} ({_SECTION})\n{roff(text)}\n")
    out += [".SH EXIT STATUS\n", _exit_text("container")]
    return "".join(out)


def _group_page(group: str, short: str) -> str:
    out = _head(group, short)
    out.append(f".SH SYNOPSIS\n\\fBpypod {roff(group)}\\fR \\fIcommand\\fR\n.SH COMMANDS\n")
    for name, text in helptext.subcommands(group):
        out.append(
            f".TP\n.BR pypod\\-{roff(group).replace(' ', '-')}\\-{roff(name)} ({_SECTION})\n{roff(text)}\n"
        )
    out += [".SH SEE ALSO\n", ".BR pypod (1)\n"]
    return "".join(out)


def _option(p: describe.Param, path: str) -> str:
    names = [f"\\fB\\-\\-{roff(p.long)}\\fR", *([f"\\fB\\-{p.short}\\fR"] if p.short else [])]
    value = f"=\\fI{roff(p.metavar)}\\fR" if p.metavar else ""
    text = [f".TP\n{', '.join(names)}{value}\n"]
    lead = str(p.info.help) + "."
    if p.shown_default and p.shown_default != "-1":
        lead += f" The default is {p.shown_default}."
    if p.info.aliases:
        lead += f" Also known as {' and '.join('--' + a for a in p.info.aliases)}."
    if p.info.state == declare.LATER:
        lead += " Not supported yet" + (f": {p.info.why}." if p.info.why else ".")
    elif p.info.state == declare.FULFILLED:
        lead += f" This is always so: {p.info.why}."
    elif p.info.state == declare.ACCEPTED:
        lead += f" Accepted without effect: {p.info.why}."
    text.append(roff(lead) + "\n")
    longer = option_text(path, p.long)
    if longer:
        text += [".IP\n", paragraphs(longer, ".IP")]
    return "".join(text)


def option_text(path: str, name: str) -> str:
    """The longer text of an option: docs/options/COMMAND.OPTION.md, else OPTION.md, which several share."""
    for file in (f"{path.replace(' ', '-')}.{name}.md", f"{name}.md"):
        full = os.path.join(OPTION_TEXTS, file)
        if path and os.path.exists(full):
            with open(full, encoding="utf-8") as f:
                return f.read().strip()
    return ""


def paragraphs(text: str, between: str = ".PP") -> str:
    """Paragraphs, lists (`- `) and indented code of simple Markdown as roff."""
    out: list[str] = []
    for i, block in enumerate(re.split(r"\n\s*\n", text.strip("\n"))):
        if i:
            out.append(between + "\n")
        if block.startswith("    "):
            out += [".nf\n", *(f"{roff(line)}\n" for line in block.split("\n")), ".fi\n"]
        elif block.startswith("- "):
            out.append(".RS\n")
            for item in re.split(r"\n(?=- )", block):
                out.append(f".IP \\(bu 2\n{_inline(' '.join(item[2:].split()))}\n")
            out.append(".RE\n")
        else:
            out.append(_inline(" ".join(block.split())) + "\n")
    return "".join(out)


def _inline(text: str) -> str:
    """Text with `code` in bold."""
    parts = text.split("`")
    return "".join(f"\\fB{roff(part)}\\fR" if i % 2 else roff(part) for i, part in enumerate(parts))


def _usage(text: str) -> str:
    return re.sub(r"[A-Z][A-Z]+", lambda m: f"\\fI{m[0]}\\fR", roff(text))


def roff(text: str) -> str:
    """`text` with what means something to roff made harmless."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"(?m)^([.'])", r"\\&\1", text)
    return text.replace("~", "\\(ti").replace("^", "\\(ha")


def _exit_text(kind: str) -> str:
    if kind == "exists":
        return "0 if it exists, 1 if it does not, 125 if that cannot be found out.\n"
    if kind == "plain":
        return "0 if everything that was asked for was done, else 125.\n"
    return (
        "The exit code of the container's command; 128 and the number of the signal if one ended it.\n"
        ".TP\n125\npypod itself failed, or was used in a wrong way.\n"
        ".TP\n126\nThe command cannot be executed.\n"
        ".TP\n127\nThe command does not exist.\n"
    )


def _see_also(path: str) -> str:
    group = path.rpartition(" ")[0]
    others = [f".BR pypod\\-{roff(group).replace(' ', '-')} ({_SECTION}),\n"] if group else []
    return "".join([*others, ".BR pypod (1)\n"])
