"""Owns: `top`: the processes of a container, by the descriptors of `podman top` or the columns of ps(1).

Everything is read from /proc: no program is started in the container, and none of its own is trusted. What a
process calls itself is shown as printable text.
"""

from __future__ import annotations

import os
import time

from libpod import errors, units
from libpod.engine import processes, pscolumns, rootview
from libpod.kernel import caps, path, proctable
from libpod.spec import users
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from libpod.engine.session import Session
    from libpod.kernel.proctable import Row
    from libpod.model.container import ContainerRecord

_LONGEST = 1 << 14
_TICKS = os.sysconf("SC_CLK_TCK")
_FULL_SECCOMP = {b"0": "disabled", b"1": "strict", b"2": "filter"}
DEFAULT = ("user", "pid", "ppid", "pcpu", "etime", "tty", "time", "args")


class Process:
    """A process of a container, with names for its ids."""

    def __init__(self, row: Row, place: Place) -> None:
        self.row: Row = row
        self.place = place

    def inner_pid(self, key: bytes = b"NSpid") -> int:
        """One of its ids (NSpid, NSpgid, NSsid) in the container's pid namespace."""
        words = self.row.words(key)
        level = self.place.level
        return int(words[level]) if level < len(words) else 0

    @property
    def parent(self) -> int:
        return self.place.inner.get(self.row.field(4), 0)

    def ids(self, key: bytes) -> list[int]:
        """Ids of the line Uid, Gid or Groups as the container sees them."""
        table = self.place.uids if key == b"Uid" else self.place.gids
        return [_inside(table, int(word)) for word in self.row.words(key)]

    def host_ids(self, key: bytes) -> list[int]:
        """The same ids on the host."""
        table = self.place.host_uids if key == b"Uid" else self.place.host_gids
        return [_inside(table, int(word)) for word in self.row.words(key)]

    def user(self, index: int) -> str:
        """0 = real, 1 = effective; by the container's own /etc/passwd."""
        uid = self.ids(b"Uid")[index]
        return self.place.users.get(uid, str(uid))

    def group(self, index: int) -> str:
        gid = self.ids(b"Gid")[index]
        return self.place.groups.get(gid, str(gid))

    @property
    def age_s(self) -> float:
        return max(0.0, self.place.uptime_s - self.row.start / _TICKS)

    @property
    def cpu_s(self) -> float:
        return self.row.cpu_ticks / _TICKS

    @property
    def cpu_percent(self) -> float:
        age_s = self.age_s
        return 100 * self.cpu_s / age_s if age_s > 0 else 0.0

    @property
    def started_s(self) -> float:
        return self.place.now_s - self.age_s

    @property
    def command(self) -> str:
        return printable(self.row.comm)

    @property
    def arguments(self) -> str:
        words = proctable.command_line(self.row.pid)
        return printable(b" ".join(words), _LONGEST) if words else f"[{self.command}]"

    @property
    def terminal(self) -> str:
        number = self.row.field(7)
        major, minor = (number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00)
        if 136 <= major <= 143:
            return f"pts/{(major - 136) * 256 + minor}"
        if major == 4:
            return f"tty{minor}" if minor < 64 else f"ttyS{minor - 64}"
        return "?"

    def capabilities(self, key: bytes) -> str:
        mask = int(self.row.status.get(key, b"0") or b"0", 16)
        names = [name[4:] for name, number in caps.NAMES.items() if mask >> number & 1]
        if len(names) >= len(caps.known()):
            return "full"
        return ",".join(sorted(names)) or "none"


class Place:
    """What names and numbers mean in a container."""

    def __init__(self, record: ContainerRecord, first: int) -> None:
        root_fd = -1
        try:
            root_fd = path.open_root(f"/proc/{first}/root")
            passwd, group = rootview.read(root_fd, "/etc/passwd"), rootview.read(root_fd, "/etc/group")
        except errors.KernelError:
            passwd = group = b""
        finally:
            if root_fd >= 0:
                os.close(root_fd)
        self.users = users.user_names(passwd)
        self.groups = users.group_names(group)
        uids, gids = record["userns"]["uidmap"], record["userns"]["gidmap"]
        self.uids, self.gids = uids, gids or uids
        self.host_uids, self.host_gids = _own_map("uid"), _own_map("gid")
        self.uptime_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.now_s = time.time()
        self.level = 0
        self.inner: dict[int, int] = {}
        """Process ids outside -> inside."""


def top(session: Session, record: ContainerRecord, words: list[str]) -> list[list[str]]:
    """Headings and rows: by descriptors (separated by spaces or commas), or by arguments of ps(1).

    Raises StateError for a container that does not run, UsageError for a word that is neither.
    """
    status = processes.running(session, record, "top")
    chosen = pscolumns.parse(words) if _like_ps(words) else _descriptors(words)
    session.enter()
    pids = processes.of_container(session, record, status)
    rows = [row for pid in pids if (row := proctable.read(pid)) is not None]
    if not rows:
        return [[heading for heading, _value in chosen]]
    place = Place(record, rows[0].pid)
    place.level = len(rows[0].words(b"NSpid")) - 1
    found = [Process(row, place) for row in rows]
    place.inner = {process.row.pid: process.inner_pid() for process in found}
    found = [process for process in found if process.inner_pid()]
    found.sort(key=lambda process: process.inner_pid())
    return [
        [heading for heading, _ in chosen],
        *[[value(process) for _, value in chosen] for process in found],
    ]


