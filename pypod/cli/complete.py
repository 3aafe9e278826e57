"""Owns: `pypod __complete WORD...`, which the completion scripts call: what may stand for the last word.

It prints one candidate in a line (`word TAB description`), then a line `:WHAT`: what the shell should add by
itself (`files`, `dirs`, `none`). It answers from generated tables; only names of objects need the database.
"""

from __future__ import annotations

import sys

from pypod.cli import parse, table, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SIGNALS = "SIGHUP SIGINT SIGQUIT SIGKILL SIGUSR1 SIGUSR2 SIGTERM SIGCONT SIGSTOP SIGWINCH".split()  # noqa: SIM905
_FORMATS = ("json", "table")


class Answer:
    """The candidates, and what the shell does besides."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []
        self.what = "none"

    def text(self) -> str:
        lines = [f"{word}\t{about}" if about else word for word, about in self.rows]
        return "\n".join([*lines, f":{self.what}"]) + "\n"


def main(words: list[str]) -> int:
    """Print the answer for `words`, of which the last is the one being typed."""
    sys.stdout.write(complete(words).text())
    return 0


def complete(words: list[str]) -> Answer:
    """What may stand for the last of `words` (the program's name left out)."""
    answer = Answer()
    *before, current = words or [""]
    level = _Level()
    for word in before:
        level.step(word)
    if level.pending is not None:
        _values(answer, level, level.pending, current, "")
    elif level.rest is None and current.startswith("-"):
        name, equals, value = current.partition("=")
        entry = level.option(name) if equals else None
        if entry is not None:
            _values(answer, level, entry, value, f"{name}=")
        else:
            _options(answer, level, current)
    elif level.spec is None:
        _commands(answer, level.path, current)
    else:
        _arguments(answer, level, current)
    return answer


class _Level:
    """How far the words before have led: command, an option that waits for its value, arguments."""

    def __init__(self) -> None:
        self.path = ""
        self.spec: table.Spec | None = None
        self.pending: parse.Entry | None = None
        self.arguments: list[str] = []
        self.rest: bool | None = None
        """True once options are over (`--`, or the first argument of a command like run)."""
        self.globals: dict[str, str] = {}

    def step(self, word: str) -> None:
        if self.pending is not None:
            self.globals[self.pending.name] = word
            self.pending = None
        elif self.rest is None and word == "--":
            self.rest = True
        elif self.rest is None and len(word) > 1 and word[0] == "-":
            self.skip(word)
        elif self.spec is None:
            name = f"{self.path} {word}" if self.path else word
            self.path = table.ALIASES.get(name, name)
            self.spec = table.COMMANDS.get(self.path)
        else:
            self.arguments.append(word)
            if not self.spec[2]:
                self.rest = True

    def skip(self, word: str) -> None:
        name, equals, value = word.partition("=")
        if name.startswith("--"):
            entry = self.option(name)
            if entry is not None and equals:
                self.globals[entry.name] = value
        else:
            entry = None
            for i, letter in enumerate(word[1:], 2):
                entry = self.letter(letter)
                if entry is not None and not entry.is_bool:
                    if i < len(word):
                        entry = None
                    break
            equals = ""
        if entry is not None and not entry.is_bool and not equals:
            self.pending = entry

    @property
    def own(self) -> str:
        return self.spec[5] if self.spec else "" if self.path else table.PROGRAM

    def option(self, name: str) -> parse.Entry | None:
        return parse.find_long(self.own, name[2:]) or parse.find_long(table.GLOBAL, name[2:])

    def letter(self, letter: str) -> parse.Entry | None:
        return parse.find_short(self.own, letter) or parse.find_short(table.GLOBAL, letter)

    def texts(self) -> Iterable[tuple[str, str, str]]:
        """(name, kind of value, help) of the options that may stand here, the command's own first."""
        keys = [f"{self.spec[0]}:{self.spec[1]}", ""] if self.spec else [""]
        for key in keys:
            for line in texts.OPTIONS[key].splitlines():
                name, kind, about = line.split("\t")
                yield name, kind, about


def _commands(answer: Answer, path: str, current: str) -> None:
    prefix = f"{path} " if path else ""
    for name, about in texts.COMMANDS.items():
        if name.startswith(prefix + current) and " " not in name[len(prefix) :]:
            answer.rows.append((name[len(prefix) :], about))


def _options(answer: Answer, level: _Level, current: str) -> None:
    own = bool(level.spec)
    for name, _kind, about in level.texts():
        if f"--{name}".startswith(current) and (own or not level.path or level.option(f"--{name}")):
            answer.rows.append((f"--{name}", about))
    if "--help".startswith(current):
        answer.rows.append(("--help", "Show the help of this command"))


def _values(answer: Answer, level: _Level, entry: parse.Entry, current: str, prefix: str) -> None:
    """Candidates for the value of an option; `prefix` is what the word already has before it."""
    kind = next((k for name, k, _ in level.texts() if name == entry.name), "")
    if entry.kind == "k":
        kind = f"({entry.values})"
    if entry.is_bool:
        kind = "(true,false)"
    _kind(answer, level, kind, current, prefix)


def _arguments(answer: Answer, level: _Level, current: str) -> None:
    assert level.spec is not None
    kinds = texts.ARGUMENTS[f"{level.spec[0]}:{level.spec[1]}"].split(" ")
    n = len(level.arguments)
    if level.path == "help":
        _commands(answer, " ".join(level.arguments), current)
        return
    last = level.spec[3].endswith("*")
    if n >= len(kinds) and not last:
        return
    _kind(answer, level, kinds[min(n, len(kinds) - 1)], current, "")
    answer.rows = [row for row in answer.rows if row[0] not in level.arguments]


def _kind(answer: Answer, level: _Level, kind: str, current: str, prefix: str) -> None:
    """Candidates of one kind of value."""
    rows: Iterable[tuple[str, str]]
    if kind in ("files", "dirs", "commands"):
        answer.what = "files" if kind == "commands" else kind
        return
    if kind == "copies":  # a path of the host, or CONTAINER:PATH
        from pypod.cli import names

        rows = [(f"{name}:", about) for name, about in names.of_kind("containers", level.globals)]
        answer.what = "files"
    elif kind.startswith("("):
        rows = [(word, "") for word in kind[1:-1].split(",")]
    elif kind == "signals":
        rows = [(word, "") for word in _SIGNALS]
    elif kind == "format":
        rows = [(word, "") for word in _FORMATS]
    elif kind in ("", "-"):
        return
    else:
        from pypod.cli import names

        rows = names.of_kind(kind, level.globals)
        if kind == "volumes" and prefix + current and current[:1] in "./~":
            answer.what = "files"
    answer.rows += [(prefix + word, about) for word, about in rows if word.startswith(current)]
