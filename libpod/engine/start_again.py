"""Owns: `start`: a container that was created, or has ended, runs (again)."""

from __future__ import annotations

from libpod import errors, monitorctl
from libpod.engine import answer, containers, depend, launch
from libpod.engine import start as starting
from libpod.state import containers as rows
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.passed import Passed
    from libpod.engine.session import Session
    from libpod.engine.streams import Stdio
    from libpod.model.container import ContainerRecord
    from libpod.util.wire import Conn


class Starter:
    """Starts containers. Its first monitor is forked at once, before the containers are looked up."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._passed: Passed | None = None
        if "LISTEN_FDS" in session.environ:
            from libpod.engine import passed

            self._passed = passed.of_systemd(session.environ)
        self._ready: launch.Forked | None = launch.fork(session)
        self._waiting: Conn | None = None
        """The channel of an initialized container that was started with its streams attached."""

    def start(self, record: ContainerRecord) -> None:
        """Start it in the background; nothing if it runs. Idempotent."""
        started = self._start(record, None)
        if started is not None:
            starting.leave(self._session, started)

    def init(self, record: ContainerRecord) -> None:
        """Create its processes and let them wait for `start`. Raises StateError when that is done already."""
        started = self._start(record, None, only_create=True)
        if started is None:
            raise errors.StateError(
                f'container "{record["name"]}" has already been created in runtime', name=record["name"]
            )
        starting.leave(self._session, started)

    def start_attached(self, record: ContainerRecord, stdio: Stdio) -> int:
        """Start it and carry its streams until it ends; its exit code. One that runs is attached to."""
        from libpod.engine import attach, carry  # only here

        started = self._start(record, stdio)
        self.close()
        if self._waiting is not None:
            return attach.carry(self._session, record, self._waiting, stdio)
        if started is None:
            return attach.attach(self._session, record, stdio)
        return carry.carry(self._session, started, stdio)

    def close(self) -> None:
        """Let a monitor go that nothing was started with. Idempotent."""
        if self._ready is not None:
            self._ready.close()
            self._ready = None

    def _monitor(self, mode: str, parent: str) -> launch.Forked:
        forked = self._ready
        if forked is not None and forked.place == (mode, parent):
            self._ready = None
            return forked
        return launch.fork(self._session, mode, parent)

    def _start(
        self, record: ContainerRecord, stdio: Stdio | None, *, only_create: bool = False
    ) -> starting.Started | None:
        session = self._session
        if record.get("pod") and not record.get("infra"):
            from libpod.engine import infra  # lazy: for members of pods only

            infra.of_member(session, record)
        for cid in depend.needs(record):
            needed = rows.get(session.db, cid)
            if not needed.get("infra"):
                self.start(needed)
        with session.locks.take(RANK_CONTAINER, record["id"]):
            record = containers.find(session, record["id"])
            status = containers.status(session, record)
            if status["state"] == "paused":
                raise errors.StateError(
                    f'container "{record["name"]}" is paused',
                    remedy=f'let it go on with "pypod unpause {record["name"]}"',
                )
            if status["state"] in ("running", "stopping", "restarting"):
                return None
            if status["state"] == "initialized":
                if not status["unmonitored"]:
                    if not only_create:
                        self._waiting = _go_on(session, record, stdio)
                    return None
                monitorctl.stop_unmonitored(session.paths, record["id"])  # nobody would see how it ends
            launched = launch.place(
                self._monitor(record["cgroups"], record["cgroup_parent"]),
                record["id"],
                record["stop_timeout_s"],
            )
            try:
                size = (
                    stdio.size() if stdio is not None and stdio.size is not None and record["tty"] else None
                )
                streams = None if stdio is None else stdio.attached()
                around = starting.surround(
                    session,
                    launched,
                    record["id"],
                    record["network"],
                    nested=bool(record["userns"]["uidmap"]),
                )
                from libpod.spec import validate  # while the monitor makes the network

                validate.record(record, session.host_facts(record["cgroups"], record["cgroup_parent"]))
                return starting.start(
                    session,
                    record,
                    launched,
                    around,
                    attach=streams,
                    size=size,
                    only_create=only_create,
                    passed=self._passed,
                )
            except BaseException:
                launched.close()
                raise


def _go_on(session: Session, record: ContainerRecord, stdio: Stdio | None) -> Conn | None:
    """Let the process of an initialized container run; with `stdio` returns the channel of its streams."""
    conn = monitorctl.connect(session.paths, record["id"])
    try:
        answer.check(conn, record["name"])
        size = stdio.size() if stdio is not None and stdio.size is not None and record["tty"] else None
        wanted = stdio.attached() if stdio is not None else None
        conn.send({"t": "start-created", "attach": wanted, "size": list(size) if size else None})
        answer.wait(conn, record["name"])
        got = conn.recv()
        if got is None:
            raise errors.MonitorError(f'the monitor of container "{record["name"]}" ended unexpectedly')
        if got[0]["t"] == "error":
            raise monitorctl.error_from(got[0])
    except BaseException:
        conn.close()
        raise
    if stdio is not None:
        return conn
    conn.close()
    return None
