"""Owns: what files of the host add to a container each time that it starts: devices of the Container Device
Interface, and OCI hooks."""

from __future__ import annotations

from libpod.conf import cdi, hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from libpod.conf.hooks import Hooks
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, DeviceRecord, MountRecord


def inject(session: Session, record: ContainerRecord) -> tuple[ContainerRecord, Hooks]:
    """The record with what its CDI devices need, and the hooks for its bundle. Raises UsageError for a device
    that is not known, ConfigError for a file that makes no sense."""
    found: Hooks = {}
    for edits in cdi.edits(record.get("cdi", ()), session.settings.cdi_dirs):
        record = _edited(record, edits)
        for hook in edits.get("hooks", ()):
            entry = {key: hook[key] for key in ("path", "args", "env", "timeout") if key in hook}
            found.setdefault(str(hook.get("hookName", "createRuntime")), []).append(entry)
    folders = session.settings.hooks_dir or (hooks.OF_ROOT if session.uid == 0 else ())
    for stage, more in hooks.matching(folders, record).items():
        found.setdefault(stage, []).extend(more)
    return record, found


def _edited(record: ContainerRecord, edits: dict[str, Any]) -> ContainerRecord:
    devices: list[DeviceRecord] = [
        {
            "source": str(node.get("hostPath") or node["path"]),
            "destination": str(node["path"]),
            "permissions": str(node.get("permissions") or "rwm"),
        }
        for node in edits.get("deviceNodes", ())
    ]
    return {
        **record,
        "env": [*record["env"], *map(str, edits.get("env", ()))],
        "devices": [*record["devices"], *devices],
        "mounts": [*record["mounts"], *(_mount(m) for m in edits.get("mounts", ()))],
        "group_add": [*record["group_add"], *map(str, edits.get("additionalGids", ()))],
    }


def _mount(mount: dict[str, Any]) -> MountRecord:
    options = [str(option) for option in mount.get("options", ())]
    if not {"bind", "rbind"} & set(options):
        options.append("rbind")
    return {
        "type": "bind",
        "source": str(mount["hostPath"]),
        "destination": str(mount["containerPath"]),
        "options": options,
    }
