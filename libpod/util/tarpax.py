"""Owns: extended headers of pax archives (POSIX pax, "pax Header Block"): records, numbers, attributes."""

from __future__ import annotations

from libpod import errors

REMEDY = "get the archive again, and compare its checksum"
MAX_NUMBER = (1 << 63) - 1
"""The largest size that a file can have: off_t."""
_MAX_SECONDS = (1 << 63) // 1_000_000_000 - 1


def records(payload: bytes, label: str) -> tuple[dict[bytes, bytes], list[bytes]]:
    """Parse records `LENGTH KEY=VALUE\\n`; the repeated keys of sparse format 0.0 come back as a list.

    `label` is the member that messages name, here and below. Raises ImageError.
    """
    found: dict[bytes, bytes] = {}
    pairs: list[bytes] = []
    at = 0
    while at < len(payload):
        space = payload.find(b" ", at, at + 20)
        digits = payload[at:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        record = payload[space + 1 : at + length]
        key, equals, value = record.partition(b"=")
        if (
            length <= len(digits) + 1
            or at + length > len(payload)
            or record[-1:] != b"\n"
            or not equals
            or not key
        ):
            if not payload[at:].strip(b"\0"):
                break  # padding of a careless writer
            raise errors.ImageError(
                f'the archive is damaged: bad extended header after "{label}"', remedy=REMEDY
            )
        value = value[:-1]
        if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes"):
            pairs.append(value)
        found[key] = value
        at += length
    return found, pairs


def number(value: bytes, what: str, label: str) -> int:
    """A decimal number that is not negative, and no larger than MAX_NUMBER."""
    if not value.isdigit() or len(value) > 20 or int(value) > MAX_NUMBER:
        raise errors.ImageError(f'the archive is damaged: bad {what} of "{label}"', remedy=REMEDY)
    return int(value)


def time_ns(value: bytes, label: str) -> int:
    """Seconds since the epoch with a fraction, in ns: binary floating point would change the last digits."""
    whole, _, fraction = value.partition(b".")
    negative = whole.startswith(b"-")
    digits = whole.lstrip(b"-")
    if not (digits or fraction) or not (digits + fraction).isdigit() or len(digits) > 40:
        raise errors.ImageError(f'the archive is damaged: bad time of "{label}"', remedy=REMEDY)
    seconds = clamp(int(digits or b"0"))
    ns = seconds * 1_000_000_000 + int(fraction[:9].ljust(9, b"0"))
    return -ns if negative else ns


def clamp(seconds: int) -> int:
    """The nearest time that utimensat(2) can be given."""
    return max(-_MAX_SECONDS, min(_MAX_SECONDS, seconds))


def libarchive_xattr(key: bytes, value: bytes, label: str) -> tuple[str, bytes]:
    """The name and value of an attribute in libarchive's spelling: percent and base64 encoded."""
    from binascii import a2b_base64

    parts = key.split(b"%")
    try:
        name = parts[0] + b"".join(bytes([int(p[:2], 16)]) + p[2:] for p in parts[1:])
        data = a2b_base64(value + b"=" * (-len(value) % 4), strict_mode=True)
    except ValueError:
        raise errors.ImageError(
            f'the archive is damaged: bad extended attribute of "{label}"', remedy=REMEDY
        ) from None
    return name.decode("utf-8", "surrogateescape"), data
