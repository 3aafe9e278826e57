"""Owns: the timeline of one command: which programs it starts, when, and what it asks of the kernel.

Run by `scripts/bench --profile`, as the test account:  timeline.py PYPOD IMAGE.tar
strace looks only at the calls that are shown (a filter in the kernel), so the times are close to real ones.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

IMAGE = "localhost/busybox:latest"
CALLS = "clone,clone3,vfork,execve,exit_group,unshare,setns,mount,fsmount,umount2,pivot_root"
FORKS = ("clone", "clone3", "vfork", "resumed>")
TURNS = 9


class Event(NamedTuple):
    at_ms: float
    pid: int
    what: str


def traced(argv: list[str], log: Path) -> list[Event]:
    """Run a command under strace and return what happened, in ms since its start."""
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-ttt", "-e", f"trace={CALLS}", "-o", str(log)]
    subprocess.run([*strace, *argv], check=True, stdout=subprocess.DEVNULL, timeout=60)
    events: list[Event] = []
    first = 0.0
    for line in log.read_text().splitlines():
        # a call that another process interrupted ends with "<... vfork resumed>) = 123"
        m = re.match(r"(\d+) +([\d.]+) (?:<\.\.\. \w+ )?(\w+>?)[()](.*)", line)
        if not m or " = -1 " in line:
            continue
        first = first or float(m[2])
        if m[3] in FORKS:
            child = m[4].rpartition("= ")[2].split()[0]
            what = f"forks {child}" if child.isdigit() and "CLONE_THREAD" not in m[4] else ""
        else:
            what = describe(m[3], m[4])
        if what:
            events.append(Event((float(m[2]) - first) * 1000, int(m[1]), what))
    return events


def describe(call: str, rest: str) -> str:
    if call == "execve":
        words = re.findall(r'"((?:[^"\\]|\\.)*)"', rest.split("], ")[0])
        name = words[0].rsplit("/", 1)[-1]
        verb = next((w for w in words[2:] if w in ("create", "start", "delete", "run", "exec", "init")), "")
        return f"starts {name} {verb}".rstrip()
    if call == "exit_group":
        return "ends"
    if call in ("unshare", "setns"):
        flags = re.findall(r"CLONE_(\w+)", rest)
        return f"{call} {' '.join(flags)}" if flags else ""
    if call == "mount":
        kind = re.match(r'[^,]*, [^,]*, "(\w+)"', rest)
        return f"mounts {kind[1]}" if kind else ""
    return {"fsmount": "mounts (new way)", "umount2": "unmounts", "pivot_root": "pivot_root"}.get(call, "")


def shown(events: list[Event]) -> list[str]:
    """Name each process, leave out what crun does inside of the container, and make a table."""
    names: dict[int, str] = {events[0].pid: "client"}
    lines = ["| ms | process | |", "|---|---|---|"]
    for event in events:
        if event.what.startswith("starts ") and event.pid != events[0].pid:
            names[event.pid] = event.what.removeprefix("starts ")
        name = names.get(event.pid, "a thread of the monitor")
        if event.what.startswith("forks "):
            names.setdefault(int(event.what.split()[1]), {"client": "monitor"}.get(name, f"a fork of {name}"))
            continue
        if "crun" in name and not event.what.startswith(("starts", "ends")):
            continue
        lines.append(f"| {event.at_ms:.1f} | {name} | {event.what} |")
    return lines


def median_ms(argv: list[str], turns: int = 15) -> float:
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        # without a timeout: waiting with one sleeps 1, 2, 4 ... ms between looks, which would be measured
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    pypod, tarball = sys.argv[1:3]
    known = subprocess.run([pypod, "image", "exists", IMAGE], check=False).returncode == 0
    if not known:
        subprocess.run([pypod, "import", "-q", tarball, IMAGE], check=True, stdout=subprocess.DEVNULL)
    command = [pypod, "run", "--rm", IMAGE, "true"]
    floors = {
        "the bare interpreter (python3 -IS -c pass)": ["/usr/bin/python3", "-I", "-S", "-c", "pass"],
        "crun --version: loading it, twice in a run": ["crun", "--version"],
        "pypod --version": [pypod, "--version"],
        "pypod ps": [pypod, "ps"],
        "pypod run --rm, default network": command,
        "pypod run --rm --network none": [*command[:3], "--network", "none", *command[3:]],
    }
    print("| | ms, median of 15 |\n|---|---|")
    for name, argv in floors.items():
        print(f"| {name} | {median_ms(argv):.1f} |")
    # newuidmap cannot get its rights under strace: let another container hold the user namespace, so that it
    # is joined and not made (4 ms less)
    holder = [pypod, "run", "-d", "--network", "none", IMAGE, "sleep", "1000"]
    subprocess.run(holder, check=True, stdout=subprocess.DEVNULL)
    log = Path.home() / "timeline.strace"
    runs = sorted((traced(command, log) for _ in range(TURNS)), key=lambda events: events[-1].at_ms)
    log.unlink()
    subprocess.run([pypod, "rm", "-af", "-t", "0"], check=True, stdout=subprocess.DEVNULL)
    print(f"\nThe middle one of {TURNS} `run --rm`, beside another container, under strace (slower by it):\n")
    print("\n".join(shown(runs[TURNS // 2])))


if __name__ == "__main__":
    main()
