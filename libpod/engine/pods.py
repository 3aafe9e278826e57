"""Owns: pods: making and removing them, and what is done to all their containers at once.

A pod is a row, its members are containers that name it, and what they share is held by one of them, the
infra container (engine/infra.py). Its state is derived from theirs.
"""

from __future__ import annotations

import time

from libpod import errors
from libpod.engine import cleanup, containers, depend, infra, names, rm, start_again, stop
from libpod.model import pod as model
from libpod.state import containers as rows
from libpod.state import pods as pod_rows
from libpod.storage import rootfs
from libpod.util import eventlog, failpoint, fanout, undo
from libpod.util.lock import RANK_CONTAINER, RANK_POD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.pod import PodRecord
    from libpod.model.run import RunStatus

    Member = tuple[ContainerRecord, RunStatus]

DEFAULT_SHARE = ("ipc", "net", "uts")
EXIT_MISSING = 1
_TRIES = 5
_AT_ONCE = 16
_OF_POD = (
    "exit_policy",
    "infra",
    "infra_command",
    "infra_conmon_pidfile",
    "infra_image",
    "infra_name",
    "label",
    "label_file",
    "name",
    "pod_id_file",
    "replace",
    "share",
    "share_parent",
)
"""Options of `pod create` that are not those of the infra container."""
_INHERITED = ("device", "gpus", "security_opt", "volume", "volumes_from")
"""Options that members take over; the infra container, which opens no file, has no use for them."""


def find(session: Session, name: str) -> PodRecord:
    """The pod of that name, id or unambiguous id prefix. Raises NotFoundError, AmbiguousError."""
    return pod_rows.lookup(session.db, name)


def latest(session: Session) -> PodRecord:
    """The pod that was created last (`--latest`)."""
    found = pod_rows.latest(session.db)
    if found is None:
        raise errors.NotFoundError("no pods", remedy='make one with "pypod pod create"')
    return found


def members(session: Session, pod: PodRecord) -> list[Member]:
    """Its containers with their status, the infra container first, then by age."""
    found = []
    for cid in pod_rows.member_ids(session.db, pod["id"]):
        try:
            record = rows.get(session.db, cid)
        except errors.NotFoundError:
            continue  # removed meanwhile
        found.append((record, containers.status(session, record)))
    found.sort(key=lambda member: member[0]["id"] != pod["infra_id"])
    return found


def state(found: Sequence[Member]) -> str:
    """The state of a pod by those of its containers, in Podman's words. Pure."""
    counts: dict[str, int] = {}
    found = [member for member in found if not member[0].get("init_ctr")]  # they have done their work
    for _record, status in found:
        name = "running" if status["state"] in ("stopping", "restarting") else status["state"]
        counts[name] = counts.get(name, 0) + 1
    total = len(found)
    for name, word in (("running", "Running"), ("paused", "Paused"), ("exited", "Exited")):
        if total and counts.get(name) == total:
            return word
    if counts.get("running"):
        return "Degraded"
    if counts.get("paused"):
        return "Paused"
    if counts.get("exited"):
        return "Stopped"
    return "Created"


