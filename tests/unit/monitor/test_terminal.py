"""The socket on which a runtime sends the master of a terminal."""

from __future__ import annotations

import os
import resource
import socket
from pathlib import Path

from libpod.monitor.loop import Loop
from libpod.monitor.terminal import Console


def send_master(path: str) -> None:
    """What a runtime does, and then it may end at once."""
    master, slave = os.openpty()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as runtime:
        runtime.connect(path)
        socket.send_fds(runtime, [b"/dev/pts/0"], [master])
    os.close(master)
    os.close(slave)


def test_a_master_comes_through_the_loop(tmp_path: Path) -> None:
    got: list[int] = []
    loop = Loop()
    console = Console(loop, str(tmp_path), "c.sock", got.append)
    send_master(console.path)
    assert loop.run_until(lambda: bool(got), 5)
    assert os.isatty(got[0])
    os.close(got[0])
    console.close()
    assert os.listdir(tmp_path) == []


def test_a_master_that_was_sent_is_taken_without_the_loop(tmp_path: Path) -> None:
    """The end of a short command is seen before the loop has looked at the socket twice."""
    got: list[int] = []
    console = Console(Loop(), str(tmp_path), "c.sock", got.append)
    console.take()
    assert got == []
    send_master(console.path)
    console.take()
    assert len(got) == 1
    assert os.isatty(got[0])
    os.close(got[0])
    console.close()
    console.take()
    assert len(got) == 1


def test_a_runtime_waits_while_there_is_no_descriptor_for_its_connection(tmp_path: Path) -> None:
    got: list[int] = []
    loop = Loop()
    console = Console(loop, str(tmp_path), "c.sock", got.append)
    send_master(console.path)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        console.take()
        assert not loop.run_until(lambda: bool(got), 0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert loop.run_until(lambda: bool(got), 5)
    os.close(got[0])
    console.close()
