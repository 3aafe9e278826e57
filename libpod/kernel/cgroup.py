"""Owns: one cgroup at a time, through the files of cgroup2, Documentation/admin-guide/cgroup-v2.rst.

Paths are those of /proc/<pid>/cgroup (`/user.slice/...`), relative to the root of the cgroup namespace that
was current when cgroup2 was mounted.
"""

from __future__ import annotations

import _signal  # `signal` itself pulls enum: 4 ms
import errno
import os
import select
import time

from libpod.errors import KernelError
from libpod.kernel import mount as mounting
from libpod.kernel import ns
from libpod.kernel.const import CGROUP2_SUPER_MAGIC, CLONE_NEWCGROUP
from libpod.kernel.libc import file_system_type

MOUNT = "/sys/fs/cgroup"
_UNIFIED = MOUNT + "/unified"

_mode = ""
_root = MOUNT


def mode() -> str:
    """Return how cgroups show here: `v2`, `hybrid` (v1, and cgroup2 in `unified`), `v1` or `none`."""
    global _mode, _root
    if not _mode:
        try:
            if file_system_type(MOUNT) == CGROUP2_SUPER_MAGIC:
                _mode = "v2"
            elif os.path.isdir(_UNIFIED) and file_system_type(_UNIFIED) == CGROUP2_SUPER_MAGIC:
                _mode, _root = "hybrid", _UNIFIED
            else:
                _mode = (
                    "v1" if os.path.exists(MOUNT + "/memory") or os.path.exists(MOUNT + "/cpu") else "none"
                )
        except OSError:
            _mode = "none"
    return _mode


def root() -> str:
    """Return where cgroup2 is mounted, or would be."""
    mode()
    return _root


def directory(path: str) -> str:
    """Return the directory of a cgroup."""
    mode()
    return _root + (path if path != "/" else "")


def own_path() -> str:
    """Return the cgroup2 path of this process (`0::` in /proc/self/cgroup); empty where there is none."""
    with open("/proc/self/cgroup", "rb", buffering=0) as stream:
        for line in stream.read().split(b"\n"):
            if line.startswith(b"0::"):
                return os.fsdecode(line[3:])
    return ""


def controllers(path: str) -> set[str]:
    """Return the controllers that this cgroup could pass on to its children (cgroup.controllers)."""
    return set(_read(path, "cgroup.controllers").split())


def enabled(path: str) -> set[str]:
    """Return the controllers that the children of this cgroup have (cgroup.subtree_control)."""
    return set(_read(path, "cgroup.subtree_control").split())


def writable(path: str) -> bool:
    """Say whether this process may make children here and move processes: the rules of delegation."""
    where = directory(path)
    return all(
        os.access(name, os.W_OK, effective_ids=True)
        for name in (where, where + "/cgroup.procs", where + "/cgroup.subtree_control")
    )


def create(path: str) -> bool:
    """Make a cgroup; say whether it is new. Its parent exists."""
    try:
        os.mkdir(directory(path), 0o755)
    except FileExistsError:
        return False
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, "mkdir", directory(path)) from None
    return True