def _like_ps(words: list[str]) -> bool:
    """Whether the first argument is one of ps: an option, or letters as in `aux`."""
    return bool(words) and (words[0][:1] == "-" or (words[0].isalpha() and set(words[0]) <= set("auxwl")))


def _descriptors(words: list[str]) -> list[tuple[str, Callable[[Process], str]]]:
    names = [name for word in words for part in word.split(",") for name in part.split() if name]
    chosen = []
    for name in names or DEFAULT:
        found = DESCRIPTORS.get(CODES.get(name, name.lower()))
        if found is None:
            raise errors.UsageError(
                f'unknown descriptor "{name}" of top',
                remedy="give some of: " + ", ".join(DESCRIPTORS) + "; or options of ps, as in -ef",
            )
        chosen.append(found)
    return chosen


def _inside(rows: list[list[int]], value: int) -> int:
    for inner, outer, size in rows:
        if outer <= value < outer + size:
            return inner + value - outer
    return value


def _own_map(kind: str) -> list[list[int]]:
    """The namespace's own map turned round: from ids of the namespace to those of the host."""
    try:
        with open(f"/proc/self/{kind}_map", "rb", buffering=0) as stream:
            rows = [[int(word) for word in line.split()] for line in stream.read().split(b"\n") if line]
    except OSError:
        return []
    return [[outer, inner, size] for inner, outer, size in rows]


_host_names: dict[str, Mapping[int, str]] = {}


def _host(name: str, number: int) -> str:
    if name not in _host_names:
        try:
            with open(f"/etc/{name}", "rb") as stream:
                data = stream.read()
        except OSError:
            data = b""
        _host_names[name] = users.user_names(data) if name == "passwd" else users.group_names(data)
    return _host_names[name].get(number, str(number))


def _groups(process: Process) -> str:
    names = process.place.groups
    return ",".join(names.get(gid, str(gid)) for gid in process.ids(b"Groups")) or process.group(1)


def _host_groups(process: Process) -> str:
    ids = process.host_ids(b"Groups") or process.host_ids(b"Gid")[1:2]
    return ",".join(_host("group", gid) for gid in ids)


def _duration(seconds: float) -> str:
    return units.format_duration(round(seconds * _TICKS) * (1_000_000_000 // _TICKS))


def _start(process: Process) -> str:
    at = time.localtime(process.started_s)
    return time.strftime("%Y-%m-%d %H:%M:%S %z ", at) + (at.tm_zone or "")


DESCRIPTORS: dict[str, tuple[str, Callable[[Process], str]]] = {
    "args": ("COMMAND", lambda p: p.arguments),
    "capamb": ("AMBIENT CAPS", lambda p: p.capabilities(b"CapAmb")),
    "capbnd": ("BOUNDING CAPS", lambda p: p.capabilities(b"CapBnd")),
    "capeff": ("EFFECTIVE CAPS", lambda p: p.capabilities(b"CapEff")),
    "capinh": ("INHERITED CAPS", lambda p: p.capabilities(b"CapInh")),
    "capprm": ("PERMITTED CAPS", lambda p: p.capabilities(b"CapPrm")),
    "comm": ("COMMAND", lambda p: p.command),
    "etime": ("ELAPSED", lambda p: _duration(p.age_s)),
    "group": ("GROUP", lambda p: p.group(1)),
    "groups": ("GROUPS", _groups),
    "hgroup": ("HGROUP", lambda p: _host("group", p.host_ids(b"Gid")[1])),
    "hgroups": ("HGROUPS", _host_groups),
    "hpid": ("HPID", lambda p: str(p.row.pid)),
    "huser": ("HUSER", lambda p: _host("passwd", p.host_ids(b"Uid")[1])),
    "label": ("LABEL", lambda p: printable(proctable.security_label(p.row.pid)) or "?"),
    "nice": ("NI", lambda p: str(p.row.field(19))),
    "pcpu": ("%CPU", lambda p: f"{p.cpu_percent:.3f}"),
    "pgid": ("PGID", lambda p: str(p.inner_pid(b"NSpgid"))),
    "pid": ("PID", lambda p: str(p.inner_pid())),
    "ppid": ("PPID", lambda p: str(p.parent)),
    "rgroup": ("RGROUP", lambda p: p.group(0)),
    "rss": ("RSS", lambda p: str(int((p.row.words(b"VmRSS") or [b"0"])[0]))),
    "ruser": ("RUSER", lambda p: p.user(0)),
    "seccomp": ("SECCOMP", lambda p: _FULL_SECCOMP.get(p.row.status.get(b"Seccomp", b""), "?")),
    "state": ("STATE", lambda p: p.row.state),
    "stime": ("STIME", _start),
    "time": ("TIME", lambda p: _duration(p.cpu_s)),
    "tty": ("TTY", lambda p: p.terminal),
    "user": ("USER", lambda p: p.user(1)),
    "vsz": ("VSZ", lambda p: str(int((p.row.words(b"VmSize") or [b"0"])[0]))),
}
"""The descriptors of `podman top`: heading and value."""

CODES = {
    "%C": "pcpu", "%G": "group", "%P": "ppid", "%U": "user", "%a": "args", "%c": "comm", "%g": "rgroup",
    "%n": "nice", "%p": "pid", "%r": "pgid", "%t": "etime", "%u": "ruser", "%x": "time", "%y": "tty",
    "%z": "vsz",
}  # fmt: skip
"""AIX's codes for some of them, ps(1)."""
