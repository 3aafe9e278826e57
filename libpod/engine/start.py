"""Owns: from a container's record to a running process, by way of its monitor.

The monitor mounts the root file system and makes the namespaces, then gives us a descriptor of the mounted
root; through it we look up users, make the working directory and fill new volumes, and write the bundle;
then the monitor creates and starts. The order and what each failure leaves:
docs/internals/monitor-protocol.md."""

from __future__ import annotations

import os

from libpod import errors, monitorctl
from libpod.conf import tools
from libpod.engine import containers
from libpod.network import slirp4netns
from libpod.storage import driver
from libpod.util import atomic, eventlog, failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from libpod.engine.bundle import Bundle
    from libpod.engine.launch import Launched
    from libpod.engine.passed import Passed
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, NetworkRecord
    from libpod.model.run import RestartPlan
    from libpod.monitorctl import Launch


class Started:
    """A started container: `conn` is the attached client's channel to its monitor."""

    __slots__ = ("conn", "early", "pid", "record", "run_id")

    def __init__(self, record: ContainerRecord, launch: Launch, pid: int, run_id: str) -> None:
        self.record = record
        self.conn = launch.conn
        self.early = launch.early
        self.pid = pid
        self.run_id = run_id


class Surroundings:
    """What the monitor begins with before it knows the image: the network, as it was told."""

    __slots__ = ("network", "run_id")

    def __init__(self, run_id: str, network: Mapping[str, Any]) -> None:
        self.run_id = run_id
        self.network = network


def surround(
    session: Session, launched: Launched, cid: str, network: NetworkRecord, *, nested: bool, adopt: int = 0
) -> Surroundings:
    """Have the monitor make the network, while we go on. The container's directories must exist.

    `nested`: the container has a user namespace of its own. Then the runtime makes the network's with it, or
    else its root could set nothing there (docs/internals/spec.md). `adopt`: the process whose network
    namespace is taken over and served again."""
    run_id = os.urandom(8).hex()
    plan = _network(session, network)
    if nested and plan["message"]["mode"] in ("none", "private"):
        plan = {**plan, "message": {**plan["message"], "mode": "nested"}}
    if adopt and plan["message"]["mode"] in ("none", "private"):
        plan = {**plan, "message": {**plan["message"], "mode": "path", "path": f"/proc/{adopt}/ns/net"}}
    launched.monitor.send(
        {
            "t": "surround",
            "cid": cid,
            "run_id": run_id,
            "run_dir": session.paths.run_dir(cid),
            "cgroup_link": session.paths.cgroup_link(cid),
            "network": plan["message"],
            "moved_later": launched.place.by_systemd,
        }
    )
    return Surroundings(run_id, plan)


def start(
    session: Session,
    record: ContainerRecord,
    launched: Launched,
    around: Surroundings | None,
    *,
    attach: Mapping[str, bool] | None,
    size: tuple[int, int] | None,
    only_create: bool = False,
    passed: Passed | None = None,
) -> Started:
    """Start the container of `record` under the forked monitor. Its lock must be held; the monitor takes no
    lock.

    `around` is what `surround` gave, None if that has not been done. `attach` says which streams this process
    will carry (None = detached). Raises what the monitor reports; then nothing runs."""
    monitor = launched.monitor
    if around is None:
        nested = bool(record["userns"]["uidmap"])
        around = surround(session, launched, record["id"], record["network"], nested=nested)
    try:
        place = launched.place.wait()
    except errors.RootlessError:
        monitor.check()
        raise
    hollow = record.get("infra") == "hollow"
    mount = None if hollow else driver.mount_plan(session.paths, record)
    shm_path = ""
    prepare: dict[str, Any] = {"t": "prepare", "name": record["name"], "mount": mount, "cgroup": place}
    if published := record.get("ports"):
        prepare["ports"] = published
    if record["userns"]["uidmap"]:
        from libpod.storage import stage  # lazy: seldom needed

        prepare["stage"] = stage.find(session.paths, record)
    if record.get("pod"):
        from libpod.engine import infra  # lazy: for pods only

        part = infra.part_of_pod(session, record, place)
        place, shm_path = part.place, part.shm_path
        part.send(monitor, {**prepare, "cgroup": place})
    else:
        monitor.send(prepare)
    from libpod.engine import bundle  # here: the monitor mounts meanwhile, on the other core

    try:
        prepared, fds = monitor.expect("prepared")
    except errors.InUseError as error:
        from libpod.engine import ports  # lazy: only for what it says

        raise ports.whose(session, record, error) from error
    try:
        failpoint.hit("start:after-prepared")
        if hollow:
            from libpod.engine import infra

            message = infra.hollow_message(session, record, around.network)
        else:
            if passed is not None:
                record = {**record, "env": [*record["env"], *passed.env]}
            written = bundle.write(
                session, record, prepared, fds[0], around.network, place, size, shm_path=shm_path
            )
            message = _start_message(
                session, record, written, attach=attach, size=size, only_create=only_create
            )
    finally:
        for fd in fds:
            os.close(fd)
    if record.get("pod"):
        from libpod.engine import infra

        message.update(infra.more_for_start(session, record))
    failpoint.hit("start:after-bundle")
    launched.is_its_own = True
    _send_start(session, record, monitor, message, passed)
    if attach is not None:
        from libpod.engine import carry as _carry  # noqa: F401  what comes next, loaded while the runtime is busy
    reply, _fds = monitor.expect("created" if only_create else "started")
    failpoint.hit("start:after-started")
    for option, path, pid in (
        ("--pidfile", record["pidfile"], reply["pid"]),
        ("--conmon-pidfile", record.get("conmon_pidfile", ""), monitor.pid),
    ):
        if path:
            _write_pidfile(session, option, path, pid)
    return Started(record, monitor, int(reply["pid"]), around.run_id)


