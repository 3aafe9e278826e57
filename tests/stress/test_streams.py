"""Streams that are full in both directions, and what must get through all the same."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.support.engine import Pypod, environment

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap")

MIB = 1 << 20


# covers: run --interactive
def test_a_container_that_writes_much_before_it_reads(shared: Pypod) -> None:
    """Neither side waits for the other one for ever, and no byte is lost."""
    script = "head -c 10485760 /dev/zero; wc -c >&2"
    argv = shared.argv("run", "--rm", "-i", "--network", "none", shared.image, "sh", "-c", script)
    done = subprocess.run(
        argv, input=bytes(30 * MIB), capture_output=True, env=environment(), timeout=60, check=False
    )
    assert (done.returncode, len(done.stdout), done.stderr.strip()) == (0, 10 * MIB, b"%d" % (30 * MIB))


# covers: run --interactive, run --sig-proxy
def test_a_signal_passes_input_that_nobody_reads(shared: Pypod) -> None:
    script = "trap 'echo got it; exit 5' INT; echo ready; while :; do sleep 0.05; done"
    zero_fd = os.open("/dev/zero", os.O_RDONLY)
    try:
        client = shared.start("run", "--rm", "-i", shared.image, "sh", "-c", script, stdin=zero_fd)
    finally:
        os.close(zero_fd)
    assert client.stdout
    assert client.stdout.readline() == "ready\n"
    client.send_signal(signal.SIGINT)
    out, err = client.communicate(timeout=10)
    assert (out, err, client.returncode) == ("got it\n", "", 5)
