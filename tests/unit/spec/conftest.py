"""What the tests of the spec package share: a container from its options to the runtime's configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from libpod.conf.settings import Settings
from libpod.spec import assemble, merge, request, users

CID = "c0ffee" * 10 + "beef"
PASSWD = (
    b"root:x:0:0:root:/root:/bin/sh\nbin:x:1:1:bin:/bin:/sbin/nologin\nweb:x:1000:1000::/home/web:/bin/sh\n"
)
GROUP = b"root:x:0:\nbin:x:1:root,web\nweb:x:1000:\nvideo:x:44:web\n"
HOST: dict[str, Any] = {
    "hostname": "vm",
    "uid": 1004,
    "gid": 1004,
    "rootless": True,
    "uid_rows": [[0, 1004, 1], [1, 296608, 65536]],
    "gid_rows": [[0, 1004, 1], [1, 296608, 65536]],
}
FILES = {
    name: "/run/ours" for name in ("/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/run/.containerenv")
}


def image_config(**changes: Any) -> Any:
    """The configuration of an image that says nothing, with changes."""
    empty: dict[str, Any] = {
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
    }
    return {**empty, **changes}


class Maker:
    """Builds requests, records and configurations from options; every part can be changed."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.host: Any = dict(HOST)
        self.environ: dict[str, str] = {}

    def request(self, command: list[str] | None = None, **options: Any) -> Any:
        return request.parse_options(
            options, image="localhost/box", command=command or [], cwd="/home/user", environ=self.environ
        )

    def record(
        self, command: list[str] | None = None, *, image: Any = None, ids: Any = None, **options: Any
    ) -> Any:
        asked = self.request(command, **options)
        known: Any = {"cid": CID, "now_ns": 1, "host": self.host, **(ids or {})}
        return merge.merge(asked, image or image_config(), self.settings, known)

    def config(
        self,
        command: list[str] | None = None,
        *,
        image: Any = None,
        ctx: Any = None,
        ids: Any = None,
        **options: Any,
    ) -> Any:
        record = self.record(command, image=image, ids=ids, **options)
        return assemble.assemble(record, self.context(record, **(ctx or {})))

    def context(self, record: Any, **changes: Any) -> Any:
        base: dict[str, Any] = {
            "rootfs": "/merged",
            "user": users.resolve_user(record["user"], PASSWD, GROUP, record["group_add"]),
            "gid_count": 65537,
            "files": FILES,
            "volumes": {
                m["source"]: f"/volumes/{m['source']}" for m in record["mounts"] if m["type"] == "volume"
            },
            "controllers": ["cpu", "cpuset", "io", "memory", "pids"],
            "init_path": "/usr/libexec/podman/catatonit",
            "rlimits": {"nofile": [20000, 20000], "nproc": [96365, 96365]},
            "pid_max": 32768,
            "seccomp": None
            if record["security"]["seccomp"] == "unconfined"
            else {"defaultAction": "SCMP_ACT_ERRNO"},
        }
        return {**base, **changes}


@pytest.fixture
def make() -> Maker:
    return Maker()


@pytest.fixture(scope="session")
def neighbour() -> Any:
    """The facts about the neighbour's configurations."""
    path = Path(__file__).parents[2] / "fixtures/spec/podman-4.3.1.json"
    return json.loads(path.read_text())
