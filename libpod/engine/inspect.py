"""Owns: the JSON that `inspect` prints for a container, with the field names of Podman and Docker."""

from __future__ import annotations

import os
import time

from libpod import errors, volumes
from libpod.engine import containers, depend
from libpod.storage import driver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, ResourceRecord
    from libpod.model.run import RunStatus

    JsonDict = dict[str, object]

ZERO_TIME = "0001-01-01T00:00:00Z"
OCI_VERSION = "1.0.2"


def rfc3339(ns: int) -> str:
    """UTC time with nanoseconds; 0 = Go's zero time, which clients know as "never"."""
    if not ns:
        return ZERO_TIME
    seconds, rest = divmod(ns, 1_000_000_000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{text}.{rest:09d}".rstrip("0").rstrip(".") + "Z"


def container(session: Session, record: ContainerRecord) -> JsonDict:
    status = containers.status(session, record)
    directory = session.paths.container_dir(record["id"])
    bundle = directory + "/bundle"
    args = record["args"]
    security = record["security"]
    return {
        "Id": record["id"],
        "Created": rfc3339(record["created_ns"]),
        "Path": args[0] if args else "",
        "Args": args[1:],
        "State": _state(status),
        "Image": record["image_id"],
        "ImageDigest": _digest(session, record),
        "ImageName": record["image_name"] or record["image"],
        "Rootfs": record["rootfs"],
        "Pod": record.get("pod", ""),
        "ResolvConfPath": _if_exists(bundle + "/resolv.conf"),
        "HostnamePath": _if_exists(bundle + "/hostname"),
        "HostsPath": _if_exists(bundle + "/hosts"),
        "StaticDir": directory,
        "OCIConfigPath": _if_exists(bundle + "/config.json"),
        "OCIRuntime": record["runtime"],
        "PidFile": record["pidfile"],
        "ConmonPidFile": record.get("conmon_pidfile", ""),
        "Name": record["name"],
        "RestartCount": status["restarts"],
        "Driver": driver.of(record),
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": security["apparmor"],
        "EffectiveCaps": _effective(record),
        "BoundingCaps": security["capabilities"],
        "ExecIDs": [],
        "GraphDriver": {"Name": driver.of(record), "Data": _graph_data(session, record)},
        "Mounts": [_mount(session, m) for m in record["mounts"] if m["type"] in ("bind", "volume", "image")],
        "Dependencies": depend.needs(record),
        "NetworkSettings": _network(record, status),
        "Namespace": "",
        "IsInfra": bool(record.get("infra")),
        "IsService": False,
        "Config": _config(record),
        "HostConfig": _host_config(session, record),
    }


def _restart_policy(policy: str) -> JsonDict:
    name, _, retries = policy.partition(":")
    return {"Name": name, "MaximumRetryCount": int(retries or 0)}


def _digest(session: Session, record: ContainerRecord) -> str:
    """The digest of the image's manifest; empty when the image is gone."""
    from libpod.state import images

    try:
        return images.get(session.db, record["image_id"])["manifest_digest"]
    except errors.NotFoundError:
        return ""


def _effective(record: ContainerRecord) -> list[str]:
    """The capabilities of the first process: root has all, another user what was added by name."""
    security = record["security"]
    if record["user"].partition(":")[0] in ("", "0", "root") or "ALL" in security["cap_add"]:
        return security["capabilities"]
    return [c for c in security["capabilities"] if c in security["cap_add"]]


def _if_exists(path: str) -> str:
    return path if os.path.exists(path) else ""


def _state(status: RunStatus) -> JsonDict:
    running = containers.is_running(status)
    code = status["exit_code"]
    return {
        "OciVersion": OCI_VERSION,
        "Status": status["state"],
        "Running": running and status["state"] != "paused",
        "Paused": status["state"] == "paused",
        "Restarting": status["state"] == "restarting",
        "OOMKilled": status["oom"],
        "Dead": False,
        "Pid": status["pid"],
        "MonitorPid": status["monitor_pid"],
        "Unmonitored": status["unmonitored"],
        "ExitCode": code if code is not None else (0 if running or status["state"] != "exited" else -1),
        "ExitCodeKnown": status["exit_known"],
        "Error": status["error"],
        "StartedAt": rfc3339(status["started_ns"]),
        "FinishedAt": rfc3339(status["finished_ns"]),
        "Health": {"Status": "", "FailingStreak": 0, "Log": None},
        "CgroupPath": status["cgroup"],
        "CheckpointedAt": ZERO_TIME,
        "RestoredAt": ZERO_TIME,
    }


def _id_mappings(record: ContainerRecord) -> JsonDict:
    """Only of a user namespace of its own, as Podman."""
    space = record["userns"]
    if not space["uidmap"]:
        return {}
    uids, gids = ([":".join(map(str, row)) for row in space[key]] for key in ("uidmap", "gidmap"))
    return {"IDMappings": {"UidMap": uids, "GidMap": gids}}


def _graph_data(session: Session, record: ContainerRecord) -> JsonDict:
    directory = session.paths.container_dir(record["id"])
    if driver.of(record) == "vfs":
        return {"dir": directory + "/upper"}
    return {
        "LowerDir": ":".join(f"{session.paths.layers}/{k}/diff" for k in reversed(record["layers"])),
        "UpperDir": directory + "/upper",
        "WorkDir": directory + "/work",
    }


def _mount(session: Session, mount: object) -> JsonDict:
    m: dict[str, object] = mount  # type: ignore[assignment]
    options = [str(o) for o in m["options"]]  # type: ignore[attr-defined]
    propagation = next(
        (o for o in options if o.lstrip("r") in ("private", "shared", "slave", "unbindable")), ""
    )
    shown = [o for o in options if o not in ("ro", "rw", propagation)]
    out: JsonDict = {"Type": m["type"]}
    if m["type"] == "volume":
        out["Name"] = m["source"]
        out["Source"] = volumes.data_dir(session.paths, str(m["source"]))
    else:
        out["Source"] = m["source"]
    return {
        **out,
        "Destination": m["destination"],
        "Driver": "local" if m["type"] == "volume" else "",
        "Mode": "",
        "Options": shown,
        "RW": "ro" not in options,
        "Propagation": propagation or "rprivate",
    }


def _ports(record: ContainerRecord, status: RunStatus) -> JsonDict:
    if not (record.get("ports") or status["ports"] or record["expose"]):
        return {}
    from libpod.engine import ports  # lazy: most containers have none

    return ports.of_inspect(record, status)


def _bindings(record: ContainerRecord) -> JsonDict:
    if not record.get("ports"):
        return {}
    from libpod.spec import ports

    return dict(sorted(ports.bindings(record["ports"]).items()))


def _network(record: ContainerRecord, status: RunStatus) -> JsonDict:
    return {
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": "",
        "Bridge": "",
        "SandboxID": "",
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "Networks": {},
        "Ports": _ports(record, status),
        "SandboxKey": status["netns"],
    }


def _config(record: ContainerRecord) -> JsonDict:
    return {
        "Hostname": record["hostname"],
        "Domainname": "",
        "User": record["user"],
        "AttachStdin": False,
        "AttachStdout": False,
        "AttachStderr": False,
        "Tty": record["tty"],
        "OpenStdin": record["stdin_open"],
        "StdinOnce": record["stdin_once"],
        "Env": record["env"],
        "Cmd": record["command"],
        "Image": record["image_name"] or record["image"],
        "Volumes": None,
        "WorkingDir": record["workdir"] or "/",
        "Entrypoint": record["entrypoint"] or None,
        "OnBuild": None,
        "Labels": record["labels"],
        "Secrets": [
            {"Name": use["name"], "ID": use["id"], "UID": use["uid"], "GID": use["gid"], "Mode": use["mode"]}
            for use in record.get("secrets", ())
        ],
        "Annotations": record["annotations"],
        "StopSignal": record["stop_signal"],
        "HealthcheckOnFailureAction": "none",
        "CreateCommand": record["create_command"],
        "Umask": f"{record['umask']:04o}",
        "Timeout": record["timeout_s"],
        "StopTimeout": record["stop_timeout_s"],
        "Passwd": record.get("passwd", True),
        "sdNotifyMode": "container",
    }


def _binds(record: ContainerRecord) -> list[str]:
    return [
        f"{m['source']}:{m['destination']}:{','.join(m['options'])}"
        for m in record["mounts"]
        if m["type"] in ("bind", "volume")
    ]


def _host_config(session: Session, record: ContainerRecord) -> JsonDict:
    from libpod.conf import security as defaults

    security, log, limits = record["security"], record["log"], record["resources"]
    caps = set(security["capabilities"])
    base = set(defaults.DEFAULT_CAPS)
    network = record["network"]
    mode = f"container:{network['container']}" if network["mode"] == "container" else network["mode"]
    period, quota = limits.get("cpu_period", 0), limits.get("cpu_quota", 0)
    pids = limits.get("pids_limit", 0)
    return {
        "Binds": _binds(record),
        "CgroupManager": session.cgroups["manager"],
        "CgroupMode": record["namespaces"]["cgroup"],
        "ContainerIDFile": "",
        "LogConfig": {
            "Type": log["driver"],
            "Config": None,
            "Path": "" if log["driver"] == "journald" else containers.log_path(session, record),
            "Tag": log["tag"],
            "Size": f"{log['max_size_bytes']}B",
        },
        "NetworkMode": mode,
        "PortBindings": _bindings(record),
        "RestartPolicy": _restart_policy(record["restart_policy"]),
        "AutoRemove": record["remove"],
        "VolumeDriver": "",
        "VolumesFrom": None,
        "CapAdd": sorted(caps - base),
        "CapDrop": sorted(base - caps),
        "Dns": record["dns"],
        "DnsOptions": record["dns_option"],
        "DnsSearch": record["dns_search"],
        "ExtraHosts": record["add_host"],
        "GroupAdd": record["group_add"],
        "IpcMode": record["namespaces"]["ipc"],
        "Cgroup": "",
        "Cgroups": record["cgroups"],
        "Links": None,
        "OomScoreAdj": limits.get("oom_score_adj", 0),
        "PidMode": record["namespaces"]["pid"],
        "Privileged": security["privileged"],
        "PublishAllPorts": record.get("publish_all", False),
        "Init": record["init"],
        "ReadonlyRootfs": security["read_only"],
        "SecurityOpt": _security_opt(record),
        "Tmpfs": record["tmpfs"],
        "UTSMode": record["namespaces"]["uts"],
        "UsernsMode": "" if record["userns"]["mode"] == "host" else record["userns"]["mode"],
        **_id_mappings(record),
        "ShmSize": record["shm_size_bytes"],
        "Runtime": "oci",
        "ConsoleSize": [0, 0],
        "Isolation": "",
        "BlkioWeight": limits.get("blkio_weight", 0),
        "BlkioWeightDevice": _block_limits(limits, "blkio_weight_device", "Weight"),
        "BlkioDeviceReadBps": _block_limits(limits, "device_read_bps", "Rate"),
        "BlkioDeviceReadIOps": _block_limits(limits, "device_read_iops", "Rate"),
        "BlkioDeviceWriteBps": _block_limits(limits, "device_write_bps", "Rate"),
        "BlkioDeviceWriteIOps": _block_limits(limits, "device_write_iops", "Rate"),
        "CpuShares": limits.get("cpu_shares", 0),
        "Memory": limits.get("memory", 0),
        "NanoCpus": quota * 1_000_000_000 // period if period and quota > 0 else 0,
        "CgroupParent": record["cgroup_parent"],
        "CpuPeriod": period,
        "CpuQuota": quota,
        "CpusetCpus": limits.get("cpuset_cpus", ""),
        "CpusetMems": limits.get("cpuset_mems", ""),
        "Devices": [
            {
                "PathOnHost": d["source"],
                "PathInContainer": d["destination"],
                "CgroupPermissions": d["permissions"],
            }
            for d in record["devices"]
        ],
        "MemoryReservation": limits.get("memory_reservation", 0),
        "MemorySwap": limits.get("memory_swap", 0),
        "MemorySwappiness": 0,
        "OomKillDisable": False,
        "PidsLimit": 0 if limits.get("pids_limit_is_default") and pids <= 0 else pids,
        "Ulimits": [
            {"Name": "RLIMIT_" + u["name"].upper(), "Soft": u["soft"], "Hard": u["hard"]}
            for u in record["ulimits"]
        ],
        "CgroupConf": limits.get("unified") or None,
    }


def _security_opt(record: ContainerRecord) -> list[str]:
    security = record["security"]
    out = []
    if security["no_new_privileges"]:
        out.append("no-new-privileges")
    if security["seccomp"]:
        out.append("seccomp=" + security["seccomp"])
    out += ["label=" + v for v in security["label"]]
    out += ["mask=" + v for v in security["mask"]] + ["unmask=" + v for v in security["unmask"]]
    return out


def _block_limits(limits: ResourceRecord, kind: str, key: str) -> list[JsonDict] | None:
    found = [limit for limit in limits.get("block_limits", ()) if limit["kind"] == kind]
    return [{"Path": limit["path"], key: limit["value"]} for limit in found] or None
