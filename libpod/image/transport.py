"""Owns: HTTP: the one place that knows httpx. Connections, TLS, redirects, time limits, bounded answers.

Redirects are followed here, so that what belongs to one host never reaches another and nothing falls back
from TLS to plain text. An answer is never read without a limit. A transport belongs to one process: after a
fork it opens connections of its own.
"""

from __future__ import annotations

import os
import time

from libpod import errors, log
from libpod.image import certs
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any, NoReturn

    import httpx

CONNECT_S = 30.0
IDLE_S = 60.0
"""Longest silence of a peer before the connection counts as broken."""
MAX_REDIRECTS = 8
MAX_HEADER = 8 << 10
MAX_ERROR = 64 << 10
RETRIES = 3
_BACKOFF_S = 1.0
_MAX_DELAY_S = 60.0
_AGAIN = (408, 429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)
_PLAIN = (
    "use --tls-verify=false if this registry speaks plain HTTP, or set insecure = true in registries.conf"
)


class Settings:
    """How to reach registries; what the user said, or None."""

    __slots__ = ("cert_dir", "retries", "retry_delay_s")

    def __init__(
        self, cert_dir: str = "", retries: int | None = None, retry_delay_s: float | None = None
    ) -> None:
        self.cert_dir = cert_dir
        self.retries = retries
        self.retry_delay_s = retry_delay_s


class Reply:
    """An answer whose body has not been read. Close it, or read it to its end."""

    __slots__ = ("_chunks", "_response", "_rest", "status", "url")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._chunks: Iterator[bytes] | None = None
        self._rest = b""
        self.status = response.status_code
        self.url = str(response.url)
        coding = response.headers.get("content-encoding", "identity")
        if coding != "identity" and response.status_code < 300:
            self.close()
            raise errors.RegistryError(
                f'{_host(self.url)} answers with the coding "{printable(coding)}", nobody asked for it',
                remedy=_REPORT,
            )

    def header(self, name: str) -> str:
        """The value of a header, empty if there is none; several are joined by commas."""
        return str(self._response.headers.get(name, ""))[:MAX_HEADER]

    def read(self, count: int) -> bytes:
        """At most `count` bytes of the body; empty at its end. Raises RegistryError (a broken connection)."""
        if not self._rest:
            if self._chunks is None:
                self._chunks = self._response.iter_raw()
            try:
                self._rest = next(self._chunks, b"")
            except Exception as e:
                self.close()
                _failed(e, self.url)
        data, self._rest = self._rest[:count], self._rest[count:]
        return data

    def body(self, limit: int) -> bytes:
        """The whole body. Raises RegistryError when it is longer than `limit` bytes."""
        parts: list[bytes] = []
        size = 0
        while data := self.read(1 << 18):
            parts.append(data)
            size += len(data)
            if size > limit:
                self.close()
                raise errors.RegistryError(
                    f"the answer of {_host(self.url)} is longer than {limit >> 10} KiB", remedy=_REPORT
                )
        self.close()
        return b"".join(parts)

    def close(self) -> None:
        """Idempotent. A body that was not read to its end costs the connection."""
        self._response.close()


_REPORT = "tell the registry's administrator"


