"""Owns: one test's own pypod: its store, its commands, what it must not leave behind."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.support import processes
from tests.support.sources import TREE
from tests.support.terminal import Terminal

IMAGE = "localhost/busybox:latest"
ENDS_WITH_42 = ("sh", "-c", "trap 'exit 42' TERM; while :; do sleep 0.05; done")
"""A command that ends in order when it is asked to."""
EXTRA_PROGRAMS = ("bash",)
"""In the image besides busybox: bash speaks UDP (/dev/udp/HOST/PORT), which Debian's busybox does not."""


class Result(NamedTuple):
    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def out(self) -> str:
        """Standard output without the last line's end."""
        return self.stdout.removesuffix("\n")

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()

    def json(self) -> Any:
        return json.loads(self.stdout)

    def __str__(self) -> str:
        text = f"$ {' '.join(self.argv)}\nexit code {self.code}"
        for name, stream in (("stdout", self.stdout), ("stderr", self.stderr)):
            if stream:
                text += f"\n--- {name}\n{stream}"
        return text


def command() -> list[str]:
    """Return the command under test: $PYPOD_TEST_COMMAND, or the installed `pypod`."""
    named = os.environ.get("PYPOD_TEST_COMMAND")
    if named:
        return named.split()
    found = shutil.which("pypod", path="/usr/local/bin:" + os.environ.get("PATH", ""))
    assert found, "pypod is not installed: run scripts/test, or set PYPOD_TEST_COMMAND"
    return [found]


