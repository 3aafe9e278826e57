"""Owns: the functions of templates, and Go's way of showing values (`%v`, `%q`, `printf`)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class TemplateError(Exception):
    """What a function has against its arguments; gorun.py adds the place."""


class Map(dict):  # type: ignore[type-arg]
    """A map of Go: any key may be asked for. A plain dict is a struct, whose fields are fixed."""


class NoValue:
    """What a map gives for a key that it has not."""

    def __bool__(self) -> bool:
        return False


NO_VALUE = NoValue()


def unquote(text: str) -> str:
    """The value of the inside of a quoted Go string."""
    if "\\" not in text:
        return text
    simple = {
        "n": "\n",
        "t": "\t",
        "r": "\r",
        "\\": "\\",
        '"': '"',
        "'": "'",
        "a": "\a",
        "b": "\b",
        "f": "\f",
        "v": "\v",
    }
    out, at = [], 0
    while at < len(text):
        c = text[at]
        if c != "\\" or at + 1 >= len(text):
            out.append(c)
            at += 1
            continue
        c = text[at + 1]
        length = {"x": 2, "u": 4, "U": 8}.get(c, 0)
        if length:
            out.append(chr(int(text[at + 2 : at + 2 + length], 16)))
        else:
            out.append(simple.get(c, "\\" + c))
        at += 2 + length
    return "".join(out)


def quote(text: str) -> str:
    """`text` as Go's %q shows it."""
    out = ['"']
    for c in text:
        if c in '"\\':
            out.append("\\" + c)
        elif c in "\a\b\f\n\r\t\v":
            out.append("\\" + "abfnrtv"["\a\b\f\n\r\t\v".index(c)])
        elif c.isprintable():
            out.append(c)
        else:
            out.append(f"\\x{ord(c):02x}" if ord(c) < 0x80 else f"\\u{ord(c):04x}")
    return "".join([*out, '"'])


def number(text: str) -> int | float | None:
    """A number of a template; None if it is not one."""
    plain = text.replace("_", "")
    try:
        return int(plain, 0)
    except ValueError:
        pass
    try:
        value = float(plain)
    except ValueError:
        return None
    return int(value) if value.is_integer() and "." not in plain else value


def show(value: object, inner: bool = False) -> str:
    """`value` as Go prints it."""
    if isinstance(value, str):
        return getattr(value, "shown", None) or str(value)
    if value is None:
        return "<nil>" if inner else "<no value>"
    if value is NO_VALUE:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return show_float(value)
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{show(value[k], True)}" for k in sorted(value)) + "]"
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(show(v, True) for v in value) + "]"
    return str(value)


