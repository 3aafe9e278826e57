"""Owns: from a container's record to a running process, by way of its monitor.

The monitor mounts the root file system and makes the namespaces, then gives us a descriptor of the mounted
root; through it we look up users, make the working directory and fill new volumes, and write the bundle;
then the monitor creates and starts. The order and what each failure leaves:
docs/internals/monitor-protocol.md."""

from __future__ import annotations

import os

from libpod import errors, monitorctl, volumes
from libpod.conf import seccomp, tools
from libpod.engine import containers, host, rootview
from libpod.network import etc, slirp4netns
from libpod.rootless import cgroups
from libpod.spec import assemble
from libpod.storage import driver
from libpod.util import atomic, failpoint, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.engine.session import Session
    from libpod.kernel import cgtree
    from libpod.model.container import ContainerRecord
    from libpod.model.request import AssembleContext
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


def launch(session: Session) -> Launch:
    """Fork the monitor of the container that is about to start. Must come before the database is opened."""
    session.enter()
    return monitorctl.launch(session.paths, session.hold_in_child)


def start(
    session: Session,
    record: ContainerRecord,
    launched: Launch,
    *,
    attach: Mapping[str, bool] | None,
    size: tuple[int, int] | None,
    only_create: bool = False,
) -> Started:
    """Start the container of `record` under the forked monitor. Its lock must be held; the monitor takes no
    lock.

    `attach` says which streams this process will carry (None = detached). Raises what the monitor reports;
    then nothing runs."""
    cid = record["id"]
    run_id = os.urandom(8).hex()
    run_dir = session.paths.run_dir(cid)
    place = cgroups.for_container(session.cgroups, cid, launched.pid)
    network = _network(session, record)
    launched.send(
        {
            "t": "prepare",
            "cid": cid,
            "run_id": run_id,
            "name": record["name"],
            "run_dir": run_dir,
            "mount": driver.mount_plan(session.paths, record),
            "cgroup": place,
            "network": network["message"],
        }
    )
    prepared, fds = launched.expect("prepared")
    root_fd = fds[0]
    try:
        failpoint.hit("start:after-prepared")
        bundle, save_bpf = _write_bundle(session, record, prepared, root_fd, network, place)
    finally:
        os.close(root_fd)
    failpoint.hit("start:after-bundle")
    message = _start_message(session, record, bundle, attach=attach, size=size, only_create=only_create)
    launched.send({**message, "seccomp_cache": {"path": save_bpf} if save_bpf else None})
    reply, _fds = launched.expect("created" if only_create else "started")
    failpoint.hit("start:after-started")
    if record["pidfile"]:
        atomic.write(record["pidfile"], f"{reply['pid']}\n", mode=0o644, durable=False)
    return Started(record, launched, int(reply["pid"]), run_id)


def _network(session: Session, record: ContainerRecord) -> dict[str, object]:
    """What the monitor is told about the network, and the addresses that go into the container's files."""
    wanted = record["network"]
    mode = wanted["mode"]
    if mode == "container":
        other = monitorctl.status(session.paths, wanted["container"])
        if not other["netns"]:
            raise errors.StateError(
                f"cannot join the network of container {wanted['container'][:12]}: it is not running",
                remedy=f'start it with "pypod start {wanted["container"][:12]}"',
            )
        return {"message": {"mode": "path", "path": other["netns"]}, "address": "", "dns": "", "gateway": ""}
    if mode != "slirp4netns":
        return {"message": {"mode": mode}, "address": "", "dns": "", "gateway": ""}
    plan = slirp4netns.plan(wanted["options"], tools.find("slirp4netns"))
    return {
        "message": {"mode": "private", "slirp4netns": plan["argv"]},
        "address": plan["address"],
        "dns": plan["dns"],
        "gateway": plan["gateway"],
    }


def _write_bundle(
    session: Session,
    record: ContainerRecord,
    prepared: Mapping[str, object],
    root_fd: int,
    network: Mapping[str, object],
    place: cgtree.CgroupPlace,
) -> tuple[str, str]:
    """Write the bundle; returns its path, and where the runtime's compiled seccomp filter is to be saved
    ("" = nowhere)."""
    cid = record["id"]
    bundle = session.paths.container_dir(cid) + "/bundle"
    os.makedirs(bundle, mode=0o700, exist_ok=True)
    user = rootview.user(root_fd, record)
    rootview.make_workdir(root_fd, record, user)
    sources = volumes.prepare(session.paths, session.db, record, root_fd, user)
    files = _etc_files(session, record, bundle, network)
    filters = seccomp.plan(record["security"], session.paths.cache, runtime_path(session, record))
    entry = session.enter()
    ctx: AssembleContext = {
        "rootfs": str(prepared["merged"]),
        "user": user,
        "netns": str(prepared["netns"] or ""),
        "cgroups_path": "" if record["cgroups"] == "disabled" else place["runtime_path"],
        "files": files,
        "volumes": sources,
        "seccomp": filters["section"],
        "seccomp_bpf": filters["bpf"],
        "controllers": place["controllers"],
        "ns_paths": _joined(session, record),
        "rootless": entry.rootless,
        "gid_count": sum(row[2] for row in entry.idmap.gids),
        "rlimits": host.rlimits(),
        "init_path": (record["init_path"] or tools.find("catatonit")) if record["init"] else "",
    }
    config = assemble.assemble(record, ctx)
    atomic.write(bundle + "/config.json", jsonio.dumps(config, compact=True), durable=False)
    atomic.write(bundle + "/process.json", jsonio.dumps(config["process"], compact=True), durable=False)
    return bundle, filters["save"]


