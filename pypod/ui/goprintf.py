"""Owns: `printf` of templates, by the rules of Go's fmt."""

from __future__ import annotations

from pypod.ui.gofuncs import kind, quote, show


def sprintf(template: str, values: tuple[object, ...]) -> str:
    """Format `values`; a wrong verb or number of values shows as in Go: `%!d(string=x)`."""
    out: list[str] = []
    at, used, n = 0, 0, len(template)
    while at < n:
        start = template.find("%", at)
        if start < 0:
            out.append(template[at:])
            break
        out.append(template[at:start])
        at = start + 1
        flags = ""
        while at < n and template[at] in "+-# 0":
            flags += template[at]
            at += 1
        width, at, used = _amount(template, at, values, used)
        precision = -1
        if at < n and template[at] == ".":
            precision, at, used = _amount(template, at + 1, values, used)
            precision = max(precision, 0)
        if at >= n:
            out.append("%!(NOVERB)")
            break
        verb = template[at]
        at += 1
        if verb == "%":
            out.append("%")
        elif used >= len(values):
            out.append(f"%!{verb}(MISSING)")
        else:
            text = _one(verb, values[used], flags, precision)
            used += 1
            out.append(_pad(text, width, flags, isinstance(values[used - 1], (int, float))))
    if used < len(values):
        extra = ", ".join(f"{kind(v)}={show(v, True)}" for v in values[used:])
        out.append(f"%!(EXTRA {extra})")
    return "".join(out)


def _amount(template: str, at: int, values: tuple[object, ...], used: int) -> tuple[int, int, int]:
    """A width or precision: digits, `*`, or -1 for none."""
    if at < len(template) and template[at] == "*":
        value = values[used] if used < len(values) else -1
        return (value if isinstance(value, int) else -1), at + 1, used + 1
    stop = at
    while stop < len(template) and template[stop].isdigit():
        stop += 1
    return (int(template[at:stop]) if stop > at else -1), stop, used


def _pad(text: str, width: int, flags: str, numeric: bool) -> str:
    if len(text) >= width:
        return text
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and numeric:
        sign = text[:1] if text[:1] in ("+", "-") else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _one(verb: str, value: object, flags: str, precision: int) -> str:
    wrong = f"%!{verb}({kind(value)}={show(value, True)})"
    if verb == "T":
        return kind(value)
    if verb == "v":
        return quote(value) if "#" in flags and isinstance(value, str) else show(value, True)
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(_one(verb, v, flags, precision) for v in value) + "]"
    if verb == "t":
        return show(value) if isinstance(value, bool) else wrong
    if isinstance(value, bool) or value is None:
        return wrong
    if isinstance(value, str):
        return _text(verb, show(value), precision) or ("" if verb in "sqxX" else wrong)
    if isinstance(value, int) and verb in "bodxXcqU":
        return _integer(verb, value, flags)
    if isinstance(value, float) and verb in "eEfFgG":
        number = f"%.{precision if precision >= 0 else 6}{verb}" % value
        if verb in "gG" and precision < 0:
            number = show(value)
        return "+" + number if "+" in flags and value >= 0 else number
    return wrong


def _text(verb: str, value: str, precision: int) -> str:
    if precision >= 0:
        value = value[:precision]
    if verb == "s":
        return value
    if verb == "q":
        return quote(value)
    if verb in "xX":
        text = value.encode("utf-8", "surrogateescape").hex()
        return text.upper() if verb == "X" else text
    return ""


def _integer(verb: str, value: int, flags: str) -> str:
    if verb == "c":
        return chr(value)
    if verb == "q":
        return f"'{chr(value)}'"
    if verb == "U":
        return f"U+{value:04X}"
    text = format(value, verb)
    if "#" in flags and verb in "xX":
        text = f"-0{verb}{text[1:]}" if value < 0 else f"0{verb}{text}"
    return "+" + text if "+" in flags and value >= 0 else text