def show_float(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return repr(value)


def kind(value: object) -> str:
    """The Go type that the value would have."""
    if isinstance(value, bool):
        return "bool"
    for python, go in ((int, "int"), (float, "float64"), (str, "string"), (Map, "map[string]string")):
        if isinstance(value, python):
            return go
    if isinstance(value, (list, tuple)):
        return "[]string" if all(isinstance(v, str) for v in value) else "[]interface {}"
    return "interface {}"


def truth(value: object) -> bool:
    """Go's idea of an empty value: false, 0, nothing, an empty string, list or map."""
    if isinstance(value, dict) and not isinstance(value, Map):
        return True
    return bool(value)


# Functions. Each gets its arguments; it raises TemplateError.


def _strings(value: object) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [show(v) for v in value]
    raise TemplateError(f"wrong type for value; expected []string; got {kind(value)}")


def _string(value: object) -> str:
    if isinstance(value, str):
        return show(value)
    raise TemplateError(f"wrong type for value; expected string; got {kind(value)}")


def _int(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TemplateError(f"wrong type for value; expected int; got {kind(value)}")


def _len(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogateescape"))
    if isinstance(value, (list, tuple, dict)):
        return len(value)
    raise TemplateError(f"error calling len: len of type {kind(value)}")


def _index(value: object, *keys: object) -> object:
    for key in keys:
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise TemplateError(f"error calling index: value has type {kind(key)}; should be string")
            found = value.get(key)
            value = found if key in value else ""
        elif isinstance(value, (list, tuple, str)):
            if not isinstance(key, int) or isinstance(key, bool):
                raise TemplateError(f"error calling index: cannot index slice/array with type {kind(key)}")
            if not 0 <= key < len(value):
                raise TemplateError(f"error calling index: index out of range: {key}")
            value = ord(value[key]) if isinstance(value, str) else value[key]
        else:
            raise TemplateError(f"error calling index: can't index item of type {kind(value)}")
    return value


def _slice(value: object, *bounds: object) -> object:
    if not isinstance(value, (str, list, tuple)):
        raise TemplateError(f"error calling slice: can't slice item of type {kind(value)}")
    low, high = 0, len(value)
    if bounds:
        low = _int(bounds[0])
    if len(bounds) > 1:
        high = _int(bounds[1])
    if not 0 <= low <= high <= len(value):
        raise TemplateError(f"error calling slice: index out of range: {max(low, high)}")
    return value[low:high]


def _compare(a: object, b: object) -> int:
    numbers = isinstance(a, (int, float)) and isinstance(b, (int, float))
    if numbers or (isinstance(a, str) and isinstance(b, str)):
        return int(a > b) - int(a < b)  # type: ignore[operator]
    raise TemplateError("error calling comparison: incompatible types for comparison")


def _equal(first: object, *others: object) -> bool:
    for other in others:
        same = isinstance(first, bool) == isinstance(other, bool)
        numbers = isinstance(first, (int, float)) and isinstance(other, (int, float))
        strings = isinstance(first, str) and isinstance(other, str)
        if first is None or other is None or (same and (numbers or strings)):
            if first == other:
                return True
        else:
            raise TemplateError("error calling eq: incompatible types for comparison")
    return False


def _print(*values: object) -> str:
    """As Go's Sprint: a space between two neighbours that are both no strings."""
    out = ""
    for i, value in enumerate(values):
        if i and not isinstance(value, str) and not isinstance(values[i - 1], str):
            out += " "
        out += show(value, True)
    return out


def _html(*values: object) -> str:
    text = _print(*values)
    for old, new in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        text = text.replace(old, new)
    return text


def _title(text: object) -> str:
    out, begin = [], True
    for c in _string(text):
        out.append(c.upper() if begin else c)
        begin = not (c.isalnum() or c in "_'")
    return "".join(out)


def _json(value: object) -> str:
    from pypod.ui import jsontext

    return jsontext.compact(None if value is NO_VALUE else value)


def _printf(template: object, *values: object) -> str:
    from pypod.ui import goprintf

    return goprintf.sprintf(_string(template), values)


FUNCTIONS: dict[str, Callable[..., object]] = {
    "and": lambda *v: next((x for x in v if not truth(x)), v[-1]),
    "or": lambda *v: next((x for x in v if truth(x)), v[-1]),
    "not": lambda v: not truth(v),
    "eq": _equal,
    "ne": lambda a, b: not _equal(a, b),
    "lt": lambda a, b: _compare(a, b) < 0,
    "le": lambda a, b: _compare(a, b) <= 0,
    "gt": lambda a, b: _compare(a, b) > 0,
    "ge": lambda a, b: _compare(a, b) >= 0,
    "len": _len,
    "index": _index,
    "slice": _slice,
    "print": _print,
    "println": lambda *v: " ".join(show(x, True) for x in v) + "\n",
    "printf": _printf,
    "html": _html,
    "js": lambda *v: _print(*v).replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"'),
    "json": _json,
    "join": lambda parts, by: _string(by).join(_strings(parts)),
    "split": lambda text, by: _string(text).split(_string(by)) if by else list(_string(text)),
    "upper": lambda text: _string(text).upper(),
    "lower": lambda text: _string(text).lower(),
    "title": _title,
    "truncate": lambda text, n: _string(text)[: _int(n)],
    "pad": lambda text, before, after: " " * _int(before) + _string(text) + " " * _int(after),
}
