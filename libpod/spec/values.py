"""Owns: reading single values out of the options dict, and the wording of errors about them.

Options come as the command line gave them: strings, lists of strings, booleans, numbers; None and absence
mean "not given".
"""

from __future__ import annotations

from libpod.errors import UsageError
from libpod.units import INT64_MAX, parse_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    Options: TypeAlias = Mapping[str, object]

_TRUE = ("true", "1", "t", "yes", "on")
_FALSE = ("false", "0", "f", "no", "off")


def bad(option: str, value: object, expected: str, remedy: str) -> UsageError:
    """The error for a wrong option value: names option, value, what is expected, and what to do."""
    return UsageError(f'invalid value "{value}" for --{option}: expected {expected}', remedy=remedy)


def text(options: Options, key: str) -> str:
    """The option as a string; empty if it was not given."""
    value = options.get(key)
    if value is None or value is False:
        return ""
    if value is True:
        return "true"
    return str(value)


def words(options: Options, key: str) -> list[str]:
    """A repeatable option as a list of strings."""
    value = options.get(key)
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [str(v) for v in value]
    return [str(value)]


def comma_words(options: Options, key: str) -> list[str]:
    """A repeatable option whose values may also be separated by commas."""
    return [part for value in words(options, key) for part in (p.strip() for p in value.split(",")) if part]


def try_bool(value: str) -> bool | None:
    """True, False, or None when it is neither."""
    low = value.lower()
    if low in _TRUE:
        return True
    return False if low in _FALSE else None


def flag(options: Options, key: str, default: bool = False) -> bool:
    """A boolean option."""
    value = options.get(key)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    found = try_bool(str(value))
    if found is None:
        name = key.replace("_", "-")
        raise bad(name, value, "true or false", f'use "--{name}" or "--{name}=false"')
    return found


def try_int(value: str) -> int | None:
    """The decimal number, or None. Only ASCII digits with an optional sign (int() would take `1_0` and `
    1`).
    """
    digits = value[1:] if value[:1] in ("-", "+") else value
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        return None
    return int(value)


def number(options: Options, key: str, default: int, low: int, high: int = INT64_MAX) -> int:
    """A whole number between `low` and `high`, both included."""
    value = text(options, key)
    if not value:
        return default
    found = try_int(value)
    if found is None or not low <= found <= high:
        name = key.replace("_", "-")
        upto = f" from {low} to {high}" if high != INT64_MAX else f" of at least {low}"
        raise bad(name, value, f"a whole number{upto}", f'give it as "--{name}={max(low, default)}"')
    return found


def size(options: Options, key: str, default: int = 0, *, unlimited: bool = False) -> int:
    """A size in bytes; with `unlimited`, -1 is allowed."""
    value = text(options, key)
    if not value:
        return default
    if unlimited and value == "-1":
        return -1
    found = parse_size(value)
    if found is None:
        name = key.replace("_", "-")
        or_none = " or -1 for no limit" if unlimited else ""
        raise bad(
            name,
            value,
            f"a size in bytes or with one of the units b, k, m, g{or_none}",
            f'write "--{name}=512m"',
        )
    return found


def pairs(options: Options, key: str, what: str, lines_key: str = "") -> dict[str, str]:
    """`NAME=value` options as a dict; a word without `=` gets the empty value. `lines_key`: lines of files,
    read first.
    """
    found: dict[str, str] = {}
    name = key.replace("_", "-")
    for raw in words(options, lines_key) if lines_key else ():
        line = raw.lstrip()
        if line and line[0] != "#":
            first, _, value = line.partition("=")
            found[first.rstrip()] = value
    for raw in words(options, key):
        first, _, value = raw.partition("=")
        if not first:
            raise bad(name, raw, f"{what} as NAME=VALUE", f'write "--{name} NAME=VALUE"')
        found[first] = value
    return found


def one_of(options: Options, key: str, allowed: tuple[str, ...], default: str) -> str:
    """One word of a closed list."""
    value = text(options, key)
    if not value:
        return default
    if value not in allowed:
        name = key.replace("_", "-")
        listed = ", ".join(allowed[:-1]) + " or " + allowed[-1]
        raise bad(name, value, listed, f'use "--{name}={default or allowed[0]}"')
    return value


def clean_path(path: str) -> str:
    """An absolute path without `.`, `..` and double slashes (lexically, as in a URL: `..` of the root is
    the root).
    """
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part and part != ".":
            parts.append(part)
    return "/" + "/".join(parts)


def split_escaped(value: str, separator: str) -> list[str]:
    r"""Split, but not where the separator is written `\:`."""
    if "\\" not in value:
        return value.split(separator)
    parts: list[str] = [""]
    skip = False
    for i, char in enumerate(value):
        if skip:
            skip = False
        elif char == "\\" and value[i + 1 : i + 2] == separator:
            parts[-1] += separator
            skip = True
        elif char == separator:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def split_csv(value: str) -> list[str] | None:
    """Split a line of comma-separated values; a field may be in double quotes. None when a quote is not
    closed.
    """
    if '"' not in value:
        return value.split(",")
    fields: list[str] = []
    field, quoted, i = "", False, 0
    while i < len(value):
        char = value[i]
        if quoted:
            if char == '"' and value[i + 1 : i + 2] == '"':
                field += '"'
                i += 1
            elif char == '"':
                quoted = False
            else:
                field += char
        elif char == '"':
            quoted = True
        elif char == ",":
            fields.append(field)
            field = ""
        else:
            field += char
        i += 1
    fields.append(field)
    return None if quoted else fields