def environment(**more: str) -> dict[str, str]:
    """Return a login's environment and nothing of the test's own."""
    names = ("HOME", "USER", "LOGNAME", "PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "LANG")
    env = {name: os.environ[name] for name in names if name in os.environ}
    return {**env, "TERM": "xterm", "PYPOD_TEST_STRICT": "1", **more}


class Pypod:
    """Calls the command with a store of its own; every call is a real process."""

    def __init__(self, base: Path, run_base: Path, image_tar: Path) -> None:
        self.name = secrets.token_hex(3)
        self.base = base / self.name
        self.graphroot = self.base / "g"
        self.runroot = run_base / self.name
        self.image_tar = image_tar
        self.env: dict[str, str] = {}
        """Added to the environment of every call."""
        self.options: list[str] = ["--root", str(self.graphroot), "--runroot", str(self.runroot)]
        """The global options of every call."""
        self._image = ""
        self._children: list[subprocess.Popen[str]] = []
        self._terminals: list[Terminal] = []
        self.base.mkdir(parents=True)
        self.runroot.mkdir(parents=True, mode=0o700)

    def argv(self, *args: str) -> list[str]:
        return [*command(), *self.options, *args]

    def __call__(
        self,
        *args: str,
        check: bool | None = True,
        input: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60,
        cwd: str | Path | None = None,
    ) -> Result:
        """Run one command to its end. `check`: True = it must succeed, False = fail, None = either."""
        argv = self.argv(*args)
        done = subprocess.run(
            argv,
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment(**self.env, **(env or {})),
            timeout=timeout_s,
            cwd=cwd or self.base,
            check=False,
        )
        result = Result(("pypod", *args), done.returncode, done.stdout, done.stderr)
        if check is not None and (done.returncode == 0) is not check:
            raise AssertionError(f"{'a failure' if check else 'an unexpected success'}:\n{result}")
        assert "Traceback (most recent call last)" not in done.stderr, str(result)
        return result

    def start(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> subprocess.Popen[str]:
        """Start one command and leave it running; it is killed at the end of the test."""
        child = subprocess.Popen(
            self.argv(*args),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            env=environment(**self.env, **(env or {})),
            cwd=self.base,
        )
        self._children.append(child)
        return child

    def terminal(self, *args: str, rows: int = 24, cols: int = 80) -> Terminal:
        """Start one command under a terminal of its own."""
        terminal = Terminal(self.argv(*args), environment(**self.env), rows=rows, cols=cols)
        self._terminals.append(terminal)
        return terminal

    @property
    def image(self) -> str:
        """The name of the busybox image, imported into this store at the first use."""
        if not self._image:
            self("import", str(self.image_tar), IMAGE)
            self._image = IMAGE
        return self._image

    def run(self, *args: str, **more: Any) -> Result:
        """`pypod run` with options and command given as one list; "IMAGE" stands for the busybox image."""
        return self("run", *(self.image if word == "IMAGE" else word for word in args), **more)

    def detached(self, *args: str) -> str:
        """Start a container in the background; return its full id. Without a command it sleeps."""
        words = list(args)
        if "IMAGE" not in words:
            words += ["IMAGE", "sleep", "1000"]
        cid = self.run("-d", *words).out
        assert len(cid) == 64, cid
        return cid

    def inspect(self, name: str) -> Any:
        return self("inspect", name).json()[0]

    def state(self, name: str) -> Any:
        return self.inspect(name)["State"]

    def wait_for_log(self, name: str, text: str, timeout_s: float = 10) -> str:
        """Wait until the container's log has `text`; return the log."""
        return str(
            processes.wait_until(
                lambda: text in (log := self("logs", name).stdout) and log, timeout_s, f"{text!r} in the log"
            )
        )

    def init_pid(self, name: str) -> int:
        """The first process of a running container, as a pid of the test's own namespace."""
        pid = int(self.state(name)["Pid"])
        assert pid > 0, f"{name} does not run"
        return pid

    def monitor_pid(self, name: str) -> int:
        """The container's monitor: the parent of its first process."""
        proc = processes.read(self.init_pid(name))
        assert proc
        return proc.ppid

    def slirp_pid(self, name: str) -> int:
        """The container's slirp4netns, a child of its monitor."""
        found = [p.pid for p in processes.children(self.monitor_pid(name)) if p.name == "slirp4netns"]
        assert len(found) == 1, found
        return found[0]

    # --- the end of the test

    def stop_clients(self) -> None:
        """End every command that `start` and `terminal` left running."""
        for terminal in self._terminals:
            terminal.close()
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    stream.close()

    def remove(self) -> None:
        """Remove every container, then the store itself, whose files belong to subordinate ids."""
        if self.graphroot.exists():
            self("rm", "-af", "-t", "0", check=None)

    def leftovers(self) -> list[str]:
        """Return what is still there although every container was removed."""
        found = []
        for folder in ("containers", "tmp"):
            path = self.graphroot / folder
            if path.is_dir():
                found += [f"file {path}/{entry}" for entry in sorted(os.listdir(path))]
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        found += [f"mount {line.split()[4]}" for line in mounts if f"/{self.name}/" in line]
        return found

    def destroy(self) -> None:
        """Delete the store's folders, with the rights of the user namespace's root."""
        script = 'rm -rf --one-file-system -- "$@"'
        for _ in range(3):
            argv = ["unshare", "--user", "--map-root-user", "--map-auto", "sh", "-c", script, "rm"]
            argv += [str(self.base), str(self.runroot)]
            subprocess.run(argv, capture_output=True, timeout=60, check=False)
            shutil.rmtree(self.base, ignore_errors=True)
            shutil.rmtree(self.runroot, ignore_errors=True)
            if not self.base.exists() and not self.runroot.exists():
                return
        raise AssertionError(f"{self.base} cannot be removed")


SHARED_CGROUPS = ("pypod", "supervisor", "payload", "leaving")
"""Made by the first container of a subtree and kept, empty, for the next ones."""


class Snapshot(NamedTuple):
    """What existed before a test."""

    procs: frozenset[processes.Proc]
    cgroups: frozenset[str]


def own_cgroup_top() -> Path | None:
    """Return the subtree that was delegated to this account, None where there is none."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            top = Path("/sys/fs/cgroup" + line[3:]).parent
            return top if os.access(top / "cgroup.procs", os.W_OK) else None
    return None


def cgroups() -> frozenset[str]:
    top = own_cgroup_top()
    # os.walk, not rglob: a monitor may remove its own while we look
    return (
        frozenset(f"{at}/{name}" for at, names, _ in os.walk(top) for name in names) if top else frozenset()
    )


def snapshot() -> Snapshot:
    return Snapshot(frozenset(processes.of_account()), cgroups())


def leaks_since(before: Snapshot, timeout_s: float = 5) -> list[str]:
    """Return the processes and cgroups that a test left behind, after some time to end."""
    end = time.monotonic() + timeout_s
    while True:
        procs = processes.of_account() - before.procs
        groups = {g for g in cgroups() - before.cgroups if Path(g).name not in SHARED_CGROUPS}
        if not procs and not groups:
            return []
        if time.monotonic() > end:
            return [f"process {p}" for p in sorted(procs)] + [f"cgroup {g}" for g in sorted(groups)]
        time.sleep(0.02)


def kill_all_since(before: Snapshot) -> None:
    """Kill what a test left behind, so that the next one does not see it."""
    _kill(processes.of_account() - before.procs)


def _kill(procs: Iterable[processes.Proc]) -> None:
    for proc in procs:
        try:
            handle = processes.Handle(proc.pid)
        except ProcessLookupError:
            continue
        with handle:
            if handle.proc and handle.proc.start == proc.start:
                handle.kill()


def make_image(path: Path) -> Path:
    """Make the tarball of the test image once, from this machine's own programs."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        script = TREE / "scripts" / "busybox-image"
        subprocess.run([str(script), str(path), *EXTRA_PROGRAMS], check=True, timeout=60)
    return path
