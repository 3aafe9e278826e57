"""Owns: which ids the user's namespace maps to which: /etc/subuid and /etc/subgid, subuid(5)."""

from __future__ import annotations

import os

from libpod import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Row = tuple[int, int, int]
    """Id in the namespace, id outside, how many."""
    Range = tuple[int, int]
    """First id outside, how many."""

SUBUID = "/etc/subuid"
SUBGID = "/etc/subgid"
NEWUIDMAP = "newuidmap"
NEWGIDMAP = "newgidmap"
SCHEMA = 1

_MAX_ID = (1 << 32) - 2
"""4294967295 is no id, credentials(7)."""
_MAX_ROWS = 340
"""Lines that the kernel takes, user_namespaces(7), since 4.15."""
_TOOL_DIRS = ("/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin")


class IdMap:
    """The two tables of a user namespace. Compared by their rows."""

    __slots__ = ("gids", "reason", "remedy", "uids")

    def __init__(self, uids: list[Row], gids: list[Row], reason: str = "", remedy: str = "") -> None:
        self.uids = uids
        self.gids = gids
        self.reason = reason
        """Why there is a single id only; empty otherwise."""
        self.remedy = remedy

    @property
    def single(self) -> bool:
        """Say whether only the user is mapped: every file in a container belongs to root then."""
        return len(self.uids) == 1 and self.uids[0][2] == 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdMap) and self.uids == other.uids and self.gids == other.gids

    def __hash__(self) -> int:
        return hash((tuple(self.uids), tuple(self.gids)))

    def __str__(self) -> str:
        uids, gids = (",".join(":".join(map(str, row)) for row in rows) for rows in (self.uids, self.gids))
        return f"uids {uids}" if uids == gids else f"uids {uids} gids {gids}"

    def to_json(self) -> dict[str, Any]:
        """Return the map as it is recorded in the store."""
        return {
            "schema": SCHEMA,
            "uid": [list(row) for row in self.uids],
            "gid": [list(row) for row in self.gids],
        }

    def extends(self, old: IdMap) -> bool:
        """Say whether each id of `old` means the same here: then files made under it keep their owners."""
        return all(
            _covers(new, row) for new, rows in ((self.uids, old.uids), (self.gids, old.gids)) for row in rows
        )


def from_json(data: Any) -> IdMap:
    """Return a recorded map. ValueError naming what is wrong."""
    if not isinstance(data, dict):
        raise ValueError("not an object")
    tables = []
    for key in ("uid", "gid"):
        rows = data.get(key)
        if not isinstance(rows, list) or not rows:
            raise ValueError(f"$.{key} is not a list of rows")
        for row in rows:
            if not isinstance(row, list) or len(row) != 3 or not all(type(n) is int and n >= 0 for n in row):
                raise ValueError(f"$.{key} holds a row that is not three numbers")
        tables.append([(row[0], row[1], row[2]) for row in rows])
    return IdMap(tables[0], tables[1])


def load(uid: int, gid: int, user_name: str, *, subuid: str = SUBUID, subgid: str = SUBGID) -> IdMap:
    """Return the map for a user: itself as root, then all its ranges in the order of the files.

    Ranges are found by name and by number. With none, or without newuidmap and newgidmap, it is the user
    alone, and `reason` and `remedy` say why. Lines that cannot be used are logged with file and line and left
    out.
    """
    tables: list[list[Row]] = []
    for path, own in ((subuid, uid), (subgid, gid)):
        ranges, problems = parse_ranges(read(path), {user_name or str(uid), str(uid)}, path)
        usable, overlaps = without_overlaps(ranges, own, path)
        for problem in problems + overlaps:
            log.warning(problem)
        if not usable:
            add = "--add-subuids" if path == subuid else "--add-subgids"
            return single(
                uid,
                gid,
                f"{path} has no range of ids for {user_name or uid}",
                f'run "sudo usermod {add} 100000-165535 {user_name or uid}" with a range that is free',
            )
        tables.append(rows_of(own, usable))
    for program in (NEWUIDMAP, NEWGIDMAP):
        if not find_tool(program):
            return single(uid, gid, f"{program} is not installed", 'run "sudo apt-get install uidmap"')
    return IdMap(tables[0], tables[1])


