"""Owns: asking a registry by plain HTTP whether a name still means the image that is here.

Loading httpx takes longer than all else of a pull that brings nothing. So for a registry that is used without
TLS, and an image that is here, the manifest is asked for over a bare socket, without credentials. Whatever is
not the plain answer to that (a redirect, a demand for credentials, a timeout, another image) is None: then
the pull goes its usual way, which also words the errors.
"""

from __future__ import annotations

import _socket
import os

from libpod.state import images

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.conf.paths import Paths
    from libpod.image.names import Endpoint
    from libpod.model.image import ImageRecord
    from libpod.state.db import Db

ACCEPT = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json"
)
TIMEOUT_S = 2.0
MAX_HEAD = 16 << 10
MAX_BODY = 4 << 20
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


def unchanged(
    paths: Paths, db: Db, endpoint: Endpoint, reference: str, environ: Mapping[str, str]
) -> ImageRecord | None:
    """The stored image, complete, that the reference means at the registry; None when that is not certain."""
    if not endpoint.insecure or any(environ.get(name) for name in _PROXIES):
        return None
    data = _get(endpoint, f"/v2/{endpoint.path}/manifests/{reference}")
    if not data:
        return None
    digest = _digest(data)
    if reference.startswith("sha256:") and digest != reference:
        return None
    record = images.by_manifest(db, digest)
    if record is None and b'"manifests"' in data:
        record = images.by_manifest(db, _of_this_machine(data))
    if record is None:
        return None
    blobs = images.blobs_of(db, record["id"])
    whole = blobs and all(os.path.exists(f"{paths.blobs}/sha256/{blob[7:]}") for blob in blobs)
    whole = whole and all(os.path.exists(f"{paths.layers}/{key}/meta.json") for key in record["layers"])
    return record if whole else None


def _of_this_machine(data: bytes) -> str:
    """The digest that an index has for this machine; empty for a document that is none, or has none."""
    from libpod import errors
    from libpod.image import manifest, platform

    try:
        chosen = platform.choose(manifest.parse_index(data))
    except errors.ImageError:
        return ""
    return chosen["digest"] if chosen is not None else ""


def _get(endpoint: Endpoint, target: str) -> bytes:
    """The body of a plain 200 answer; empty for everything else."""
    host, port = _address(endpoint.host)
    request = (
        f"GET {target} HTTP/1.1\r\nHost: {endpoint.host}\r\nUser-Agent: pypod\r\nAccept: {ACCEPT}\r\n"
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )
    try:
        # bytes: for text Python loads the codec of international names, 4 ms
        found = _socket.getaddrinfo(host.encode("ascii"), port, 0, _socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return b""
    for family, kind, protocol, _name, address in found:
        sock = _socket.socket(family, kind | _socket.SOCK_CLOEXEC, protocol)
        try:
            sock.settimeout(TIMEOUT_S)
            sock.connect(address)
            sock.sendall(request.encode("ascii"))
            return _answer(sock)
        except ConnectionRefusedError:
            continue
        except (OSError, ValueError):
            return b""
        finally:
            sock.close()
    return b""


def _address(host: str) -> tuple[str, int]:
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit():
        return name.strip("[]"), int(port)
    return host.strip("[]"), 80


def _answer(sock: _socket.socket) -> bytes:
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        more = sock.recv(1 << 16)
        if not more or len(data) > MAX_HEAD:
            return b""
        data += more
    if end > MAX_HEAD:
        return b""
    status, *lines = bytes(data[:end]).decode("latin-1").split("\r\n")
    if not status.startswith("HTTP/1.1 200"):
        return b""
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "")
    plain = headers.get("content-encoding", "identity") == "identity" and "transfer-encoding" not in headers
    if not plain or not length.isdigit() or int(length) > MAX_BODY:
        return b""
    wanted = end + 4 + int(length)
    while len(data) < wanted:
        more = sock.recv(1 << 16)
        if not more:
            return b""
        data += more
    return bytes(data[end + 4 : wanted])


def _digest(data: bytes) -> str:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:  # 3.12 renamed the C module
        from hashlib import sha256  # 3 ms: it loads OpenSSL
    return f"sha256:{sha256(data).hexdigest()}"
