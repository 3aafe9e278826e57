"""Owns: the rows of the benchmark, how each is measured, and the table. Started by scripts/bench, as root.

A small process for each engine has dropped to the account, sits in a cgroup of its own and starts the
commands. This one stays outside, reads that cgroup's CPU time (what outlives a command counts too) and the
memory of its processes.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

IMAGE = "localhost/busybox:latest"
SLEEP = ["sleep", "100000"]
POLITE = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"]
"""A container that ends at once when it is asked to."""


class Sample(NamedTuple):
    wall_ms: float
    cpu_ms: float


class Engine:
    """One engine: its agent, its cgroup, its home."""

    def __init__(self, name: str, command: list[str], account: pwd.struct_passwd, top: Path) -> None:
        self.name = name
        self.command = command
        self.cgroup = top / f"bench-{name}"
        self.home = Path(account.pw_dir) / "bench" / name
        self.run = Path(f"/run/user/{account.pw_uid}") / name
        self.env = {
            "HOME": str(self.home),
            "USER": account.pw_name,
            "LOGNAME": account.pw_name,
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "XDG_RUNTIME_DIR": str(self.run),
        }
        self.agent_cpu_ms = 0.0
        self._prepare(account)

    def _prepare(self, account: pwd.struct_passwd) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        for folder in (self.home.parent, self.home, self.run):
            folder.mkdir(mode=0o700, exist_ok=True)
            os.chown(folder, account.pw_uid, account.pw_gid)
        shell = self.cgroup / "shell"
        shell.mkdir(parents=True, exist_ok=True)
        for folder in (self.cgroup, shell):
            os.chown(folder, account.pw_uid, account.pw_gid)
            for file in ("cgroup.procs", "cgroup.threads", "cgroup.subtree_control"):
                os.chown(folder / file, account.pw_uid, account.pw_gid)
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            self.socket.close()
            (shell / "cgroup.procs").write_text("0")
            os.setgroups([])
            os.initgroups(account.pw_name, account.pw_gid)
            os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
            os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
            os.chdir(self.home)
            serve(theirs, self.env)
        theirs.close()

    def many(
        self, commands: list[list[str]], *, clients: int = 1, tty: bool = False, check: bool = True
    ) -> tuple[float, list[str]]:
        """Run commands, `clients` at a time; return the wall time of all in ms, and what each one printed."""
        request = {
            "commands": [self.command + words for words in commands],
            "clients": clients,
            "tty": tty,
        }
        self.socket.sendall(json.dumps(request).encode())
        answer = json.loads(self.socket.recv(1 << 20))
        self.agent_cpu_ms = answer["own_cpu_ms"]
        for words, code, out in zip(commands, answer["codes"], answer["outs"], strict=True):
            if code != 0 and check:
                fail(f"{self.name} {' '.join(words)}: exit code {code}\n{out}")
        return answer["wall_ms"], answer["outs"]

    def __call__(self, *words: str, check: bool = True) -> str:
        """Run one command outside of any measurement."""
        return self.many([list(words)], check=check)[1][0].strip()

    def cpu_ms(self) -> float:
        """CPU time of the whole cgroup since it exists, less what the agent itself used."""
        for line in (self.cgroup / "cpu.stat").read_text().splitlines():
            if line.startswith("usage_usec"):
                return int(line.split()[1]) / 1000 - self.agent_cpu_ms
        fail("cpu.stat has no usage_usec")

    def settle(self, limit_s: float = 15) -> None:
        """Wait until nothing in the cgroup works any more: a late cleanup belongs to its command."""
        end = time.monotonic() + limit_s
        last, quiet = self.cpu_ms(), 0
        while quiet < 3 and time.monotonic() < end:
            time.sleep(0.025)
            now = self.cpu_ms()
            quiet = quiet + 1 if now - last < 0.3 else 0
            last = now

    def measure(self, commands: list[list[str]], **how: Any) -> Sample:
        """Run commands and return their wall time, and the CPU time until the cgroup is quiet again."""
        self.settle()
        before = self.cpu_ms()
        wall, _ = self.many(commands, **how)
        self.settle()
        return Sample(wall, self.cpu_ms() - before)

    def clean(self) -> None:
        self("rm", "-af", "-t", "0", check=False)
        self.settle()

    def helper_pids(self) -> list[int]:
        """Processes in the cgroup that are not inside a container: monitors and network helpers."""
        own = os.readlink("/proc/self/ns/pid")
        pids = [int(p) for file in self.cgroup.rglob("cgroup.procs") for p in file.read_text().split()]
        return [pid for pid in pids if namespace(pid) == own]

    def close(self) -> None:
        self.clean()
        self.socket.close()
        (self.cgroup / "cgroup.kill").write_text("1")
        for _ in range(100):
            if "populated 0" in (self.cgroup / "cgroup.events").read_text():
                break
            time.sleep(0.02)
        shutil.rmtree(self.home, ignore_errors=True)


def namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def fail(message: str) -> NoReturn:
    print(f"bench: {message}", file=sys.stderr)
    sys.exit(1)


# --- the agent: runs in the engine's cgroup as the account


def serve(channel: socket.socket, env: dict[str, str]) -> NoReturn:
    """Run what is asked for until the other side is gone."""
    while data := channel.recv(1 << 20):
        channel.sendall(json.dumps(perform(json.loads(data), env)).encode())
    os._exit(0)


def perform(request: dict[str, Any], env: dict[str, str]) -> dict[str, Any]:
    commands = request["commands"]
    running: dict[int, int] = {}
    outs = [os.memfd_create("out") for _ in commands]
    codes = [0] * len(commands)
    terminals: list[int] = []
    waiting = list(range(len(commands)))[::-1]
    start = time.perf_counter()
    while waiting or running:
        while waiting and len(running) < request["clients"]:
            index = waiting.pop()
            running[spawn(commands[index], env, outs[index], request["tty"], terminals)] = index
        pid, status = os.wait()
        index = running.pop(pid, -1)
        if index >= 0:
            codes[index] = os.waitstatus_to_exitcode(status)
    wall_ms = (time.perf_counter() - start) * 1000
    for fd in terminals:
        os.close(fd)
    texts = [os.pread(fd, 2000, 0).decode(errors="replace") for fd in outs]
    for fd in outs:
        os.close(fd)
    return {"wall_ms": wall_ms, "codes": codes, "outs": texts, "own_cpu_ms": time.process_time() * 1000}


def spawn(argv: list[str], env: dict[str, str], out: int, tty: bool, terminals: list[int]) -> int:
    if tty:
        master, slave = os.openpty()
        terminals += [master, slave]
        name = os.ttyname(slave)
        actions: list[Any] = [(os.POSIX_SPAWN_OPEN, fd, name, os.O_RDWR, 0) for fd in (0, 1, 2)]
        return os.posix_spawn(argv[0], argv, env, file_actions=actions, setsid=True)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, out, 1),
        (os.POSIX_SPAWN_DUP2, out, 2),
    ]
    return os.posix_spawn(argv[0], argv, env, file_actions=actions)


# --- the rows


class Row(NamedTuple):
    name: str
    at_most: float | None
    """The ratio to podman that must be reached; None: no bound."""
    measure: Callable[[Engine, int], Sample]
    """Called in turns for each engine, with the number of the turn."""
    before: Callable[[Engine], object] | None = None
    """Called once for each engine, before the first turn."""
    runs: int = 15
    """How many turns; --runs scales it."""
    unit: str = "ms"


def simple(*words: str, **how: Any) -> Callable[[Engine, int], Sample]:
    return lambda engine, turn: engine.measure([list(words)], **how)


def run_detached(engine: Engine, turn: int) -> Sample:
    name = f"d{turn}"
    sample = engine.measure([["run", "-d", "--name", name, IMAGE, *SLEEP]])
    engine("rm", "-f", "-t", "0", name)
    return sample


def start(engine: Engine, turn: int) -> Sample:
    sample = engine.measure([["start", "polite"]])
    engine("stop", "-t", "5", "polite")
    return sample


def stop(engine: Engine, turn: int) -> Sample:
    engine("start", "polite")
    time.sleep(0.1)  # its shell has set the trap
    return engine.measure([["stop", "-t", "5", "polite"]])


def make_polite(engine: Engine) -> None:
    engine("create", "--name", "polite", IMAGE, *POLITE)


def remove(engine: Engine, turn: int) -> Sample:
    name = f"r{turn}"
    engine("run", "--name", name, IMAGE, "true")
    return engine.measure([["rm", name]])


def four_clients(engine: Engine, turn: int) -> Sample:
    return engine.measure([["run", "--rm", IMAGE, "true"]] * 20, clients=4)


def fifty_runs(engine: Engine, turn: int) -> Sample:
    sample = engine.measure([["run", "-d", IMAGE, *SLEEP]] * 50)
    engine.clean()
    return sample


def log_lines(engine: Engine, turn: int) -> Sample:
    name = f"l{turn}"
    sample = engine.measure([["run", "-d", "--name", name, IMAGE, "seq", "100000"], ["wait", name]])
    lines = engine.many([["logs", "--tail", "1", name]])[1][0].split()
    if lines[-1:] != ["100000"]:
        fail(f"{engine.name}: the log of {name} ends with {lines[-1:]}")
    engine("rm", "-f", "-t", "0", name)
    return sample


def make_log(engine: Engine) -> None:
    engine("run", "-d", "--name", "log", IMAGE, "seq", "100000")
    engine("wait", "log")


def make_hundred(engine: Engine) -> None:
    engine.many([["run", "-d", "--network", "none", IMAGE, *SLEEP]] * 100)


def make_running(engine: Engine) -> None:
    engine("run", "-d", "--name", "web", IMAGE, *SLEEP)


def helpers_memory(engine: Engine, turn: int) -> Sample:
    """MB of memory that only the helpers of one container use, with 20 running, in the place of a time."""
    engine.many([["run", "-d", IMAGE, *SLEEP]] * 20)
    engine.settle()
    before = engine.helper_pids()
    total = 0
    for pid in before:
        if Path(f"/proc/{pid}/comm").read_text().strip() in ("podman pause", "catatonit") or pid_is_agent(
            pid
        ):
            continue  # one for all containers, not one for each
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Clean", "Private_Dirty")):
                total += int(line.split()[1])
    engine.clean()
    return Sample(total / 20 / 1000, 0)


def pid_is_agent(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").read_bytes() == Path("/proc/self/cmdline").read_bytes()


NONE, HOST = ["--network", "none"], ["--network", "host"]
ROWS = [
    Row("version", 0.9, simple("version")),
    Row("ps, 0 containers", 1.1, simple("ps")),
    Row("images", 1.1, simple("images")),
    Row("run --rm, default network", 0.6, simple("run", "--rm", IMAGE, "true")),
    Row("run --rm, none", 0.6, simple("run", "--rm", *NONE, IMAGE, "true")),
    Row("run --rm, host", 0.6, simple("run", "--rm", *HOST, IMAGE, "true")),
    Row("run -d", 0.75, run_detached),
    Row("exec", 0.5, simple("exec", "web", "true"), make_running),
    Row("exec -t", 0.5, simple("exec", "-t", "web", "true", tty=True), make_running),
    Row("inspect", 1.1, simple("inspect", "web"), make_running),
    Row("start", 0.8, start, make_polite),
    Row("stop", 0.7, stop, make_polite),
    Row("rm", 1.2, remove),
    Row("20 run --rm by 4 clients", 0.5, four_clients, runs=5),
    Row("50 run -d, one after the other", 0.7, fifty_runs, runs=2),
    Row("100,000 lines logged", 0.8, log_lines, runs=5),
    Row("100,000 lines read back", 0.4, simple("logs", "log"), make_log, runs=7),
    Row("ps, 100 containers", 0.8, simple("ps"), make_hundred),
    Row("helpers' memory of one container", None, helpers_memory, runs=1, unit="MB"),
]
MEMORY_AT_MOST_MB = 5.0


class Outcome(NamedTuple):
    row: Row
    samples: dict[str, list[Sample]]

    def median(self, engine: str, field: str = "wall_ms") -> float:
        return float(statistics.median(getattr(s, field) for s in self.samples[engine]))

    def line(self) -> str:
        row = self.row
        p, q = self.median("podman"), self.median("pypod")
        if row.unit == "MB":
            verdict = "OK" if q <= MEMORY_AT_MOST_MB else "**over**"
            bound = f"{MEMORY_AT_MOST_MB:g} MB"
            return f"| {row.name} | {p:.1f} MB | {q:.1f} MB | {q / p:.2f} | | {bound} | {verdict} |"
        pc, qc = self.median("podman", "cpu_ms"), self.median("pypod", "cpu_ms")
        ratio = q / p
        verdict = "OK" if row.at_most is None or ratio <= row.at_most else "**over**"
        return (
            f"| {row.name} | {p:.0f} ({pc:.0f}) | {q:.0f} ({qc:.0f}) | {ratio:.2f} | {qc / max(pc, 0.1):.2f} "
            f"| {row.at_most:g} | {verdict} |"
        )


def podman_config(engine: Engine, account: pwd.struct_passwd) -> None:
    """Put podman on equal terms: crun, cgroupfs in the delegated subtree, the kernel's overlay, log files."""
    folder = engine.home / ".config" / "containers"
    folder.mkdir(parents=True)
    controllers = (engine.cgroup / "cgroup.controllers").read_text().split()
    # crun refuses podman's default limit where there is no pids controller
    pids = "" if "pids" in controllers else "pids_limit = 0\n"
    (folder / "containers.conf").write_text(
        f'[containers]\n{pids}log_driver = "k8s-file"\n'
        '[engine]\ncgroup_manager = "cgroupfs"\nruntime = "crun"\nevents_logger = "file"\n'
        '[network]\ndefault_rootless_network_cmd = "slirp4netns"\n'
    )
    (folder / "storage.conf").write_text('[storage]\ndriver = "overlay"\n')
    for path in [engine.home / ".config", folder, *folder.iterdir()]:
        os.chown(path, account.pw_uid, account.pw_gid)


