"""Owns: which ids a user name stands for in a container, by its passwd(5) and group(5) files.

The files come from the image: lines that make no sense are skipped, never an error. The first entry of a
name wins, as in the C library.
"""

from __future__ import annotations

from libpod.errors import UsageError
from libpod.spec.values import try_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libpod.model.request import UserInfo

    User = UserInfo

MAX_ID = (1 << 32) - 2
KEEP_GROUPS = "keep-groups"
EXIT_CANNOT_INVOKE = 126
"""The exit code of `run` when the command has no user to run as, as Podman's."""


def _id(value: str) -> int | None:
    number = try_int(value) if value[:1] not in ("-", "+") else None
    return number if number is not None and number <= MAX_ID else None


def _fields(data: bytes, least: int) -> Iterator[list[str]]:
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        fields = line.strip("\r").split(":")
        if len(fields) >= least and fields[0] and fields[0][0] not in "#+-":
            yield fields


def _passwd(data: bytes) -> Iterator[tuple[str, int, int, str]]:
    """(name, uid, gid, home)"""
    for fields in _fields(data, 4):
        uid, gid = _id(fields[2]), _id(fields[3])
        if uid is not None and gid is not None:
            yield fields[0], uid, gid, fields[5] if len(fields) > 5 else ""


def _group(data: bytes) -> Iterator[tuple[str, int, list[str]]]:
    """(name, gid, members)"""
    for fields in _fields(data, 3):
        gid = _id(fields[2])
        if gid is not None:
            members = fields[3].split(",") if len(fields) > 3 else []
            yield fields[0], gid, [m.strip() for m in members if m.strip()]


def numbers(data: bytes, columns: tuple[int, ...]) -> set[int]:
    """All ids in these columns of a passwd or group file."""
    found = {_id(fields[at]) for fields in _fields(data, max(columns) + 1) for at in columns}
    return {number for number in found if number is not None}


def resolve_user(user: str, passwd: bytes, group: bytes, group_add: Sequence[str] = ()) -> User:
    """The ids of `USER[:GROUP]`, each a name or a number; empty = root.

    A number needs no entry. Supplementary groups come from the group file, unless the user gave a group;
    `group_add` are added either way. Raises UsageError for names without an entry.
    """
    who, colon, group_name = user.partition(":")
    who = who or "0"
    number = _id(who)
    entry = None
    for row in _passwd(passwd):
        if row[0] == who:
            entry = row
            break
        if number is not None and row[1] == number and entry is None:
            entry = row
    if entry is None and number is None:
        raise UsageError(
            f'no user "{who}" in the /etc/passwd of the container',
            remedy="give a number, or a user that the image has",
            name=who,
            exit_code=EXIT_CANNOT_INVOKE,
        )
    name, uid, gid, home = entry if entry is not None else ("", number or 0, 0, "")
    groups: list[int] = []
    if colon and group_name:
        gid = group_id(group_name, group)
    elif name:
        groups = [g for _, g, members in _group(group) if name in members]
    if gid:
        groups.insert(0, gid)  # as initgroups(3) does
    for extra in group_add:
        if extra != KEEP_GROUPS:
            groups.append(group_id(extra, group))
    return {"uid": uid, "gid": gid, "groups": list(dict.fromkeys(groups)), "home": home or "/", "name": name}


def group_id(name: str, group: bytes) -> int:
    """The id of a group by name or number. Raises UsageError for a name without an entry."""
    number = _id(name)
    for row in _group(group):
        if row[0] == name:
            return row[1]
    if number is None:
        raise UsageError(
            f'no group "{name}" in the /etc/group of the container',
            remedy="give a number, or a group that the image has",
            name=name,
            exit_code=EXIT_CANNOT_INVOKE,
        )
    return number


def user_names(passwd: bytes) -> dict[int, str]:
    """The name of each uid."""
    return {uid: name for name, uid, _gid, _home in reversed(list(_passwd(passwd)))}


def group_names(group: bytes) -> dict[int, str]:
    """The name of each gid."""
    return {gid: name for name, gid, _members in reversed(list(_group(group)))}


def has_user(uid: int, passwd: bytes) -> bool:
    """Whether the file has an entry for the number."""
    return any(row[1] == uid for row in _passwd(passwd))


def has_group(gid: int, group: bytes) -> bool:
    return any(row[1] == gid for row in _group(group))


def has_name(name: str, passwd: bytes) -> bool:
    """Whether the file has an entry of this name."""
    return any(row[0] == name for row in _passwd(passwd))


def passwd_line(name: str, uid: int, gid: int, home: str, comment: str = "") -> str:
    """An entry for a user that the image does not know. A home that cannot be written there becomes `/`."""
    good = home if home and ":" not in home and "\n" not in home else "/"
    return f"{name}:*:{uid}:{gid}:{comment}:{good}:/bin/sh\n"


def group_line(name: str, gid: int, member: str = "") -> str:
    return f"{name}:x:{gid}:{member}\n"


def joined(content: bytes, lines: bytes) -> bytes:
    """The file with lines added; one that ends without a newline gets it."""
    return content + lines if not content or not lines or content.endswith(b"\n") else content + b"\n" + lines


def unknown(lines: bytes, content: bytes) -> bytes:
    """Those of the lines whose name the file does not have."""
    known = {line.partition(b":")[0] for line in content.split(b"\n")}
    return b"".join(line for line in lines.splitlines(keepends=True) if line.partition(b":")[0] not in known)
