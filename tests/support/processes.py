"""Owns: finding processes of the test account and ending them by pidfd, never by a bare number or a name."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Proc(NamedTuple):
    pid: int
    start: int
    """Clock ticks since boot: with it a pid names one process for ever."""
    ppid: int
    name: str
    """The kernel's short name (comm)."""
    cmdline: str

    def __str__(self) -> str:
        return f"{self.pid} {self.cmdline or '[' + self.name + ']'}"


def read(pid: int) -> Proc | None:
    """Return one process, None when it is gone; a zombie counts as gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        cmdline = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    name = stat[stat.index("(") + 1 : stat.rindex(")")]
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in "ZX":
        return None
    words = cmdline.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    return Proc(pid, int(fields[19]), int(fields[1]), name, words)


def account_uids() -> list[range]:
    """Return the uids that are this account's: its own, and those its containers' processes have."""
    own = os.getuid()
    name = next((u[0] for u in _rows("/etc/passwd") if u[2] == str(own)), "")
    ranges = [range(own, own + 1)]
    for row in _rows("/etc/subuid"):
        if row[0] in (name, str(own)):
            ranges.append(range(int(row[1]), int(row[1]) + int(row[2])))
    return ranges


def _rows(path: str) -> list[list[str]]:
    try:
        return [line.split(":") for line in Path(path).read_text().splitlines() if line.strip()]
    except OSError:
        return []


def of_account() -> set[Proc]:
    """Return every live process of this account, those inside containers too, except this one."""
    uids = account_uids()
    found = set()
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            status = Path(f"/proc/{entry}/status").read_text()
        except OSError:
            continue
        uid = int(status[status.index("\nUid:") + 5 :].split()[1])
        if any(uid in r for r in uids) and (proc := read(int(entry))):
            found.add(proc)
    return found


def children(pid: int) -> list[Proc]:
    """Return the live children of a process."""
    return sorted(proc for proc in of_account() if proc.ppid == pid)


def descendants(pid: int) -> list[Proc]:
    """Return everything that stems from a process, by the parents as they are now."""
    found: list[Proc] = []
    todo = [pid]
    everything = of_account()
    while todo:
        parent = todo.pop()
        below = [proc for proc in everything if proc.ppid == parent]
        found += below
        todo += [proc.pid for proc in below]
    return found


class Handle:
    """One process held by a pidfd: the number can not be another's when the signal is sent."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.fd = os.pidfd_open(pid)
        self.proc = read(pid)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens when the process is gone."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.fd, number)

    def wait_gone(self, timeout_s: float = 10) -> bool:
        """Wait until the process ended; False when it still lives after the time."""
        poller = select.poll()
        poller.register(self.fd, select.POLLIN)
        return bool(poller.poll(timeout_s * 1000))

    def kill(self, timeout_s: float = 10) -> None:
        """Kill it with SIGKILL and wait for the end."""
        self.signal(signal.SIGKILL)
        assert self.wait_gone(timeout_s), f"process {self.pid} survives SIGKILL"

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def kill(pid: int) -> None:
    """Kill one process and wait for its end; one that is gone already is fine."""
    try:
        handle = Handle(pid)
    except ProcessLookupError:
        return
    with handle:
        handle.kill()


def wait_until(condition: Callable[[], object], timeout_s: float = 10, what: str = "") -> object:
    """Return the first true value of `condition`, asked again and again for at most `timeout_s`."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout_s:g} s: {what or condition}")
        time.sleep(0.01)