def create(session: Session, options: Mapping[str, object], command_line: list[str]) -> PodRecord:
    """`pod create`: the pod and its infra container exist, nothing runs. Nothing is left when that fails."""
    name = str(options.get("name") or "")
    if name:
        names.check(name)
    share = _share(options)
    pod: PodRecord = {
        "schema": model.SCHEMA,
        "id": _new_id(),
        "name": name or names.random_name(),
        "created_ns": time.time_ns(),
        "labels": _labels(session, options),
        "create_command": command_line,
        "share": share,
        "infra_id": "",
        "of_host": _of_host(options),
        "exit_policy": str(options.get("exit_policy") or "continue"),
        "inherited": {key: options[key] for key in _INHERITED if options.get(key)},
    }
    _check(options, pod)
    session.ensure_store()
    if options.get("infra") is False:
        pod["share"] = []
        _insert(session, pod, None)
        eventlog.pod(session.paths.events, pod, "create")
        return pod
    session.enter()
    for_infra = {key: value for key, value in options.items() if key not in (*_OF_POD, *_INHERITED)}
    for_infra["conmon_pidfile"] = options.get("infra_conmon_pidfile")
    for_infra["hostname"] = options.get("hostname") or (None if options.get("uts") == "host" else pod["name"])
    infra_name = str(options.get("infra_name") or f"{pod['id'][:12]}-infra")
    record = infra.build(session, for_infra, pod["id"], infra_name, share, command_line)
    pod["infra_id"] = record["id"]
    with session.locks.take(RANK_CONTAINER, record["id"]) as held, undo.Undo() as steps:
        steps.push(held.remove)
        steps.push(rootfs.remove_container_dirs, session.paths, record["id"])
        rootfs.create_container_dirs(session.paths, record["id"])
        failpoint.hit("pod-create:after-dirs")
        _insert(session, pod, record)
        steps.dismiss()
    failpoint.hit("pod-create:after-row")
    eventlog.pod(session.paths.events, pod, "create")
    return pod


def _insert(session: Session, pod: PodRecord, record: ContainerRecord | None) -> None:
    pod_rows.insert(session.db, pod, record)


def _new_id() -> str:
    from libpod.engine import create

    return create.new_id()


def _labels(session: Session, options: Mapping[str, object]) -> dict[str, str]:
    from libpod.engine import create
    from libpod.spec import values

    given = {
        "label": options.get("label"),
        "label_file_lines": create.read_lines(options.get("label_file"), "--label-file"),
    }
    return values.pairs(given, "label", "a label", "label_file_lines")


def _of_host(options: Mapping[str, object]) -> list[str]:
    found = ["net"] if options.get("network") == ["host"] else []
    return found + [space for space in ("pid", "uts") if options.get(space) == "host"]


def _share(options: Mapping[str, object]) -> list[str]:
    """`--share`: a list, or with `+` in front what is added to the usual one."""
    raw = options.get("share")
    if raw is None:
        return list(DEFAULT_SHARE)
    text = str(raw)
    wanted = set(DEFAULT_SHARE) if text.startswith("+") else set()
    for word in text.removeprefix("+").split(","):
        if word in ("", "none"):
            continue
        if word not in model.SHARES:
            raise errors.UsageError(
                f'invalid value "{word}" for --share: expected {", ".join(model.SHARES)} or none',
                remedy='write for example "--share net,ipc,uts"',
            )
        wanted.add(word)
    return sorted(wanted)


def _check(options: Mapping[str, object], pod: PodRecord) -> None:
    if pod["exit_policy"] not in ("continue", "stop"):
        raise errors.UsageError(
            f'invalid value "{pod["exit_policy"]}" for --exit-policy: expected continue or stop',
            remedy='use "--exit-policy=continue"',
        )
    if options.get("userns") not in (None, "", "host") or options.get("uidmap") or options.get("gidmap"):
        raise errors.NotSupportedError(
            "a pod with a user namespace of its own is not supported yet", remedy="leave --userns out"
        )
    if options.get("infra") is not False:
        return
    if pod["share"] and options.get("share") is not None:
        raise errors.UsageError(
            "--infra=false and --share cannot be combined: the infra container holds what is shared",
            remedy="leave one of them out",
        )
    for key in ("infra_name", "hostname", "network", "publish", "dns", "add_host", "sysctl", "shm_size"):
        if options.get(key):
            name = key.replace("_", "-")
            raise errors.UsageError(
                f"--infra=false and --{name} cannot be combined: there is nothing that it could be set for",
                remedy="leave one of them out",
            )