class Transport:
    """Sends requests; keeps connections open between them."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ
        self._clients: dict[tuple[str, bool], httpx.Client] = {}
        self._pid = os.getpid()
        self._abandoned: list[httpx.Client] = []
        self._contexts: dict[tuple[str, bool], Any] = {}
        self._schemes: dict[str, str] = {}
        self.retries = RETRIES if settings.retries is None else settings.retries
        self._sleep: Callable[[float], None] = time.sleep

    def base(self, host: str, insecure: bool) -> str:
        """`scheme://host`. Only for an insecure host it is found out: TLS if it has it."""
        if host not in self._schemes:
            self._schemes[host] = self._probe(host) if insecure else "https"
        return f"{self._schemes[host]}://{host}"

    def _probe(self, host: str) -> str:
        try:
            self._once("GET", f"https://{host}/v2/", {}, None, True).close()
        except errors.RegistryError as e:
            log.debug("no TLS, trying plain HTTP", host=host, error=e.message)
            return "http"
        return "https"

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
        insecure: bool = False,
    ) -> Reply:
        """Send a request; GET and HEAD follow redirects and are repeated after failures that may pass.

        `Authorization` goes to the origin of `url` only. Raises RegistryError when there is no answer; an
        answer of any status is returned.
        """
        if method not in ("GET", "HEAD"):
            return self._once(method, url, headers, body, insecure)
        for attempt in range(self.retries + 1):
            try:
                reply = self._follow(method, url, headers, insecure)
            except errors.RegistryError as e:
                if attempt == self.retries or not getattr(e, "passing", False):
                    raise
                self.pause(attempt, e.message)
                continue
            if reply.status not in _AGAIN or attempt == self.retries:
                return reply
            reply.close()
            self.pause(attempt, f"{_host(url)} answers {reply.status}", reply.header("retry-after"))
        raise AssertionError("not reached")

    def upload(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        chunks: Iterable[bytes],
        size: int,
        insecure: bool = False,
    ) -> Reply:
        """Send `size` bytes, once: the caller repeats it with new chunks."""
        return self._once(method, url, {**headers, "Content-Length": str(size)}, chunks, insecure)

    def pause(self, attempt: int, why: str, asked: str = "") -> None:
        """Wait before the next attempt: as long as the server asks, as the user said, or longer each time."""
        delay_s = self._settings.retry_delay_s
        if delay_s is None:
            delay_s = min(_BACKOFF_S * 2**attempt, _MAX_DELAY_S)
        if asked.isdigit():
            delay_s = min(max(delay_s, float(asked)), _MAX_DELAY_S)
        log.warning(f"{why}: trying again in {delay_s:g} s")
        self._sleep(delay_s)

    def _follow(self, method: str, url: str, headers: Mapping[str, str], insecure: bool) -> Reply:
        sent = dict(headers)
        for _ in range(MAX_REDIRECTS + 1):
            reply = self._once(method, url, sent, None, insecure)
            if reply.status not in _REDIRECTS:
                return reply
            target = self.target(url, reply.header("location"))
            reply.close()
            if origin(target) != origin(url):
                sent.pop("Authorization", None)
                insecure = False if target.startswith("https") else insecure
            url = target
        raise errors.RegistryError(
            f"{_host(url)} redirects more than {MAX_REDIRECTS} times", remedy=_REPORT, name=_host(url)
        )

    def target(self, url: str, location: str) -> str:
        """Where a `Location` leads to. Raises RegistryError for one that is not to be followed."""
        from urllib.parse import urljoin, urlsplit

        try:
            found = urljoin(url, location) if location else ""
            parts = urlsplit(found)
            _ = parts.port
        except ValueError:  # a port that is no number, a damaged IPv6 address
            found, parts = "", urlsplit("")
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        if not valid or not found.isascii() or not found.isprintable():
            raise errors.RegistryError(
                f'{_host(url)} redirects to "{printable(location)}", which is no address to follow',
                remedy=_REPORT,
            )
        if url.startswith("https:") and parts.scheme != "https":
            raise errors.RegistryError(
                f"{_host(url)} redirects from TLS to plain HTTP ({printable(found)}): not followed",
                remedy=_REPORT,
            )
        return found

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
        insecure: bool,
    ) -> Reply:
        client = self._client(_host(url), insecure)
        try:
            request = client.build_request(method, url, headers=dict(headers), content=body)
            response = client.send(request, stream=True)
        except errors.PypodError:
            raise
        except Exception as e:
            _failed(e, url)
        log.debug("http", method=method, url=url.partition("?")[0], status=response.status_code)
        return Reply(response)

    def _client(self, host: str, insecure: bool) -> httpx.Client:
        import httpx  # lazy: 105-140 ms

        if self._pid != os.getpid():  # the connections are the parent's: not ours to use, nor to end
            self._abandoned += self._clients.values()
            self._clients = {}
            self._pid = os.getpid()
        key = (host, insecure)
        if key not in self._clients:
            self._clients[key] = httpx.Client(
                verify=self._context(host, insecure),
                follow_redirects=False,
                timeout=httpx.Timeout(IDLE_S, connect=CONNECT_S),
                headers={"User-Agent": "pypod", "Accept-Encoding": "identity"},
            )
        return self._clients[key]

    def _context(self, host: str, insecure: bool) -> Any:
        key = (host, insecure)
        if key not in self._contexts:
            self._contexts[key] = certs.context(host, insecure, self._settings.cert_dir, self._environ)
        return self._contexts[key]


def origin(url: str) -> tuple[str, str]:
    """(scheme, host:port) with the port filled in: what credentials belong to."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, f"{(parts.hostname or '').lower()}:{port}"


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0]


def _failed(e: Exception, url: str) -> NoReturn:
    """Raise what a failure of httpx means to the user; `passing` tells that it may go away."""
    import ssl

    import httpx

    host = printable(_host(url))
    causes: list[BaseException] = [e]
    while (below := causes[-1].__cause__ or causes[-1].__context__) is not None and below not in causes:
        causes.append(below)
    message, remedy, passing = f"{host}: {printable(str(e)) or type(e).__name__}", "", False
    refused = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    broken = next((c for c in causes if isinstance(c, ssl.SSLError)), None)
    system = next((c for c in causes if isinstance(c, OSError)), None)
    if refused is not None:
        message = f"{host}: its certificate is not valid: {printable(refused.verify_message)}"
        remedy = (
            f"put the certificate of its authority into /etc/containers/certs.d/{host}/ca.crt or --cert-dir"
        )
    elif broken is not None and isinstance(e, httpx.ConnectError):
        message = f"{host}: no TLS connection: {printable(broken.reason or str(broken))}"
        remedy = _PLAIN
    elif isinstance(e, httpx.ConnectTimeout):
        message = f"{host}: no connection within {CONNECT_S:g} s"
        remedy, passing = "see that the network reaches it", True
    elif isinstance(e, httpx.ConnectError):
        message = f"cannot connect to {host}: {(system.strerror if system else '') or printable(str(e))}"
        remedy = "see that the name is right and that the registry runs"
        passing = _may_pass(system)
    elif isinstance(e, httpx.TimeoutException):
        message = f"{host}: no answer for {IDLE_S:g} s"
        remedy, passing = "try again later", True
    elif isinstance(e, httpx.RemoteProtocolError | httpx.NetworkError):
        message = f"the connection to {host} was cut: {printable(str(e)) or type(e).__name__}"
        remedy, passing = "try again", True
    elif isinstance(e, httpx.ProxyError):
        remedy = "correct HTTPS_PROXY, HTTP_PROXY or NO_PROXY"
    elif isinstance(e, httpx.UnsupportedProtocol | httpx.InvalidURL):
        remedy = "see that the name of the registry is right"
    elif not isinstance(e, httpx.HTTPError | OSError | ValueError):
        raise e
    error = errors.RegistryError(message, remedy=remedy or _REPORT, name=host)
    error.passing = passing  # type: ignore[attr-defined]
    raise error from e


def _may_pass(e: OSError | None) -> bool:
    import errno
    import socket

    if e is None or isinstance(e, socket.gaierror):
        return isinstance(e, socket.gaierror) and e.errno == socket.EAI_AGAIN
    return e.errno not in (errno.ECONNREFUSED,)
