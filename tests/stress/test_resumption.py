"""The monitor executes itself again after two seconds (libpod/monitor/resume.py), and all works as before."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = [pytest.mark.needs("crun", "slirp4netns", "newuidmap"), pytest.mark.slow]


def wait_resumed(pypod: Pypod, name: str) -> int:
    """Wait until the monitor has done it, which its auxiliary vector shows; return its process id."""
    monitor = pypod.monitor_pid(name)
    before = Path(f"/proc/{monitor}/auxv").read_bytes()
    wait_until(lambda: Path(f"/proc/{monitor}/auxv").read_bytes() != before, what="the monitor's execution")
    time.sleep(0.2)
    return monitor


# covers: exec, logs --follow, attach, kill, stop
def test_all_that_a_monitor_is_asked_for(shared: Pypod) -> None:
    script = "trap 'echo hup' HUP; trap 'echo term; exit 4' TERM; echo up; while :; do sleep 0.05; done"
    shared.detached("--name", "c", "IMAGE", "sh", "-c", script)
    follower = shared.start("logs", "-f", "c")
    attached = shared.start("attach", "c")
    monitor = wait_resumed(shared, "c")
    late = shared.start("attach", "c")
    assert shared("exec", "c", "sh", "-c", "echo inside; exit 0").out == "inside"
    assert shared("exec", "c", "sh", "-c", "exit 6", check=None).code == 6
    processes.kill(shared.slirp_pid("c"))
    wait_until(
        lambda: [p for p in processes.children(monitor) if p.name == "slirp4netns"],
        what="another slirp4netns",
    )
    assert late.stdout
    assert late.poll() is None
    shared("kill", "-s", "HUP", "c")
    shared.wait_for_log("c", "hup")
    shared("stop", "c")
    for client, text in ((follower, "up\nhup\nterm\n"), (attached, "hup\nterm\n"), (late, "hup\nterm\n")):
        out, err = client.communicate(timeout=10)
        assert (out, err, client.returncode) == (text, "", 0 if client is follower else 4)
    assert shared.state("c")["ExitCode"] == 4


# covers: attach, run --detach-keys
def test_a_terminal_that_was_detached_from(shared: Pypod) -> None:
    shared.detached("-it", "--name", "c", "IMAGE", "sh")
    with shared.terminal("attach", "c") as terminal:
        terminal.send("echo fi''rst\r")
        terminal.expect("first\r\n")
        terminal.send(b"\x10\x11")
        assert terminal.wait() == 0
    wait_resumed(shared, "c")
    with shared.terminal("attach", "c") as terminal:
        terminal.send("echo sec''ond\r")
        terminal.expect("second\r\n")
        terminal.send("exit 9\r")
        assert terminal.wait() == 9


# covers: stop, run --rm
def test_stop_of_a_container_that_removes_itself(shared: Pypod) -> None:
    shared.detached(
        "--rm", "--name", "c", "IMAGE", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"
    )
    begun = time.monotonic()
    shared("stop", "c")
    assert time.monotonic() - begun < 3
    assert shared("ps", "-aq").out == ""
