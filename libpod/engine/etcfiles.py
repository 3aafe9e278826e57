"""Owns: the files of /etc that are bound over the image's own: hosts, resolv.conf, hostname; and
/run/.containerenv."""

from __future__ import annotations

import os

from libpod import errors
from libpod.engine import rootview
from libpod.network import etc
from libpod.spec import idmaps
from libpod.util import atomic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord

_LIMIT = 1 << 20
_IN_CHROOTS = ("/etc/hosts", "/etc/resolv.conf", "/etc/hostname")


def write(
    session: Session, record: ContainerRecord, bundle: str, root_fd: int, network: Mapping[str, object]
) -> dict[str, str]:
    """Write the files; container path -> path on the host. Raises UsageError for a base file that cannot be
    read."""
    etc_record = record.get("etc", {})
    mode = record["network"]["mode"]
    shared = mode == "host"
    owner = idmaps.root_outside(record["userns"])
    out: dict[str, str] = {}

    def put(target: str, text: str) -> None:
        path = f"{bundle}/{target.rpartition('/')[2]}"
        atomic.write(path, text, mode=0o644, durable=False)
        if owner != (0, 0):
            os.chown(path, *owner)
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
                    base=_hosts_base(etc_record.get("hosts_file", ""), root_fd),
                    extra=record["add_host"],
                    own_address=str(network["address"]) or ("127.0.1.1" if not shared else ""),
                    names=[record["hostname"], record["name"]],
                    host_address=str(network["gateway"]) or ("127.0.0.1" if shared else ""),
                ),
            )
        if record["dns"] != ["none"] and (mode != "none" or record["dns"]):
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
    for root in etc_record.get("chrootdirs", ()):
        out.update({root + target: path for target, path in out.items() if target in _IN_CHROOTS})
    put(
        "/run/.containerenv",
        f'engine="pypod"\nname="{record["name"]}"\nid="{record["id"]}"\nimage="{record["image"]}"\n'
        f"rootless={int(session.enter().rootless)}\n",
    )
    return out


def _hosts_base(wanted: str, root_fd: int) -> bytes:
    """What /etc/hosts begins with."""
    if wanted == "image":
        return rootview.read(root_fd, "/etc/hosts") if root_fd >= 0 else b""
    if wanted == "none":
        return b""
    if not wanted:
        return _read("/etc/hosts")
    try:
        with open(wanted, "rb") as f:
            return f.read(_LIMIT)
    except OSError as e:
        raise errors.UsageError(
            f'--hosts-file "{wanted}": {e.strerror}',
            remedy='give another file, or "image" or "none"',
            name=wanted,
        ) from e


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as f:
            return f.read(_LIMIT)
    except FileNotFoundError:
        return b""
