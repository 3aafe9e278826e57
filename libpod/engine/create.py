"""Owns: making a container: image, record, volumes, reservation of the name.

Order: image (no lock) -> request and record (pure) -> lock -> row and directories. Nothing is left when a
step fails."""

from __future__ import annotations

import os
import time

from libpod import errors, volumes
from libpod.engine import names
from libpod.spec import merge, process, request, validate
from libpod.state import containers, images
from libpod.storage import driver, rootfs
from libpod.util import eventlog, failpoint, undo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, MountRecord
    from libpod.model.image import ImageRecord
    from libpod.model.pod import PodRecord
    from libpod.model.request import HostFacts, MergeIds, Request

_NAME_TRIES = 20
_PLATFORM = ("platform", "arch", "os", "variant")


def parse(session: Session, options: Mapping[str, object], image: str, command: list[str]) -> Request:
    """The typed request of `run` and `create`: reads the files that options name, resolves nothing else."""
    given = dict(options)
    given["env_file_lines"] = read_lines(given.pop("env_file", None), "--env-file")
    given["label_file_lines"] = read_lines(given.pop("label_file", None), "--label-file")
    req = request.parse_options(given, image=image, command=command, cwd=os.getcwd(), environ=session.environ)
    if session.notify is not None:
        for note in req["notes"]:
            session.notify(note)
    return req


def read_lines(files: object, option: str) -> list[str]:
    lines: list[str] = []
    for path in files if isinstance(files, list) else []:
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as f:
                lines += [line.removesuffix("\r") for line in f.read().split("\n")]
        except OSError as e:
            raise errors.UsageError(f'{option} "{path}": {e.strerror}') from e
    return lines


def host_facts(session: Session, req: Request) -> HostFacts:
    """The facts about this host, for the cgroup that the request wants."""
    settings = session.settings
    return session.host_facts(
        req["cgroups"] or settings.cgroups, req["cgroup_parent"] or settings.cgroup_parent
    )


def find_image(session: Session, name: str, options: Mapping[str, object]) -> ImageRecord:
    """The image of that name, pulled if it is not here or the policy (`pull` of the options) says so."""
    policy = str(options.get("pull") or session.settings.pull_policy)
    if policy in ("missing", "never") and not any(options.get(key) for key in _PLATFORM):
        record = images.lookup(session.db, name)
        if record is not None:
            return record
    from libpod.engine import pull  # lazy: only when something may have to be pulled

    return pull.image(session, name, options, policy)


def image_of(session: Session, req: Request, options: Mapping[str, object]) -> ImageRecord:
    """The image that the request names; one that says nothing, with `--rootfs`."""
    return no_image() if req["rootfs"] else find_image(session, req["image"], options)


def no_image() -> ImageRecord:
    """What stands for the image of a container that has none."""
    return {
        "schema": 1,
        "id": "",
        "manifest_digest": "",
        "layers": [],
        "diff_ids": [],
        "size_bytes": 0,
        "created_ns": 0,
        "architecture": "",
        "os": "",
        "author": "",
        "comment": "",
        "history": [],
        "config": {
            "user": "",
            "env": [],
            "entrypoint": [],
            "cmd": [],
            "workdir": "",
            "labels": {},
            "volumes": [],
            "exposed_ports": [],
            "stop_signal": "",
            "healthcheck": {},
        },
        "names": [],
        "digest_names": [],
    }


def new_id() -> str:
    """An id for a container."""
    return os.urandom(32).hex()


