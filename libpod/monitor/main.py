"""Owns: the life of one container's monitor: start, serve until the first process ends, finish.

There is no dead end: whatever fails, the container's processes are killed, the reason is in exit.json and
run/monitor.log, and the client gets it. If the client leaves before the container has started, all is undone.
"""

from __future__ import annotations

from libpod import errors, log
from libpod.monitor import mounts, setup, start
from libpod.monitor.monitor import Monitor
from libpod.util import failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.util import wire


def run(conn: wire.Conn, inherited: tuple[int, ...], kept: list[int], moving: setup.Background | None) -> int:
    """Be the monitor, in a child that was just forked and detached; return its exit code.

    `inherited` and `kept`: see setup.detach; `moving`: see setup.foresee_move; None = others move us.
    """
    mounts.enter_own_namespace()
    failpoint.hit("monitor:after-mount-namespace")
    monitor = Monitor()
    monitor.client = monitor.control.add(conn)
    monitor.inherited, monitor.kept_fds, monitor.moving = inherited, kept, moving
    try:
        start.surround(monitor, monitor.receive("surround"))
        start.prepare(monitor, monitor.receive("prepare"))
        msg = monitor.receive("start")
        if msg.get("hollow"):
            from libpod.monitor import hollow  # lazy: for pods only

            hollow.start(monitor, msg)
        else:
            start.start(monitor, msg)
    except Exception as error:
        return failed(monitor, error)
    from libpod.monitor import resume  # lazy: not in the way of the start

    return resume.serve(monitor)


def failed(monitor: Monitor, error: Exception) -> int:
    """Undo everything; return the exit code."""
    from libpod.monitor import finish  # lazy

    if not isinstance(error, (errors.PypodError, OSError)):
        import traceback  # lazy: for bugs only

        log.error("the monitor has failed", trace=traceback.format_exc())
    return finish.failed(monitor, error)
