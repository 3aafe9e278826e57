"""Owns: devices of the Container Device Interface: from a name (`vendor.com/class=name`) to what a container
needs of it.

Sources: the CDI specification, version 1.0.0 (cncf-tags/container-device-interface SPEC.md). A later
directory wins; two files of one directory that describe the same device make it unusable.
"""

from __future__ import annotations

import os

from libpod.errors import ConfigError, NotSupportedError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Document = dict[str, Any]

_EDITS = ("env", "deviceNodes", "mounts", "hooks", "additionalGids")
_PATHS = (("deviceNodes", "path"), ("mounts", "hostPath"), ("mounts", "containerPath"), ("hooks", "path"))
_SUFFIXES = (".json", ".yaml", ".yml")
_LIMIT = 16 << 20


def edits(names: Sequence[str], folders: Sequence[str]) -> list[Document]:
    """The `containerEdits` of these devices, in order; those of a whole file come once, before its devices'.

    Raises UsageError for a device that no file describes, ConfigError for a file that makes no sense.
    """
    known = _devices(folders)
    found: list[Document] = []
    common: list[str] = []
    for name in names:
        if name not in known:
            raise UsageError(
                f'--device "{name}": no CDI device of this name is known',
                remedy=f"look into {', '.join(folders)} for what is, or make the file: "
                '"nvidia-ctk cdi generate" does it for GPUs of NVIDIA',
                name=name,
            )
        path, of_file, of_device = known[name]
        if path == "":
            raise ConfigError(
                f'the CDI device "{name}" is described by more than one file of a directory: {of_device}',
                remedy="remove one of them",
            )
        for one, key in ((of_file, path), (of_device, "")):
            if one and key not in common:
                found.append(_checked(path, one))
            if key:
                common.append(key)
    return found


def _devices(folders: Sequence[str]) -> dict[str, tuple[str, Any, Any]]:
    """Name -> (file, its edits, the device's edits)."""
    known: dict[str, tuple[str, Any, Any]] = {}
    for folder in folders:
        here: dict[str, tuple[str, Any, Any]] = {}
        try:
            files = sorted(os.listdir(folder))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(
                f"the directory of CDI devices {folder} cannot be read: {error.strerror}",
                remedy="give another with --cdi-spec-dir",
            ) from error
        for file in files:
            if not file.endswith(_SUFFIXES):
                continue
            path = f"{folder}/{file}"
            document = _read(path)
            for device in document["devices"]:
                name = f"{document['kind']}={device['name']}"
                if name in here:
                    here[name] = ("", None, f"{here[name][0]}, {path}")
                else:
                    here[name] = (path, document.get("containerEdits"), device["containerEdits"])
        known.update(here)
    return known


def _read(path: str) -> Document:
    import yaml  # lazy: 15 ms; JSON is YAML

    try:
        with open(path, encoding="utf-8") as f:
            document = yaml.safe_load(f.read(_LIMIT))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _wrong(path, f"cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise _wrong(path, 'has no "kind"')
    devices = document.get("devices")
    if not isinstance(devices, list):
        raise _wrong(path, 'has no list "devices"')
    for device in devices:
        if not isinstance(device, dict) or not isinstance(device.get("containerEdits"), dict):
            raise _wrong(path, 'has a device without "containerEdits"')
        if not isinstance(device.get("name"), str):
            raise _wrong(path, 'has a device without a "name"')
    return document


def _checked(path: str, one: object) -> Document:
    if not isinstance(one, dict):
        raise _wrong(path, '"containerEdits" is not an object')
    for key, value in one.items():
        if key not in _EDITS:
            raise NotSupportedError(
                f'the CDI file {path} asks for "{key}", which is not supported yet',
                remedy="use another device, or take it out of the file",
            )
        if not isinstance(value, list):
            raise _wrong(path, f'"{key}" is not a list')
    for key, needed in _PATHS:
        for item in one.get(key, ()):
            if not isinstance(item, dict) or not str(item.get(needed, "")).startswith("/"):
                raise _wrong(path, f'an entry of "{key}" has no absolute "{needed}"')
    return one


def _wrong(path: str, why: str) -> ConfigError:
    return ConfigError(f"the CDI file {path} {why}", remedy="correct the file, or take it away")