def build_record(
    session: Session,
    req: Request,
    image: ImageRecord,
    command_line: list[str],
    *,
    cid: str = "",
    name: str = "",
    by_run: bool = False,
    pod: PodRecord | None = None,
    pod_id: str = "",
    infra: str = "",
) -> ContainerRecord:
    """The record of a new container: what was asked for, what the image says, the defaults.

    `pod` is the one that it becomes a member of; `pod_id` and `infra` are for its infra container.
    """
    joins, mounts_of = _others(session, req)
    settings = session.settings
    if pod is not None:
        from libpod.engine import podjoin  # lazy: for members only

        pod_id, settings = pod["id"], podjoin.settings_for(pod, settings)
    name = name or req["name"]
    ids: MergeIds = {
        "cid": cid or new_id(),
        "name": names.check(name) if name else "",
        "pod": pod_id,
        "infra": infra,
        "now_ns": time.time_ns(),
        "image_id": image["id"],
        "image_name": image["names"][0] if image["names"] else "",
        "layers": image["layers"],
        "create_command": command_line,
        "host": host_facts(session, req),
        "joins": joins,
        "volumes_from": mounts_of,
    }
    mounted = [m["source"] for m in req["mounts"] if m["type"] == "image"]
    if mounted:
        policy = {"pull": "never"} if req["pull"] == "never" else {}
        ids["images"] = {name: find_image(session, name, policy)["layers"] for name in mounted}
    userns = merge.userns_of(req, session.settings)
    if userns["mode"] in ("container", "ns") or userns["subuidname"] or userns["subgidname"]:
        from libpod.engine import userns as namespaces  # lazy: seldom used

        namespaces.gather(session, userns, ids)
    record = merge.merge(req, image["config"], settings, ids)
    if record["namespaces"]["uts"].startswith("container:"):
        other = containers.get(session.db, record["namespaces"]["uts"].partition(":")[2])
        record = {**record, "hostname": other["hostname"]}
    if req["ports"] and not record.get("ports") and session.notify is not None:
        from libpod.spec import ports  # lazy: only for what it says

        session.notify(ports.DISCARDED)  # the settings say that the network is the host's
    process.check_text(record["args"], record["env"])
    if record["log"]["driver"] == "journald":
        from libpod.engine import logtag  # lazy: seldom
        from libpod.util import journald

        logtag.expanded(record)
        journald.require()
    if req["secrets"]:
        from libpod.engine import secretuse  # lazy: seldom

        record = {**record, "secrets": secretuse.resolved(session, req["secrets"])}
    if req["requires"]:
        needed = [containers.lookup(session.db, name)["id"] for name in req["requires"]]
        record = {**record, "requires": list(dict.fromkeys(needed))}
    if not record["rootfs"] or record.get("rootfs_overlay"):
        record = _with_driver(session, record)
    return {**record, "made_by_run": True} if by_run else record


def _with_driver(session: Session, record: ContainerRecord) -> ContainerRecord:
    """What the container is mounted with, now and whenever it is started."""
    name, program = driver.choose(session.paths, session.settings)
    if (record["userns"]["uidmap"] or record["userns"].get("auto")) and not session.enter().idmap.single:
        from libpod.storage import mapped  # lazy: seldom used

        record, why = mapped.choose(record, name, program)
        if why and session.notify is not None:
            session.notify(f"Warning: the image's files are copied, for their owners in the container: {why}")
        return record
    if name == "overlay":
        return record
    driver.usable(name, program)
    return {**record, "driver": name, "mount_program": program}


def joined_by(session: Session, req: Request) -> set[str]:
    """What the request calls the containers whose namespaces are joined."""
    wanted = [req["pid"], req["ipc"], req["uts"], req["cgroupns"]]
    userns = merge.userns_of(req, session.settings)
    if userns["mode"] == "container":
        wanted.append("container:" + userns["join"])
    if req["network"] is not None and req["network"]["mode"] == "container":
        wanted.append("container:" + req["network"]["container"])
    return {value.partition(":")[2] for value in wanted if value.startswith("container:")}


def _others(session: Session, req: Request) -> tuple[dict[str, str], dict[str, list[MountRecord]]]:
    """The containers that the request names: for `container:X` their full ids, for `--volumes-from` their
    mounts."""
    joins = {name: containers.lookup(session.db, name)["id"] for name in joined_by(session, req)}
    volumes = {name: containers.lookup(session.db, name)["mounts"] for name, _options in req["volumes_from"]}
    return joins, volumes


