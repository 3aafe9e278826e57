"""Owns: where everything lies: GRAPHROOT, which decides, and RUNROOT, which may vanish at any time.

GRAPHROOT: `--root`, `$PYPOD_ROOT`, `$XDG_DATA_HOME/pypod`, `~/.local/share/pypod`; for root /var/lib/pypod.
It never depends on XDG_RUNTIME_DIR, so that a login session, ssh, su, cron and a unit see the same
containers. RUNROOT: `--runroot`, `$PYPOD_RUNROOT`, `$XDG_RUNTIME_DIR/pypod`, /run/user/<uid>/pypod,
/tmp/pypod-run-<uid>; for root /run/pypod. A directory that is not ours alone is passed over (a
XDG_RUNTIME_DIR that came along with su), and the last one is refused then.
"""

from __future__ import annotations

import errno
import os
import stat

from libpod.errors import ConfigError, RootlessError, StorageError
from libpod.kernel.const import NETWORK_FILE_SYSTEMS
from libpod.kernel.libc import file_system_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT_ENV = "PYPOD_ROOT"
RUNROOT_ENV = "PYPOD_RUNROOT"
MOVE_STORE = f"use --root or {ROOT_ENV} to keep the store in a directory on a local disk"

_INITIAL_MAP = ["0", "0", "4294967295"]


class Paths:
    """The names of all directories and files that the engine shares between commands.

    Plain data; nothing is made or checked.
    """

    __slots__ = (
        "blobs",
        "cache",
        "cgroups",
        "containers",
        "events",
        "graphroot",
        "images",
        "layers",
        "locks",
        "ns",
        "runroot",
        "secrets",
        "state_db",
        "tmp",
        "trash",
        "volumes",
    )

    def __init__(self, graphroot: str, runroot: str) -> None:
        self.graphroot = graphroot
        self.runroot = runroot
        self.state_db = graphroot + "/state.db"
        self.locks = graphroot + "/locks"
        self.ns = graphroot + "/ns"
        """Alive files of the processes that keep the user namespace."""
        self.blobs = graphroot + "/blobs"
        self.layers = graphroot + "/layers"
        self.images = graphroot + "/images"
        self.containers = graphroot + "/containers"
        self.cgroups = graphroot + "/cgroups"
        """In which cgroups the runs of containers are; also for containers that are gone."""
        self.volumes = graphroot + "/volumes"
        self.secrets = graphroot + "/secrets"
        self.trash = graphroot + "/trash"
        self.tmp = graphroot + "/tmp"
        self.cache = graphroot + "/cache"
        self.events = graphroot + "/events"

    def container_dir(self, cid: str) -> str:
        """Return the directory of a container."""
        return f"{self.containers}/{cid}"

    def run_dir(self, cid: str) -> str:
        """Return the directory of what belongs to a container's present run."""
        return f"{self.containers}/{cid}/run"

    def cgroup_link(self, cid: str) -> str:
        """Return the symbolic link whose text is the cgroup of a container's present run."""
        return f"{self.cgroups}/{cid}"


def resolve(root: str | None, runroot: str | None, environ: Mapping[str, str]) -> Paths:
    """Return the paths for this user; `root` and `runroot` are what the command line says. Nothing is made.

    Inside a user namespace of ours (`pypod unshare`) the answer is the same as outside.
    """
    uid, is_root = _who()
    graphroot = root or environ.get(ROOT_ENV) or ""
    if not graphroot:
        graphroot = "/var/lib/pypod" if is_root else _data_home(uid, environ) + "/pypod"
    if not graphroot.startswith("/"):
        graphroot = os.path.join(os.getcwd(), graphroot)
    run = runroot or environ.get(RUNROOT_ENV) or ""
    if not run:
        run = "/run/pypod" if is_root else _runtime_dir(uid, environ)
    if not run.startswith("/"):
        run = os.path.join(os.getcwd(), run)
    # The runtime directory is not resolved: a link that somebody puts into /tmp must be seen by `ensure`.
    return Paths(os.path.realpath(graphroot), os.path.normpath(run))


