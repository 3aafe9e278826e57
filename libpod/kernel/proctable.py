"""Owns: what /proc says of a process: proc_pid_stat(5), proc_pid_status(5), proc_pid_cmdline(5)."""

from __future__ import annotations

import os

_LIMIT = 1 << 16


class Row:
    """A process as it was when it was read."""

    __slots__ = ("comm", "pid", "stat", "status")

    def __init__(self, pid: int, comm: bytes, stat: list[bytes], status: dict[bytes, bytes]) -> None:
        self.pid = pid
        self.comm = comm
        self.stat = stat
        """The fields from the third (state) on: field N of the man page is `stat[N - 3]`."""
        self.status = status

    def field(self, number: int) -> int:
        """A numeric field of stat, by its number in the man page."""
        return int(self.stat[number - 3])

    def words(self, key: bytes) -> list[bytes]:
        """The words of a line of status; none if the kernel does not write it."""
        return self.status.get(key, b"").split()

    @property
    def state(self) -> str:
        return self.stat[0].decode("ascii", "replace")

    @property
    def start(self) -> int:
        """When it started, in clock ticks since boot: with the pid it names a process for ever."""
        return self.field(22)

    @property
    def cpu_ticks(self) -> int:
        return self.field(14) + self.field(15)


def read(pid: int) -> Row | None:
    """The process; None when it has ended."""
    try:
        raw = _whole(pid, "stat")
        lines = _whole(pid, "status").split(b"\n")
    except OSError:
        return None
    left, right = raw.find(b"("), raw.rfind(b")")
    status = {}
    for line in lines:
        key, _, value = line.partition(b":\t")
        status[key] = value.strip()
    return Row(pid, raw[left + 1 : right], raw[right + 2 :].split(), status)


def command_line(pid: int) -> list[bytes]:
    """Its arguments, at most 64 KiB of them; none for a zombie and for one that has ended."""
    try:
        raw = _whole(pid, "cmdline")
    except OSError:
        return []
    return raw.rstrip(b"\0").split(b"\0") if raw.strip(b"\0") else []


def security_label(pid: int) -> str:
    """What the security module calls it (AppArmor's profile, SELinux's context); empty without one."""
    try:
        return _whole(pid, "attr/current").rstrip(b"\0\n").decode("utf-8", "replace")
    except OSError:
        return ""


def all_pids() -> list[int]:
    """Every process that can be seen."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def parent(pid: int) -> int:
    """The parent's process id; 0 when it has ended."""
    try:
        raw = _whole(pid, "stat")
    except OSError:
        return 0
    return int(raw[raw.rfind(b")") + 2 :].split()[1])


def namespace(pid: int, name: str) -> int:
    """The inode of a namespace of the process; 0 when that is not to be seen."""
    try:
        return os.stat(f"/proc/{pid}/ns/{name}").st_ino
    except OSError:
        return 0


def _whole(pid: int, name: str) -> bytes:
    fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(fd, _LIMIT)
        while part := os.read(fd, _LIMIT) if len(data) < _LIMIT else b"":
            data += part
        return data
    finally:
        os.close(fd)


def memory_bytes(pid: int) -> int:
    """Memory of a process, what it shares divided among those that share it: proc_pid_smaps(5).

    Where that may not be read, all that it has in memory.
    """
    try:
        for line in _whole(pid, "smaps_rollup").split(b"\n"):
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    row = read(pid)
    return int((row.words(b"VmRSS") or [b"0"])[0]) * 1024 if row is not None else 0


def disk_bytes(pid: int) -> tuple[int, int]:
    """Bytes that it has had read from and written to disks: proc_pid_io(5)."""
    found = {}
    try:
        for line in _whole(pid, "io").split(b"\n"):
            key, _, value = line.partition(b": ")
            found[key] = int(value or b"0")
    except OSError:
        pass
    return found.get(b"read_bytes", 0), found.get(b"write_bytes", 0)


def interfaces(pid: int) -> dict[str, tuple[int, int]]:
    """Bytes received and sent by each interface of its network namespace: proc_pid_net(5)."""
    found = {}
    try:
        lines = _whole(pid, "net/dev").split(b"\n")[2:]
    except OSError:
        return {}
    for line in lines:
        name, _, numbers = line.partition(b":")
        words = numbers.split()
        if len(words) > 8:
            found[name.strip().decode("utf-8", "replace")] = (int(words[0]), int(words[8]))
    return found
