"""Owns: the infra container of a pod: what members share lives as long as its monitor.

It is a container like others to lists, `inspect` and the network's options, but runs nothing unless the PID
or cgroup namespace is shared: then a small init, for these need a process.
"""

from __future__ import annotations

import os

from libpod import errors, monitorctl
from libpod.conf import tools
from libpod.engine import answer, containers
from libpod.rootless import cgroups
from libpod.state import containers as rows
from libpod.state import pods as pod_rows
from libpod.util.lock import RANK_CONTAINER, RANK_POD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from libpod.engine.session import Session
    from libpod.kernel.cgtree import CgroupPlace
    from libpod.model.container import ContainerRecord, PortRecord
    from libpod.model.pod import PodRecord
    from libpod.model.run import RunStatus
    from libpod.monitorctl import Launch

HOLLOW, PROCESS = "hollow", "process"
_NEEDS_PROCESS = ("cgroup", "pid")
_INIT = "/catatonit"


def build(
    session: Session,
    options: Mapping[str, object],
    pod_id: str,
    name: str,
    share: Sequence[str],
    command_line: list[str],
) -> ContainerRecord:
    """The record of the infra container for a new pod, by the pod's options."""
    from libpod.engine import create
    from libpod.spec import validate

    kind = PROCESS if any(space in share for space in _NEEDS_PROCESS) else HOLLOW
    req = create.parse(session, options, "", [_INIT, "-P"])
    validate.request(req, create.host_facts(session, req))
    record = create.build_record(
        session, req, create.no_image(), command_line, name=name, pod_id=pod_id, infra=kind
    )
    if kind == PROCESS:
        init = tools.find("catatonit")
        record["mounts"].append(
            {"type": "bind", "source": init, "destination": _INIT, "options": ["ro", "rbind", "rprivate"]}
        )
    limits = {key: value for key, value in record["resources"].items() if not key.startswith("pids_limit")}
    if not record["resources"].get("pids_limit_is_default"):
        limits = {**record["resources"]}
    if kind == HOLLOW:
        record = {**record, "args": [], "command": [], "entrypoint": []}
    return {**record, "stop_timeout_s": 5, "resources": {}, "pod_resources": limits}  # type: ignore[typeddict-item]


def ensure(session: Session, pod: PodRecord) -> ContainerRecord | None:
    """Start the infra container unless it runs; its record, None if the pod has none."""
    if not pod["infra_id"]:
        return None
    record = rows.get(session.db, pod["infra_id"])
    if _serves(containers.status(session, record)):
        return record
    from libpod.engine import start_again  # lazy: the first member, or the first after a stop

    session.enter()  # before the lock: its own comes first
    with session.locks.take(RANK_POD, pod["id"]):
        if not _serves(containers.status(session, record)):
            starter = start_again.Starter(session)
            try:
                starter.start(record)
            finally:
                starter.close()
    return record


def revive(session: Session, pod: PodRecord) -> bool:
    """Start the infra container again after its monitor was killed, in the namespaces that members still
    have; whether there was something to do. Their network comes back, and the pod's ports."""
    session.enter()
    with session.locks.take(RANK_POD, pod["id"]):
        record = rows.get(session.db, pod["infra_id"])
        status = containers.status(session, record)
        donor = _donor(session, pod)
        if _serves(status) or record["infra"] != HOLLOW or not donor:
            return False
        from libpod.engine import launch
        from libpod.engine import start as starting

        forked = launch.fork(session, record["cgroups"], record["cgroup_parent"])
        launched = launch.place(forked, record["id"], record["stop_timeout_s"])
        try:
            with session.locks.take(RANK_CONTAINER, record["id"]):
                around = starting.surround(
                    session, launched, record["id"], record["network"], nested=False, adopt=donor
                )
                again: ContainerRecord = {
                    **record,
                    "adopt": donor,
                    "ports": _had_ports(session, record),
                }
                started = starting.start(session, again, launched, around, attach=None, size=None)
        except BaseException:
            launched.close()
            raise
        starting.leave(session, started)
        return True


def _had_ports(session: Session, record: ContainerRecord) -> list[PortRecord]:
    """What was published, with the numbers that were chosen."""
    ran = monitorctl.load(session.paths.run_dir(record["id"]) + "/status.json")
    found: list[PortRecord] = (ran or {}).get("ports") or record.get("ports", [])
    return found


def _donor(session: Session, pod: PodRecord) -> int:
    """The first process of a member that has all that is shared; 0 if none runs."""
    for cid in pod_rows.member_ids(session.db, pod["id"]):
        if cid == pod["infra_id"]:
            continue
        record = rows.get(session.db, cid)
        joined = {record["network"]["container"]}
        spaces = record["namespaces"]
        joined |= {value.partition(":")[2] for value in (spaces["ipc"], spaces["uts"])}
        status = containers.status(session, record)
        if containers.is_running(status) and status["pid"] and joined == {pod["infra_id"]}:
            return status["pid"]
    return 0


