"""Owns: watching, from a member's monitor, over the monitor that holds what the pod shares.

When that one is killed, the namespaces live on in the members; what served them (slirp4netns, the forwarder
of ports) does not. So a command is executed that starts it again in these namespaces. All members do so, and
the pod's lock lets one of them be first; the others find nothing to do.
"""

from __future__ import annotations

import os

from libpod import errors, log
from libpod.monitor import limits
from libpod.monitor.loop import READ
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from libpod.monitor.monitor import Monitor

    Keeper = dict[str, Any]

MAX_TRIES = 5
_PAUSE_S = 0.2


def watch(monitor: Monitor, keeper: Keeper) -> None:
    """Wait for its end; at once if it has ended already."""
    ran = _load(f"{keeper['run_dir']}/status.json")
    if ran is None:
        return  # it was stopped, and its container is about to be removed
    try:
        fd = os.pidfd_open(int(ran["monitor_pid"]))
    except OSError:
        _ended(monitor, keeper, str(ran["run_id"]))
        return

    def gone(_event: int) -> None:
        monitor.loop.unwatch(fd)
        os.close(fd)
        _ended(monitor, keeper, str(ran["run_id"]))

    monitor.loop.watch(fd, READ, gone)


def _ended(monitor: Monitor, keeper: Keeper, run_id: str) -> None:
    """Nothing to do if it ended in order: then it says so."""
    said = _load(f"{keeper['run_dir']}/exit.json")
    if monitor.exit_code is not None or (said is not None and said["run_id"] == run_id):
        return
    log.warning("the monitor that holds what the pod shares has been killed: it is started again")
    try:
        pid = limits.start(keeper["argv"], env=os.environ, fds={2: monitor.log_fd})
    except (OSError, errors.PypodError) as error:
        log.error("it cannot be started again", error=error)
        return

    def done(code: int) -> None:
        keeper["tries"] = 0 if code == 0 else int(keeper.get("tries", 0)) + 1
        if code != 0:
            log.error("it cannot be started again", code=code, tries=keeper["tries"])
        if monitor.exit_code is None and keeper["tries"] < MAX_TRIES:
            monitor.loop.after(_PAUSE_S * keeper["tries"], lambda: watch(monitor, keeper))

    monitor.loop.on_child(pid, done)


def _load(path: str) -> Keeper | None:
    try:
        found = jsonio.load_file(path)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "run_id" in found else None