def start(session: Session, pod: PodRecord) -> None:
    """Start all its containers, in the order in which they were made, after those that they require; every
    one is tried. Before that its init containers run one by one, unless others run: StateError when one
    fails."""
    infra.ensure(session, pod)
    starter = start_again.Starter(session)
    try:
        found = [member for member in members(session, pod) if member[0]["id"] != pod["infra_id"]]
        first = [record for record, _status in found if record.get("init_ctr")]
        if first and not any(_is_up(status) for record, status in found if not record.get("init_ctr")):
            for record in first:
                _run_first(session, pod, starter, record)
        todo = [record["id"] for record, _status in found if not record.get("init_ctr")]
        containers.each(todo, lambda cid: starter.start(rows.get(session.db, cid)))
    finally:
        starter.close()
    eventlog.pod(session.paths.events, pod, "start")


def _run_first(
    session: Session, pod: PodRecord, starter: start_again.Starter, record: ContainerRecord
) -> None:
    starter.start(record)
    code = stop.wait(session, record)
    if code:
        raise errors.StateError(
            f'pod "{pod["name"]}" is not started: its init container "{record["name"]}" ended with {code}',
            remedy=f'see why with "pypod logs {record["name"]}", then "pypod pod start {pod["name"]}"',
            name=pod["name"],
        )
    if record["init_ctr"] == "once":
        rm.rm(session, record, force=False, volumes=True)


def end(session: Session, pod: PodRecord, timeout_s: int | None = None) -> None:
    """Stop all its containers at once, the infra container last."""
    found = members(session, pod)
    at_work = [record for record, status in found if _is_up(status) and record["id"] != pod["infra_id"]]
    _all_at_once(at_work, lambda record: stop.stop(session, record, timeout_s))
    stop_infra(session, pod, found)
    if any(_is_up(status) for _record, status in found):
        eventlog.pod(session.paths.events, pod, "stop")


def stop_infra(session: Session, pod: PodRecord, found: Sequence[Member]) -> None:
    """Stop the infra container, whatever members are doing."""
    for record, status in found:
        if record["id"] == pod["infra_id"] and _is_up(status):
            stop.stop(session, record, 2)


def settle(session: Session, pod: PodRecord) -> None:
    """What the monitor of a member that has ended asks for, with the exit policy `stop`: end what is shared
    when no other member runs."""
    found = members(session, pod)
    if pod["exit_policy"] == "stop" and not any(
        _is_up(status) for record, status in found if record["id"] != pod["infra_id"]
    ):
        stop_infra(session, pod, found)


def restart(session: Session, pod: PodRecord) -> None:
    """Stop all its containers, and start them again."""
    end(session, pod)
    start(session, pod)


def kill(session: Session, pod: PodRecord, number: int) -> None:
    """Send a signal to the first process of every member that runs; SIGKILL also ends what is shared."""
    found = members(session, pod)
    todo = {r["id"]: r for r, status in found if containers.is_running(status) and r["id"] != pod["infra_id"]}
    containers.each(todo, lambda cid: stop.kill(session, todo[cid], number))
    if number == stop.SIGKILL:
        stop_infra(session, pod, found)
    eventlog.pod(session.paths.events, pod, "kill")


def freeze(session: Session, pod: PodRecord, on: bool) -> None:
    """Pause every member that runs, or let those that are paused go on."""
    from libpod.engine import pause

    wanted = "running" if on else "paused"
    act = pause.pause if on else pause.unpause
    todo = {
        record["id"]: record
        for record, status in members(session, pod)
        if status["state"] == wanted and record["id"] != pod["infra_id"]
    }
    containers.each(todo, lambda cid: act(session, todo[cid]))
    eventlog.pod(session.paths.events, pod, "pause" if on else "unpause")