def own_cgroup() -> Path:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return Path("/sys/fs/cgroup" + line[3:])
    fail("no cgroup v2")


def picked(words: str) -> list[Row]:
    if not words:
        return ROWS
    wanted = [w.strip().lower() for w in words.split(",") if w.strip()]
    rows = [row for row in ROWS if any(w in row.name.lower() for w in wanted)]
    return rows or fail(f"no row has any of {', '.join(wanted)} in its name; see --list")


def bench(rows: list[Row], engines: list[Engine], scale: int | None) -> list[Outcome]:
    outcomes = []
    prepared: object = None
    for row in rows:
        runs = max(1, round(row.runs * scale / 15)) if scale else row.runs
        if row.before is not prepared:
            for engine in engines:
                engine.clean()
                if row.before:
                    row.before(engine)
            prepared = row.before
        samples: dict[str, list[Sample]] = {engine.name: [] for engine in engines}
        for turn in range(runs):
            for engine in engines if turn % 2 else engines[::-1]:
                samples[engine.name].append(row.measure(engine, turn))
        outcomes.append(Outcome(row, samples))
        print(outcomes[-1].line(), file=sys.stderr, flush=True)
    return outcomes


def heading(engines: list[Engine]) -> str:
    versions = " and ".join(f"{e.name} {e('--version').split()[-1]}" for e in engines)
    crun = subprocess.run(["crun", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    load = os.getloadavg()[0]
    uname = os.uname()
    return (
        f"{versions}, crun {crun}, Linux {uname.release.split('-')[0]} {uname.machine},"
        f" {os.cpu_count()} CPUs, Python {sys.version.split()[0]}, load {load:.1f} at the start."
        " Medians; wall (CPU) in ms."
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--rows", default="")
    parser.add_argument("--runs", type=int, help="turns of a short row (default 15); long ones have fewer")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--account", default="pypod-test")
    parser.add_argument("--image", default="")
    parser.add_argument("--pypod", default="/usr/local/bin/pypod")
    args = parser.parse_args()
    if args.list:
        print("\n".join(row.name for row in ROWS))
        return
    rows = picked(args.rows)
    account = pwd.getpwnam(args.account)
    top = own_cgroup().parent
    engines = [
        Engine("podman", [shutil.which("podman") or fail("podman is not installed")], account, top),
        Engine("pypod", [args.pypod], account, top),
    ]
    podman_config(engines[0], account)
    try:
        head = heading(engines)
        for engine in engines:
            engine("import", args.image, IMAGE)
            engine("run", "--rm", IMAGE, "true")  # whatever an engine prepares once
        outcomes = bench(rows, engines, args.runs)
    finally:
        for engine in engines:
            engine.close()
    print(head)
    print("\n| | podman | pypod | ratio | CPU ratio | at most | |\n|---|---|---|---|---|---|---|")
    for outcome in outcomes:
        print(outcome.line())
    if args.json:
        found = {o.row.name: {n: [s._asdict() for s in ss] for n, ss in o.samples.items()} for o in outcomes}
        Path(args.json).write_text(json.dumps({"about": head, "rows": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