def of_member(session: Session, record: ContainerRecord) -> ContainerRecord | None:
    """The infra container that must run before this one can be started; started if need be."""
    pod_id = record.get("pod", "")
    if not pod_id or record.get("infra"):
        return None
    return ensure(session, pod_rows.get(session.db, pod_id))


def _serves(status: RunStatus) -> bool:
    return status["state"] == "running" and not status["unmonitored"]


class Part:
    """What a container that belongs to a pod gets of it at its start."""

    __slots__ = ("fds", "message", "place", "shm_path")

    def __init__(self, place: CgroupPlace) -> None:
        self.place = place
        self.message: dict[str, object] = {}
        """More for the monitor's `prepare`."""
        self.fds: list[int] = []
        """Owned; they go with the message."""
        self.shm_path = ""
        """What is to be bound on /dev/shm; empty = a tmpfs of its own."""

    def send(self, monitor: Launch, message: Mapping[str, object]) -> None:
        """Send the message with what belongs to it."""
        try:
            monitor.send({**message, **self.message}, self.fds)
        finally:
            while self.fds:
                os.close(self.fds.pop())


def part_of_pod(session: Session, record: ContainerRecord, place: CgroupPlace) -> Part:
    """Prepare it. The infra container of a member must run."""
    shm = session.paths.container_dir(record["id"]) + "/shm"
    if record.get("infra"):
        part = Part(cgroups.of_infra(place, record["id"]))
        part.message = {"shm": {"path": shm, "size": record["shm_size_bytes"], "of": record.get("adopt", 0)}}
        part.shm_path = shm
        return part
    pod = pod_rows.get(session.db, record["pod"])
    if not pod["infra_id"]:
        return Part(place)
    holder = rows.get(session.db, pod["infra_id"])
    status = containers.status(session, holder)
    part = Part(cgroups.of_member(place, record["id"], status["cgroup"]))
    if record["namespaces"]["ipc"] == f"container:{holder['id']}":
        part.fds = _shared_memory(session, holder)
        if part.fds:
            part.message = {"shm": {"path": shm}}
            part.shm_path = shm
    return part


def _shared_memory(session: Session, holder: ContainerRecord) -> list[int]:
    """An owned descriptor of the pod's /dev/shm, to be mounted for a member."""
    conn = monitorctl.connect(session.paths, holder["id"])
    try:
        answer.check(conn, holder["name"])
        conn.send({"t": "join"})
        answer.wait(conn, holder["name"])
        got = conn.recv()
    finally:
        conn.close()
    if got is None:
        raise errors.MonitorError(f'the monitor of infra container "{holder["name"]}" ended unexpectedly')
    message, fds = got
    if message["t"] == "error":
        raise monitorctl.error_from(message)
    return fds


def hollow_message(
    session: Session, record: ContainerRecord, network: Mapping[str, object]
) -> dict[str, object]:
    """The monitor's `start` for an infra container that runs nothing. Writes the files of /etc that members
    bind."""
    from libpod.engine import etcfiles
    from libpod.util import eventlog

    bundle = session.paths.container_dir(record["id"]) + "/bundle"
    os.makedirs(bundle, mode=0o700, exist_ok=True)
    etcfiles.write(session, record, bundle, -1, network)
    own_uts = record["namespaces"]["uts"] == "private"
    return {
        "t": "start",
        "hollow": {
            "hostname": record["hostname"] if own_uts else "",
            "sysctl": record["sysctl"],
            "adopt": record.get("adopt", 0),
        },
        "stop_signal": record["stop_signal"],
        "events": eventlog.note(session.paths.events, record),
    }


def more_for_start(session: Session, record: ContainerRecord) -> dict[str, object]:
    """What the monitor's `start` says besides: the limits of the whole pod, with its infra container; and
    for members what is to be done when they have ended."""
    if record.get("infra"):
        limits = record.get("pod_resources", {})
        files = []
        if limits:
            from libpod.engine import bundle
            from libpod.spec import cgroupfiles

            files = cgroupfiles.files({}, limits, bundle.block_numbers({**record, "resources": limits}))
        return {"infra": True, "pod_limits": [list(pair) for pair in files]}
    pod = pod_rows.get(session.db, record["pod"])
    found: dict[str, object] = {}
    if pod["exit_policy"] == "stop" and pod["infra_id"]:
        found["settle_argv"] = [*session.self_argv, "pod", "settle", pod["id"]]
    if pod["infra_id"] and rows.get(session.db, pod["infra_id"]).get("infra") == HOLLOW:
        argv = [*session.self_argv, "pod", "revive", pod["id"]]
        found["keeper"] = {"run_dir": session.paths.run_dir(pod["infra_id"]), "argv": argv}
    return found