def enable(path: str, wanted: set[str]) -> set[str]:
    """Pass these controllers on to the children, one by one; return those that could not be.

    EBUSY: a process sits in the cgroup itself ("no internal processes"); ENOENT: the parent does not pass it
    on.
    """
    missing = set()
    try:
        fd = os.open(directory(path) + "/cgroup.subtree_control", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return set(wanted)
    try:
        try:
            if wanted:
                os.write(fd, b" ".join(b"+" + name.encode() for name in sorted(wanted)))
        except OSError:
            for name in sorted(wanted):
                try:
                    os.write(fd, b"+" + name.encode())
                except OSError:
                    missing.add(name)
    finally:
        os.close(fd)
    return missing


def move(path: str, pid_: int = 0) -> None:
    """Move a process (0 = this one) with all its threads into the cgroup.

    Needs the right to write cgroup.procs there and in the common ancestor. EACCES; EBUSY when the cgroup
    passes controllers on; ESRCH.
    """
    _write(path, "cgroup.procs", str(pid_))


def pids(path: str) -> list[int]:
    """Return the processes that sit in exactly this cgroup; none when it is gone."""
    try:
        return [int(word) for word in _read(path, "cgroup.procs").split()]
    except KernelError as error:
        if error.errno in (errno.ENOENT, errno.ENODEV):
            return []
        raise


def all_pids(path: str) -> list[int]:
    """Return the processes in this cgroup and below; none when it is gone."""
    return _all_pids(directory(path))


def kill(path: str) -> None:
    """Send SIGKILL to everything in the cgroup and below. cgroup.kill, 5.14; before: one by one.

    Returns when the signals are sent, not when the processes are gone. A cgroup that is gone is fine.
    """
    try:
        _write(path, "cgroup.kill", "1")
        return
    except KernelError as error:
        if error.errno not in (errno.ENOENT, errno.EOPNOTSUPP, errno.ENODEV):
            raise
    if not os.path.isdir(directory(path)):
        return
    _kill_all(path)


def freeze(path: str, on: bool) -> None:
    """Ask the kernel to stop or continue the whole cgroup (cgroup.freeze, 5.2); see `wait_frozen`."""
    _write(path, "cgroup.freeze", "1" if on else "0")


def frozen(path: str) -> bool:
    """Say whether everything in the cgroup is stopped."""
    return read_kv(path, "cgroup.events").get("frozen") == 1


def freeze_requested(path: str) -> bool:
    """Say whether the cgroup itself was asked to stop."""
    return _read(path, "cgroup.freeze").strip() == "1"


def wait_frozen(path: str, on: bool, timeout_s: float) -> bool:
    """Wait until the cgroup is frozen (or thawed); False when it takes too long. No polling: POLLPRI."""
    return _wait_event(path, "frozen", 1 if on else 0, timeout_s)


def populated(path: str) -> bool:
    """Say whether a live process is in the cgroup or below. A cgroup that is gone is not."""
    try:
        return read_kv(path, "cgroup.events").get("populated") == 1
    except KernelError as error:
        if error.errno in (errno.ENOENT, errno.ENODEV):
            return False
        raise


def wait_empty(path: str, timeout_s: float) -> bool:
    """Wait until no process is left in the cgroup and below; False when it takes too long."""
    return _wait_event(path, "populated", 0, timeout_s)


def remove_tree(path: str) -> bool:
    """Remove the cgroup with all below it; False when a process still sits there. Idempotent."""
    return _remove_dir(directory(path))


def read_kv(path: str, file: str) -> dict[str, int]:
    """Return a file of `key value` lines (cgroup.events, memory.events, cpu.stat)."""
    values = {}
    for line in _read(path, file).split("\n"):
        key, _, value = line.partition(" ")
        if value.isdigit():
            values[key] = int(value)
    return values


def read_text(path: str, file: str) -> str:
    """Return the content of a file of the cgroup."""
    return _read(path, file)


def write_text(path: str, file: str, value: str) -> None:
    """Write a file of the cgroup."""
    _write(path, file, value)


def read_number(path: str, file: str) -> int | None:
    """Return a file that holds one number; None without its controller, and for `max`."""
    try:
        text = _read(path, file).strip()
    except KernelError:
        return None
    return int(text) if text.isdigit() else None


def oom_kills(path: str) -> int:
    """Return how many processes the kernel killed for want of memory; 0 without the memory controller."""
    try:
        return read_kv(path, "memory.events").get("oom_kill", 0)
    except KernelError as error:
        if error.errno in (errno.ENOENT, errno.ENODEV):
            return 0
        raise


def mount_cgroup2() -> bool:
    """Put cgroup2 at /sys/fs/cgroup, in a new cgroup namespace; say whether that was needed.

    For hybrid and v1 hosts, where runtimes refuse to work. The mount namespace is the caller's own, private
    one. The cgroup in which the process is becomes "/" and is all that can be seen. cgroup_namespaces(7).
    """
    global _mode, _root
    if mode() == "v2":
        return False
    ns.unshare(CLONE_NEWCGROUP)
    mounting.mount("cgroup2", MOUNT, "cgroup2", 0x2 | 0x4 | 0x8, None)  # nosuid, nodev, noexec
    _mode, _root = "v2", MOUNT
    return True


def unmount_cgroup2() -> None:
    """Undo `mount_cgroup2`: paths are the host's again. The cgroup namespace stays the process's own."""
    global _mode, _root
    mounting.umount(MOUNT)
    _mode, _root = "", MOUNT


def read_only() -> bool:
    """Say whether the cgroups can only be looked at here (ProtectControlGroups= of a unit)."""
    try:
        return bool(os.statvfs(root()).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _read(path: str, file: str) -> str:
    name = f"{directory(path)}/{file}"
    try:
        with open(name, "rb", buffering=0) as stream:
            return stream.read().decode("ascii", "replace")
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, "read", name) from None


def _write(path: str, file: str, value: str) -> None:
    name = f"{directory(path)}/{file}"
    try:
        fd = os.open(name, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, value.encode("ascii"))
        finally:
            os.close(fd)
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, "write", name) from None


def _children(where: str) -> list[str]:
    try:
        with os.scandir(where) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _remove_dir(where: str) -> bool:
    try:
        os.rmdir(where)
        return True
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.ENOTEMPTY):
            raise KernelError(error.errno or errno.EIO, "rmdir", where) from None
    children = _children(where)
    if not children or not all([_remove_dir(child) for child in children]):
        return False
    try:
        os.rmdir(where)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _all_pids(where: str) -> list[int]:
    found = []
    try:
        with open(where + "/cgroup.procs", "rb", buffering=0) as stream:
            found = [int(word) for word in stream.read().split()]
    except OSError:
        pass
    for child in _children(where):
        found += _all_pids(child)
    return found


def _kill_all(path: str) -> None:
    """Kill what is there again and again: a process may fork between the reading and the signal.

    Frozen ones die all the same.
    """
    for _ in range(1000):
        victims = _all_pids(directory(path))
        for pid in victims:
            try:
                os.kill(pid, _signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        if not victims or _wait_event(path, "populated", 0, 0.05):
            return


def _wait_event(path: str, key: str, value: int, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    try:
        fd = os.open(directory(path) + "/cgroup.events", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return value == 0
    try:
        poll = select.poll()
        poll.register(fd, select.POLLPRI)
        wanted = f"{key} {value}".encode()
        while True:
            try:
                if wanted in os.pread(fd, 4096, 0).split(b"\n"):
                    return True
            except OSError:  # ENODEV: removed
                return value == 0
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return False
            poll.poll(left_s * 1000 + 1)
    finally:
        os.close(fd)
