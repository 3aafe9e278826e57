"""Owns: the registry protocol (distribution-spec; Docker Registry HTTP API V2): documents, blobs, uploads.

A `Client` speaks to one repository at one registry. What it reads is checked by digest and size, or bounded.
"""

from __future__ import annotations

from libpod import errors
from libpod.image import blobs, challenge, manifest
from libpod.image import ref as refs
from libpod.image.transport import MAX_ERROR, Reply, Transport, origin
from libpod.util import jsonio
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from libpod.image.auth import Credentials
    from libpod.image.names import Endpoint

ACCEPT = ", ".join(
    (manifest.OCI_MANIFEST, manifest.OCI_INDEX, manifest.DOCKER_MANIFEST, manifest.DOCKER_LIST)
)
PULL, PUSH = "pull", "pull,push"
MAX_TAGS = 100_000
_REMEDY = "try again; if it stays so, tell the registry's administrator"
_OFFICIAL = frozenset(
    ("UNAUTHORIZED", "DENIED", "NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "TOOMANYREQUESTS")
)


class Client:
    """One repository. `credentials` is asked when the registry wants to know who we are, and only then."""

    def __init__(
        self, transport: Transport, endpoint: Endpoint, credentials: Callable[[], Credentials | None]
    ) -> None:
        self.transport = transport
        self.endpoint = endpoint
        self._credentials = credentials
        self._authorization = ""
        self._scopes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.endpoint.host}/{self.endpoint.path}"

    @property
    def base(self) -> str:
        return self.transport.base(self.endpoint.host, self.endpoint.insecure)

    # -- reading

    def ping(self) -> None:
        """See that the registry is there and lets us in. Raises RegistryError."""
        reply = self._ask("GET", f"{self.base}/v2/", (), {})
        try:
            if reply.status >= 400:
                raise self._refused(reply, f"cannot log in to {self.endpoint.host}")
        finally:
            reply.close()

    def manifest(self, reference: str) -> tuple[bytes, str]:
        """(bytes, media type) of a manifest or index by tag or digest; by digest it is checked."""
        url = f"{self._url}/manifests/{reference}"
        reply = self._ask("GET", url, self._scope(PULL), {"Accept": ACCEPT})
        if reply.status != 200:
            raise self._refused(reply, f'cannot read the manifest "{reference}" of {self.name}')
        kind = reply.header("content-type").partition(";")[0].strip().lower()
        said = reply.header("docker-content-digest")
        data = reply.body(blobs.MAX_DOCUMENT)
        wanted = reference if ":" in reference else said
        if wanted and wanted.startswith("sha256:") and blobs.digest_of(data) != wanted:
            raise errors.ImageError(
                f"damaged image: {self.name} sends a manifest that does not have the digest {wanted[:19]}",
                remedy=_REMEDY,
            )
        return data, kind if kind not in (
            "text/plain",
            "application/json",
            "application/octet-stream",
        ) else ""

    def tags(self) -> list[str]:
        """Every tag of the repository."""
        found: list[str] = []
        url = f"{self._url}/tags/list"
        while url and len(found) <= MAX_TAGS:
            reply = self._ask("GET", url, self._scope(PULL), {})
            if reply.status != 200:
                raise self._refused(reply, f"cannot list the tags of {self.name}")
            link = reply.header("link")
            view = manifest.parse_json(reply.body(blobs.MAX_DOCUMENT), "list of tags")
            new = view.get("tags").texts()
            found += new
            following = link.partition("<")[2].partition(">")[0] if 'rel="next"' in link else ""
            url = self.transport.target(url, following) if following and new else ""
            if url and origin(url) != origin(self.base):
                break
        return list(dict.fromkeys(found))

    def document(self, digest: str, size: int) -> bytes:
        """A small blob, whole and checked: an image's configuration."""
        if size > blobs.MAX_DOCUMENT:
            raise errors.ImageError(
                f"the document {digest[:19]} is longer than {blobs.MAX_DOCUMENT >> 20} MiB", remedy=_REMEDY
            )
        stream = BlobStream(self, digest, size)
        parts: list[bytes] = []
        while data := stream.read(1 << 18):
            parts.append(data)
        found = b"".join(parts)
        if blobs.digest_of(found) != digest:
            raise errors.ImageError(
                f"damaged image: the content of {digest[:19]} does not have that digest", remedy=_REMEDY
            )
        return found

    def open_blob(self, digest: str, position: int = 0) -> Reply:
        """The answer with a blob's bytes, from `position` if the registry can do that (status 206)."""
        headers = {"Range": f"bytes={position}-"} if position else {}
        reply = self._ask("GET", f"{self._url}/blobs/{digest}", self._scope(PULL), headers)
        if reply.status not in (200, 206):
            raise self._refused(reply, f"cannot read the blob {digest[:19]} of {self.name}")
        return reply

    # -- writing

    def has_blob(self, digest: str, size: int) -> bool:
        reply = self._ask("HEAD", f"{self._url}/blobs/{digest}", self._scope(PUSH), {})
        reply.close()
        if reply.status == 200:
            said = reply.header("content-length")
            return not said.isdigit() or int(said) == size
        if reply.status == 404:
            return False
        raise self._refused(reply, f"cannot push to {self.name}")

    def mount(self, digest: str, source: str) -> str:
        """Ask for a blob of another repository: "" when it is there now, else where to upload it."""
        scopes = (*self._scope(PUSH), f"repository:{source}:pull")
        return self._post(f"?mount={digest}&from={_quoted(source)}", scopes)

    def begin_upload(self) -> str:
        """Where to upload a blob to."""
        return self._post("", self._scope(PUSH))

    def _post(self, query: str, scopes: tuple[str, ...]) -> str:
        url = f"{self._url}/blobs/uploads/"
        reply = self._ask("POST", url + query, scopes, {"Content-Length": "0"})
        reply.close()
        if reply.status == 201 and query:
            return ""
        if reply.status != 202:
            raise self._refused(reply, f"cannot push to {self.name}")
        return self.transport.target(url, reply.header("location"))

    def upload(self, location: str, digest: str, chunks: Iterable[bytes], size: int) -> None:
        """Send a blob's bytes. Raises RegistryError; then the upload must begin again."""
        url = f"{location}{'&' if '?' in location else '?'}digest={_quoted(digest)}"
        headers = {"Content-Type": "application/octet-stream", **self._own_authorization(location)}
        insecure = self.endpoint.insecure and origin(location)[1] == origin(self.base)[1]
        reply = self.transport.upload("PUT", url, headers, chunks, size, insecure)
        if reply.status != 201:
            raise self._refused(reply, f"cannot upload {digest[:19]} to {self.name}")
        reply.close()

    def put_manifest(self, reference: str, data: bytes, kind: str) -> None:
        url = f"{self._url}/manifests/{reference}"
        reply = self._ask("PUT", url, self._scope(PUSH), {"Content-Type": kind}, data)
        if reply.status not in (200, 201, 202):
            raise self._refused(reply, f'cannot write the manifest "{reference}" of {self.name}')
        said = reply.header("docker-content-digest")
        reply.close()
        if said.startswith("sha256:") and said != blobs.digest_of(data):
            raise errors.RegistryError(
                f"{self.name} stored another manifest than it was sent ({printable(said)})", remedy=_REMEDY
            )

    # -- who we are

    @property
    def _url(self) -> str:
        return f"{self.base}/v2/{self.endpoint.path}"

    def _scope(self, actions: str) -> tuple[str, ...]:
        return (f"repository:{self.endpoint.path}:{actions}",)

    def _own_authorization(self, url: str) -> dict[str, str]:
        if not self._authorization or origin(url) != origin(self.base):
            return {}
        return {"Authorization": self._authorization}

    def _ask(
        self,
        method: str,
        url: str,
        scopes: tuple[str, ...],
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Reply:
        """Send a request; say who we are when that is asked for. A second refusal in a row is final."""
        if self._authorization.startswith("Bearer ") and not set(scopes) <= set(self._scopes):
            self._authorization = ""  # a token for less than this: ask for a new one
        for answered in (False, True):
            sent = {**headers, **self._own_authorization(url)}
            reply = self.transport.send(method, url, sent, body=body, insecure=self.endpoint.insecure)
            if reply.status != 401 or answered:
                return reply
            if origin(reply.url) != origin(self.base):
                raise self._refused(reply, f"{_where(reply.url)}, to which {self.name} redirects, refuses")
            asked = challenge.parse(reply.header("www-authenticate"))
            reply.close()
            self._authorization = challenge.answer(
                asked, self.transport, self.base, self.endpoint.insecure, scopes, self._credentials
            )
            self._scopes = scopes
            if not self._authorization:
                raise unauthorized(self.endpoint.host, anonymous=True)
        raise AssertionError("not reached")

    def _refused(self, reply: Reply, what: str) -> errors.RegistryError:
        """The error for an answer that is none of those that were hoped for."""
        if reply.status == 401:
            reply.close()
            return unauthorized(self.endpoint.host, anonymous=False)
        code, message = _said(reply)
        known = {404: "there is no such image", 403: "access is denied", 429: "too many requests"}
        why = message or known.get(reply.status, "") or f"status {reply.status}"
        if code and code not in why:
            why = f"{why} ({code})" if code in _OFFICIAL else f"{why} ({printable(code, 40)})"
        remedies = {
            401: f'log in with "pypod login {self.endpoint.host}"',
            403: f'log in with "pypod login {self.endpoint.host}" as somebody who may do that',
            404: "see that name and tag are right",
            429: 'wait, or log in with "pypod login"',
        }
        error = errors.RegistryError(
            f"{what}: {why}", remedy=remedies.get(reply.status, _REMEDY), name=self.name
        )
        error.status = reply.status
        return error


def unauthorized(host: str, *, anonymous: bool) -> errors.RegistryError:
    why = "it wants to know who you are" if anonymous else "the credentials are not accepted"
    error = errors.RegistryError(
        f"{host} refuses: {why}", remedy=f'log in with "pypod login {host}", or give --creds', name=host
    )
    error.status = 401
    return error


class BlobStream:
    """A blob's bytes, exactly `size` of them, over as many connections as it takes."""

    def __init__(
        self, client: Client, digest: str, size: int, moved: Callable[[int], None] | None = None
    ) -> None:
        self._client = client
        self._digest = digest
        self._size = size
        self._moved = moved or (lambda position: None)
        self._reply: Reply | None = None
        self._failures = 0
        self.position = 0

    def read(self, count: int) -> bytes:
        """At most `count` bytes; empty at the end. A cut connection is made anew and continued."""
        while True:
            if self._reply is None:
                if self.position == self._size:
                    return b""
                self._reply = self._open()
            try:
                data = self._reply.read(count)
            except errors.RegistryError as e:
                self._again(e)
                continue
            if data:
                break
            self._reply.close()
            if self.position == self._size:
                return b""
            self._again(
                errors.RegistryError(
                    f"{self._client.name} sends {self.position} of {self._size} bytes of {self._digest[:19]}",
                    remedy=_REMEDY,
                )
            )
        self.position += len(data)
        if self.position > self._size:
            self._reply.close()
            raise errors.ImageError(
                f"damaged image: {self._digest[:19]} has more than the {self._size} bytes that were said",
                remedy=_REMEDY,
            )
        self._moved(self.position)
        return data

    def _again(self, e: errors.RegistryError) -> None:
        self._reply = None
        if self._failures >= self._client.transport.retries:
            raise e
        self._client.transport.pause(self._failures, e.message)
        self._failures += 1

    def _open(self) -> Reply:
        reply = self._client.open_blob(self._digest, self.position)
        if reply.status == 206:
            start = reply.header("content-range").removeprefix("bytes ").partition("-")[0]
            if start != str(self.position):
                reply.close()
                raise errors.RegistryError(
                    f"{self._client.name} sends another part of {self._digest[:19]} than it was asked for",
                    remedy=_REMEDY,
                )
            return reply
        skip = self.position  # no partial answers there: read what we have once more
        while skip:
            data = reply.read(min(skip, 1 << 18))
            if not data:
                break
            skip -= len(data)
        return reply


def _said(reply: Reply) -> tuple[str, str]:
    """(code, message) of the first error that the registry tells; both may be empty."""
    try:
        found = jsonio.loads(reply.body(MAX_ERROR))
        first = found["errors"][0]
        code, message = first.get("code"), first.get("message")
    except (errors.PypodError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return "", ""
    return (
        code if isinstance(code, str) and code.isprintable() else "",
        printable(message) if isinstance(message, str) else "",
    )


def _where(url: str) -> str:
    return origin(url)[1]


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def check_tag(text: str) -> str:
    """A tag that a registry listed, if it is one. Raises ImageError."""
    refs.parse(f"x:{text}")
    return text