def make_dirs(session: Session, cid: str, steps: undo.Undo) -> None:
    """Make the container's directories. Its lock must be held: without a row they are rubbish to others."""
    steps.push(rootfs.remove_container_dirs, session.paths, cid)
    rootfs.create_container_dirs(session.paths, cid)
    failpoint.hit("create:after-dirs")


def insert(
    session: Session, record: ContainerRecord, steps: undo.Undo, *, replace_name: bool
) -> ContainerRecord:
    """Write the row: from here on others see the container, and its image cannot go. Its lock must be held.

    `replace_name`: the name was made up, so another one is tried when it is taken."""
    durable = not record["remove"]
    for attempt in range(_NAME_TRIES):
        if replace_name:
            suffix = "" if attempt < _NAME_TRIES // 2 else f"_{record['id'][:6]}"
            record = {**record, "name": names.random_name() + suffix}
        try:
            record = _insert(session, record, durable=durable)
            break
        except errors.ConflictError:
            if not replace_name or attempt == _NAME_TRIES - 1:
                raise
    cid = record["id"]
    steps.push(volumes.remove_anonymous, session.paths, session.db, record)
    steps.push(lambda: containers.delete(session.db, cid, durable=durable))
    steps.push(rootfs.remove_container_dirs, session.paths, cid)  # before the row: see cleanup.sweep
    failpoint.hit("create:after-row")
    return record


def _insert(session: Session, record: ContainerRecord, *, durable: bool) -> ContainerRecord:
    if "size" not in record["userns"]:
        containers.insert(session.db, record, durable=durable)
        return record
    from libpod.engine import userns  # lazy: seldom used
    from libpod.util.lock import RANK_IDS

    with session.locks.take(RANK_IDS, "auto"):
        record = userns.take_ids(session, record)
        containers.insert(session.db, record, durable=durable)
    return record


def create(
    session: Session,
    options: Mapping[str, object],
    image: str,
    command: list[str],
    command_line: list[str],
    *,
    on_made: Callable[[ContainerRecord], None],
) -> ContainerRecord:
    """`pypod create`: the container exists and does not run. Returns its record.

    `on_made` is called at the end: an error of it undoes all.
    """
    from libpod.util.lock import RANK_CONTAINER

    pod = None
    if options.get("pod") or options.get("pod_id_file"):
        from libpod.engine import podjoin  # lazy: for members only

        pod, options = podjoin.resolve(session, options)
    req = parse(session, options, image, command)
    if req["init_ctr"]:
        _check_init_container(session, pod)
    validate.request(req, host_facts(session, req))
    session.enter()
    found = image_of(session, req, options)
    record = build_record(session, req, found, command_line, pod=pod)
    with session.locks.take(RANK_CONTAINER, record["id"]) as held, undo.Undo() as steps:
        steps.push(held.remove)
        make_dirs(session, record["id"], steps)
        record = insert(session, record, steps, replace_name=not record["name"])
        volumes.ensure(session.paths, session.db, record)
        on_made(record)
        eventlog.container(session.paths.events, record, "create")
        steps.dismiss()
    return record


def _check_init_container(session: Session, pod: PodRecord | None) -> None:
    if pod is None:
        raise errors.UsageError("--init-ctr is for containers of a pod", remedy="add --pod NAME")
    from libpod.engine import pods

    for record, status in pods.members(session, pod):
        if status["state"] in ("running", "paused") and record["id"] != pod["infra_id"]:
            raise errors.StateError(
                f'an init container cannot come into pod "{pod["name"]}": its container '
                f'"{record["name"]}" is {status["state"]}',
                remedy=f'stop the pod with "pypod pod stop {pod["name"]}" first',
                name=pod["name"],
            )
