"""Owns: writing plain data as YAML, for `info`; reading YAML is another's work."""

from __future__ import annotations

_RISKY = set("!&*-?:,[]{}#|>@`\"'%= ")
_DIGITS = "0123456789"
_NUMERIC = set(_DIGITS + "abcdefABCDEFxXoO_.+-:TtZz ")
_WORDS = ("", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n")


def dumps(value: object) -> str:
    """`value` (dicts, lists, scalars) as block YAML, keys sorted."""
    out: list[str] = []
    _block(value, "", out)
    return "".join(out)


def _block(value: object, indent: str, out: list[str]) -> None:
    if isinstance(value, dict):
        for key in sorted(value):
            out.append(f"{indent}{_scalar(key, indent)}:")
            _value(value[key], indent, out)
    elif isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, (dict, list, tuple)) and item:
                inner: list[str] = []
                _block(item, indent + "  ", inner)
                out.append(f"{indent}- {''.join(inner)[len(indent) + 2 :]}")
            else:
                out.append(f"{indent}-")
                _value(item, indent, out)


def _value(value: object, indent: str, out: list[str]) -> None:
    if isinstance(value, dict) and value:
        out.append("\n")
        _block(value, indent + "  ", out)
    elif isinstance(value, (list, tuple)) and value:
        out.append("\n")
        _block(value, indent, out)
    else:
        out.append(f" {_scalar(value, indent)}\n")


def _scalar(value: object, indent: str) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, (list, tuple)):
        return "[]"
    if not isinstance(value, str):
        return str(value)
    if "\n" in value.strip("\n"):
        lines = value.rstrip("\n").split("\n")
        return "|-\n" + "\n".join(f"{indent}  {line}".rstrip() for line in lines)
    if _needs_quotes(value):
        if value.isprintable():
            return "'" + value.replace("'", "''") + "'" if value else '""'
        from pypod.ui.gofuncs import quote

        return quote(value)
    return value


def _needs_quotes(text: str) -> bool:
    if text.lower() in _WORDS or text[0] in _RISKY or text[-1] in " :" or not text.isprintable():
        return True
    if ": " in text or " #" in text:
        return True
    # what may be read as a number or a date, but not `4.3.1`
    return text[0] in _DIGITS + ".+" and text.count(".") < 2 and not set(text) - _NUMERIC
