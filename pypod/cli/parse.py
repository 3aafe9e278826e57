"""Owns: reading a command line by the rules of pflag, Podman's flag library, with the compiled option table.

An entry of the table's option text is ` long/s=K` with the long name, the short letter (may be missing) and a
letter for the type: b bool, B bool that is true by default, s string, i int, u not negative int, f float, a
array (one value per use), l slice (values are split at commas), k one of `(a,b,c)`, > alias of the name that
follows. A mark behind the type says that the option is not simply supported: `-` not yet, `~` accepted
without effect; behind the mark stands a value that asks for nothing and so is always fine.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


class Entry:
    """One option, as far as the parser must know it."""

    __slots__ = ("harmless", "kind", "mark", "name", "short", "values")

    def __init__(self, text: str) -> None:
        name, _, rest = text.partition("/")
        short, _, kind = rest.partition("=")
        self.name = name
        self.short = short
        self.values = ""
        self.kind = kind[0]
        if kind[0] == ">":
            self.values, kind = kind[1:], ""
        elif kind[1:2] == "(":
            self.values, _, kind = kind[2:].partition(")")
            kind = ")" + kind
        self.mark = kind[1:2]
        self.harmless = kind[2:]

    @property
    def is_bool(self) -> bool:
        return self.kind in "bB"

    def shown(self) -> str:
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


def find_long(text: str, name: str) -> Entry | None:
    """The option `name` of an option text, through its aliases."""
    if not name or "/" in name or " " in name:
        return None
    start = text.find(f" {name}/")
    if start < 0:
        return None
    entry = Entry(text[start + 1 : text.find(" ", start + 1)])
    return find_long(text, entry.values) if entry.kind == ">" else entry


def find_short(text: str, letter: str) -> Entry | None:
    if letter in "/= ":
        return None
    at = text.find(f"/{letter}=")
    return None if at < 0 else Entry(text[text.rfind(" ", 0, at) + 1 : text.find(" ", at)])


class Words:
    """The options and positionals of one level of the command line; `above` is the level before it.

    `options` collects what was given by destination name, `global_options` what belongs to the program as a
    whole, `positionals` the rest. `used` keeps options that are not simply supported, `canonical` all of them
    as `--name=value`. Reading stops at `--help` and sets `help`.
    """

    def __init__(self, path: str, own: str, shared: str, above: Words | None = None) -> None:
        self.path = path
        self.own = own
        self.shared = shared
        self.options: dict[str, object] = {}
        self.canonical: list[str] = []
        self.positionals: list[str] = []
        self.global_options: dict[str, object] = above.global_options if above else {}
        self.global_words: list[str] = above.global_words if above else []
        self.used: list[Entry] = above.used if above else []
        self.help = False
        self.dashed = False

    def read(self, args: list[str], interspersed: bool) -> None:
        """Sort `args` into options and positionals. Raises UsageError in pflag's words."""
        i, end = 0, len(args)
        while i < end:
            word = args[i]
            i += 1
            if len(word) < 2 or word[0] != "-":
                if not interspersed:
                    self.positionals += args[i - 1 :]
                    return
                self.positionals.append(word)
            elif word == "--":
                self.dashed = True
                self.positionals += args[i:]
                return
            elif word[1] == "-":
                i = self._long(word, args, i)
            else:
                i = self._cluster(word, args, i)
            if self.help:
                return

    def _long(self, word: str, args: list[str], i: int) -> int:
        name, given, value = word[2:].partition("=")
        if not name or name[0] == "-":
            self._fail(f"bad flag syntax: {word}")
        entry = find_long(self.own, name)
        shared = False
        if entry is None:
            entry = find_long(self.shared, name)
            shared = entry is not None
        if entry is None:
            if name == "help":
                self.help = True
                return i
            self._fail(f"unknown flag: --{name}")
        if not given:
            if entry.is_bool:
                value = "true"
            elif i < len(args):
                value = args[i]
                i += 1
            else:
                self._fail(f"flag needs an argument: --{name}")
        self._set(entry, value, shared)
        return i

    def _cluster(self, word: str, args: list[str], i: int) -> int:
        letters = word[1:]
        while letters:
            letter = letters[0]
            entry = find_short(self.own, letter)
            shared = False
            if entry is None:
                entry = find_short(self.shared, letter)
                shared = entry is not None
            if entry is None:
                if letter == "h":
                    self.help = True
                    return i
                self._fail(f"unknown shorthand flag: '{letter}' in -{letters}")
            if len(letters) > 2 and letters[1] == "=":
                self._set(entry, letters[2:], shared)
                return i
            if entry.is_bool:
                self._set(entry, "true", shared)
                letters = letters[1:]
                continue
            if len(letters) > 1:
                self._set(entry, letters[1:], shared)
            elif i < len(args):
                self._set(entry, args[i], shared)
                i += 1
            else:
                self._fail(f"flag needs an argument: '{letter}' in -{letters}")
            return i
        return i

    def _set(self, entry: Entry, text: str, shared: bool) -> None:
        value: object
        try:
            value = convert(entry, text)
        except ValueError as e:
            shown = text.replace("\\", "\\\\").replace('"', '\\"')
            self._fail(f'invalid argument "{shown}" for "{entry.shown()}" flag: {e}')
        target = self.global_options if shared else self.options
        name = entry.name.replace("-", "_")
        if isinstance(value, list):
            old = target.get(name)
            if isinstance(old, list):
                old += value
            else:
                target[name] = value
        else:
            target[name] = value
        if entry.mark and not (value is (entry.kind == "B") if entry.is_bool else value == entry.harmless):
            self.used.append(entry)
        (self.global_words if shared else self.canonical).append(f"--{entry.name}={text}")

    def _fail(self, message: str) -> NoReturn:
        from libpod.errors import UsageError

        raise UsageError(message, remedy=f"See '{self.path} --help'")


