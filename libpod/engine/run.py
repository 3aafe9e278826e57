"""Owns: `run`: create and start in one command, attached or not.

The monitor is forked before the database is opened: it makes its namespaces and starts the network while we
look up the image."""

from __future__ import annotations

import os

from libpod import errors
from libpod.engine import launch
from libpod.util import eventlog, failpoint, undo
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from libpod.engine.passed import Passed
    from libpod.engine.session import Session
    from libpod.engine.start import Started, Surroundings
    from libpod.engine.streams import Stdio
    from libpod.model.container import ContainerRecord
    from libpod.model.request import Request


class Asked:
    """What the command line asked of `run`, beyond the container itself."""

    __slots__ = ("command", "command_line", "image", "options")

    def __init__(
        self, options: Mapping[str, object], image: str, command: list[str], command_line: list[str]
    ) -> None:
        self.options = options
        self.image = image
        self.command = command
        self.command_line = command_line


def run(
    session: Session,
    asked: Asked,
    stdio: Stdio | None,
    *,
    on_made: Callable[[ContainerRecord], None],
    on_started: Callable[[ContainerRecord], None] | None = None,
) -> int:
    """Run a container. With `stdio` the streams are carried until it ends and its exit code is returned;
    else 0 at once.

    `on_made` is called when the container exists and has not been started: an error of it undoes all.
    `on_started` is called when its process runs, before any stream is carried.
    """
    cid = os.urandom(32).hex()
    passed = None
    if "LISTEN_FDS" in session.environ or asked.options.keys() & {"preserve_fds", "preserve_fd"}:
        from libpod.engine import passed as passing

        passed = passing.of_options(
            asked.options.get("preserve_fds"), asked.options.get("preserve_fd"), session.environ
        )
    launched = _launch(session, asked.options, cid)
    with undo.Undo() as monitor:
        monitor.push(launched.close)
        started = _start(session, asked, stdio, launched, cid, on_made, passed)
        monitor.dismiss()
    failpoint.hit("run:after-start")
    if on_started is not None:
        on_started(started.record)
    if stdio is None:
        from libpod.engine import start

        start.leave(session, started)
        return 0
    from libpod.engine import carry  # loaded already, while the runtime was busy

    return carry.carry(session, started, stdio)


def _launch(session: Session, options: Mapping[str, object], cid: str) -> launch.Launched:
    """Fork the monitor before the options are looked at: wrong ones cost one process more."""
    seconds = options.get("stop_timeout")
    if not (isinstance(seconds, int) and seconds >= 0):
        seconds = session.settings.stop_timeout_s
    mode, parent = (str(options.get(key) or "") for key in ("cgroups", "cgroup_parent"))
    return launch.place(launch.fork(session, mode, parent), cid, seconds)


def _start(
    session: Session,
    asked: Asked,
    stdio: Stdio | None,
    launched: launch.Launched,
    cid: str,
    on_made: Callable[[ContainerRecord], None],
    passed: Passed | None,
) -> Started:
    """Make the container and start it; nothing is left when that fails, but a container without `--rm` whose
    command could not be started."""
    from libpod.engine import create, start
    from libpod.spec import validate

    options, pod = asked.options, None
    if options.get("pod") or options.get("pod_id_file"):
        from libpod.engine import infra, podjoin  # lazy: for members only

        pod, options = podjoin.resolve(session, options)
        infra.ensure(session, pod)
    req = create.parse(session, options, asked.image, asked.command)
    validate.request(req, create.host_facts(session, req))
    if needed := [*create.joined_by(session, req), *req["requires"]]:
        from libpod.engine import depend  # lazy: seldom

        depend.start_needed(session, needed)
    with session.locks.take(RANK_CONTAINER, cid) as held, undo.Undo() as steps:
        steps.push(held.remove)
        create.make_dirs(session, cid, steps)
        steps.push(_end_of_first_process, session, cid)
        steps.push(launched.end)
        around = _surround(session, req, launched, cid)
        image = create.image_of(session, req, options)
        record = create.build_record(session, req, image, asked.command_line, cid=cid, by_run=True, pod=pod)
        record = create.insert(session, record, steps, replace_name=not record["name"])
        steps.push(_end_of_first_process, session, cid)
        steps.push(launched.end)
        failpoint.hit("run:after-insert")
        on_made(record)
        eventlog.container(session.paths.events, record, "create")
        attach = None if stdio is None else stdio.attached()
        size = stdio.size() if stdio is not None and stdio.size is not None and record["tty"] else None
        try:
            started = start.start(session, record, launched, around, attach=attach, size=size, passed=passed)
        except errors.PypodError as error:
            if not record["remove"]:
                steps.dismiss()  # what could not be started stays, for `inspect` and `start`
            if error.name.endswith(("/tcp", "/udp")):  # a port of this machine
                error.exit_code = 126
            raise
        except BaseException:
            if launched.is_its_own:
                steps.dismiss()  # interrupted: it may run already, its monitor undoes it if not
            raise
        steps.dismiss()
        return started


def _end_of_first_process(session: Session, cid: str) -> None:
    """A monitor that was killed during the start may have left it: it must not outlive the record."""
    from libpod import monitorctl

    monitorctl.stop_unmonitored(session.paths, cid)


def _surround(session: Session, req: Request, launched: launch.Launched, cid: str) -> Surroundings | None:
    """Let the monitor begin with what does not depend on the image.

    None where another container must be looked up first.
    """
    if req["network"] is not None and req["network"]["mode"] == "container":
        return None
    from libpod.engine import start
    from libpod.spec import merge

    settings = session.settings
    network, nested = merge.network_of(req, settings, {}), merge.is_nested(req, settings)
    return start.surround(session, launched, cid, network, nested=nested)