def remove(session: Session, pod: PodRecord, *, force: bool, timeout_s: int | None = None) -> None:
    """Remove a pod with all its containers. Without `force` StateError if a member runs."""
    for _again in range(_TRIES):
        found = members(session, pod)
        for record, status in found:
            if not force and _is_up(status) and record["id"] != pod["infra_id"]:
                raise errors.StateError(
                    f'pod "{pod["name"]}" cannot be removed: its container "{record["name"]}" is '
                    + status["state"],
                    remedy=f'stop it with "pypod pod stop {pod["name"]}", or add --force',
                    name=pod["name"],
                )
        end(session, pod, timeout_s)
        session.enter()
        with session.locks.take(RANK_POD, pod["id"]) as held:
            for record in _dependents_first(session, pod, found):
                if record["id"] != pod["infra_id"]:
                    rm.rm(session, record, force=force, timeout_s=0, volumes=True)
            failpoint.hit("pod-rm:after-members")
            try:
                _forget(session, pod)
            except errors.InUseError:
                continue  # somebody has made another member meanwhile
            held.remove()
            return
    raise errors.StateError(
        f'pod "{pod["name"]}" gets new containers all the time', remedy="repeat the command", name=pod["name"]
    )


def _dependents_first(session: Session, pod: PodRecord, found: Sequence[Member]) -> list[ContainerRecord]:
    order: dict[str, ContainerRecord] = {}
    for record, _status in found:
        if record["id"] != pod["infra_id"]:
            for one in depend.with_dependents(session, record):
                if one.get("pod") == pod["id"]:
                    order.setdefault(one["id"], one)
    return list(order.values())


def remove_infra(session: Session, record: ContainerRecord, *, force: bool, with_pod: bool) -> None:
    """Remove an infra container by removing its pod, if that has no other container. Raises StateError."""
    pod = pod_rows.get(session.db, record["pod"])
    others = [cid for cid in pod_rows.member_ids(session.db, pod["id"]) if cid != record["id"]]
    if others or not with_pod:
        raise errors.StateError(
            f'container "{record["name"]}" is the infra container of pod "{pod["name"]}" '
            "and cannot be removed without the pod",
            remedy=f'remove the pod with "pypod pod rm {pod["name"]}"',
            name=record["name"],
            exit_code=rm.EXIT_RUNNING if others else 125,
        )
    if not force and _is_up(containers.status(session, record)):
        raise errors.StateError(
            f'pod "{pod["name"]}" is running',
            remedy="add --force",
            name=pod["name"],
            exit_code=rm.EXIT_RUNNING,
        )
    remove(session, pod, force=force)


def _forget(session: Session, pod: PodRecord) -> None:
    """Remove the infra container and the row; InUseError, and nothing done, while there are members."""
    others = [cid for cid in pod_rows.member_ids(session.db, pod["id"]) if cid != pod["infra_id"]]
    if not others and pod["infra_id"]:
        try:
            record = rows.get(session.db, pod["infra_id"])
        except errors.NotFoundError:
            pass
        else:
            with session.locks.take(RANK_CONTAINER, record["id"]) as held:
                cleanup.remove_locked(session, record, anonymous_volumes=True)
                held.remove()
    failpoint.hit("pod-rm:after-infra")
    pod_rows.delete(session.db, pod["id"])
    eventlog.pod(session.paths.events, pod, "remove")


def prune(session: Session, say: Callable[[str], None]) -> None:
    """Remove the pods in which nothing runs and something has run."""
    for pod in pod_rows.all_pods(session.db):
        if state(members(session, pod)) in ("Stopped", "Exited"):
            try:
                remove(session, pod, force=False)
            except errors.StateError:
                continue  # it was started again
            say(pod["id"])


def _is_up(status: RunStatus) -> bool:
    return containers.is_running(status) or status["state"] == "initialized"


def _all_at_once(records: Sequence[ContainerRecord], act: Callable[[ContainerRecord], None]) -> None:
    """Do it for all at once, each in a child; then raise what failed."""

    def job(record: ContainerRecord) -> Callable[[], object]:
        def run() -> object:
            try:
                act(record)
            except errors.PypodError as e:
                from libpod.util import spawn

                return spawn.pack_error(e)
            return None

        return run

    from libpod import monitorctl

    results = fanout.run([job(record) for record in records], _AT_ONCE)
    failed = [monitorctl.error_from(result) for result in results if result]
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)