def bind(path: str, spec: str, arity: str, given: list[str]) -> dict[str, object]:
    """The positional arguments by name. `spec` is `name name? name*`; a wrong number raises UsageError."""
    names = spec.split()
    least = sum(n[-1] not in "?*" for n in names)
    most = None if spec.endswith("*") else len(names)
    n = len(given)
    if n < least or (most is not None and n > most):
        if arity:
            message = arity.replace("{path}", path)
        elif most == 0:
            message = f"`{path}` takes no arguments"
        elif most is None:
            message = f"requires at least {least} arg(s), only received {n}"
        elif most == least:
            message = f"accepts {least} arg(s), received {n}"
        elif least == 0:
            message = f"accepts at most {most} arg(s), received {n}"
        else:
            message = f"accepts between {least} and {most} arg(s), received {n}"
        from libpod.errors import UsageError

        raise UsageError(message)
    bound: dict[str, object] = {}
    for i, name in enumerate(names):
        if name[-1] == "*":
            bound[name[:-1]] = given[i:]
        elif i < n:
            bound[name.rstrip("?")] = given[i]
    return bound


def convert(entry: Entry, text: str) -> object:
    """The value of one use of an option. Raises ValueError with the words of Go's strconv."""
    kind = entry.kind
    if kind in "bB":
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')
    if kind == "a":
        return [text]
    if kind == "l":
        return split_commas(text)
    if kind == "i":
        return parse_int(text, "ParseInt", -(1 << 63), (1 << 63) - 1)
    if kind == "u":
        return parse_int(text, "ParseUint", 0, (1 << 64) - 1)
    if kind == "f":
        return parse_float(text)
    if kind == "k" and text not in entry.values.split(","):
        raise ValueError(f'"{text}" is not a valid value.  Choose from: "{entry.values.replace(",", ", ")}"')
    return text


def parse_int(text: str, name: str, low: int, high: int) -> int:
    """An integer as Go reads it with base 0: 10, 0x10, 0o10, 010, 0b10, 1_000."""
    digits = text
    if name == "ParseUint" and digits[:1] in ("+", "-"):
        digits = ""
    sign = digits[:1] if digits[:1] in ("+", "-") else ""
    plain = digits[len(sign) :]
    if len(plain) > 1 and plain[0] == "0" and (plain[1].isdigit() or plain[1] == "_"):
        plain = "0o" + plain[1:]
    try:
        if plain[:1] in ("+", "-") or plain != plain.strip() or not plain.isascii():
            raise ValueError
        value = int(sign + plain, 0)
    except ValueError:
        raise ValueError(f'strconv.{name}: parsing "{text}": invalid syntax') from None
    if not low <= value <= high:
        raise ValueError(f'strconv.{name}: parsing "{text}": value out of range')
    return value


def parse_float(text: str) -> float:
    try:
        if text != text.strip() or not text.isascii():
            raise ValueError
        return float.fromhex(text) if "x" in text or "X" in text else float(text)
    except ValueError:
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax') from None


def split_commas(text: str) -> list[str]:
    """The fields of comma separated values, as pflag's slices read them; quotes protect commas."""
    if not text:
        return []
    if '"' not in text:
        return text.split(",")
    fields: list[str] = []
    at, end = 0, len(text)
    while True:
        if at < end and text[at] == '"':
            field, at = _quoted(text, at + 1)
        else:
            stop = text.find(",", at)
            stop = end if stop < 0 else stop
            field = text[at:stop]
            if '"' in field:
                column = at + field.index('"') + 1
                raise ValueError(f'parse error on line 1, column {column}: bare " in non-quoted-field')
            at = stop
        fields.append(field)
        if at >= end:
            return fields
        at += 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The quoted field that begins at `at`, and the position of the comma (or the end) behind it."""
    parts = ""
    while True:
        stop = text.find('"', at)
        if stop < 0:
            raise ValueError(
                f'parse error on line 1, column {len(text) + 1}: extraneous or missing " in quoted-field'
            )
        parts += text[at:stop]
        if text[stop + 1 : stop + 2] == '"':
            parts += '"'
            at = stop + 2
            continue
        if stop + 1 < len(text) and text[stop + 1] != ",":
            raise ValueError(
                f'parse error on line 1, column {stop + 1}: extraneous or missing " in quoted-field'
            )
        return parts, stop + 1