def ensure(paths: Paths) -> None:
    """Make the directories, mode 0700; refuse a store of somebody else or on a network file system.

    StorageError or RootlessError with the setting that helps.
    """
    for path in (paths.graphroot, paths.runroot):
        if not os.path.isdir(path):
            _make_above(path)
            _mkdir(path)
    facts = os.stat(paths.graphroot)
    if facts.st_uid != os.geteuid():
        raise StorageError(f"the store {paths.graphroot} belongs to another user", remedy=MOVE_STORE)
    _check_own(paths.runroot)
    refuse_network(paths.graphroot)
    for path in (
        paths.locks,
        paths.ns,
        paths.blobs,
        paths.layers,
        paths.images,
        paths.containers,
        paths.cgroups,
        paths.volumes,
        paths.trash,
        paths.tmp,
        paths.cache,
    ):
        _mkdir(path)


def refuse_network(path: str) -> None:
    """Raise StorageError on a network file system: locks, sockets and SQLite need a local one."""
    kind = NETWORK_FILE_SYSTEMS.get(file_system_type(path))
    if kind is not None:
        raise StorageError(f"the store {path} is on a network file system ({kind})", remedy=MOVE_STORE)


def _who() -> tuple[int, bool]:
    """Return the user's id outside of any namespace of ours, and whether that is the machine's root."""
    uid = os.geteuid()
    if uid != 0:
        return uid, False
    with open("/proc/self/uid_map", "rb", buffering=0) as stream:
        words = stream.read().decode("ascii").split()
    if words == _INITIAL_MAP:
        return 0, True
    # The row that maps our 0: its outside is the user, as seen from the parent namespace.
    for inside, outside in zip(words[0::3], words[1::3], strict=False):
        if inside == "0":
            return int(outside), False
    return 0, False


def _data_home(uid: int, environ: Mapping[str, str]) -> str:
    data = environ.get("XDG_DATA_HOME", "")
    if data.startswith("/") and _is_own(data):
        return data
    home = environ.get("HOME", "")
    if not home.startswith("/") or not _is_own(home):
        home = _home_of(uid) or home  # su and sudo may leave the HOME of somebody else
    if not home.startswith("/"):
        raise ConfigError("the home directory is not known", remedy=f"set HOME, or use --root or {ROOT_ENV}")
    return home + "/.local/share"


def _home_of(uid: int) -> str:
    import pwd  # lazy: asks the name service

    try:
        return pwd.getpwuid(uid).pw_dir
    except KeyError:
        return ""


def _runtime_dir(uid: int, environ: Mapping[str, str]) -> str:
    for path in (environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{uid}"):
        if path.startswith("/") and _is_private(path):
            return path + "/pypod"
    return f"/tmp/pypod-run-{uid}"


def _is_own(path: str) -> bool:
    try:
        return os.stat(path).st_uid == os.geteuid()
    except OSError:
        return False


def _is_private(path: str) -> bool:
    try:
        facts = os.stat(path)
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022


def _check_own(path: str) -> None:
    """Refuse a runtime directory that somebody else may write: who owns it could replace our sockets."""
    facts = os.stat(path, follow_symlinks=False)
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o022:
        raise RootlessError(
            f"the runtime directory {path} is not a directory of this user alone",
            remedy=f"remove it, or use --runroot or {RUNROOT_ENV}",
        )


def _make_above(path: str) -> None:
    parent = os.path.dirname(path)
    if parent and not os.path.isdir(parent):
        _make_above(parent)
        _mkdir(parent)


def _mkdir(path: str) -> None:
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except OSError as error:
        remedy = MOVE_STORE if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else ""
        raise StorageError(f"cannot make the directory {path}: {error.strerror}", remedy=remedy) from error
