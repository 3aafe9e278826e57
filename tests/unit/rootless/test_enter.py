"""One user namespace per store while anything runs in it, and nothing stale afterwards."""

from __future__ import annotations

import os
import pwd
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from libpod.conf import paths as conf_paths
from libpod.kernel.process import start_time as start_of
from libpod.rootless import holder, idmap
from libpod.util import alive
from tests.support.needs import missing

ROOT = str(Path(conf_paths.__file__).parents[2])
PYTHON = "/usr/bin/python3"

SCRIPT = """
import os, sys
sys.path.insert(0, sys.argv[1])
from libpod import log
from libpod.conf.paths import Paths
from libpod.errors import PypodError
from libpod.rootless import enter, idmap
paths = Paths(sys.argv[2], sys.argv[3])
if "single" in sys.argv[5:]:
    idmap.find_tool = lambda program: ""
if "lied" in sys.argv[5:]:
    real = idmap.load
    def load(uid, gid, name):
        ids = real(uid, gid, name)
        return idmap.IdMap([(i, h + 1 if i else h, n - 1 if i else n) for i, h, n in ids.uids], ids.gids)
    idmap.load = load
try:
    entry = enter.enter(paths)
except PypodError as error:
    print("error", error, "|", error.remedy, flush=True)
    os._exit(error.exit_code)
assert enter.enter(paths) is entry
assert os.getuid() == os.geteuid() == os.getgid() == 0
print(entry.kind, os.readlink("/proc/self/ns/user"), os.getcwd(), entry.idmap, flush=True)
if "fork" in sys.argv[5:]:
    pid = os.fork()
    if pid == 0:
        entry.forget_in_child()
        print("child", os.getpid(), flush=True)
        sys.stdin.readline()
        os._exit(0)
    os.kill(os.getpid(), 9)
if sys.argv[4] == "wait":
    sys.stdin.readline()
if sys.argv[4] != "killed":
    entry.leave()
os._exit(0)
"""

pytestmark = pytest.mark.needs("newuidmap")


@pytest.fixture(autouse=True)
def _account() -> None:
    if os.geteuid() == 0:
        missing("these tests are for an unprivileged account: run scripts/test")


class Process:
    """A process that enters, says how, and stays until it is told to go."""

    def __init__(self, store: Path, how: str = "wait", *words: str, cwd: str = "/") -> None:
        argv = [PYTHON, "-I", "-S", "-c", SCRIPT, ROOT, str(store / "g"), str(store / "r"), how, *words]
        self.popen = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd
        )
        self.pid = self.popen.pid
        self.unread = b""

    def answer(self) -> list[str]:
        """Return kind, namespace, directory and map."""
        assert self.popen.stdout is not None
        while b"\n" not in self.unread:
            ready, _, _ = select.select([self.popen.stdout], [], [], 60)
            assert ready, "no answer in a minute"
            part = os.read(self.popen.stdout.fileno(), 4096)
            if not part:
                raise EOFError(self.popen.stderr.read() if self.popen.stderr else "")
            self.unread += part
        line, _, self.unread = self.unread.partition(b"\n")
        return line.decode().split(" ", 3)

    def go(self) -> int:
        assert self.popen.stdin is not None
        if not self.popen.stdin.closed:
            try:
                self.popen.stdin.close()
            except BrokenPipeError:
                pass
        code = self.popen.wait(60)
        for stream in (self.popen.stdout, self.popen.stderr):
            if stream is not None:
                stream.close()
        return code

    def kill(self) -> None:
        self.popen.kill()
        self.go()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def paths(store: Path) -> Iterator[conf_paths.Paths]:
    chosen = conf_paths.Paths(str(store / "g"), str(store / "r"))
    conf_paths.ensure(chosen)
    yield chosen
    assert holder.living(chosen) == []


def test_the_first_makes_it_and_the_next_join(store: Path, paths: conf_paths.Paths) -> None:
    first = Process(store, cwd="/usr")
    kind, namespace, cwd, ids = first.answer()
    assert (kind, cwd) == ("created", "/usr")
    own = idmap.load(os.getuid(), os.getgid(), pwd.getpwuid(os.getuid()).pw_name)
    assert ids == str(own)
    second = Process(store)
    assert second.answer()[:2] == ["joined", namespace]
    assert sorted(holder.living(paths)) == sorted([first.pid, second.pid])
    first.go()  # the holder goes, the namespace stays
    third = Process(store)
    assert third.answer()[:2] == ["joined", namespace]
    second.kill()
    third.go()
    fourth = Process(store)
    kind, other, *_ = fourth.answer()
    assert (kind, other != namespace) == ("created", True)
    fourth.go()
    assert os.listdir(paths.ns) == []


def test_twenty_at_once_are_in_one_namespace(store: Path, paths: conf_paths.Paths) -> None:
    started = [Process(store) for _ in range(20)]
    answers = [process.answer() for process in started]
    assert len({answer[1] for answer in answers}) == 1
    assert sorted(answer[0] for answer in answers) == ["created"] + ["joined"] * 19
    for process in started:
        assert process.go() == 0
    assert os.listdir(paths.ns) == []


