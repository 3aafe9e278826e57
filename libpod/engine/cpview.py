"""Owns: the files of a container as it sees them itself, for others to read and to write.

Of one that runs this is the root of its first process, with everything that is mounted there. Of one that
does not run it is its root file system, and instead of a mount point the volume or the host's directory that
would be mounted. All paths are opened below a root (openat2(2), RESOLVE_IN_ROOT): no link leads out, whatever
the container does meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod import errors, volumes
from libpod.engine import containers, initproc, rootview
from libpod.kernel import path, process
from libpod.storage import driver, mounted, view
from libpod.util import failpoint
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, MountRecord
    from libpod.spec.users import User
    from libpod.util.lock import Held

_MAX_LINKS = 40
_WAIT_S = 10.0
_MISSING = (errno.ENOENT, errno.ENOTDIR)


class Target:
    """What a path leads to: an owned O_PATH descriptor, and where it lies."""

    __slots__ = ("fd", "is_dir", "name", "path", "root_fd")

    def __init__(self, fd: int, root_fd: int, where: str, name: str) -> None:
        self.fd = fd
        self.root_fd = root_fd
        """The root that `path` counts from; borrowed."""
        self.path = where
        self.name = name
        """Its last component, after links."""
        self.is_dir = stat.S_ISDIR(os.fstat(fd).st_mode)


class View:
    """A container's files; `write` says what is to be done with them. Close it.

    Written to, a container that does not run is locked until then: nobody starts it. Raises StateError for
    one of another pid namespace.
    """

    def __init__(self, session: Session, record: ContainerRecord, *, write: bool) -> None:
        self._session = session
        self.record = record
        self._write = write
        self._held: Held | None = None
        self._fds: list[int] = []
        self._mounts: list[MountRecord] = []
        self._sources: dict[str, int] = {}
        if record.get("infra") == "hollow":  # its first process is the monitor, whose root is the host's
            raise errors.StateError(
                f'container "{record["name"]}" has no files: it holds what the members of a pod share',
                remedy="name a member of the pod",
                name=record["name"],
            )
        session.enter()
        try:
            root_fd = _of_running(session, record)
            if root_fd < 0 and write:
                self._held = session.locks.take(RANK_CONTAINER, record["id"]).acquire()
                root_fd = _of_running(session, record)
            if root_fd < 0:
                root_fd = self._of_stopped()
            self._fds.append(root_fd)
        except BaseException:
            self.close()
            raise
        self.root_fd = root_fd

    def close(self) -> None:
        """Let go of everything. Idempotent."""
        while self._fds:
            os.close(self._fds.pop())
        if self._held is not None:
            self._held.release()
            self._held = None

    def _of_stopped(self) -> int:
        session, record = self._session, self.record
        fixed = [m for m in record["mounts"] if not m.get("same_place") and m["destination"] not in ("", "/")]
        self._mounts = sorted(fixed, key=lambda m: len(m["destination"]), reverse=True)
        fd = self._mounted()
        if fd >= 0:
            return fd
        if self._write:
            fd = view.to_write(session.paths, driver.mount_plan(session.paths, record))
            failpoint.hit("cp:after-mount")
            return fd
        return view.of_plan(session.paths, driver.read_plan(session.paths, record))

    def _mounted(self) -> int:
        """The mount that somebody has in `pypod unshare`: a second one of the same upper directory would not
        show what comes through the first. -1 = there is none.
        """
        paths, cid = self._session.paths, self.record["id"]
        place = mounted.place(paths, cid)
        if not os.path.lexists(place):
            return -1
        pid = "self" if mounted.is_here(place) else mounted.elsewhere(place)
        if not pid:
            return -1
        try:
            fd = path.open_root(f"/proc/{pid}/root{place}")
        except errors.KernelError:
            return -1
        if os.fstat(fd).st_dev != os.stat(paths.container_dir(cid)).st_dev:
            return fd
        os.close(fd)  # unmounted meanwhile; or a plain directory, which needs no mount
        return -1

    # -- paths -------------------------------------------------------------------

    def absolute(self, raw: str) -> str:
        """A path as the user gives it; relative ones count from the container's working directory."""
        return raw if raw.startswith("/") else f"{self.record['workdir'] or '/'}/{raw}"

    def find(self, raw: str) -> Target | None:
        """What the path leads to, through links; None if there is nothing."""
        where = self.absolute(raw)
        found = self._open(*self._place(where), where)
        if found is None or not self._mounts or found.root_fd != self.root_fd:
            return found
        real = os.readlink(f"/proc/self/fd/{found.fd}")  # a link may lead to where something is mounted
        root_fd, rest = self._place(real)
        if root_fd == self.root_fd:
            return found
        os.close(found.fd)
        return self._open(root_fd, rest, real)

    def parent(self, raw: str) -> tuple[Target, str] | None:
        """The directory where something can be made, and its name there; None if it is missing too.

        A link stands for where it leads, also if nothing is there."""
        where = self.absolute(raw)
        for _ in range(_MAX_LINKS):
            folder, _, name = where.rstrip("/").rpartition("/")
            if name in ("", ".", ".."):
                return None
            found = self.find(folder or "/")
            if found is None:
                return None
            if not found.is_dir:
                os.close(found.fd)
                return None
            try:
                fd = path.open_in_root(found.root_fd, found.path, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    target = os.readlink(name, dir_fd=fd)
                finally:
                    os.close(fd)
            except OSError:
                return found, name
            os.close(found.fd)
            where = target if target.startswith("/") else f"{folder}/{target}"
        return None

    def is_mounted_file(self, target: Target) -> bool:
        """Whether it is a file of the host, and its name in the container nothing but a place."""
        return target.root_fd != self.root_fd and not target.path

    def check_writable(self, target: Target) -> None:
        """Raise StateError for a place that the container would have mounted read-only."""
        for mount in self._mounts:
            if self._sources.get(mount["destination"]) == target.root_fd and "ro" in mount["options"]:
                raise errors.StateError(
                    f'"{mount["destination"]}" of container "{self.record["name"]}" is mounted read-only',
                    remedy="write to its source on the host instead",
                    name=self.record["name"],
                )

    def _place(self, where: str) -> tuple[int, str]:
        """(root, path below it) of an absolute path: the source of a mount, or the root file system."""
        for mount in self._mounts:
            destination = mount["destination"]
            if where == destination or where.startswith(destination + "/"):
                root_fd = self._source(mount)
                rest = where[len(destination) :].lstrip("/")
                if stat.S_ISDIR(os.fstat(root_fd).st_mode) or not rest:
                    return root_fd, rest
        return self.root_fd, where

    def _source(self, mount: MountRecord) -> int:
        fd = self._sources.get(mount["destination"], -1)
        if fd < 0:
            fd = self._open_source(mount)
            self._fds.append(fd)
            self._sources[mount["destination"]] = fd
        return fd

    def _open_source(self, mount: MountRecord) -> int:
        session = self._session
        if mount["type"] not in ("bind", "volume") or mount.get("overlay"):
            kind = "overlay" if mount.get("overlay") else mount["type"]
            raise errors.StateError(
                f'"{mount["destination"]}" of container "{self.record["name"]}" is a mount ({kind}) that is '
                "there only while it runs",
                remedy=f'start it with "pypod start {self.record["name"]}", or use "pypod init"',
                name=self.record["name"],
            )
        if mount["type"] == "bind":
            source = mount["source"]
        else:
            only: ContainerRecord = {**self.record, "mounts": [mount]}
            made = volumes.prepare(session.paths, session.db, only, self.root_fd, self.user())
            source = made[mount["source"]]
        try:
            fd = os.open(source, os.O_PATH | os.O_CLOEXEC)
        except OSError as e:
            raise errors.StorageError(
                f'"{mount["destination"]}" of container "{self.record["name"]}" is {source} of the host: '
                f"{e.strerror}",
                remedy="make it, or copy to another place",
                name=self.record["name"],
            ) from e
        if not mount.get("subpath"):
            return fd
        try:
            return path.open_in_root(fd, mount["subpath"], os.O_PATH)
        finally:
            os.close(fd)

    def _open(self, root_fd: int, where: str, whole: str) -> Target | None:
        if not stat.S_ISDIR(os.fstat(root_fd).st_mode):  # a mounted file
            return Target(os.dup(root_fd), root_fd, "", os.path.basename(whole))
        try:
            fd = path.open_in_root(root_fd, where or ".", os.O_PATH)
        except errors.KernelError as e:
            if e.errno in _MISSING:
                return None
            raise self.error(whole, e) from e
        real = os.path.basename(os.readlink(f"/proc/self/fd/{fd}"))
        name = real if real not in ("", ".", "..") else os.path.basename(whole.rstrip("/"))
        return Target(fd, root_fd, where, name)

    def error(self, where: str, e: OSError) -> errors.PypodError:
        """What to say when the path cannot be used."""
        return errors.StorageError(
            f'"{where}" of container "{self.record["name"]}": {os.strerror(e.errno or errno.EIO)}',
            name=self.record["name"],
        )

    # -- ids ---------------------------------------------------------------------

    def user(self) -> User:
        """The container's own user."""
        return rootview.exec_user(self.root_fd, self.record, self.record["user"])

    def create_as_its_root(self) -> None:
        """Make what this process creates the container's root's from the first moment.

        fuse-overlayfs with a map of ids cannot say who owns a file of an id that the container has not, and
        in a sticky directory such a file cannot be opened (fs.protected_regular).
        """
        if not self.record["userns"]["uidmap"]:
            return
        uid, gid = self.outside(0, 0)
        if uid or gid:
            process.create_as(uid, gid)

    def outside(self, uid: int, gid: int) -> tuple[int, int]:
        """Ids of the container in the user's namespace."""
        uids, gids = self.record["userns"]["uidmap"], self.record["userns"]["gidmap"]
        return _shifted(uids, uid, 0, 1), _shifted(gids or uids, gid, 0, 1)

    def inside(self, uid: int, gid: int) -> tuple[int, int]:
        """Ids of the user's namespace as the container sees them."""
        uids, gids = self.record["userns"]["uidmap"], self.record["userns"]["gidmap"]
        return _shifted(uids, uid, 1, 0), _shifted(gids or uids, gid, 1, 0)


def _shifted(rows: list[list[int]], value: int, source: int, target: int) -> int:
    for row in rows:
        if row[source] <= value < row[source] + row[2]:
            return row[target] + value - row[source]
    return value


def _of_running(session: Session, record: ContainerRecord) -> int:
    """The root of the first process of one that runs, or waits to be started; -1 if there is none."""
    status = containers.status(session, record)
    if status["elsewhere"] and containers.is_running(status):
        raise errors.StateError(
            f'cannot copy from or to container "{record["name"]}": it was started in another pid namespace '
            "(PrivatePIDs= of a unit, or a container)",
            remedy="run cp in there",
            name=record["name"],
        )
    init, monitor = initproc.of_run(session, record["id"])
    if init is None:
        initproc.wait_gone(monitor, _WAIT_S)  # it unmounts
        return -1
    if monitor is not None:
        monitor.__exit__()
    with init:
        try:
            fd = path.open_root(f"/proc/{init.pid}/root")
        except errors.KernelError as e:
            if e.errno in (errno.ENOENT, errno.ESRCH, errno.EACCES):
                return -1
            raise
        if init.wait(0):
            os.close(fd)
            return -1
        return fd
