"""Owns: registries on loopback for tests: Debian's docker-registry, and one that answers as the test says."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.support import images as make

USER, PASSWORD = "ann", "pass:word"


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}
    cut: int = -1
    """Send so many bytes of the body and close the connection."""


class Asked(NamedTuple):
    """One request that a fake registry got."""

    method: str
    path: str
    headers: dict[str, str]


Routes = dict[str, "Answer | list[Answer] | Callable[[Asked], Answer]"]


class Fake:
    """A server in a process of its own. `routes`: "METHOD /path" -> what to answer; of a list each once, the
    last one for ever.
    """

    def __init__(self, log: Path, port: int, pid: int, tls: bool) -> None:
        self._log = log
        self.port = port
        self.pid = pid
        self.tls = tls

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}"

    def asked(self) -> list[Asked]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [Asked(*json.loads(line)) for line in lines]

    def count(self, method: str, part: str) -> int:
        return sum(1 for a in self.asked() if a.method == method and part in a.path)


@contextmanager
def fake(folder: Path, routes: Callable[[int], Routes] | Routes, tls: Path | None = None) -> Iterator[Fake]:
    """Run a fake registry; `routes` may be a function of its port, `tls` a folder made by `certificates`."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    table = routes(port) if callable(routes) else routes
    log = folder / f"asked-{port}"
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            _serve(listener, table, log, tls)
            code = 0
        finally:
            os._exit(code)
    listener.close()
    try:
        yield Fake(log, port, pid, tls is not None)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _serve(listener: socket.socket, routes: Routes, log: Path, tls: Path | None) -> None:
    counts: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
            with log.open("a") as f:
                f.write(json.dumps(asked) + "\n")
            key = f"{self.command} {self.path.partition('?')[0]}"
            found = routes.get(key, routes.get("*", Answer(404)))
            if isinstance(found, list):
                number = counts.get(key, 0)
                counts[key] = number + 1
                found = found[min(number, len(found) - 1)]
            elif not isinstance(found, Answer):
                found = found(asked)
            self._send(found)

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            headers = {"Content-Length": str(len(answer.body)), **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            body = answer.body if answer.cut < 0 else answer.body[: answer.cut]
            if self.command != "HEAD":
                self.wfile.write(body)
            if answer.cut >= 0:
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that went away

    server = Server(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    if tls is not None:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "server.crt", tls / "server.key")
        server.socket = context.wrap_socket(listener, server_side=True)
    server.serve_forever()


def image_routes(repo: str, tag: str, layout: make.Oci, entry: dict[str, Any], **headers: str) -> Routes:
    """What a registry answers that has this image."""
    routes: Routes = {"GET /v2/": Answer(body=b"{}")}
    for digest, data in layout.blobs.items():
        routes[f"GET /v2/{repo}/blobs/{digest}"] = Answer(body=data)
        kind = headers.get("kind", json.loads(data).get("mediaType", "")) if data[:1] == b"{" else ""
        routes[f"GET /v2/{repo}/manifests/{digest}"] = Answer(body=data, headers={"Content-Type": kind})
    routes[f"GET /v2/{repo}/manifests/{tag}"] = Answer(
        body=layout.blobs[entry["digest"]], headers={"Content-Type": entry["mediaType"]}
    )
    return routes


# -- the real one


def certificates(folder: Path) -> Path:
    """A certificate authority (ca.crt) and its certificate for localhost (server.crt, server.key)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
        "req",
        "-x509",
        *key,
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-subj",
        "/CN=test authority",
        "-days",
        "2",
    )
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    sign = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "san"]
    openssl("x509", "-req", "-in", "server.csr", "-out", "server.crt", *sign)
    return folder


class Registry(NamedTuple):
    host: str
    folder: Path

    def name(self, path: str) -> str:
        return f"{self.host}/{path}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as s:
        return int(s.getsockname()[1])


@contextmanager
def registry(
    folder: Path, *, tls: Path | None = None, login: bool = False, token: Fake | None = None
) -> Iterator[Registry]:
    """Run docker-registry. `login`: basic, for USER and PASSWORD; `token`: what `token_server` gave."""
    port = _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    http: dict[str, Any] = {"addr": f"127.0.0.1:{port}"}
    if tls is not None:
        http["tls"] = {"certificate": str(tls / "server.crt"), "key": str(tls / "server.key")}
    document: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": http,
    }
    if login:
        done = subprocess.run(
            ["htpasswd", "-Bbn", USER, PASSWORD], check=True, capture_output=True, timeout=60
        )
        (folder / "htpasswd").write_bytes(done.stdout)
        document["auth"] = {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}}
    if token is not None:
        document["auth"] = {
            "token": {
                "realm": f"{token.url}/token",
                "service": "test",
                "issuer": "tests",
                "rootcertbundle": str(folder / "signer" / "ca.crt"),
            }
        }
    config = folder / "config.yml"
    config.write_text(json.dumps(document))  # JSON is YAML
    program = shutil.which("docker-registry")
    assert program
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [program, "serve", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        _wait_for(port, child)
        yield Registry(f"localhost:{port}", folder)
    finally:
        child.kill()
        child.wait()


def _wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while True:
        assert child.poll() is None, "docker-registry ended: see its log"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)
        else:
            return


@contextmanager
def token_server(folder: Path) -> Iterator[Fake]:
    """A server that signs tokens for USER (all) and nobody (pull); a registry of this folder trusts it."""
    signer = certificates(folder / "signer")
    der = subprocess.run(
        ["openssl", "x509", "-in", str(signer / "server.crt"), "-outform", "DER"],
        check=True,
        capture_output=True,
        timeout=60,
    ).stdout

    def answer(asked: Asked) -> Answer:
        user = ""
        said = asked.headers.get("authorization", "")
        if said:
            if said != "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode():
                return Answer(401)
            user = USER
        access = []
        for scope in parse_qs(urlsplit(asked.path).query).get("scope", []):
            kind, name, actions = scope.split(":")
            allowed = [a for a in actions.split(",") if user or a == "pull"]
            access.append({"type": kind, "name": name, "actions": allowed})
        token = _sign(signer, der, {"iss": "tests", "sub": user, "aud": "test", "access": access})
        return Answer(body=json.dumps({"token": token}).encode())

    with fake(folder, {"GET /token": answer}) as server:
        yield server


def _sign(signer: Path, der: bytes, claims: dict[str, Any]) -> str:
    now = int(time.time())
    claims = {**claims, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1"}
    head = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
    text = b".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
    argv = ["openssl", "dgst", "-sha256", "-sign", str(signer / "server.key")]
    asn1 = subprocess.run(argv, input=text, check=True, capture_output=True, timeout=60).stdout
    return (text + b"." + _b64(_raw_signature(asn1))).decode()


def _raw_signature(asn1: bytes) -> bytes:
    """An ECDSA signature as two numbers of 32 bytes, as JWT has it, from its DER form."""
    at, numbers = 2, []
    for _ in range(2):
        length = asn1[at + 1]
        numbers.append(int.from_bytes(asn1[at + 2 : at + 2 + length], "big").to_bytes(32, "big"))
        at += 2 + length
    return b"".join(numbers)


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
