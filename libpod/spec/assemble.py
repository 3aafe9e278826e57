"""Owns: the OCI runtime configuration of a container, from its record and the facts of the moment. Pure.

Sources: runtime-spec config.md and config-linux.md. What each part is for, and where it differs from its
neighbours: docs/internals/spec.md.
"""

from __future__ import annotations

from libpod.conf.security import DEFAULT_SYSCTLS
from libpod.spec import mounts, process, resources, secopts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord
    from libpod.model.request import AssembleContext

    JsonDict = dict[str, object]

__all__ = ["assemble"]

OCI_VERSION = "1.0.2"
_TTY_GID = 5


def assemble(record: ContainerRecord, ctx: AssembleContext) -> JsonDict:
    """The complete `config.json` as a dict. Shares lists with the record: write it out, do not change it."""
    mount_list = mounts.build(record, ctx, has_gid_5=_has_gid(_TTY_GID, record, ctx))
    root: JsonDict = {"path": ctx["rootfs"]}
    if record["security"]["read_only"]:
        root["readonly"] = True
    config: JsonDict = {
        "ociVersion": OCI_VERSION,
        "process": process.container_process(record, ctx),
        "root": root,
        "mounts": mount_list,
        "annotations": _annotations(record, ctx),
        "linux": _linux(record, ctx, mounts.propagation(mount_list)),
    }
    if record["namespaces"]["uts"] == "private" and record["hostname"]:
        config["hostname"] = record["hostname"]
    if ctx.get("hooks"):
        config["hooks"] = ctx["hooks"]
    return config


def _has_gid(gid: int, record: ContainerRecord, ctx: AssembleContext) -> bool:
    """Whether the container's user namespace has the group (devpts refuses one that is not mapped)."""
    rows = record["userns"]["gidmap"] or [[0, 0, ctx.get("gid_count", 65536)]]
    return any(first <= gid < first + size for first, _, size in rows)


def _annotations(record: ContainerRecord, ctx: AssembleContext) -> dict[str, str]:
    found = {**record["annotations"], "org.opencontainers.image.stopSignal": str(record["stop_signal"])}
    if process.keeps_groups(record):
        found["run.oci.keep_original_groups"] = "1"
    if ctx.get("seccomp") is not None and ctx.get("seccomp_bpf"):
        found["run.oci.seccomp_bpf_data"] = ctx["seccomp_bpf"]
    return found


def _linux(record: ContainerRecord, ctx: AssembleContext, rootfs_propagation: str) -> JsonDict:
    masked, read_only = secopts.hidden_paths(record["security"])
    if record["network"]["mode"] == "host" and ctx.get("rootless", True) and masked:
        masked.insert(0, "/sys/kernel")
    limits = resources.oci(record["resources"], ctx.get("controllers", []), ctx.get("block_numbers", {}))
    linux: JsonDict = {
        "namespaces": _namespaces(record, ctx),
        "resources": limits,
        "sysctl": _sysctls(record, ctx),
        "maskedPaths": masked,
        "readonlyPaths": read_only,
    }
    if record["userns"]["uidmap"] and not ctx.get("ns_paths", {}).get("user"):
        linux["uidMappings"] = _mappings(record["userns"]["uidmap"])
        linux["gidMappings"] = _mappings(record["userns"]["gidmap"])
    if not ctx.get("rootless", True):
        from libpod.spec import devices  # real root only

        nodes, rules = devices.nodes(record, ctx)
        linux["devices"] = nodes
        if ctx.get("device_rules", True):
            limits["devices"] = rules
    if ctx.get("seccomp") is not None:
        linux["seccomp"] = ctx["seccomp"]
    if ctx.get("cgroups_path"):
        linux["cgroupsPath"] = ctx["cgroups_path"]
    if rootfs_propagation:
        linux["rootfsPropagation"] = rootfs_propagation
    return linux


def _sysctls(record: ContainerRecord, ctx: AssembleContext) -> dict[str, str]:
    """The record's, without the default of the network where it may not be set."""
    found = record["sysctl"]
    name = "net.ipv4.ping_group_range"
    if found.get(name) == DEFAULT_SYSCTLS[name] and not mounts.owns_network(record, ctx):
        return {key: value for key, value in found.items() if key != name}
    return found


def _mappings(rows: list[list[int]]) -> list[dict[str, int]]:
    return [{"containerID": inside, "hostID": outside, "size": size} for inside, outside, size in rows]


def _namespaces(record: ContainerRecord, ctx: AssembleContext) -> list[dict[str, str]]:
    """Every kind that is not the host's; with a path it is joined, without one the runtime makes it."""
    joined = ctx.get("ns_paths", {})
    found: list[dict[str, str]] = []

    def add(kind: str, path: str = "") -> None:
        found.append({"type": kind, "path": path} if path else {"type": kind})

    wanted = record["namespaces"]
    if wanted["pid"] != "host":
        add("pid", joined.get("pid", ""))
    if record["network"]["mode"] != "host":
        add("network", joined.get("network", "") or ctx.get("netns") or "")
    if wanted["ipc"] != "host":
        add("ipc", joined.get("ipc", ""))
    if wanted["uts"] != "host":
        add("uts", joined.get("uts", ""))
    add("mount")
    if record["userns"]["uidmap"] or joined.get("user"):
        add("user", joined.get("user", ""))
    if wanted["cgroup"] != "host":
        add("cgroup", joined.get("cgroup", ""))
    return found
