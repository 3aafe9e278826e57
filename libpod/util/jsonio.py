"""Owns: JSON text, by the C halves of the json module alone: `import json` costs 10 ms, it pulls `re`."""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SPACE = " \t\n\r"


class _Context:
    """What the C scanner wants to know; the same settings as `json.loads` has."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    memo: dict[str, str] = {}

    @staticmethod
    def parse_constant(name: str) -> float:
        raise ValueError(f"{name} is not JSON")


_settings: Any = _Context()
_scan = make_scanner(_settings)


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


# markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan
_encode = make_encoder(None, _refuse, encode_basestring_ascii, None, ": ", ", ", False, False, False)
_encode_compact = make_encoder(None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, False)


def loads(text: bytes | str) -> Any:
    """Return the value of a JSON text.

    Every kind of damage is a ValueError (bad UTF-8, depth and trailing text too).
    """
    if not isinstance(text, str):
        text = bytes(text).decode("utf-8")
    start = len(text) - len(text.lstrip(_SPACE))
    try:
        try:
            value, end = _scan(text, start)
        except SystemError:  # the scanner wants json.decoder's exception, and the module is not loaded
            import json.decoder  # noqa: F401 - lazy: 10 ms, for damaged text only

            value, end = _scan(text, start)
    except StopIteration as stop:
        raise ValueError(f"no JSON value at character {stop.value}") from None
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None
    if end != len(text) and text[end:].strip(_SPACE):
        raise ValueError(f"text after the JSON value at character {end}")
    return value


def dumps(value: object, *, compact: bool = False) -> str:
    """Return the value as one line of ASCII JSON.

    NaN, infinities and unknown types raise ValueError and TypeError.
    """
    return "".join((_encode_compact if compact else _encode)(value, 0))


def dumps_pretty(value: object, indent: int = 4) -> str:
    """Return the value as JSON of several lines, like `json.dumps(..., indent=4, ensure_ascii=False)`."""
    parts: list[str] = []
    _pretty(value, "\n", " " * indent, parts)
    return "".join(parts)


def _pretty(value: object, newline: str, step: str, parts: list[str]) -> None:
    if isinstance(value, str):
        parts.append(encode_basestring(value))
    elif isinstance(value, dict) and value:
        inner = newline + step
        mark = "{"
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a JSON key is a string, not {type(key).__name__}")
            parts.append(f"{mark}{inner}{encode_basestring(key)}: ")
            _pretty(item, inner, step, parts)
            mark = ","
        parts.append(newline + "}")
    elif isinstance(value, (list, tuple)) and value:
        inner = newline + step
        mark = "["
        for item in value:
            parts.append(mark + inner)
            _pretty(item, inner, step, parts)
            mark = ","
        parts.append(newline + "]")
    else:
        parts.append("".join(_encode(value, 0)))


def load_file(path: str) -> Any:
    """Return the value of a JSON file.

    OSError when it cannot be read, ValueError naming the file when it is damaged.
    """
    with open(path, "rb", buffering=0) as stream:
        text = stream.read()
    try:
        return loads(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
