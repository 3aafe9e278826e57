"""Owns: becoming root in the user's namespace, in this very process; one namespace per store.

Every process that is in the namespace holds the alive lock of a file in `ns/`. Who enters takes the rootless
lock, joins the namespace of a living holder or makes one, takes its own alive lock, and gives the rootless
lock back. So two can never be made at once, and when the last process ends, nothing is left but files that
nobody holds, which the next one removes. docs/internals/rootless.md.
"""

from __future__ import annotations

import _thread
import os

from libpod import log
from libpod.conf import paths as conf_paths
from libpod.errors import KernelError, RootlessError
from libpod.kernel import ns
from libpod.kernel.const import CLONE_NEWUSER
from libpod.rootless import confined, holder
from libpod.rootless import idmap as idmaps
from libpod.rootless.idmap import IdMap
from libpod.util import atomic, jsonio, lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from libpod.conf.paths import Paths
    from libpod.rootless.confined import Confinement

    Kind = Literal["root", "inside", "joined", "created", "single"]

_RECORD = "idmap"
_SAID = "single-id"
_INITIAL_ROW = (0, 0, 4294967295)

_entered: Entry | None = None


class Entry:
    """How this process came to be root. `kind`:

    `root`: it is the machine's root, nothing was done. `inside`: it was in a user namespace already (`pypod
    unshare`). `joined`, `created`: by subordinate ids. `single`: created with the user's own id alone.
    """

    __slots__ = ("_idmap", "_paths", "_pid", "alive_fd", "kind")

    def __init__(self, kind: Kind, paths: Paths, idmap: IdMap | None = None) -> None:
        self.kind: Kind = kind
        self.alive_fd = -1
        """The lock of the own file in `ns/`, owned; -1 for real root and where it was inherited over exec."""
        self._paths = paths
        self._pid = os.getpid()
        self._idmap = idmap

    @property
    def rootless(self) -> bool:
        """Say whether the process is not the machine's root."""
        return self.kind != "root"

    @property
    def idmap(self) -> IdMap:
        """The map of the namespace that this process is in."""
        if self._idmap is None:
            self._idmap = idmaps.of_process()
        return self._idmap

    def forget_in_child(self) -> None:
        """Drop the locks that came over fork(2) and hold the namespace by an own one.

        For a child that lives on; a short-lived one needs no such thing. RootlessError if the parent died:
        then somebody may have made another namespace, and what this child was to do is void.
        """
        lock.close_all_in_child()
        parent = self._pid
        if self.kind == "root" or parent == os.getpid():
            return
        if self.alive_fd >= 0:
            os.close(self.alive_fd)
            self.alive_fd = -1
        with holder.rootless_lock(self._paths):
            if os.getppid() != parent:
                raise RootlessError("the process that entered the user namespace is gone")
            self._pid = os.getpid()
            self.alive_fd = holder.hold(self._paths)

    def leave(self) -> None:
        """Take back the sign that this process keeps the namespace; it stays in it.

        For the very end of a command.
        """
        if self.alive_fd < 0 or self._pid != os.getpid():
            return
        holder.release(self.alive_fd)
        self.alive_fd = -1


def enter(paths: Paths) -> Entry:
    """Become root in the user's namespace; at once, if that is so already. The working directory stays.

    Idempotent.

    Real root stays what it is. Needs a process with one thread (setns(2), unshare(2)). The mount namespace is
    not changed. Joining takes 0.3 ms, making a namespace 5 ms. RootlessError with the reason and what mends
    it.
    """
    global _entered
    if _entered is not None and _entered._paths.graphroot == paths.graphroot:
        return _entered
    if os.geteuid() == 0:
        _entered = _enter_as_root(paths)
        return _entered
    if _thread._count() > 0:
        raise RootlessError(
            "cannot enter the user namespace: the process has threads, this is a bug in pypod"
        )
    with holder.rootless_lock(paths):
        entry = _join(paths) or _create(paths)
        entry.alive_fd = holder.hold(paths)
    _entered = entry
    return entry


def recorded_map(paths: Paths) -> IdMap | None:
    """Return the map that the store was made with; None for a new store.

    RootlessError if the record is damaged.
    """
    path = f"{paths.graphroot}/{_RECORD}"
    try:
        return idmaps.from_json(jsonio.load_file(path))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RootlessError(
            f"the record of the store's id map is damaged: {path}: {error}",
            remedy=f"remove {path} if /etc/subuid and /etc/subgid have not changed since the store was made",
        ) from None


def _enter_as_root(paths: Paths) -> Entry:
    idmap = idmaps.of_process()
    if idmap.uids == [_INITIAL_ROW]:
        return Entry("root", paths, idmap)
    entry = Entry("inside", paths, idmap)
    with holder.rootless_lock(paths):
        _check_record(paths, idmap)
        entry.alive_fd = holder.hold(paths)
    return entry