def runtime_path(session: Session, record: ContainerRecord) -> str:
    """The binary of the record's OCI runtime. Raises ToolMissingError."""
    settings = session.settings
    for candidate in settings.runtimes.get(record["runtime"], ()):
        found = tools.try_find(candidate)
        if found is not None:
            return found
    return tools.find(record["runtime"])


def _etc_files(
    session: Session, record: ContainerRecord, bundle: str, network: Mapping[str, object]
) -> dict[str, str]:
    """Write the files that are bound over the image's own; container path -> path on the host."""
    mode = record["network"]["mode"]
    shared = mode == "host"
    out: dict[str, str] = {}

    def put(target: str, text: str) -> None:
        path = f"{bundle}/{target.rpartition('/')[2]}"
        atomic.write(path, text, mode=0o644, durable=False)
        out[target] = path

    if mode == "container":
        other = session.paths.container_dir(record["network"]["container"]) + "/bundle"
        for name in ("hosts", "resolv.conf"):
            if os.path.exists(f"{other}/{name}"):
                out[f"/etc/{name}"] = f"{other}/{name}"
    else:
        if not record["no_hosts"]:
            put(
                "/etc/hosts",
                etc.hosts(
                    base=_read("/etc/hosts"),
                    extra=record["add_host"],
                    own_address=str(network["address"]) or ("127.0.1.1" if not shared else ""),
                    names=[record["hostname"], record["name"]],
                    host_address=str(network["gateway"]) or ("127.0.0.1" if shared else ""),
                ),
            )
        if mode != "none" or record["dns"]:
            put(
                "/etc/resolv.conf",
                etc.resolv(
                    base=_read("/etc/resolv.conf"),
                    servers=record["dns"],
                    search=record["dns_search"],
                    options=record["dns_option"],
                    forwarder=str(network["dns"]),
                    shared=shared,
                ),
            )
    if not record["no_hostname"]:
        put("/etc/hostname", record["hostname"] + "\n")
    put(
        "/run/.containerenv",
        f'engine="pypod"\nname="{record["name"]}"\nid="{record["id"]}"\nimage="{record["image"]}"\nrootless=1\n',
    )
    return out


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as f:
            return f.read(1 << 20)
    except FileNotFoundError:
        return b""


def _joined(session: Session, record: ContainerRecord) -> dict[str, str]:
    """Namespaces of other containers that are joined: kind -> /proc path, checked to be alive now."""
    out: dict[str, str] = {}
    spaces = record["namespaces"]
    for kind, value in (
        ("pid", spaces["pid"]),
        ("ipc", spaces["ipc"]),
        ("uts", spaces["uts"]),
        ("cgroup", spaces["cgroup"]),
    ):
        if not value.startswith("container:"):
            continue
        other = value.partition(":")[2]
        status = monitorctl.status(session.paths, other)
        if not status["pid"]:
            raise errors.StateError(
                f"cannot join the {kind} namespace of container {other[:12]}: it is not running",
                remedy=f'start it with "pypod start {other[:12]}"',
            )
        out[kind] = f"/proc/{status['pid']}/ns/{kind}"
    return out


def _start_message(
    session: Session,
    record: ContainerRecord,
    bundle: str,
    *,
    attach: Mapping[str, bool] | None,
    size: tuple[int, int] | None,
    only_create: bool,
) -> dict[str, object]:
    return {
        "t": "start",
        "bundle": bundle,
        "runtime": [runtime_path(session, record), *(f"--{flag}" for flag in session.settings.runtime_flags)],
        "terminal": record["tty"],
        "stdin": record["stdin_open"],
        "stdin_once": record["stdin_once"],
        "log": {**record["log"], "path": containers.log_path(session, record)},
        "size": list(size) if size else None,
        "attach": dict(attach) if attach is not None else None,
        "rm": record["remove"],
        "cleanup_argv": [*session.self_argv, "container", "cleanup", record["id"]],
        "stop_signal": record["stop_signal"],
        "timeout": record["timeout_s"],
        "only_create": only_create,
    }
