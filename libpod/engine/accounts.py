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
from libpod.spec import users
from libpod.util import atomic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, MountRecord
    from libpod.model.request import UserInfo

PASSWD, GROUP = "/etc/passwd", "/etc/group"
_NO_PLACE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.EACCES, errno.ENXIO)


def complete(
    session: Session, record: ContainerRecord, bundle: str, root_fd: int, who: UserInfo
) -> tuple[UserInfo, dict[str, str]]:
    """Add what is missing; returns the user with the home of its entry, and the files to bind (container
    path -> host path)."""
    own = _kept(session, record)
    nameless = not who["name"] and bool(record["user"])
    if not record.get("passwd", True) or not (own or nameless):
        return who, {}
    passwd, group = rootview.read(root_fd, PASSWD), rootview.read(root_fd, GROUP)
    lines, groups = b"", b""
    if own and not users.has_user(own["uid"], passwd) and not users.has_name(own["name"], passwd):
        lines += users.passwd_line(own["name"], own["uid"], own["gid"], own["home"], own["name"]).encode()
        if not users.has_group(own["gid"], group):
            groups += users.group_line(own["name"], own["gid"], own["name"]).encode()
        if who["uid"] == own["uid"]:
            who = {**who, "name": own["name"], "home": own["home"]}
            nameless = False
    if nameless:
        name, home = str(who["uid"]), record["workdir"] or "/"
        lines += users.passwd_line(name, who["uid"], who["gid"], home, "container user").encode()
        who = {**who, "name": name, "home": home}
        if not users.has_group(who["gid"], group + groups):
            groups += users.group_line(str(who["gid"]), who["gid"], name).encode()
    files: dict[str, str] = {}
    for target, content, added in ((PASSWD, passwd, lines), (GROUP, group, groups)):
        if added and not _covered(target, record["mounts"]):
            files.update(_add(record, bundle, root_fd, target, content, added))
    return who, files


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
    text = added if not content or content.endswith(b"\n") else b"\n" + added
    if record["security"]["read_only"]:
        copy = bundle + "/" + target.rpartition("/")[2]
        atomic.write(copy, content + text, mode=0o644, durable=False)
        return {target: copy}
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    try:
        fd = path.open_in_root(root_fd, target, flags, 0o644)
    except errors.KernelError as e:
        if e.errno in _NO_PLACE:
            return {}
        raise
    try:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            os.write(fd, text)
    finally:
        os.close(fd)
    return {}
