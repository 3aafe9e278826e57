"""Owns: secrets in the monitor: files in a tmpfs of its own mount namespace, variables in a copy of the
bundle there. The disk never has them; what the runtime copies for itself is cleaned.
"""

from __future__ import annotations

import os

from libpod.kernel import mount
from libpod.kernel.const import MS_NODEV, MS_NOEXEC, MS_NOSUID
from libpod.util import atomic, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

_BUNDLE = "bundle"


def make(wanted: Mapping[str, Any], fd: int, bundle: str) -> str:
    """Mount and fill it from the descriptor (taken over); return the bundle that the runtime is to use."""
    folder = wanted["folder"]
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    mount.mount("secrets", folder, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=711")
    try:
        variables = _unpack(wanted, fd)
    finally:
        os.close(fd)
    if not variables:
        return bundle
    config = jsonio.load_file(f"{bundle}/config.json")
    _give(config["process"], variables, ())
    os.mkdir(f"{folder}/{_BUNDLE}", 0o700)
    atomic.write(f"{folder}/{_BUNDLE}/config.json", jsonio.dumps(config, compact=True), durable=False)
    return f"{folder}/{_BUNDLE}"


def process_file(wanted: Mapping[str, Any], fd: int, path: str) -> str:
    """The same for the process object of an exec: its file is removed, that with the variables returned.
    The descriptor stays the caller's."""
    process = jsonio.load_file(path)
    _give(process, _unpack(wanted, fd), wanted.get("but", ()))
    found = f"{wanted['folder']}/{os.path.basename(path)}"
    atomic.write(found, jsonio.dumps(process, compact=True), durable=False)
    os.unlink(path)
    return found


def _unpack(wanted: Mapping[str, Any], fd: int) -> dict[str, str]:
    """Write the files; return the variables."""
    variables = {}
    at = 0
    for entry in wanted["entries"]:
        data = _read(fd, at, entry["size"])
        at += entry["size"]
        if "env" in entry:
            variables[entry["env"]] = data.decode()
        else:
            _write(f"{wanted['folder']}/{entry['file']}", data, entry)
    return variables


def _give(process: dict[str, Any], variables: dict[str, str], but: Collection[str]) -> None:
    """They replace variables of the image, but not those that `exec` was given."""
    new = {name: value for name, value in variables.items() if name not in but}
    kept = [text for text in process["env"] if text.partition("=")[0] not in new]
    process["env"] = kept + [f"{name}={value}" for name, value in new.items()]


def clean(bundle: str, state_dir: str) -> None:
    """Put the configuration without secrets in the place of the copy that the runtime has made for itself."""
    path = f"{state_dir}/config.json"
    if os.path.exists(path):
        with open(f"{bundle}/config.json", "rb") as f:
            atomic.write(path, f.read(), durable=False)


def _read(fd: int, at: int, size: int) -> bytes:
    parts = []
    while size > 0 and (part := os.pread(fd, size, at)):
        parts.append(part)
        at += len(part)
        size -= len(part)
    return b"".join(parts)


def _write(path: str, data: bytes, entry: Mapping[str, Any]) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fchown(fd, entry["uid"], entry["gid"])
        os.fchmod(fd, entry["mode"])
    finally:
        os.close(fd)
