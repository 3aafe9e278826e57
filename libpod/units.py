"""Owns: sizes and durations as text, as Docker and Podman spell them. Bad text is a ValueError."""

from __future__ import annotations

INT64_MAX = (1 << 63) - 1
NS_PER_S = 1_000_000_000

_SHIFTS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50}
_DECIMAL_NAMES = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_BINARY_NAMES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
_DURATIONS_NS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,  # micro sign
    "\u03bcs": 1_000,  # Greek mu, as Go takes it too
    "ms": 1_000_000,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "h": 3600 * NS_PER_S,
}
_DIGITS = frozenset("0123456789")


def parse_size(value: str) -> int | None:
    """Return the bytes of a size like `512m`, `1.5g`, `64KiB`, factors of 1024; None when it is no size."""
    number, unit = _split_number(value.strip())
    unit = unit.strip().lower()
    if unit.endswith("ib") and unit != "ib":
        unit = unit[:-2]
    elif unit.endswith("b"):
        unit = unit[:-1]
    if not number or len(number) > 40 or unit not in _SHIFTS:
        return None
    whole, _, fraction = number.partition(".")
    size = int(whole or "0") << _SHIFTS[unit]
    if fraction:
        size += (int(fraction) << _SHIFTS[unit]) // 10 ** len(fraction)
    return size if size <= INT64_MAX else None


def parse_bytes(text: str) -> int:
    """Return what `parse_size` returns; ValueError instead of None."""
    size = parse_size(text)
    if size is None:
        raise ValueError(f'"{text}" is not a size, expected a number with b, k, m, g or t, like 64m')
    return size


def human_size(size_bytes: float, digits: int = 3, sep: str = "") -> str:
    """Return a size with factors of 1000 and so many significant digits: `4.26MB`, `78.1kB`, `12B`."""
    return _human(size_bytes, 1000.0, _DECIMAL_NAMES, digits, sep)


def human_size_binary(size_bytes: float, digits: int = 4, sep: str = "") -> str:
    """Return a size with factors of 1024: `1.5MiB`, as `stats` shows memory."""
    return _human(size_bytes, 1024.0, _BINARY_NAMES, digits, sep)


def parse_duration_ns(text: str) -> int:
    """Return the nanoseconds of a duration of Go: `1h30m`, `1.5h`, `300ms`; a number alone is seconds."""
    rest = text.strip()
    sign = 1
    if rest[:1] in ("-", "+"):
        sign = -1 if rest[0] == "-" else 1
        rest = rest[1:]
    if rest and _DIGITS.issuperset(rest):
        return sign * int(rest) * NS_PER_S
    if not rest:
        raise _not_a_duration(text)
    total_ns = 0
    while rest:
        number, rest = _split_number(rest)
        end = 0
        while end < len(rest) and rest[end] not in _DIGITS and rest[end] != ".":
            end += 1
        factor = _DURATIONS_NS.get(rest[:end])
        if not number or factor is None:
            raise _not_a_duration(text)
        whole, _, fraction = number.partition(".")
        total_ns += int(whole or "0") * factor
        if fraction:
            total_ns += int(fraction) * factor // 10 ** len(fraction)
        rest = rest[end:]
    return sign * total_ns


def parse_time_ns(text: str, now_ns: int, *, ahead: bool = False) -> int:
    """Return a moment in nanoseconds since the epoch (UTC).

    RFC 3339 (`2026-01-31T12:00:00.5Z`, `2026-01-31`; local time without a zone), seconds since the epoch, or
    a duration back from `now_ns` (`10m`), or `ahead` of it.
    """
    whole, _, fraction = text.partition(".")
    if whole and _DIGITS.issuperset(whole) and _DIGITS.issuperset(fraction) and len(whole) >= 9:
        return int(whole) * NS_PER_S + int((fraction + "000000000")[:9])
    if "-" in text[1:] or "T" in text:
        from datetime import datetime  # lazy: 3 ms

        cleaned = text.replace("Z", "+00:00")
        head, dot, tail = cleaned.partition(".")
        digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
        try:
            moment = datetime.fromisoformat(head + tail[len(digits) :])
        except ValueError:
            raise ValueError(
                f'"{text}" is not a time, expected RFC 3339, like 2026-01-31T12:00:00Z'
            ) from None
        return int(moment.timestamp()) * NS_PER_S + (int((digits + "000000000")[:9]) if dot else 0)
    duration_ns = parse_duration_ns(text)
    return now_ns + duration_ns if ahead else now_ns - duration_ns


def format_duration(duration_ns: int) -> str:
    """Return a duration as Go writes it: `1h30m0s`, `1.5s`, `300ms`, `0s`."""
    if duration_ns < 0:
        return "-" + format_duration(-duration_ns)
    if duration_ns == 0:
        return "0s"
    if duration_ns < NS_PER_S:
        for unit, factor in (("ms", 1_000_000), ("\u00b5s", 1_000)):
            if duration_ns >= factor:
                return _decimal(duration_ns, factor) + unit
        return f"{duration_ns}ns"
    minutes, rest_ns = divmod(duration_ns, 60 * NS_PER_S)
    hours, minutes = divmod(minutes, 60)
    seconds = _decimal(rest_ns, NS_PER_S)
    if hours:
        return f"{hours}h{minutes}m{seconds}s"
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def human_duration(seconds: float) -> str:
    """Return a duration in words as `ps` shows it: `3 minutes`, `About an hour`, `Less than a second`."""
    whole = int(seconds)
    minutes, hours = whole // 60, int(seconds / 3600 + 0.5)
    if whole < 1:
        return "Less than a second"
    if whole < 60:
        return "1 second" if whole == 1 else f"{whole} seconds"
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    days = hours // 24
    if days < 14:
        return f"{days} days"
    if days < 60:
        return f"{days // 7} weeks"
    return f"{days // 30} months" if days < 730 else f"{whole // 86400 // 365} years"


def _human(size: float, base: float, names: tuple[str, ...], digits: int, sep: str) -> str:
    index = 0
    while size >= base and index < len(names) - 1:
        size /= base
        index += 1
    # %g turns to exponents at 10**digits: binary units reach 1023, the last unit anything.
    number = f"{size:.{digits}g}" if size < 10**digits - 0.5 else f"{size:.0f}"
    return f"{number}{sep}{names[index]}"


def _split_number(text: str) -> tuple[str, str]:
    """Return the decimal number that the text begins with (empty if none) and the rest."""
    end = dots = digits = 0
    while end < len(text) and (text[end] in _DIGITS or (text[end] == "." and not dots)):
        dots += text[end] == "."
        digits += text[end] != "."
        end += 1
    return (text[:end], text[end:]) if digits else ("", text)


def _decimal(value: int, factor: int) -> str:
    whole, rest = divmod(value, factor)
    return str(whole) if not rest else f"{whole}.{rest:0{len(str(factor)) - 1}d}".rstrip("0")


def _not_a_duration(text: str) -> ValueError:
    return ValueError(f'"{text}" is not a duration, expected something like 30s, 1m30s or 2h')