def _join(paths: Paths) -> Entry | None:
    """Enter the namespace of a living holder, if there is one. Under the rootless lock."""
    if not holder.join(paths):
        return None
    _become_root()
    return Entry("joined", paths)


def _become_root() -> None:
    try:
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
    except OSError as error:
        raise RootlessError(f"cannot become root in the user namespace: {error.strerror}") from error


def _create(paths: Paths) -> Entry:
    """Make a new user namespace and enter it. Under the rootless lock."""
    uid, gid = os.geteuid(), os.getegid()
    idmap = idmaps.load(uid, gid, _user_name(uid))
    conf_paths.ensure(paths)
    _check_record(paths, idmap)
    seen = confined.look()
    if idmap.single:
        _unshare(seen)
        _map_self(uid, gid)
        _say_once(paths, idmap)
    else:
        _unshare_with_helpers(idmap, seen)
    _become_root()
    return Entry("single" if idmap.single else "created", paths, idmap)


def _user_name(uid: int) -> str:
    import pwd  # lazy: asks the name service; only the one who makes the namespace needs it

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def _check_record(paths: Paths, idmap: IdMap) -> None:
    """Compare with the map that the store was made with; record this one if it is the first or larger."""
    old = recorded_map(paths)
    if old is not None and not idmap.extends(old):
        why = f" ({idmap.reason})" if idmap.reason else ""
        raise RootlessError(
            f"the store {paths.graphroot} was made with the ids {old}, and this user now has {idmap}{why}",
            remedy=idmap.remedy
            or 'give the user its old ranges in /etc/subuid and /etc/subgid, or run "pypod system migrate"',
        )
    if old is None or old != idmap:
        atomic.write(f"{paths.graphroot}/{_RECORD}", jsonio.dumps(idmap.to_json()) + "\n")


def _unshare(seen: Confinement) -> None:
    try:
        ns.unshare(CLONE_NEWUSER)
    except KernelError as error:
        raise confined.no_namespace(error, len(os.listdir("/proc/self/task")), seen) from error


def _map_self(uid: int, gid: int) -> None:
    """Map the own ids to root's: all that may be done without help. setgroups(2) must be given up first."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        try:
            fd = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(fd, text.encode("ascii"))
            finally:
                os.close(fd)
        except OSError as error:
            raise RootlessError(f"cannot write /proc/self/{name}: {error.strerror}") from error


def _unshare_with_helpers(idmap: IdMap, seen: Confinement) -> None:
    """Make the namespace, its maps written by newuidmap(1) and newgidmap(1).

    Those have the rights only outside of it, so a child forked before starts them when it is told that the
    namespace is there. The child ends at once if this process dies.
    """
    pid = str(os.getpid())
    commands = [
        [idmaps.find_tool(tool), pid, *[str(number) for row in rows for number in row]]
        for tool, rows in ((idmaps.NEWUIDMAP, idmap.uids), (idmaps.NEWGIDMAP, idmap.gids))
    ]
    go_r, go_w = os.pipe2(os.O_CLOEXEC)
    err_r, err_w = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        try:
            os.close(go_w)
            os._exit(_run_tools(commands, err_w) if os.read(go_r, 1) else 0)
        finally:
            os._exit(2)
    os.close(go_r)
    os.close(err_w)
    try:
        _unshare(seen)
        os.write(go_w, b"1")
        complaint = b""
        while part := os.read(err_r, 4096):
            complaint += part
    finally:
        os.close(go_w)
        os.close(err_r)
        _, status = os.waitpid(child, 0)
    if status != 0:
        words = complaint.decode("utf-8", "replace").strip().split("\n")
        raise confined.no_map(commands, "; ".join(words), seen)


def _run_tools(commands: list[list[str]], err_fd: int) -> int:
    """Run both programs side by side, with stderr to this descriptor. In the forked child."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDWR, 0),
        (os.POSIX_SPAWN_DUP2, 0, 1),
        (os.POSIX_SPAWN_DUP2, err_fd, 2),
    ]
    try:
        pids = [os.posix_spawn(argv[0], argv, {}, file_actions=actions) for argv in commands]
    except OSError as error:
        os.write(err_fd, f"{commands[0][0]}: {error.strerror}".encode())
        return 1
    return 1 if any([os.waitpid(pid, 0)[1] for pid in pids]) else 0


def _say_once(paths: Paths, idmap: IdMap) -> None:
    """Warn about the single-id mode, once per store."""
    try:
        os.close(
            os.open(f"{paths.graphroot}/{_SAID}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        )
    except FileExistsError:
        return
    log.warning(
        f"{idmap.reason}: containers have a single user id, and files of other users in images lose their "
        f"owners; to mend that, {idmap.remedy}"
    )
