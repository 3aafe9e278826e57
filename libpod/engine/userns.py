"""Owns: what a container's user namespace needs of the host and of other containers, when it is made."""

from __future__ import annotations

import errno
import os

from libpod import errors
from libpod.kernel import ns, path
from libpod.kernel.const import CLONE_NEWUSER
from libpod.rootless import idmap
from libpod.spec import autoids, users
from libpod.state import containers
from libpod.storage import layers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, UserNsRecord
    from libpod.model.request import MergeIds, UserNsRequest


def gather(session: Session, request: UserNsRequest, ids: MergeIds) -> None:
    """Add to `ids` what the request speaks of. In the user's namespace."""
    if request["mode"] == "container":
        ids["userns_of"] = containers.get(session.db, ids["joins"][request["join"]])["userns"]
    elif request["mode"] == "ns":
        ids["userns_of"] = _of_path(request["join"])
    if request["subuidname"] or request["subgidname"]:
        ids["subids"] = [
            [[first, size] for _line, first, size in idmap.parse_ranges(idmap.read(file), {name}, file)[0]]
            for file, name in (
                (idmap.SUBUID, request["subuidname"]),
                (idmap.SUBGID, request["subgidname"]),
            )
        ]


def take_ids(session: Session, record: ContainerRecord) -> ContainerRecord:
    """The record with ids that no other container has. The lock of the ids is held until it is stored."""
    asked = record["userns"]
    others = [r["userns"] for r in containers.all_records(session.db) if r["userns"].get("auto")]
    size = asked.get("size", 0) or autoids.size_for(_numbers(session, record))
    taken = autoids.assign(asked, size, others, session.host_facts())
    return {**record, "userns": {**taken, "asked": asked}}


def _numbers(session: Session, record: ContainerRecord) -> set[int]:
    """The ids of the image's users and groups, and of the container's own user."""
    found = {int(part) for part in record["user"].split(":") if part.isascii() and part.isdigit()}
    for file, column in (("/etc/passwd", (2, 3)), ("/etc/group", (2,))):
        found |= users.numbers(_file_of_image(session, record, file), column)
    return found


def _file_of_image(session: Session, record: ContainerRecord, name: str) -> bytes:
    folders = [layers.diff_dir(session.paths, key) for key in reversed(record["layers"])]
    for folder in [record["rootfs"]] if record["rootfs"] else folders:
        try:
            root_fd = path.open_root(folder)
            try:
                return path.read_in_root(root_fd, name)
            finally:
                os.close(root_fd)
        except OSError:
            continue  # another layer has it
    return b""


def _of_path(file: str) -> UserNsRecord:
    """The maps of the user namespace behind a path, as seen from ours."""
    try:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as e:
        raise errors.UsageError(f'--userns="ns:{file}": {e.strerror}', remedy="give another path") from e
    ready_r, ready_w = os.pipe2(os.O_CLOEXEC)
    go_r, go_w = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            ns.setns(fd, CLONE_NEWUSER)
            os.write(ready_w, b"\0")
            os.close(go_w)
            os.read(go_r, 1)
        except OSError as e:
            os.write(ready_w, bytes([min(e.errno or errno.EIO, 255)]))
        finally:
            os._exit(0)
    os.close(ready_w)
    try:
        said = os.read(ready_r, 1)
        if said != b"\0":
            code = said[0] if said else errno.EIO
            why = os.strerror(code)
            if code == errno.EINVAL:
                own = os.path.samestat(os.fstat(fd), os.stat("/proc/self/ns/user"))
                why = "it is the namespace that you are in" if own else "it is not a user namespace"
            raise errors.UsageError(
                f'--userns="ns:{file}" cannot be joined: {why}', remedy="give another path, or leave it out"
            )
        maps = idmap.of_process(pid)
    finally:
        for each in (fd, ready_r, go_r, go_w):
            os.close(each)
        os.waitpid(pid, 0)
    return {
        "mode": "ns",
        "uidmap": [list(row) for row in maps.uids],
        "gidmap": [list(row) for row in maps.gids],
    }
