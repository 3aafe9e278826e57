"""Owns: the ids of `--userns=auto`: a range of the user's ids that no other such container has. Pure.

The user's own id is never among them, unless the user maps it.
"""

from __future__ import annotations

from libpod.errors import StateError
from libpod.spec import idmaps
from libpod.spec.maprows import gaps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from libpod.model.container import UserNsRecord
    from libpod.model.request import HostFacts

    Rows = list[list[int]]

MIN_SIZE = 1024
MAX_SIZE = 65536
NOBODY = 65534


def size_for(numbers: Iterable[int]) -> int:
    """How many ids a container with users of these numbers gets."""
    return min(max([MIN_SIZE - 1, *(n for n in numbers if n != NOBODY)]) + 1, MAX_SIZE)


def assign(asked: UserNsRecord, size: int, others: list[UserNsRecord], host: HostFacts) -> UserNsRecord:
    """The maps for what was asked, with ids that none of the others has. StateError if there are too few."""
    found = []
    for key, outer in zip(("uidmap", "gidmap"), idmaps.rows_of_user(host), strict=True):
        taken = [row for other in others for row in other[key]]  # type: ignore[literal-required]
        found.append(_fill(asked[key], size, outer, taken, key[:3]))  # type: ignore[literal-required]
    return {"mode": "auto", "uidmap": found[0], "gidmap": found[1], "auto": True}


def _fill(fixed: Rows, size: int, outer: Rows, taken: Rows, kind: str) -> Rows:
    """Rows for the ids 0 to size - 1: the fixed ones, and for the rest the first range that is free."""
    wanted = gaps([[row[0], row[2]] for row in fixed], 0, size)
    total = idmaps.count(outer)
    free = gaps([[row[1], row[2]] for row in [*taken, *fixed]], 1, total)
    need = sum(length for _, length in wanted)
    pieces = next(([piece] for piece in free if piece[1] >= need), free)
    have = sum(length for _, length in pieces)
    if have < need:
        raise StateError(
            f"--userns=auto: {need} {kind}s are needed, and {have} of yours in /etc/sub{kind} are free"
            + (f" ({total - 1} in all)" if have < total - 1 else ""),
            remedy=f'run "sudo usermod --add-sub{kind}s FIRST-LAST $USER" with a range that is free, '
            "ask for fewer with auto:size=N, or remove containers that have such ids",
        )
    out = [list(row) for row in fixed]
    for first, length in wanted:
        while length:
            start, left = pieces[0]
            step = min(length, left)
            out.append([first, start, step])
            first, length = first + step, length - step
            pieces = [[start + step, left - step], *pieces[1:]] if left > step else pieces[1:]
    return idmaps.split(sorted(out), outer, "userns")
