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
    from collections.abc import Mapping
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
    variables = []
    try:
        at = 0
        for entry in wanted["entries"]:
            data = _read(fd, at, entry["size"])
            at += entry["size"]
            if "env" in entry:
                variables.append(f"{entry['env']}={data.decode()}")
            else:
                _write(f"{folder}/{entry['file']}", data, entry)
    finally:
        os.close(fd)
    if not variables:
        return bundle
    config = jsonio.load_file(f"{bundle}/config.json")
    config["process"]["env"] += variables
    os.mkdir(f"{folder}/{_BUNDLE}", 0o700)
    atomic.write(f"{folder}/{_BUNDLE}/config.json", jsonio.dumps(config, compact=True), durable=False)
    return f"{folder}/{_BUNDLE}"


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
