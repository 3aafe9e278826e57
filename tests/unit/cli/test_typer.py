"""The fast parser and Typer agree about every command, every help works, generated files are up to date."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from pypod.cli import app, compile, describe, helptext, parse, table, tree
from pypod.cli.context import Context

PATHS = sorted(table.COMMANDS)
BY_PATH = {path: command for command in tree.COMMANDS for path in (command.path, *command.also)}


def forms(p: describe.Param) -> list[list[str]]:
    """The ways to give one option."""
    values = {
        "b": ["true", "false"],
        "B": ["true", "false"],
        "s": ["a", "", "a,b"],
        "i": ["3", "-1"],
        "u": ["0", "7"],
        "f": ["1.5"],
        "a": ["a,b"],
        "l": ["a,b", 'x,"y,z"', ""],
        "k": list(p.info.choices),
    }[p.kind]
    found = [[f"--{p.long}={value}"] for value in values]
    if p.kind in "bB":
        found += [[f"--{p.long}"], *([[f"-{p.short}"]] if p.short else [])]
    else:
        found.append([f"--{p.long}", values[0]])
        found += [[f"-{p.short}", values[0]], [f"-{p.short}{values[0]}"]] if p.short else []
    if p.kind in "al":
        found.append([f"--{p.long}=a", f"--{p.long}=b"])
    return found


def samples(params: list[describe.Param]) -> list[list[str]]:
    """Command lines that together use every form of every option; the first one has no option at all."""
    each = [forms(p) for p in params]
    most = max((len(f) for f in each), default=0)
    return [[], *([word for form in each for word in form[n % len(form)]] for n in range(most))]


def arguments(spec: str) -> list[list[str]]:
    """The shortest and a longer choice of arguments that fit."""
    names = spec.split()
    short = [n for n in names if n[-1] not in "?*"]
    longer = [n.rstrip("?*") for n in names] + (["more"] if spec.endswith("*") else [])
    return [short] if short == longer else [short, longer]


def fast(path: str, line: list[str]) -> dict[str, Any]:
    """What the fast parser would call the function with, defaults filled in."""
    spec = table.COMMANDS[path]
    words = parse.Words(f"pypod {path}", spec[5], table.GLOBAL)
    words.read(line, spec[2])
    return {**parse.bind(f"pypod {path}", spec[3], spec[4], words.positionals), **words.options}


def complete(path: str, values: dict[str, Any]) -> dict[str, Any]:
    """With the function's own defaults; an empty list is None, which a function cannot tell apart."""
    defaults = {}
    for p in describe.read(BY_PATH[path]).params:
        if not p.gathered and p.default is not inspect.Parameter.empty:
            defaults[p.dest] = p.default
    filled = {**defaults, **values}
    return {k: None if v == [] or v is None else v for k, v in filled.items()}


