"""Owns: rows of `--uidmap` and `--gidmap`: `[FLAGS]CONTAINER:INNER[:SIZE]`. Pure.

`INNER` counts in the user's namespace, with `@` on the host. `+` takes away from the rows before it what the
row needs, and if it is the first one, all that is left is mapped too, from 0 on. `u` and `g`: for user ids,
or group ids, only. A row is [container id, inner id, how many], with flags as a fourth number if there are
any.
"""

from __future__ import annotations

from libpod.errors import UsageError
from libpod.spec.values import bad, try_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    Rows = list[list[int]]

MAX_ID = (1 << 32) - 2
_EXTEND, _HOST = 1, 2
_FORM = (
    "[+ug]CONTAINER:INNER[:SIZE] with INNER an id of your user namespace: 0 is you, 1 your first "
    "subordinate id, @N the id N of the host"
)


def parse(option: str, values: list[str], kind: str) -> tuple[Rows, Rows]:
    """(the rows for ids of `kind`, "u" or "g"; those for the other kind, where it has none of its own)."""
    own: Rows = []
    shared: Rows = []
    for value in values:
        words = value.lstrip("+ug")
        flags = value[: len(value) - len(words)]
        row = _row(option, value, words, flags)
        if kind in flags or not {"u", "g"} & set(flags):
            own.append(row)
        if kind not in flags or {"u", "g"} <= set(flags):
            shared.append(row)
    if not any(_flags(row) & _EXTEND for row in own):
        _refuse_double(option, own, 0)
    return own, shared


def _row(option: str, value: str, words: str, flags: str) -> list[int]:
    parts = words.split(":")
    mark = 0
    if len(parts) > 1 and parts[1].startswith("@"):
        parts[1], mark = parts[1][1:], _HOST
    numbers = [try_int(part) if part[:1] not in ("+", "-") else None for part in parts]
    if len(numbers) == 2:
        numbers.append(1)
    row = [n for n in numbers if n is not None and 0 <= n <= MAX_ID + 1]
    if len(numbers) != 3 or len(row) != 3 or row[2] == 0 or max(row[0], row[1]) + row[2] > MAX_ID + 1:
        raise bad(option, value, _FORM, f'write for example "--{option} 0:1:1000"')
    mark |= _EXTEND if "+" in flags else 0
    return [*row, mark] if mark else row


def resolve(rows: Rows, outer: Rows, option: str) -> Rows:
    """Plain rows, in order; `outer` is the user's namespace, [id inside, id outside, how many]."""
    out: Rows = []
    for row in rows:
        pieces = _of_host(row, outer, option) if _flags(row) & _HOST else [row[:3]]
        for piece in pieces:
            if _flags(row) & _EXTEND:
                out = [part for each in out for part in _without(each, piece)]
            out.append(piece)
    if rows and _flags(rows[0]) & _EXTEND:
        out += _rest(out, sum(size for _, _, size in outer))
    out.sort()
    _refuse_double(option, out, 0)
    _refuse_double(option, out, 1)
    return out


def gaps(used: Rows, start: int, end: int) -> Rows:
    """[first, length] of what is between start and end and in none of the used ranges [first, length]."""
    out: Rows = []
    for first, length in sorted(used):
        if start < min(first, end):
            out.append([start, min(first, end) - start])
        start = max(start, first + length)
    if start < end:
        out.append([start, end - start])
    return out


def _flags(row: list[int]) -> int:
    return row[3] if len(row) > 3 else 0


def _of_host(row: list[int], outer: Rows, option: str) -> Rows:
    """The row in ids of the user's namespace; in pieces where these are not together."""
    first, start, left = row[:3]
    out: Rows = []
    while left:
        fit = next((o for o in outer if o[1] <= start < o[1] + o[2]), None)
        if fit is None:
            raise UsageError(
                f"--{option}: the id {start} of the host is not one of yours",
                remedy='see your ids with "pypod unshare cat /proc/self/uid_map", or add some to /etc/subuid',
            )
        size = min(left, fit[1] + fit[2] - start)
        out.append([first, fit[0] + start - fit[1], size])
        first, start, left = first + size, start + size, left - size
    return out


def _without(row: list[int], taken: list[int]) -> Rows:
    """What is left of a row when the ids of another one are taken from it, in the container and outside."""
    used = [[taken[at] - row[at], taken[2]] for at in (0, 1)]
    return [[row[0] + first, row[1] + first, size] for first, size in gaps(used, 0, row[2])]


def _rest(rows: Rows, total: int) -> Rows:
    """All ids of the user's namespace that are in no row, for the container's first free ids."""
    free = gaps([[row[0], row[2]] for row in rows], 0, MAX_ID + 1)
    out: Rows = []
    for start, left in gaps([[row[1], row[2]] for row in rows], 0, total):
        while left and free:
            first, length = free[0]
            size = min(left, length)
            out.append([first, start, size])
            start, left = start + size, left - size
            free = [[first + size, length - size], *free[1:]] if length > size else free[1:]
    return out


def _refuse_double(option: str, rows: Rows, column: int) -> None:
    """The kernel takes no id twice: neither the container's (column 0) nor the user's (1)."""
    ordered = sorted(rows, key=lambda row: row[column])
    for at, after in enumerate(ordered[1:]):
        before = ordered[at]
        if before[column] + before[2] <= after[column]:
            continue
        if column:
            what = f"the id {after[1]} of your user namespace is given to two ids of the container"
        else:
            what = f"the ranges that begin at {before[0]} and {after[0]} overlap in the container"
        raise UsageError(
            f"--{option}: {what}", remedy='make the ranges disjoint, or put "+" before the one that counts'
        )
