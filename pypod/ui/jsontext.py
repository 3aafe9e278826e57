"""Owns: JSON as commands print it: text outside ASCII stays readable, one line or several."""

from __future__ import annotations

from _json import encode_basestring, make_encoder

_compact = make_encoder(None, str, encode_basestring, None, ":", ",", False, False, True)


def compact(value: object) -> str:
    """One line without spaces, as the function `json` of templates prints it."""
    return "".join(_compact(value, 0))


def pretty(value: object, indent: int) -> str:
    """Several lines; the indent is 2, 4 or 5 columns in Podman's commands."""
    parts: list[str] = []
    _pretty(value, "\n", " " * indent, parts)
    return "".join(parts)


def _pretty(value: object, newline: str, step: str, parts: list[str]) -> None:
    inner = newline + step
    if isinstance(value, dict) and value:
        lead = "{"
        for key, item in value.items():
            parts += (lead, inner, encode_basestring(str(key)), ": ")
            _pretty(item, inner, step, parts)
            lead = ","
        parts += (newline, "}")
    elif isinstance(value, (list, tuple)) and value:
        lead = "["
        for item in value:
            parts += (lead, inner)
            _pretty(item, inner, step, parts)
            lead = ","
        parts += (newline, "]")
    else:
        parts.append(compact(value))
