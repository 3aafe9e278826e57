"""Owns: `pod logs`: the logs of all containers of a pod, with `--follow` also of those still to come."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from libpod.engine.logs import Filter
    from libpod.model.container import ContainerRecord
    from libpod.model.pod import PodRecord
    from pypod.cli.common import LogColor, LogSince, LogTail, LogTimestamps, LogUntil, PodLatest
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def logs(
    ctx: Context,
    pod: Annotated[str | None, arg("POD", complete="pods")] = None,
    color: LogColor = False,
    container: Annotated[
        str | None,
        opt("--container", "-c", metavar="CONTAINER", help="Of this container only", complete="containers"),
    ] = None,
    follow: Annotated[
        bool, opt("--follow", "-f", help="Print new lines as they come, also of containers that are new")
    ] = False,
    latest: PodLatest = False,
    names: Annotated[bool, opt("--names", "-n", help="Print the name before each line, not the id")] = False,
    since: LogSince = None,
    tail: LogTail = -1,
    timestamps: LogTimestamps = False,
    until: LogUntil = None,
) -> int | None:
    """Print what the containers of a pod have written, each line with the name or id of its container.

    `--follow` ends when the pod has ended, or is gone.
    """
    from libpod import errors
    from libpod.engine import logs as engine
    from libpod.engine import pods
    from pypod.cli import logview
    from pypod.cli import pods as chosen

    record = chosen.one(ctx, pod, latest)
    wanted = engine.Filter(
        since=logview.moment(since, "--since", ahead=False),
        until=logview.moment(until, "--until", ahead=True),
        timestamps=timestamps,
    )
    found = [r for r, _s in pods.members(ctx.session, record) if not r.get("infra")]
    if container:
        found = [r for r in found if r["name"] == container or r["id"].startswith(container)]
        if not found:
            raise errors.NotFoundError(
                f'no container "{container}" in pod "{record["name"]}"',
                remedy=f'"pypod ps -a --filter pod={record["name"]}" lists them',
                name=container,
            )
    if follow:
        return _Following(ctx, record, tail, wanted, names=names, color=color).run(found, grows=not container)
    for number, one in enumerate(found):
        write = logview.writer(one, number, several=True, names=names, color=color)
        engine.show(ctx.session, one, write, tail=tail, follow=False, wanted=wanted)
        write.finish(newline=True)
    return 0


_LOOK_AGAIN_MS = (1, 10, 100)


class _Following:
    """One child for each container; the parent waits for their ends, and for new containers."""

    def __init__(
        self, ctx: Context, pod: PodRecord, tail: int, wanted: Filter, *, names: bool, color: bool
    ) -> None:
        self._ctx = ctx
        self._pod = pod
        self._tail = tail
        self._wanted = wanted
        self._names = names
        self._color = color
        self._known: set[str] = set()
        self._children: dict[int, int] = {}
        """pidfd -> pid"""
        self._code = 0

    def run(self, found: list[ContainerRecord], *, grows: bool) -> int:
        """Follow these, and with `grows` those that come; the worst exit code."""
        import os
        import select

        from libpod.kernel import inotify

        paths = self._ctx.session.paths
        with inotify.Watch() as watch:
            watch.add(paths.graphroot, inotify.IN_MODIFY)  # the database's log: a new container has a row
            if self._pod["infra_id"]:
                run_dir = paths.run_dir(self._pod["infra_id"])
                if os.path.isdir(run_dir):
                    watch.add(run_dir, inotify.IN_MOVED_TO | inotify.IN_CREATE)
            for record in found:
                self._begin(record)
            again: list[
                int
            ] = []  # after a write to the database's log its end becomes visible a moment later
            while self._children or (grows and self._pod_lives()):
                poll = select.poll()
                poll.register(watch.fileno(), select.POLLIN)
                for fd in self._children:
                    poll.register(fd, select.POLLIN)
                for fd, _event in poll.poll(again.pop(0) if again else None):
                    if fd in self._children:
                        self._ended(fd)
                if watch.drain():
                    again = list(_LOOK_AGAIN_MS)
                if grows:
                    self._look_for_new()
        return self._code

    def _begin(self, record: ContainerRecord) -> None:
        import os

        from libpod.engine import logs as engine
        from pypod.cli import logview

        number = len(self._known)
        self._known.add(record["id"])

        def show() -> None:
            _await_start(self._ctx, record)
            write = logview.writer(record, number, several=True, names=self._names, color=self._color)
            engine.show(self._ctx.session, record, write, tail=self._tail, follow=True, wanted=self._wanted)
            write.finish(newline=True)

        pid = logview.in_child(self._ctx, show)
        self._children[os.pidfd_open(pid)] = pid

    def _ended(self, fd: int) -> None:
        import os

        code = os.waitstatus_to_exitcode(os.waitpid(self._children.pop(fd), 0)[1])
        self._code = max(self._code, code)
        os.close(fd)

    def _look_for_new(self) -> None:
        from libpod import errors
        from libpod.state import containers, pods

        for cid in pods.member_ids(self._ctx.session.db, self._pod["id"]):
            if cid in self._known or cid == self._pod["infra_id"]:
                continue
            try:
                self._begin(containers.get(self._ctx.session.db, cid))
            except errors.NotFoundError:
                continue

    def _pod_lives(self) -> bool:
        from libpod import monitorctl
        from libpod.engine import containers

        infra_id = self._pod["infra_id"]
        return bool(infra_id) and containers.is_running(monitorctl.status(self._ctx.session.paths, infra_id))


def _await_start(ctx: Context, record: ContainerRecord) -> None:
    """Wait until the container has been started, or is gone."""
    import os

    from libpod import monitorctl

    paths = ctx.session.paths
    while os.path.isdir(paths.run_dir(record["id"])):
        status = monitorctl.status(paths, record["id"])
        if status["state"] not in ("created", "initialized"):
            return
        monitorctl.wait_change(paths, record["id"], status)
