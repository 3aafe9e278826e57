"""Owns: user namespace modes and identity maps (user_namespaces(7)).

A nested map's rows are [container id, id in the user's namespace, size]. The kernel wants every row inside
one row of the map above it, so rows are split along those.
"""

from __future__ import annotations

from libpod.errors import NotSupportedError, UsageError
from libpod.spec.values import bad, text, try_int, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import UserNsRecord
    from libpod.model.request import HostFacts, UserInfo, UserNsRequest
    from libpod.spec.values import Options

MAX_ID = (1 << 32) - 2
_FORM = (
    "CONTAINER:INNER[:SIZE] with INNER an id of your user namespace: 0 is you, 1 your first subordinate id"
)


def parse(options: Options) -> UserNsRequest:
    """`--userns`, `--uidmap`, `--gidmap`, `--subuidname`, `--subgidname`."""
    found: UserNsRequest = {"mode": "", "uid": -1, "gid": -1, "size": 0, "uidmap": [], "gidmap": []}
    value = text(options, "userns")
    found["uidmap"] = _parse_map("uidmap", words(options, "uidmap"))
    found["gidmap"] = _parse_map("gidmap", words(options, "gidmap"))
    for key in ("subuidname", "subgidname"):
        if text(options, key):
            raise NotSupportedError(
                f"--{key} is not supported yet", remedy="give the ranges with --uidmap and --gidmap"
            )
    if found["uidmap"] or found["gidmap"]:
        if value not in ("", "private", "map"):
            raise UsageError(
                f'--userns="{value}" cannot be combined with --uidmap or --gidmap',
                remedy="give either the mode or the maps",
            )
        found["mode"] = "map"
        found["uidmap"] = found["uidmap"] or found["gidmap"]
        found["gidmap"] = found["gidmap"] or found["uidmap"]
        return found
    mode, _, rest = value.partition(":")
    if mode == "keep-id":
        found["mode"] = mode
        _keep_id_options(found, value, rest)
    elif value in ("", "host"):
        found["mode"] = value
    elif mode in ("auto", "nomap", "container", "ns", "private", "pod"):
        raise NotSupportedError(
            f'--userns="{value}" is not supported yet', remedy="use host, keep-id, or --uidmap with --gidmap"
        )
    else:
        raise bad(
            "userns", value, "host or keep-id[:uid=N,gid=N,size=N]", 'write for example "--userns=keep-id"'
        )
    return found


def _keep_id_options(found: UserNsRequest, value: str, rest: str) -> None:
    for item in rest.split(",") if rest else ():
        key, _, raw = item.partition("=")
        number = try_int(raw)
        if key not in ("uid", "gid", "size") or number is None or not 0 <= number <= MAX_ID:
            raise bad(
                "userns",
                value,
                "uid=N, gid=N or size=N after keep-id",
                'write for example "keep-id:uid=1000,gid=1000"',
            )
        if key == "uid":
            found["uid"] = number
        elif key == "gid":
            found["gid"] = number
        else:
            found["size"] = number


def _parse_map(option: str, values: list[str]) -> list[list[int]]:
    rows: list[list[int]] = []
    for value in values:
        if value[:1] in ("+", "u", "g") or "@" in value:
            raise NotSupportedError(
                f'--{option} "{value}": the flags "+", "u", "g" and "@" are not supported yet',
                remedy="write the ids of your user namespace as plain numbers",
            )
        numbers = [try_int(part) for part in value.split(":")]
        if len(numbers) == 2:
            numbers.append(1)
        row = [n for n in numbers if n is not None and 0 <= n <= MAX_ID + 1]
        if len(numbers) != 3 or len(row) != 3 or row[2] == 0 or row[0] + row[2] > MAX_ID + 1:
            raise bad(option, value, _FORM, f'write for example "--{option} 0:1:1000"')
        rows.append(row)
    rows.sort()
    for at, after in enumerate(rows[1:]):
        before = rows[at]
        if before[0] + before[2] > after[0]:
            raise UsageError(
                f"--{option}: the ranges that begin at {before[0]} and {after[0]} overlap in the container",
                remedy="make the ranges disjoint",
            )
    return rows


def count(rows: list[list[int]]) -> int:
    """How many ids the user's namespace has, counted from 0 without a gap."""
    end = 0
    for inside, _, size in sorted(rows):
        if inside > end:
            break
        end = max(end, inside + size)
    return end