def single(uid: int, gid: int, reason: str, remedy: str) -> IdMap:
    """Return the map that every user can make without help: its own ids as root's."""
    return IdMap([(0, uid, 1)], [(0, gid, 1)], reason, remedy)


def parse_ranges(text: str, names: set[str], path: str) -> tuple[list[tuple[int, int, int]], list[str]]:
    """Return the ranges of these names as (line, first id, count), and what is wrong with other lines.

    `name:first:count`, subuid(5). Comments and lines of other users are passed over, however broken they are.
    """
    ranges, problems = [], []
    for number, line in enumerate(text.split("\n"), 1):
        name, _, rest = line.strip().partition(":")
        if name not in names:
            continue
        first, _, count = rest.partition(":")
        if not (_is_number(first) and _is_number(count)):
            problems.append(f'{path}:{number}: "{line.strip()}" is not name:first:count, it is left out')
            continue
        start, size = int(first), int(count)
        if size == 0 or start == 0 or start + size - 1 > _MAX_ID:
            problems.append(f'{path}:{number}: "{line.strip()}" is not a range of ids, it is left out')
            continue
        ranges.append((number, start, size))
    return ranges, problems


def without_overlaps(
    ranges: list[tuple[int, int, int]], own: int, path: str
) -> tuple[list[Range], list[str]]:
    """Return the ranges that fit into one map beside the user's own id, and what is wrong with the others.

    The kernel takes no id twice. The same range twice (by name and by number) is no problem and counted once.
    """
    taken: list[tuple[int, int, int]] = []
    problems = []
    for number, start, size in ranges:
        if any(start == other and size == length for _, other, length in taken):
            continue
        if start <= own < start + size:
            problems.append(f"{path}:{number}: the range holds the user's own id {own}, it is left out")
            continue
        clash = next(
            (line for line, other, length in taken if start < other + length and other < start + size), 0
        )
        if clash:
            problems.append(f"{path}:{number}: the range overlaps that of line {clash}, it is left out")
            continue
        if len(taken) >= _MAX_ROWS - 1:
            problems.append(
                f"{path}:{number}: the kernel takes no more than {_MAX_ROWS} ranges, it is left out"
            )
            continue
        taken.append((number, start, size))
    return [(start, size) for _, start, size in taken], problems


def rows_of(own: int, ranges: list[Range]) -> list[Row]:
    """Return the rows of a map: the user as 0, then the ranges one after the other from 1 on."""
    rows = [(0, own, 1)]
    inside = 1
    for start, size in ranges:
        size = min(size, _MAX_ID - inside)
        rows.append((inside, start, size))
        inside += size
    return rows


def of_process(pid: int | str = "self") -> IdMap:
    """Return the map of a process's user namespace, as its parent namespace counts the ids outside."""
    tables = []
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as stream:
            words = [int(word) for word in stream.read().split()]
        tables.append([(words[at], words[at + 1], words[at + 2]) for at in range(0, len(words), 3)])
    return IdMap(tables[0], tables[1])


def find_tool(program: str) -> str:
    """Return the path of newuidmap or newgidmap, or nothing. Not from PATH: they run with root's rights."""
    for directory in _TOOL_DIRS:
        path = f"{directory}/{program}"
        if os.access(path, os.X_OK):
            return path
    return ""


def _covers(rows: list[Row], wanted: Row) -> bool:
    """Say whether these rows map all ids of the wanted one to the same ids, however they are cut."""
    inside, outside, size = wanted
    while size > 0:
        for start, host, length in rows:
            if start <= inside < start + length and host + (inside - start) == outside:
                step = min(size, start + length - inside)
                break
        else:
            return False
        inside, outside, size = inside + step, outside + step, size - step
    return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


def read(path: str) -> str:
    """The text of one of the files; empty if it is missing or cannot be read, which is logged."""
    try:
        with open(path, "rb", buffering=0) as stream:
            return stream.read().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        log.warning(f"cannot read {path}", error=error.strerror)
        return ""
