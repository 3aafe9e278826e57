"""Owns: user namespace modes and identity maps (user_namespaces(7)).

A nested map's rows are [container id, id in the user's namespace, size]. The kernel wants every row inside
one row of the map above it, so rows are split along those.
"""

from __future__ import annotations

from libpod.errors import NotSupportedError, UsageError
from libpod.spec import maprows
from libpod.spec.maprows import MAX_ID
from libpod.spec.values import bad, text, try_int, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import UserNsRecord
    from libpod.model.request import HostFacts, UserInfo, UserNsRequest
    from libpod.spec.values import Options

_MODES = "host, keep-id[:uid=N,gid=N,size=N], auto[:OPTIONS], nomap, container:NAME or ns:PATH"


def parse(options: Options) -> UserNsRequest:
    """`--userns`, `--uidmap`, `--gidmap`, `--subuidname`, `--subgidname`."""
    found: UserNsRequest = {
        "mode": "",
        "uid": -1,
        "gid": -1,
        "size": 0,
        "uidmap": [],
        "gidmap": [],
        "join": "",
        "subuidname": text(options, "subuidname"),
        "subgidname": text(options, "subgidname"),
    }
    value = text(options, "userns")
    uids, gids = words(options, "uidmap"), words(options, "gidmap")
    if uids or gids or found["subuidname"] or found["subgidname"]:
        return _own_map(found, value, uids, gids)
    mode, _, rest = value.partition(":")
    found["mode"] = "host" if options.get("userns") == "" else mode
    if mode == "keep-id":
        _keep_id_options(found, value, rest)
    elif mode == "auto":
        _auto_options(found, value, rest)
    elif mode in ("container", "ns") and rest:
        found["join"] = rest
    elif value == "private":
        raise UsageError(
            '--userns="private" needs the ids of the namespace',
            remedy="add --uidmap and --gidmap, or use --userns=auto",
        )
    elif value == "pod":
        raise NotSupportedError('--userns="pod" is not supported yet', remedy="use --userns=container:NAME")
    elif value not in ("", "host", "nomap"):
        raise bad("userns", value, _MODES, 'write for example "--userns=keep-id"')
    return found


def _own_map(found: UserNsRequest, value: str, uids: list[str], gids: list[str]) -> UserNsRequest:
    """With maps, or ranges of /etc/subuid, of the user's own: what is left out is as the other one."""
    if value not in ("", "private", "map"):
        raise UsageError(
            f'--userns="{value}" cannot be combined with --uidmap, --gidmap, --subuidname or --subgidname',
            remedy="give either the mode or the maps",
        )
    found["mode"] = "map"
    for kind, given, other in (("uid", uids, "gid"), ("gid", gids, "uid")):
        name, key = f"sub{kind}name", f"{kind}map"
        if found[name] and given:  # type: ignore[literal-required]
            raise UsageError(
                f"--{name} and --{key} are two answers to one question", remedy="leave one of them out"
            )
        own, shared = maprows.parse(key, given, kind[0])
        if given:
            found[key] = own  # type: ignore[literal-required]
        if not (gids if kind == "uid" else uids) and not found[f"sub{other}name"]:  # type: ignore[literal-required]
            found[f"{other}map"] = shared  # type: ignore[literal-required]
    for kind, given, other in (("uid", uids, "gid"), ("gid", gids, "uid")):
        name = f"sub{kind}name"
        if not given and not (gids if kind == "uid" else uids):
            found[name] = found[name] or found[f"sub{other}name"]  # type: ignore[literal-required]
    return found


def _auto_options(found: UserNsRequest, value: str, rest: str) -> None:
    maps: dict[str, list[str]] = {"uidmapping": [], "gidmapping": []}
    for item in rest.split(",") if rest else ():
        key, _, raw = item.partition("=")
        number = try_int(raw) if key == "size" else None
        if key in maps:
            maps[key].append(raw)
        elif number is not None and 0 < number <= MAX_ID:
            found["size"] = number
        else:
            raise bad(
                "userns",
                value,
                "size=N, uidmapping=CONTAINER:INNER:SIZE or gidmapping=CONTAINER:INNER:SIZE after auto",
                'write for example "auto:size=8192"',
            )
    found["uidmap"], _ = maprows.parse("userns", maps["uidmapping"], "u")
    found["gidmap"], _ = maprows.parse("userns", maps["gidmapping"], "g")


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


def count(rows: list[list[int]]) -> int:
    """How many ids the user's namespace has, counted from 0 without a gap."""
    end = 0
    for inside, _, size in sorted(rows):
        if inside > end:
            break
        end = max(end, inside + size)
    return end


def split(rows: list[list[int]], outer: list[list[int]], option: str) -> list[list[int]]:
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


