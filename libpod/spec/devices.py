"""Owns: device nodes and device rules, for real root only (runtime-spec config-linux.md "Devices", "Allowed
Device list").
"""

from __future__ import annotations

from libpod.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord
    from libpod.model.request import AssembleContext, HostDevice

    JsonDict = dict[str, object]


def _node(device: HostDevice, target: str) -> JsonDict:
    return {
        "path": target,
        "type": device.get("type", "c"),
        "major": device.get("major", 0),
        "minor": device.get("minor", 0),
        "fileMode": device.get("mode", 0o666) & 0o7777,
        "uid": device.get("uid", 0),
        "gid": device.get("gid", 0),
    }


def nodes(record: ContainerRecord, ctx: AssembleContext) -> tuple[list[JsonDict], list[JsonDict]]:
    """(device nodes, cgroup rules). All is denied but what was asked for; `--privileged` allows all."""
    known = {device["path"]: device for device in ctx.get("host_devices", ())}
    privileged = record["security"]["privileged"]
    made: dict[str, JsonDict] = (
        {path: _node(device, path) for path, device in known.items()} if privileged else {}
    )
    rules: list[JsonDict] = [{"allow": privileged, "access": "rwm"}]
    for wanted in record["devices"]:
        device = known.get(wanted["source"])
        if device is None:
            raise UsageError(
                f'device "{wanted["source"]}" is not a device of this host',
                remedy="look below /dev for its name",
            )
        made[wanted["destination"]] = _node(device, wanted["destination"])
        if not privileged:
            rules.append(
                {
                    "allow": True,
                    "type": device.get("type", "c"),
                    "major": device.get("major", 0),
                    "minor": device.get("minor", 0),
                    "access": wanted["permissions"],
                }
            )
    return list(made.values()), rules
