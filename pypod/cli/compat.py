"""Owns: docs/compat.md: what there is to be compatible with, its state here, and the tests that show it.

The list is docs/options/compat.tsv. A test says what it shows by a comment `covers: run --rm, ps`, above or
inside it.
"""

from __future__ import annotations

import inspect
import os
import re
from typing import NamedTuple

from pypod.cli import declare, describe, tree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIST = os.path.join(ROOT, "docs", "options", "compat.tsv")
_STATES = {
    declare.WORKS: "works",
    declare.LATER: "not yet",
    declare.ACCEPTED: "no effect",
    declare.FULFILLED: "works",
}


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


def states() -> dict[str, str]:
    """`command` and `command --option` of all that is declared here, with its state."""
    found: dict[str, str] = {}
    for command in tree.COMMANDS:
        function = describe.read(command)
        done = "works" if "ctx.todo()" not in inspect.getsource(function.call) else "not yet"
        for path in (command.path, *command.also):
            found[path] = done
            for p in function.options:
                state = _STATES[p.info.state]
                found[f"{path} --{p.long}"] = "not yet" if done == "not yet" else state
    for p in describe.program_options():
        found[f"pypod --{p.long}"] = _STATES[p.info.state]
    for group in tree.GROUPS:
        below = [s for c, s in found.items() if c.startswith(f"{group} ") and "--" not in c]
        found[group] = "works" if "works" in below else "not yet"
    return found


def covered() -> dict[str, list[str]]:
    """What the tests say that they show: subject -> tests."""
    found: dict[str, list[str]] = {}
    for folder, _, files in sorted(os.walk(os.path.join(ROOT, "tests"))):
        for name in sorted(files):
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as f:
                    for subject, test in markers(f.read()):
                        where = f"{os.path.relpath(path, ROOT)}::{test}"
                        if where not in found.setdefault(subject, []):
                            found[subject].append(where)
    return found


def markers(text: str) -> list[tuple[str, str]]:
    """(subject, test) of the `# covers:` comments in the text of a test file."""
    found = []
    lines = text.split("\n")
    for n, line in enumerate(lines):
        match = re.match(r"(\s*)# covers: (.+)$", line)
        if not match:
            continue
        around = lines[n:] if not match[1] else lines[n::-1]
        if match[1] and not any(re.match(r"\s*def test_", x) for x in around):
            around = lines[n:]
        test = next((m[1] for x in around if (m := re.match(r"\s*def (test_\w+)", x))), "")
        test = _parametrised(lines, n) or test
        found += [(subject.strip(), test) for subject in match[2].split(",")]
    return found


def _parametrised(lines: list[str], n: int) -> str:
    """The test whose decorator the line `n` stands in; empty if it stands in a body."""
    for line in lines[n:]:
        if match := re.match(r"\s*def (test_\w+)", line):
            return match[1]
        if re.match(r"\s*(assert|return|with|for) ", line) or line.startswith("def "):
            return ""
    return ""


def generate() -> str:
    """The whole text of docs/compat.md."""
    now, tests = states(), covered()
    every = rows()
    names = [r for r in every if not r.option]
    options = [r for r in every if r.option]
    works = sum(now.get(r.command) == "works" for r in names)
    fine = sum(now.get(f"{r.command} {r.option}") in ("works", "no effect") for r in options)
    out = [
        _HEAD,
        f"{works} of {len(names)} commands work, and {fine} of {len(options)} options of those with many.\n",
    ]
    out.append("\n## Commands\n\n| command | state | planned | tests |\n|---|---|---|---|\n")
    for row in names:
        out.append(
            _line(row.command, now.get(row.command, "not yet"), row.wanted, tests.get(row.command, []))
        )
    for command in dict.fromkeys(r.command for r in options):
        out.append(f"\n## Options of `{command}`\n\n| option | state | planned | use | tests |\n")
        out.append("|---|---|---|---|---|\n")
        for row in (r for r in options if r.command == command):
            subject = f"{command} {row.option}"
            shown = tests.get(subject, [])
            shown = shown or (tests.get(f"run {row.option}", []) if command == "create" else [])
            out.append(_line(row.option, now.get(subject, "not yet"), f"{row.wanted} | {row.use}", shown))
    listed = {r.command for r in options}
    return "".join([*out, *_others(now, tests, listed)])


def _others(now: dict[str, str], tests: dict[str, list[str]], listed: set[str]) -> list[str]:
    """The options of commands that the list does not go into."""
    out = []
    for command in ("pypod", *sorted(c.path for c in tree.COMMANDS)):
        mine = sorted(s for s in now if s.startswith(f"{command} --"))
        if mine and command not in listed:
            title = "Global options" if command == "pypod" else f"Options of `{command}`"
            out.append(f"\n## {title}\n\n| option | state | tests |\n|---|---|---|\n")
            for subject in mine:
                name = subject[len(command) + 1 :]
                out.append(f"| `{name}` | {now[subject]} | {_tests(tests.get(subject, []))} |\n")
    return out


_HEAD = """# What works, compared with Podman

Written by `python -m pypod.cli.compile` from the declarations of commands and the tests; do not edit.

What does not work yet answers `not supported yet` and exits 125. *No effect*: accepted, with a note that says
why. Use: how common an option is in public guides and unit files, `***` very common.

"""


def _line(name: str, state: str, middle: str, tests: list[str]) -> str:
    return f"| `{name}` | {state} | {middle} | {_tests(tests)} |\n"


def _tests(tests: list[str]) -> str:
    """The first three, by name."""
    shown = [f"`{t.partition('tests/')[2]}`" for t in tests[:3]]
    more = f" and {len(tests) - 3} more" if len(tests) > 3 else ""
    return ", ".join(shown) + more