def resolve(
    request: UserNsRequest,
    default: str,
    host: HostFacts,
    *,
    other: UserNsRecord | None = None,
    ranges: list[list[list[int]]] | None = None,
) -> UserNsRecord:
    """The record of the user namespace: its maps worked out, all rows split along the user's own ranges.

    `other` is that of the namespace that is joined, `ranges` what /etc/subuid and /etc/subgid have for the
    names that were given. With `auto` the maps are those that were asked for: see autoids.
    """
    mode = request["mode"] or default or "host"
    if mode == "host":
        return {"mode": "host", "uidmap": [], "gidmap": []}
    if mode in ("container", "ns"):
        return _joined(request, other)
    if not host.get("rootless", True) and mode in ("keep-id", "nomap"):
        raise UsageError(
            f"--userns={mode} has no meaning for root: "
            + ("there is no user id to keep" if mode == "keep-id" else "its own id is everybody's"),
            remedy="leave --userns out",
        )
    if not host.get("rootless", True) and mode == "auto":
        raise NotSupportedError(
            "--userns=auto is not supported for root yet", remedy="give the ids with --uidmap and --gidmap"
        )
    outers = rows_of_user(host)
    maps, option = [request["uidmap"], request["gidmap"]], "userns"
    if mode == "keep-id":
        limit = request["size"] or MAX_ID
        kept = [request[key] if request[key] >= 0 else host[key] for key in ("uid", "gid")]
        maps = [_keep(own, min(count(rows), limit)) for own, rows in zip(kept, outers, strict=True)]
    elif mode == "nomap":
        maps = [[[0, 1, count(rows) - 1]] for rows in outers]
        if not all(rows[0][2] for rows in maps):
            raise UsageError(
                "--userns=nomap: there are no ids but your own",
                remedy="add subordinate ids to /etc/subuid and /etc/subgid",
            )
    elif mode == "auto":
        maps = [maprows.resolve(rows, outer, "userns") for rows, outer in zip(maps, outers, strict=True)]
        for rows, outer in zip(maps, outers, strict=True):
            split(rows, outer, "userns")
        return {"mode": "auto", "uidmap": maps[0], "gidmap": maps[1], "size": request["size"], "auto": True}
    elif mode == "map":
        option = "uidmap"
        named = (request["subuidname"], request["subgidname"])
        for at, name in enumerate(named):
            if name:
                assert ranges is not None
                maps[at] = _of_ranges(name, ranges[at], outers[at], ("uid", "gid")[at])
            else:
                rows = maprows.resolve(maps[at], outers[at], ("uidmap", "gidmap")[at])
                maps[at] = rows or [[0, 0, count(outers[at])]]
    else:
        raise NotSupportedError(f'userns="{mode}" is not supported', remedy=f"the modes are {_MODES}")
    return {
        "mode": mode,  # type: ignore[typeddict-item]
        "uidmap": split(maps[0], outers[0], option),
        "gidmap": split(maps[1], outers[1], "gidmap" if mode == "map" else option),
    }


def rows_of_user(host: HostFacts) -> tuple[list[list[int]], list[list[int]]]:
    """The user's own namespace: rows of user ids and of group ids, [id inside, id outside, size]."""
    return (
        host.get("uid_rows") or [[0, host.get("uid", 0), 1], [1, 100000, 65536]],
        host.get("gid_rows") or [[0, host.get("gid", 0), 1], [1, 100000, 65536]],
    )


def _joined(request: UserNsRequest, other: UserNsRecord | None) -> UserNsRecord:
    assert other is not None
    found: UserNsRecord = {
        "mode": request["mode"],  # type: ignore[typeddict-item]
        "uidmap": other["uidmap"],
        "gidmap": other["gidmap"],
        "join": request["join"],
    }
    if other.get("auto"):
        found["auto"] = True
    return found


def _of_ranges(name: str, ranges: list[list[int]], outer: list[list[int]], kind: str) -> list[list[int]]:
    """The map of all ids that a file has for a name; [first id outside, how many] in its order."""
    out: list[list[int]] = []
    inside = 0
    for first, size in ranges:
        row = next((o for o in outer if o[1] <= first and first + size <= o[1] + o[2]), None)
        if row is None:
            raise UsageError(
                f'--sub{kind}name "{name}": {first} to {first + size - 1} in /etc/sub{kind} are not your ids',
                remedy="give your own name, or none",
            )
        out.append([inside, row[0] + first - row[1], size])
        inside += size
    if not out:
        raise UsageError(
            f'--sub{kind}name "{name}": /etc/sub{kind} has no range of ids for this name',
            remedy=f'run "sudo usermod --add-sub{kind}s FIRST-LAST {name}" with a range that is free',
        )
    return out


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