@pytest.mark.parametrize("path", sorted(command.path for command in tree.COMMANDS))
def test_fast_parser_and_typer_agree(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = BY_PATH[path]
    function = describe.read(command)
    seen: list[dict[str, Any]] = []

    def record(ctx: Context, **values: Any) -> None:
        seen.append(values)

    recording = function._replace(call=record)
    monkeypatch.setattr(describe, "read", lambda _: recording)
    application = app.application(path)
    monkeypatch.undo()
    for options in samples(function.options):
        for positionals in arguments(table.COMMANDS[path][3]):
            line = [*options, *positionals]
            spec = table.COMMANDS[path]
            words = parse.Words("pypod", spec[5], table.GLOBAL)
            words.read(line, spec[2])
            typed = app.typer_words(words.canonical, list(function.params))
            app.run(application, [*path.split(), *typed, *words.positionals])
            got = {
                k: v
                for k, v in seen.pop().items()
                if not (v is True and k == "sig_proxy" and k not in words.options)
            }
            expected = complete(path, fast(path, line))
            expected = {k: v for k, v in expected.items() if k in got or k != "sig_proxy"}
            assert {k: None if v == [] else v for k, v in got.items()} == expected, line


@pytest.mark.parametrize("path", PATHS)
def test_function_takes_what_the_table_says(path: str) -> None:
    """A call with every option by its name fits the signature."""
    module, name, _, spec, _, text = table.COMMANDS[path]
    function = getattr(
        sys.modules.get(f"pypod.cli.{module}") or __import__(f"pypod.cli.{module}"), name, None
    )
    if function is None:
        function = getattr(sys.modules[f"pypod.cli.{module}"], name)
    names = [word.partition("/")[0].replace("-", "_") for word in text.split() if "=>" not in word]
    values = dict.fromkeys([*names, *(n.rstrip("?*") for n in spec.split())])
    inspect.signature(function).bind(None, **values)


@pytest.mark.parametrize("path", PATHS)
def test_help_of_every_command(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.show_help(path.split()) == 0
    text = capsys.readouterr().out
    command = BY_PATH[path]
    assert f"Usage:\n  pypod {path}" in text
    for p in describe.read(command).options:
        assert p.info.hidden or f"--{p.long}" in text
    assert max(len(line) for line in text.splitlines()) <= 120


@pytest.mark.parametrize(
    "path", ["", *(g for g in sorted(tree.GROUPS) if any(p.startswith(g + " ") for p in PATHS))]
)
def test_help_of_every_group(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    app.show_help(path.split())
    text = capsys.readouterr().out
    for name, short in helptext.subcommands(path):
        assert name in text
        assert short in text


def test_every_help_text_is_a_short_line() -> None:
    functions = [describe.read(command) for command in tree.COMMANDS]
    params = [p for f in functions for p in f.options] + describe.program_options()
    for p in params:
        assert p.info.help, p.long
        assert p.info.help.endswith(" ...") or not p.info.help.endswith("."), p.long
        assert len(p.info.help) <= 100, p.long
    assert all(f.short and not f.short.endswith(".") for f in functions)


def test_accepted_options_say_why() -> None:
    for command in tree.COMMANDS:
        for p in describe.read(command).options:
            assert p.info.state not in ("accepted", "fulfilled") or p.info.why, f"{command.path} --{p.long}"


def test_generated_files_are_up_to_date() -> None:
    assert compile.stale() == [], "run `python -m pypod.cli.compile`"


def test_verbs_import_nothing_heavy() -> None:
    """All verb modules together need neither typer nor typing."""
    modules = sorted({spec[0] for spec in table.COMMANDS.values()})
    code = "import sys; sys.path[:0] = [r]; " + "".join(f"import pypod.cli.{m}; " for m in modules)
    code += "print(*(m for m in ('typer', 'click', 'typing', 're', 'enum', 'dataclasses', 'inspect', 'json', "
    code += "'logging', 'subprocess', 'pathlib', 'contextlib') if m in sys.modules))"
    root = os.path.dirname(os.path.dirname(os.path.dirname(compile.__file__)))
    argv = ["/usr/bin/python3", "-I", "-S", "-c", f"r = {root!r}; {code}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def sources() -> str:
    """The text of everything that may read an option of run and create."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(compile.__file__)))
    files = [
        os.path.join(root, "pypod", "cli", f"{name}.py")
        for name in ("run", "create", "created", "stdio", "entry")
    ]
    for folder, _, names in os.walk(os.path.join(root, "libpod")):
        files += [os.path.join(folder, name) for name in names if name.endswith(".py")]
    texts = []
    for path in files:
        with open(path, encoding="utf-8") as f:
            texts.append(f.read())
    return "\n".join(texts)


def test_what_is_said_to_work_is_looked_at() -> None:
    """An option that nobody reads would be ignored in silence."""
    text = sources()
    asks_for_nothing = {"no_healthcheck", "quiet"}  # no health checks run, and no pull shows its progress
    unread = {
        f"--{p.long}"
        for p in describe.program_options()
        if p.info.state == "works" and f'"{p.dest}"' not in text
    }
    for command in tree.COMMANDS:
        function = describe.read(command)
        body = inspect.getsource(function.call).partition(") -> int | None:")[2]
        for p in function.options:
            if p.info.state == "works" and not (p.gathered and p.dest in asks_for_nothing):
                read = f'"{p.dest}"' in text if p.gathered else re.search(rf"\b{p.dest}\b", body)
                unread |= set() if read else {f"{command.path} --{p.long}"}
    assert unread == set()