def test_holders_are_killed_while_others_enter(store: Path, paths: conf_paths.Paths) -> None:
    """At any moment all that are inside are in one namespace, whoever is killed: 8 rounds of 20 processes."""
    for round_ in range(8):
        started = [Process(store) for _ in range(20)]
        alive: dict[int, str] = {}
        for number, process in enumerate(started):
            answer = process.answer()
            # All that hold it now, and were not killed, are in the namespace that this one is in.
            alive[process.pid] = answer[1]
            if (number + round_) % 3 == 0:
                process.kill()
                del alive[process.pid]
        assert len(set(alive.values())) <= 1, alive
        joined = Process(store)
        assert joined.answer()[:2] == ["joined", next(iter(alive.values()))]
        joined.kill()
        for process in started:
            process.go()
    last = Process(store)
    assert last.answer()[0] == "created"
    assert [name.partition("-")[0] for name in os.listdir(paths.ns)] == [
        str(last.pid)
    ]  # what the killed ones left is gone
    last.go()


def test_killed_creator_leaves_no_lock(store: Path, paths: conf_paths.Paths) -> None:
    """SIGKILL in the middle of entering, at twenty moments."""
    for number in range(20):
        process = Process(store)
        time.sleep(number * 0.004)
        process.kill()
    last = Process(store)
    assert last.answer()[0] == "created"
    last.go()
    assert os.listdir(paths.ns) == []


def test_forked_child_keeps_the_namespace_when_its_parent_is_killed(
    store: Path, paths: conf_paths.Paths
) -> None:
    parent = Process(store, "wait", "fork")
    _, namespace, *_ = parent.answer()
    try:
        child = parent.answer()
    except EOFError:  # the parent was faster: its child gave up
        assert parent.go() == -signal.SIGKILL
        return
    assert child[0] == "child"
    assert holder.living(paths) == [int(child[1])]
    other = Process(store)
    assert other.answer()[:2] == ["joined", namespace]
    other.go()
    pidfd = os.pidfd_open(int(child[1]))
    parent.go()
    select.select([pidfd], [], [], 60)
    os.close(pidfd)


def test_left_files_and_recycled_ids_mislead_nobody(store: Path, paths: conf_paths.Paths) -> None:
    for name in (
        "1-12345",
        f"{os.getpid()}-12345",
        f"{os.getpid()}-{start_of(os.getpid())}",
        "999999999-1",
        "junk",
    ):
        Path(paths.ns, name).touch()
    first = Process(store)
    assert first.answer()[0] == "created"
    assert sorted(os.listdir(paths.ns)) == [f"{first.pid}-{start_of(first.pid)}", "junk"]
    # Locks that are held on: for a process that is gone, is another one now, or is in no namespace of ours.
    names = ["999999999-1", f"{os.getppid()}-12345", f"{os.getpid()}-{start_of(os.getpid())}"]
    locks = [alive.hold(f"{paths.ns}/{name}") for name in names]
    first.go()
    second = Process(store)
    assert second.answer()[0] == "created"
    second.go()
    assert sorted(os.listdir(paths.ns)) == sorted([*names, "junk"])
    for fd in locks:
        os.close(fd)


def test_another_map_is_refused_naming_both(store: Path, paths: conf_paths.Paths) -> None:
    first = Process(store)
    ids = first.answer()[3]
    first.go()
    other = Process(store, "wait", "lied")
    told = " ".join(other.answer())
    assert told.startswith("error the store")
    assert ids in told
    assert "and this user now has uids" in told
    assert "system migrate" in told
    assert other.go() == 125


def test_single_id_is_said_once_and_may_grow(store: Path, paths: conf_paths.Paths) -> None:
    first = Process(store, "wait", "single")
    kind, namespace, _, ids = first.answer()
    assert kind == "single"
    assert ids == f"uids 0:{os.getuid()}:1" + (
        "" if os.getuid() == os.getgid() else f" gids 0:{os.getgid()}:1"
    )
    joined = Process(store)
    assert joined.answer()[:2] == ["joined", namespace]
    joined.go()
    assert first.popen.stdin is not None
    first.popen.stdin.close()
    first.popen.wait(60)
    assert first.popen.stderr is not None
    assert "newuidmap is not installed" in first.popen.stderr.read()
    first.go()
    again = Process(store, "wait", "single")
    again.answer()
    assert again.popen.stdin is not None
    again.popen.stdin.close()
    again.popen.wait(60)
    assert again.popen.stderr is not None
    assert again.popen.stderr.read() == ""
    again.go()
    grown = Process(store)
    assert grown.answer()[0] == "created"
    grown.go()
    shrunk = Process(store, "wait", "single")
    told = " ".join(shrunk.answer())
    assert "newuidmap is not installed" in told
    assert "apt-get install uidmap" in told
    shrunk.go()


def test_inside_nothing_is_made(store: Path, paths: conf_paths.Paths) -> None:
    argv = [PYTHON, "-I", "-S", "-c", SCRIPT, ROOT, str(store / "g"), str(store / "r"), "go"]
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from libpod.conf.paths import Paths;"
        "from libpod.engine import unshare;"
        "unshare.unshare(Paths(sys.argv[2], sys.argv[3]), sys.argv[4:], dict(os.environ))"
    )
    outer = [PYTHON, "-I", "-S", "-c", script, ROOT, str(store / "g"), str(store / "r"), *argv]
    done = subprocess.run(outer, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("inside user:"), done
    assert "unshare" not in done.stderr


def test_threads_are_refused(store: Path, paths: conf_paths.Paths) -> None:
    script = (
        "import sys, threading; sys.path.insert(0, sys.argv[1]); from libpod.conf.paths import Paths;"
        "from libpod.rootless import enter; lock = threading.Lock(); lock.acquire();"
        "threading.Thread(target=lock.acquire, daemon=True).start();"
        "enter.enter(Paths(sys.argv[2], sys.argv[3]))"
    )
    argv = [PYTHON, "-I", "-S", "-c", script, ROOT, str(store / "g"), str(store / "r")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert "the process has threads" in done.stderr
