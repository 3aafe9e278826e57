"""Owns: the points at which tests stop, fail or kill the process.

`PYPOD_FAILPOINT=name[=kill|fail|pause][,name...]` arms them: `kill` (the default) is SIGKILL to the process
itself, `fail` raises an error, `pause` stops the process until somebody sends SIGCONT. Names look like
`create:after-db`.
"""

from __future__ import annotations

import os

from libpod.errors import PypodError

_SIGKILL = 9
_SIGSTOP = 19


def hit(name: str) -> None:
    """Do what the environment asks for at this point; under a microsecond when that is nothing."""
    armed = os.environ.get("PYPOD_FAILPOINT")
    if not armed:
        return
    for item in armed.split(","):
        point, _, action = item.strip().partition("=")
        if point != name:
            continue
        if action in ("", "kill"):
            os.kill(os.getpid(), _SIGKILL)
        elif action == "pause":
            os.kill(os.getpid(), _SIGSTOP)
        elif action == "fail":
            raise PypodError(f"failpoint {name}")
        else:
            raise PypodError(f'failpoint {name}: unknown action "{action}"', remedy="use kill, fail or pause")
