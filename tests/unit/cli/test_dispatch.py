"""From the words of a command line to a command, and to an answer where there is none."""

from __future__ import annotations

import pytest

from libpod.errors import NotSupportedError, PypodError, UsageError
from pypod.cli import compat, entry, parse, table


def answer(line: str) -> PypodError:
    with pytest.raises(PypodError) as e:
        entry.dispatch(line.split())
    return e.value


@pytest.mark.parametrize(
    ("line", "message", "remedy"),
    [
        (
            "foo",
            "unrecognized command `pypod foo`",
            "Try 'pypod --help' for more information",
        ),
        (
            "imags",
            "unrecognized command `pypod imags`\n\nDid you mean this?\n\timage\n\timages\n",
            "Try 'pypod --help' for more information",
        ),
        (
            "container xyzzy",
            "unrecognized command `pypod container xyzzy`",
            "Try 'pypod container --help' for more information",
        ),
        ("-- xyzzy", "unrecognized command `pypod xyzzy`", "Try 'pypod --help' for more information"),
        ("ps --foo", "unknown flag: --foo", "See 'pypod ps --help'"),
        ("container ls --foo", "unknown flag: --foo", "See 'pypod container list --help'"),
        ("--foo ps", "unknown flag: --foo", "See 'pypod --help'"),
        ("container --foo ls", "unknown flag: --foo", "See 'pypod container --help'"),
        ("ps --version", "unknown flag: --version", "See 'pypod ps --help'"),
        ("ps a", "`pypod ps` takes no arguments", ""),
        ("run", "requires at least 1 arg(s), only received 0", ""),
        ("volume ls a", "`pypod volume ls` takes no arguments", ""),
        ("attach a b", "`pypod attach` accepts at most one argument", ""),
    ],
)
def test_wrong_usage(line: str, message: str, remedy: str) -> None:
    error = answer(line)
    assert isinstance(error, UsageError)
    if "Did you mean" not in message:
        assert error.message.split("\n")[0] == message
    else:
        assert error.message == message
    assert (error.remedy, error.exit_code) == (remedy, 125)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("network create x", '"pypod network create" is not supported yet'),
        ("network list --foo", '"pypod network ls" is not supported yet'),
        ("network", '"pypod network" is not supported yet'),
        ("run --health-cmd a x", '--health-cmd of "pypod run" is not supported yet'),
        ("container run --health-cmd y x", '--health-cmd of "pypod container run" is not supported yet'),
        ("--remote ps", '--remote of "pypod ps" is not supported yet'),
        ("system connection add", '"pypod system connection add" is not supported yet'),
    ],
)
def test_not_there_yet(line: str, message: str) -> None:
    error = answer(line)
    assert isinstance(error, NotSupportedError)
    assert (error.message, error.exit_code) == (message, 125)


def test_every_command_of_the_list_is_known() -> None:
    known = {*table.COMMANDS, *table.GROUPS, *table.MISSING, *table.ALIASES}
    assert [c for c in compat.commands() if c not in known] == []


def test_aliases_lead_somewhere() -> None:
    known = {*table.COMMANDS, *table.MISSING}
    assert [a for a, target in table.ALIASES.items() if target not in known] == []


def test_every_option_of_the_list_is_declared() -> None:
    wanted = [row for row in compat.rows() if row.option and row.command in ("run", "create")]
    texts = {command: table.COMMANDS[command][5] for command in ("run", "create")}
    assert [f"{r.command} {r.option}" for r in wanted if f" {r.option[2:]}/" not in texts[r.command]] == []


def test_options_refused_by_design_are_refused() -> None:
    """What the list calls `later` or `accept` does not simply work here."""
    rows = [r for r in compat.rows() if r.option and r.command == "run" and r.wanted in ("later", "accept")]
    text = table.COMMANDS["run"][5]
    for row in rows:
        start = text.index(f" {row.option[2:]}/")
        assert parse.Entry(text[start + 1 : text.index(" ", start + 1)]).mark in ("-", "~"), row


def test_a_note_tells_that_an_option_has_no_effect(capsys: pytest.CaptureFixture[str]) -> None:
    words = entry_words("run", "--cpu-rt-period 3 x")
    entry._check_states("run", words, table.COMMANDS["run"])
    assert capsys.readouterr().err == "Note: --cpu-rt-period has no effect: it is of cgroup v1 only\n"


def entry_words(command: str, line: str) -> parse.Words:
    words = parse.Words(f"pypod {command}", table.COMMANDS[command][5], table.GLOBAL)
    words.read(line.split(), False)
    return words


def test_unknown_log_level() -> None:
    assert answer("--log-level=loud version").message.startswith('log level "loud" is not supported')


@pytest.mark.parametrize("words", [["--version"], ["-v"]])
def test_version_option(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    # covers: pypod --version
    assert entry.dispatch(words) == 0
    from pypod import __version__

    assert capsys.readouterr().out == f"pypod version {__version__}\n"