def _split(rows: list[list[int]], outer: list[list[int]], option: str) -> list[list[int]]:
    """Cut rows so that each lies in one row of the map above. UsageError for ids that are not there."""
    out: list[list[int]] = []
    for row in rows:
        first, start, left = row
        while left:
            fit = [o for o in outer if o[0] <= start < o[0] + o[2]]
            if not fit:
                raise UsageError(
                    f"--{option}: the id {start} is not one of yours: your user namespace has the ids "
                    f"0 to {count(outer) - 1}",
                    remedy="use a smaller range, or add subordinate ids to /etc/subuid and /etc/subgid",
                )
            size = min(left, fit[0][0] + fit[0][2] - start)
            out.append([first, start, size])
            first, start, left = first + size, start + size, left - size
    return out


def _keep(own: int, total: int) -> list[list[int]]:
    """The map in which the user's id 0 appears as `own` and all others keep their order."""
    low = min(own, total - 1)
    rows = [[0, 1, low]] if low else []
    rows.append([own, 0, 1])
    if own + 1 < total:
        rows.append([own + 1, own + 1, total - own - 1])
    return rows


def resolve(request: UserNsRequest, default: str, host: HostFacts) -> UserNsRecord:
    """The record of the user namespace: the maps of `keep-id` worked out, all rows split along the user's
    own ranges.
    """
    mode = request["mode"] or default or "host"
    if mode == "host":
        return {"mode": "host", "uidmap": [], "gidmap": []}
    outer_uid = host.get("uid_rows") or [[0, host.get("uid", 0), 1], [1, 100000, 65536]]
    outer_gid = host.get("gid_rows") or [[0, host.get("gid", 0), 1], [1, 100000, 65536]]
    uidmap, gidmap = request["uidmap"], request["gidmap"]
    if mode == "keep-id":
        if not host.get("rootless", True):
            raise UsageError(
                "--userns=keep-id has no meaning for root: there is no user id to keep",
                remedy="leave --userns out",
            )
        uid = request["uid"] if request["uid"] >= 0 else host["uid"]
        gid = request["gid"] if request["gid"] >= 0 else host["gid"]
        limit = request["size"] or MAX_ID
        uidmap = _keep(uid, min(count(outer_uid), limit))
        gidmap = _keep(gid, min(count(outer_gid), limit))
        return {
            "mode": "keep-id",
            "uidmap": _split(uidmap, outer_uid, "userns"),
            "gidmap": _split(gidmap, outer_gid, "userns"),
        }
    if mode != "map":
        raise NotSupportedError(f'userns="{mode}" is not supported yet', remedy="use host or keep-id")
    for option, rows in (("uidmap", uidmap), ("gidmap", gidmap)):
        if not any(inner == 0 for _, inner, _ in rows):
            end = max(first + size for first, _, size in rows)
            raise NotSupportedError(
                f"--{option} without your own id (0) is not supported yet: the store belongs to it",
                remedy=f"give it a place in the container, as in --{option} {end}:0:1",
            )
    return {
        "mode": "map",
        "uidmap": _split(uidmap, outer_uid, "uidmap"),
        "gidmap": _split(gidmap, outer_gid, "gidmap"),
    }


def outside(user: UserInfo, record: UserNsRecord) -> UserInfo:
    """The user with the ids that its files have in the user's namespace."""

    def find(number: int, rows: list[list[int]]) -> int:
        return next((o + number - i for i, o, size in rows if i <= number < i + size), number)

    return {
        **user,
        "uid": find(user["uid"], record["uidmap"]),
        "gid": find(user["gid"], record["gidmap"]),
    }


def root_outside(record: UserNsRecord) -> tuple[int, int]:
    """The ids that the container's root has in the user's namespace; the user's where it has no root."""
    found = []
    for rows in (record["uidmap"], record["gidmap"]):
        found.append(next((o for i, o, _ in rows if i == 0), 0))
    return found[0], found[1]


def default_user(request: UserNsRequest, record: UserNsRecord, host: HostFacts) -> str:
    """The user of a keep-id container for which nobody named one: the kept ids."""
    if record["mode"] != "keep-id":
        return ""
    uid = request["uid"] if request["uid"] >= 0 else host["uid"]
    gid = request["gid"] if request["gid"] >= 0 else host["gid"]
    return f"{uid}:{gid}"