def _send_start(
    session: Session,
    record: ContainerRecord,
    monitor: Launch,
    message: dict[str, object],
    passed: Passed | None,
) -> None:
    """Send the monitor's `start`, with the descriptors that belong to it."""
    fds = [] if passed is None else passed.fds
    if fds:
        message["preserve"] = fds
    owned: list[int] = []
    if record.get("secrets"):
        from libpod.engine import secretuse  # lazy: seldom

        more, owned = secretuse.message(session, record)
        message.update(more)
    try:
        monitor.send(message, [*fds, *owned])
    finally:
        for fd in owned:
            os.close(fd)


def _write_pidfile(session: Session, option: str, path: str, pid: int) -> None:
    """The container runs: a file that cannot be written is said, and changes nothing."""
    try:
        atomic.write(path, f"{pid}\n", mode=0o644, durable=False)
    except OSError as e:
        if session.notify is not None:
            session.notify(f'Warning: {option} "{path}" cannot be written: {e.strerror}')


def leave(session: Session, started: Started) -> None:
    """Let go of a container that runs in the background."""
    started.conn.close()
    if session.cgroups["manager"] == "systemd":
        from libpod.engine import linger  # lazy: only there

        linger.tell(session)


def _network(session: Session, wanted: NetworkRecord) -> dict[str, Any]:
    """What the monitor is told about the network, and the addresses that go into the container's files."""
    mode = wanted["mode"]
    if mode == "container":
        other = monitorctl.status(session.paths, wanted["container"])
        if not other["netns"]:
            raise errors.StateError(
                f"cannot join the network of container {wanted['container'][:12]}: it is not running",
                remedy=f'start it with "pypod start {wanted["container"][:12]}"',
            )
        return {"message": {"mode": "path", "path": other["netns"]}, "address": "", "dns": "", "gateway": ""}
    if mode == "ns":
        message = {"mode": "path", "path": wanted["options"]["path"]}
        return {"message": message, "address": "", "dns": "", "gateway": ""}
    if mode != "slirp4netns":
        return {"message": {"mode": mode}, "address": "", "dns": "", "gateway": ""}
    plan = slirp4netns.plan(wanted["options"], tools.find("slirp4netns"))
    return {
        "message": {
            "mode": "private",
            "slirp4netns": plan["argv"],
            "address": plan["address"],
            "gateway": plan["gateway"],
            "gateway6": slirp4netns.GATEWAY6,
        },
        "address": plan["address"],
        "dns": plan["dns"],
        "gateway": _host_address(wanted["options"], plan["gateway"]),
    }


def _host_address(options: Mapping[str, str], gateway: str) -> str:
    """Where the container reaches this machine: by the gateway its loopback too, if that is allowed; else by
    the machine's own address."""
    if options.get("allow_host_loopback") == "true":
        return gateway
    from libpod.kernel import iface

    return iface.own_address() or gateway


def _restart_plan(policy: str) -> RestartPlan | None:
    if policy == "no":
        return None
    from libpod.spec import restartopts  # lazy: most containers have none

    return restartopts.plan(policy)


def _start_message(
    session: Session,
    record: ContainerRecord,
    written: Bundle,
    *,
    attach: Mapping[str, bool] | None,
    size: tuple[int, int] | None,
    only_create: bool,
) -> dict[str, object]:
    return {
        "t": "start",
        "bundle": written.path,
        "seccomp_cache": {"path": written.save_bpf} if written.save_bpf else None,
        "runtime": [
            written.runtime,
            *(f"--{flag}" for flag in session.settings.runtime_flags),
        ],
        "terminal": record["tty"],
        "stdin": record["stdin_open"],
        "stdin_once": record["stdin_once"],
        "log": _log(session, record),
        "size": list(size) if size else None,
        "attach": dict(attach) if attach is not None else None,
        "rm": record["remove"],
        "cleanup_argv": [*session.self_argv, "container", "cleanup", "--stopped-only", record["id"]],
        "stop_signal": record["stop_signal"],
        "stop_timeout": record["stop_timeout_s"],
        "timeout": record["timeout_s"],
        "restart": _restart_plan(record["restart_policy"]),
        "events": eventlog.note(session.paths.events, record),
        "only_create": only_create,
        "mounts": written.mounts,
    }


def _log(session: Session, record: ContainerRecord) -> dict[str, object]:
    """Where the monitor writes the output to."""
    log = {**record["log"], "path": containers.log_path(session, record)}
    if log["driver"] != "journald":
        return log
    from libpod.engine import logtag  # lazy: seldom

    return {**log, "id": record["id"], "name": record["name"], "tag": logtag.expanded(record)}
