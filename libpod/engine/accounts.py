"""Owns: the entries in the container's /etc/passwd and /etc/group for ids that its image does not know.

Programs that ask for their own name (ssh, git, whoami) fail without one. The user of keep-id appears under
the name that it has on the host, a number given with `--user` under that number. The entries are written
into the container's own layer, so that useradd and the like can replace the files; where the root file system
is read-only, copies are bound over them."""

from __future__ import annotations

import errno
import os
import stat

from libpod import errors
from libpod.engine import rootview
from libpod.kernel import path
from libpod.spec import etcopts, idmaps, users
from libpod.util import atomic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, EtcRecord, MountRecord
    from libpod.model.request import UserInfo

PASSWD, GROUP = rootview.FILES
_NO_PLACE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.EACCES, errno.ENXIO)


class _Files:
    """/etc/passwd and /etc/group as the image has them, and the lines that they get."""

    def __init__(self, passwd: bytes, group: bytes, etc: EtcRecord) -> None:
        self.passwd, self.group = passwd, group
        self.new_passwd = self.new_group = b""
        self._etc = etc

    def add(self, user: UserInfo, comment: str) -> None:
        """An entry for the user, and one for its group where there is none."""
        name, uid, gid, home = user["name"], user["uid"], user["gid"], user["home"]
        line = users.passwd_line(name, uid, gid, home, comment)
        template = self._etc.get("passwd_entry", "")
        if template:
            words = {"USERNAME": name, "UID": str(uid), "GID": str(gid), "NAME": comment, "HOME": home}
            line = etcopts.fill(template, words)
        self.new_passwd += line.encode("utf-8", "surrogateescape")
        if users.has_group(gid, self.group + self.new_group):
            return
        named = name if comment != _NAMELESS else str(gid)
        line = users.group_line(named, gid, name)
        template = self._etc.get("group_entry", "")
        if template:
            line = etcopts.fill(template, {"GROUPNAME": named, "GID": str(gid), "USERLIST": name})
        self.new_group += line.encode("utf-8", "surrogateescape")

    def has(self, user: UserInfo) -> bool:
        """Whether the user's number or name is known."""
        known = users.joined(self.passwd, self.new_passwd)
        return users.has_user(user["uid"], known) or users.has_name(user["name"], known)


_NAMELESS = "container user"


def complete(
    session: Session, record: ContainerRecord, bundle: str, root_fd: int, who: UserInfo
) -> tuple[UserInfo, dict[str, str]]:
    """Add what is missing; returns the user with the home of its entry, and the files to bind (container
    path -> host path)."""
    own = _kept(session, record)
    of_the_host = of_host(record)
    nameless = not who["name"] and bool(record["user"])
    if not record.get("passwd", True) or not (own or nameless or any(of_the_host)):
        return who, {}
    files = _Files(rootview.read(root_fd, PASSWD), rootview.read(root_fd, GROUP), record.get("etc", {}))
    files.new_passwd = users.unknown(of_the_host[0], files.passwd)
    files.new_group = users.unknown(of_the_host[1], files.group)
    if own and not files.has(own):
        files.add(own, own["name"])
        if who["uid"] == own["uid"]:
            who = {**who, "name": own["name"], "home": own["home"]}
            nameless = False
    if nameless:
        who = {**who, "name": str(who["uid"]), "home": record["workdir"] or "/"}
        files.add(who, _NAMELESS)
    bound: dict[str, str] = {}
    for target, content, added in (
        (PASSWD, files.passwd, files.new_passwd),
        (GROUP, files.group, files.new_group),
    ):
        if added and not _covered(target, record["mounts"]):
            bound.update(_add(record, bundle, root_fd, target, content, added))
    return who, bound


def of_host(record: ContainerRecord) -> tuple[bytes, bytes]:
    """The lines of /etc/passwd and /etc/group for the users of the host that the container is to know
    (`--hostuser`). Raises UsageError for one that the host does not have."""
    names = record.get("etc", {}).get("hostusers", [])
    if not names:
        return b"", b""
    import grp
    import pwd  # lazy: asks the name service

    lines, groups = "", ""
    for name in names:
        try:
            entry = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
        except KeyError:
            raise errors.UsageError(
                f'--hostuser "{name}": the host has no such user',
                remedy='"getent passwd" lists them',
                name=name,
            ) from None
        fields = (entry.pw_name, "*", str(entry.pw_uid), str(entry.pw_gid), entry.pw_gecos, entry.pw_dir)
        lines += ":".join((*fields, entry.pw_shell)) + "\n"
        try:
            group = grp.getgrgid(entry.pw_gid).gr_name
        except KeyError:
            group = entry.pw_name
        groups += users.group_line(group, entry.pw_gid, entry.pw_name)
    return lines.encode("utf-8", "surrogateescape"), groups.encode("utf-8", "surrogateescape")


def _kept(session: Session, record: ContainerRecord) -> UserInfo | None:
    """The user that keep-id keeps, if it has its own number in the container: as the host knows it."""
    space = record["userns"]
    if space["mode"] != "keep-id":
        return None
    uid = next((inside for inside, outside, _ in space["uidmap"] if outside == 0), -1)
    gid = next((inside for inside, outside, _ in space["gidmap"] if outside == 0), -1)
    if uid != session.uid:
        return None
    import pwd  # lazy: asks the name service

    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    inside = any(entry.pw_dir == m["destination"] or _below(entry.pw_dir, m) for m in record["mounts"])
    home = entry.pw_dir if inside else record["workdir"] or "/"
    return {"uid": uid, "gid": gid, "groups": [], "home": home, "name": entry.pw_name}


def _below(name: str, mount: MountRecord) -> bool:
    return name.startswith(mount["destination"].rstrip("/") + "/")


def _covered(target: str, mounts: Sequence[MountRecord]) -> bool:
    """Whether a mount of the user's hides the file of the root file system."""
    return any(target == m["destination"] or _below(target, m) for m in mounts)


def _add(
    record: ContainerRecord, bundle: str, root_fd: int, target: str, content: bytes, added: bytes
) -> dict[str, str]:
    whole, root = users.joined(content, added), idmaps.root_outside(record["userns"])
    if record["security"]["read_only"]:
        copy = bundle + "/" + target.rpartition("/")[2]
        atomic.write(copy, whole, mode=0o644, durable=False)
        if root != (0, 0):
            os.chown(copy, *root)
        return {target: copy}
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    try:
        fd = path.open_in_root(root_fd, target, flags, 0o644)
    except errors.KernelError as e:
        if e.errno in _NO_PLACE:
            return {}
        raise
    try:
        facts = os.fstat(fd)
        if stat.S_ISREG(facts.st_mode):
            os.write(fd, whole[len(content) :])
            if not facts.st_size and root != (0, 0):  # it may be new
                os.fchown(fd, *root)
    finally:
        os.close(fd)
    return {}
