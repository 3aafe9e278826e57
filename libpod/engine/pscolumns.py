"""Owns: the arguments of ps(1) that `top` understands: columns, and the lists of -f, -F, -l, -j and `aux`.

Which processes ps would choose does not matter here: they are always the container's.
"""

from __future__ import annotations

import os
import time

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.engine.top import Process

    Column = tuple[str, Callable[[Process], str]]

_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
_CHOOSE = frozenset("eAadxrTNwHh")
_LISTS = {
    "f": "user=UID pid ppid c stime tty time cmd",
    "F": "user=UID pid ppid c sz rss psr stime tty time cmd",
    "l": "flags=F s user=UID pid ppid c pri ni sz tty time ucmd=CMD",
    "j": "pid pgid sid tty time ucmd=CMD",
    "": "pid tty time ucmd=CMD",
    "u": "user pid pcpu pmem vsz rss tty stat start time command",
}


def parse(words: list[str]) -> list[Column]:
    """The columns that the arguments ask for. Raises UsageError for what is not known."""
    given: list[str] = []
    kind = ""
    rest = [word for argument in words for word in argument.split()]
    while rest:
        word = rest.pop(0)
        letters = word[1:] if word[:1] == "-" else word
        for at, letter in enumerate(letters):
            if letter == "o":
                value = letters[at + 1 :] or (rest.pop(0) if rest else "")
                given += _names(value)
                break
            if letter in _LISTS and (letter != "u" or word[:1] != "-"):
                kind = letter
            elif letter not in _CHOOSE:
                raise _unknown(word)
    return [_column(name) for name in given or _names(_LISTS[kind].replace(" ", ","))]


def _names(value: str) -> list[str]:
    """Names of columns; a heading after `=` reaches to the end of a list that has only one."""
    names = [name for name in value.split(",") if name]
    if not names:
        raise errors.UsageError("-o needs the names of columns", remedy='give some, as in "-o pid,user,args"')
    return names


def _column(word: str) -> Column:
    name, equals, heading = word.partition("=")
    found = COLUMNS.get(ALIASES.get(name.lower(), name.lower()))
    if found is None:
        raise errors.UsageError(
            f'top does not know the column "{name}" of ps',
            remedy="give some of: " + ", ".join(sorted(COLUMNS)) + '; or use "pypod exec CONTAINER ps"',
        )
    return (heading if equals else found[0]), found[1]


def _unknown(word: str) -> errors.PypodError:
    return errors.UsageError(
        f'top does not know the argument "{word}" of ps',
        remedy='use -e, -f, -F, -l, -j, aux or -o COLUMNS; or "pypod exec CONTAINER ps ..."',
    )


def _elapsed(seconds: float) -> str:
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    text = f"{minutes:02}:{whole % 60:02}"
    if days or hours:
        text = f"{hours:02}:{text}"
    return f"{days}-{text}" if days else text


def _cpu_time(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _started(process: Process) -> str:
    at, now = time.localtime(process.started_s), time.localtime()
    if at[:3] == now[:3]:
        return time.strftime("%H:%M", at)
    return time.strftime("%b%d" if at.tm_year == now.tm_year else "%Y", at)


def _memory(process: Process) -> str:
    with open("/proc/meminfo", "rb", buffering=0) as stream:
        total_kb = int(stream.read(64).split()[1])
    return f"{100 * _kb(process, b'VmRSS') / total_kb:.1f}"


def _kb(process: Process, key: bytes) -> int:
    return int((process.row.words(key) or [b"0"])[0])


def _state(process: Process) -> str:
    """The state with ps's marks: priority, session leader, threads, foreground."""
    row = process.row
    nice = row.field(19)
    text = row.state + ("<" if nice < 0 else "N" if nice > 0 else "")
    text += "s" if row.field(6) == row.pid else ""
    text += "l" if row.field(20) > 1 else ""
    return text + ("+" if row.field(8) == row.field(5) else "")


COLUMNS: dict[str, Column] = {
    "args": ("COMMAND", lambda p: p.arguments),
    "c": ("C", lambda p: str(min(99, int(p.cpu_percent)))),
    "cmd": ("CMD", lambda p: p.arguments),
    "comm": ("COMMAND", lambda p: p.command),
    "etime": ("ELAPSED", lambda p: _elapsed(p.age_s)),
    "etimes": ("ELAPSED", lambda p: str(int(p.age_s))),
    "flags": ("F", lambda p: f"{p.row.field(9) >> 6 & 7:o}"),
    "gid": ("GID", lambda p: str(p.ids(b"Gid")[1])),
    "group": ("GROUP", lambda p: p.group(1)),
    "lstart": ("STARTED", lambda p: time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(p.started_s))),
    "ni": ("NI", lambda p: str(p.row.field(19))),
    "nlwp": ("NLWP", lambda p: str(p.row.field(20))),
    "pcpu": ("%CPU", lambda p: f"{p.cpu_percent:.1f}"),
    "pgid": ("PGID", lambda p: str(p.inner_pid(b"NSpgid"))),
    "pid": ("PID", lambda p: str(p.inner_pid())),
    "pmem": ("%MEM", _memory),
    "ppid": ("PPID", lambda p: str(p.parent)),
    "pri": ("PRI", lambda p: str(39 - p.row.field(18))),
    "psr": ("PSR", lambda p: str(p.row.field(39))),
    "rgroup": ("RGROUP", lambda p: p.group(0)),
    "rss": ("RSS", lambda p: str(_kb(p, b"VmRSS"))),
    "ruser": ("RUSER", lambda p: p.user(0)),
    "s": ("S", lambda p: p.row.state),
    "sid": ("SID", lambda p: str(p.inner_pid(b"NSsid"))),
    "start": ("START", _started),
    "stat": ("STAT", _state),
    "stime": ("STIME", _started),
    "sz": ("SZ", lambda p: str(_kb(p, b"VmSize") // _PAGE_KB)),
    "time": ("TIME", lambda p: _cpu_time(p.cpu_s)),
    "tty": ("TTY", lambda p: p.terminal),
    "ucmd": ("CMD", lambda p: p.command),
    "uid": ("UID", lambda p: str(p.ids(b"Uid")[1])),
    "user": ("USER", lambda p: p.user(1)),
    "vsz": ("VSZ", lambda p: str(_kb(p, b"VmSize"))),
}
ALIASES = {
    "%cpu": "pcpu", "%mem": "pmem", "bsdstart": "start", "command": "args", "cputime": "time", "egid": "gid",
    "egroup": "group", "euid": "uid", "euser": "user", "f": "flags", "flag": "flags", "nice": "ni",
    "pgrp": "pgid", "rssize": "rss", "rsz": "rss", "sess": "sid", "session": "sid", "start_time": "stime",
    "state": "s", "thcount": "nlwp", "tname": "tty", "tt": "tty", "ucomm": "comm", "uname": "user",
    "vsize": "vsz",
}  # fmt: skip
