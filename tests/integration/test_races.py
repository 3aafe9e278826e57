"""Commands in each other's way, and commands that are interrupted: one is stopped at a certain point
(libpod/util/failpoint.py), the other one passes."""

from __future__ import annotations

import contextlib
import hashlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod, environment
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

POLITE = ["sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done"]


def is_stopped(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat[stat.rindex(")") + 2] == "T"


@contextlib.contextmanager
def stopped_at(pypod: Pypod, point: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A command that has come to this point and waits there for SIGCONT."""
    client = pypod.start(*args, env={"PYPOD_FAILPOINT": f"{point}=pause"})
    wait_until(lambda: is_stopped(client.pid), what=f"{args[0]} is at {point}")
    try:
        yield client
    finally:
        client.send_signal(signal.SIGCONT)


def go_on(client: subprocess.Popen[str], *signals: int) -> tuple[int, str]:
    """Let it go on, with these signals first; its code and what it had to say. It must end soon."""
    for number in (*signals, signal.SIGCONT):
        client.send_signal(number)
    _, err = client.communicate(timeout=5)
    return client.returncode, err


# covers: stop, start
@pytest.mark.parametrize("verb", ["stop", "kill"])
def test_the_next_run_is_not_the_one_that_is_waited_for(shared: Pypod, verb: str) -> None:
    """Else its monitor would be killed, as one that does not come to an end."""
    shared.detached("--name", "c", "IMAGE", *POLITE)
    with stopped_at(shared, f"{verb}:before-signal", verb, "c") as client:
        shared("stop", "c")
        shared("start", "c")
        code, err = go_on(client)
    assert (code, err) == (0, "")
    assert shared("exec", "c", "echo", "still there").out == "still there"
    assert "unmonitored" not in shared("ps").out


# covers: rm --force, run
def test_a_container_that_is_being_started_is_removed_by_force(shared: Pypod) -> None:
    shared.detached("--name", "c")
    shared("stop", "-t", "0", "c")
    with stopped_at(shared, "start:after-bundle", "start", "c") as starting:
        removing = shared.start("rm", "-f", "-t", "0", "c")
        wait_until(lambda: processes.read(removing.pid) is not None)
        with pytest.raises(subprocess.TimeoutExpired):
            removing.wait(0.3)  # it waits for the lock
        assert go_on(starting)[0] == 0
    _, err = removing.communicate(timeout=10)
    assert (removing.returncode, err) == (0, "")
    assert shared("ps", "-aq").lines == []


# covers: run --detach
@pytest.mark.parametrize("options", [[], ["--rm"]])
def test_run_is_interrupted_when_the_container_has_started(shared: Pypod, options: list[str]) -> None:
    """It runs on: the command neither waits for its end nor takes its files away."""
    args = ["run", "-d", "--name", "c", *options, shared.image, "sleep", "1000"]
    with stopped_at(shared, "start:after-started", *args) as client:
        code, _ = go_on(client, signal.SIGINT)
    assert code == 130
    assert shared.state("c")["Running"]
    assert shared("exec", "c", "echo", "there").out == "there"


# covers: run --detach
@pytest.mark.parametrize("options", [[], ["--rm"]])
def test_run_is_interrupted_before_the_container_has_started(shared: Pypod, options: list[str]) -> None:
    args = ["run", "-d", "--name", "c", *options, shared.image, "sleep", "1000"]
    with stopped_at(shared, "start:after-bundle", *args) as client:
        code, _ = go_on(client, signal.SIGINT)
    assert code == 130
    assert shared("ps", "-aq").lines == []


# covers: run --pidfile
def test_a_pidfile_that_cannot_be_written_changes_nothing(shared: Pypod) -> None:
    result = shared.run("-d", "--name", "c", "--pidfile", "/nonexistent/pid", "IMAGE", "sleep", "1000")
    assert "/nonexistent/pid" in result.stderr
    assert shared.state("c")["Running"]


# covers: run --replace
def test_the_old_container_stays_when_the_new_image_is_missing(shared: Pypod) -> None:
    cid = shared.detached("--name", "web")
    shared("run", "-d", "--replace", "--name", "web", "--pull=never", "nosuch", check=False)
    assert shared("ps", "-q", "--no-trunc").lines == [cid]


# covers: run --rm, run --volume
def test_a_start_that_fails_leaves_no_volume(shared: Pypod) -> None:
    assert shared.run("--rm", "-v", "/anonymous", "IMAGE", "/nonexistent", check=False).code == 127
    assert shared("volume", "ls", "-q").lines == []


# covers: run --rm
@pytest.mark.parametrize("point", ["after-create", "after-start", "after-status"])
def test_a_monitor_that_is_killed_during_the_start_leaves_no_process(shared: Pypod, point: str) -> None:
    before = processes.of_account()
    env = {"PYPOD_FAILPOINT": f"monitor:{point}"}
    failed = shared.run("-d", "--rm", "IMAGE", "sleep", "1000", check=False, env=env)
    assert failed.code == 125
    assert shared("ps", "-aq").lines == []
    assert not [p for p in processes.of_account() - before if p.cmdline == "sleep 1000"]


# covers: ps
@pytest.mark.needs("setpriv")
def test_a_list_does_not_need_to_clear_up(shared: Pypod) -> None:
    """Where no user namespace can be had, what an interrupted command has left is shown."""
    cid = shared.detached("--rm", "--name", "c")
    init = shared.init_pid("c")
    processes.kill(shared.monitor_pid("c"))
    processes.kill(init)
    argv = ["setpriv", "--no-new-privs", *shared.argv("ps", "-aq", "--no-trunc")]
    done = subprocess.run(argv, capture_output=True, text=True, env=environment(), timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{cid}\n", "")
    assert shared("ps", "-aq").lines == []


# covers: exec --tty, exec --interactive
@pytest.mark.parametrize("typed", ["", "hello\n", "x" * 300_000])
def test_a_terminal_of_exec_ends_with_its_command(shared: Pypod, typed: str) -> None:
    """Also when its input has ended before, and when nobody reads it."""
    shared.detached("--name", "c")
    result = shared(
        "exec", "-it", "c", "sh", "-c", "sleep 0.5; exit 3", check=None, input=typed, timeout_s=10
    )
    assert result.code == 3


# covers: exec --tty, exec --interactive
def test_a_terminal_of_exec_takes_much_input(shared: Pypod, tmp_path: Path) -> None:
    shared.detached("--name", "c")
    lines = "".join(f"line {number} {'x' * 60}\n" for number in range(5000))
    script = "stty -echo raw; echo ready; head -c 340000 | md5sum"
    (tmp_path / "in").write_text(lines)
    wanted = hashlib.md5(lines[:340000].encode()).hexdigest()
    with open(tmp_path / "in") as stream:
        client = shared.start("exec", "-it", "c", "sh", "-c", script, stdin=stream.fileno())
        out, _ = client.communicate(timeout=20)
    assert client.returncode == 0
    assert wanted in out
