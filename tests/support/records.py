"""Owns: whole records for tests: a container's, an image's, with the members that a test cares about."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord
    from libpod.model.image import ImageRecord
    from libpod.model.pod import PodRecord


def hex_id(seed: object) -> str:
    """A full id that depends on `seed` alone."""
    return hashlib.sha256(str(seed).encode()).hexdigest()


def container(name: str, **members: Any) -> ContainerRecord:
    record: dict[str, Any] = {
        "schema": 1,
        "id": hex_id(name),
        "name": name,
        "created_ns": 1_700_000_000_000_000_000,
        "image": "busybox",
        "image_name": "localhost/busybox:latest",
        "image_id": "",
        "layers": [],
        "rootfs": "",
        "entrypoint": [],
        "command": ["sleep", "1000"],
        "args": ["sleep", "1000"],
        "create_command": ["pypod", "run", "-d", "busybox", "sleep", "1000"],
        "env": [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "TERM=xterm",
            "HOME=/root",
        ],
        "user": "",
        "group_add": [],
        "workdir": "/",
        "hostname": "host",
        "tty": False,
        "stdin_open": False,
        "stdin_once": False,
        "labels": {},
        "annotations": {},
        "mounts": [],
        "tmpfs": {},
        "devices": [],
        "network": {"mode": "slirp4netns", "options": {}, "container": ""},
        "namespaces": {"pid": "private", "ipc": "private", "uts": "private", "cgroup": "private"},
        "userns": {"mode": "host", "uidmap": [], "gidmap": []},
        "security": {"privileged": False, "capabilities": ["CAP_CHOWN", "CAP_KILL"], "seccomp": ""},
        "resources": {"pids_limit": 2048},
        "ulimits": [],
        "sysctl": {},
        "shm_size_bytes": 65536000,
        "remove": False,
        "stop_signal": 15,
        "stop_timeout_s": 10,
        "timeout_s": 0,
        "log": {"driver": "k8s-file", "path": "", "max_size_bytes": 0, "max_files": 1, "tag": ""},
        "runtime": "crun",
        "restart_policy": "no",
        "pidfile": "",
        "expose": [],
        "healthcheck": {},
    }
    return cast("ContainerRecord", {**record, **members})


def image(seed: str, **members: Any) -> ImageRecord:
    record: dict[str, Any] = {
        "schema": 1,
        "id": hex_id(f"image {seed}"),
        "manifest_digest": f"sha256:{hex_id(f'manifest {seed}')}",
        "layers": [hex_id(f"layer {seed}")[:32]],
        "diff_ids": [f"sha256:{hex_id(f'diff {seed}')}"],
        "size_bytes": 1000,
        "created_ns": 1_700_000_000_000_000_000,
        "architecture": "amd64",
        "os": "linux",
        "author": "",
        "comment": "",
        "history": [{"created_by": "a test"}],
        "config": {
            "user": "",
            "env": [],
            "entrypoint": [],
            "cmd": ["sh"],
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
    return cast("ImageRecord", {**record, **members})


def volume_mount(name: str, destination: str, **members: Any) -> dict[str, Any]:
    return {"type": "volume", "source": name, "destination": destination, "options": [], **members}


def pod(name: str, **members: Any) -> PodRecord:
    record: dict[str, Any] = {
        "schema": 1,
        "id": hex_id(f"pod {name}"),
        "name": name,
        "created_ns": 1_700_000_000_000_000_000 + len(name) * 1000 + ord(name[0]),
        "labels": {},
        "create_command": ["pypod", "pod", "create", name],
        "share": ["ipc", "net", "uts"],
        "infra_id": "",
        "of_host": [],
        "exit_policy": "continue",
        "inherited": {},
    }
    return cast("PodRecord", {**record, **members})
