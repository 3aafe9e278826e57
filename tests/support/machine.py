"""Owns: running commands in the booted test machine (tests/support/bed/machine), from outside of it."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
from typing import NamedTuple


class Result(NamedTuple):
    code: int
    out: str
    err: str


class Machine:
    """The machine whose agent listens at `path`."""

    def __init__(self, path: str) -> None:
        self.path = path

    def run(self, *argv: str, user: str = "tester", check: bool = True, timeout_s: float = 60) -> Result:
        """Run a command in a new login session of `user`, or as root; wait for its end."""
        request = json.dumps({"argv": argv, "user": user, "env": {"TERM": "dumb"}}).encode()
        with (
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
            open(os.devnull, "rb") as empty,
        ):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as agent:
                agent.settimeout(timeout_s)
                agent.connect(self.path)
                socket.send_fds(agent, [request], [empty.fileno(), out.fileno(), err.fileno()])
                answer = json.loads(agent.recv(65536) or b'{"code": 125}')
            out.seek(0)
            err.seek(0)
            result = Result(
                answer["code"], out.read().decode(errors="replace"), err.read().decode(errors="replace")
            )
        if check and result.code != 0:
            raise AssertionError(f"{' '.join(argv)}: exit code {result.code}\n{result.out}\n{result.err}")
        return result

    def sh(self, script: str, *, user: str = "tester", check: bool = True, timeout_s: float = 60) -> Result:
        """Run a shell script as `run` does."""
        return self.run("sh", "-euc", script, user=user, check=check, timeout_s=timeout_s)

    def reboot(self, timeout_s: float = 60) -> None:
        """Shut the machine down in order and wait until it is up again. /run and /tmp are empty then."""
        mark = os.stat(self.path).st_ctime_ns
        self.run("systemctl", "--no-block", "reboot", user="root", check=False)
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            try:
                if os.stat(self.path).st_ctime_ns != mark:
                    return
            except FileNotFoundError:
                pass  # between the two
            time.sleep(0.05)
        raise AssertionError(f"the machine is not up again after {timeout_s:g} s")
