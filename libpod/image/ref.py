"""Owns: image references: their grammar, their full form, and how they are shown.

    [domain[:port]/]path[:tag][@algorithm:hex]

The first component is a domain when it has a dot or a colon, or is `localhost`, as everywhere in this field
(the distribution project's reference grammar). A reference without a domain is a short name: `expand` lists
what it may mean.
"""

from __future__ import annotations

from libpod import errors
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MAX_NAME = 255
MAX_TAG = 128

_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset("0123456789")
_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEX = frozenset("0123456789abcdef")
_PATH = _LOWER | _DIGITS
_ALNUM = _PATH | _UPPER
_WORD = _ALNUM | {"_"}
_TAG = _WORD | {".", "-"}


class Ref:
    """A parsed reference. Compare and print by its full text: `str(ref)`."""

    __slots__ = ("digest", "domain", "path", "tag")

    def __init__(self, domain: str, path: str, tag: str = "", digest: str = "") -> None:
        self.domain = domain
        """Empty for a short name."""
        self.path = path
        self.tag = tag
        self.digest = digest
        """`sha256:...`, or empty."""

    @property
    def repo(self) -> str:
        """`domain/path`."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def is_short(self) -> bool:
        return not self.domain

    def stored(self) -> str:
        """The name under which an image is kept: the digest if there is one, else the tag, else `latest`."""
        return f"{self.repo}@{self.digest}" if self.digest else f"{self.repo}:{self.tag or 'latest'}"

    def __str__(self) -> str:
        return self.repo + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    def __repr__(self) -> str:
        return f"Ref({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def parse(text: str) -> Ref:
    """Parse a reference as the user wrote it; Docker's domain gets its full form (`docker.io/library/x`).

    Raises ImageError that names the part that is wrong.
    """
    name, at, digest = text.partition("@")
    if at:
        _check_digest(text, digest)
    slash = name.rfind("/")
    colon = name.find(":", slash + 1)
    tag = ""
    if colon >= 0:
        name, tag = name[:colon], name[colon + 1 :]
        _check_tag(text, tag)
    if not name:
        _bad(text, "it has no name")
    first, sep, rest = name.partition("/")
    domain, path = "", name
    if sep and ("." in first or ":" in first or first == "localhost" or first.startswith("[")):
        domain, path = first, rest
        _check_domain(text, domain)
    _check_path(text, path)
    if len(name) > MAX_NAME:
        _bad(text, f"its name is longer than {MAX_NAME} characters")
    if not domain and not at and not tag and len(path) == 64 and _HEX.issuperset(path):
        _bad(text, "64 hex digits cannot be a name, they are an id")
    if domain == "index.docker.io":
        domain = "docker.io"
    if domain == "docker.io" and "/" not in path:
        path = f"library/{path}"
    return Ref(domain, path, tag, digest)


def normalise(text: str, default_domain: str = "localhost") -> str:
    """The name under which an image made here is stored: short names go under `localhost/`, the tag is
    filled in.
    """
    return _in_domain(parse(text), default_domain).stored()


def _in_domain(ref: Ref, domain: str) -> Ref:
    """The reference with this domain if it has none; the hub's official images lie under `library/`."""
    if ref.domain:
        return ref
    path = f"library/{ref.path}" if domain == "docker.io" and "/" not in ref.path else ref.path
    return Ref(domain, path, ref.tag, ref.digest)


def expand(text: str, search: tuple[str, ...] = ("docker.io",)) -> list[str]:
    """The stored names that `text` may mean, best first: local, then each registry to search."""
    ref = parse(text)
    if not ref.is_short:
        return [ref.stored()]
    return [_in_domain(ref, domain).stored() for domain in ("localhost", *search)]


def display(stored: str) -> tuple[str, str]:
    """(repository, tag) of a stored name as lists show them; the tag of `name@digest` is `<none>`."""
    ref = parse(stored)
    return ref.repo, ref.tag or "<none>"


def check_digest(digest: str) -> str:
    """Return `digest` if it is a sha256 digest in its one valid spelling. Raises ImageError."""
    _check_digest(digest, digest)
    return digest


def _bad(text: str, why: str) -> NoReturn:
    raise errors.ImageError(
        f"invalid reference {_quoted(text)}: {why}",
        remedy="write it as [DOMAIN/]NAME[:TAG], for example localhost/web:1.0",
        name=printable(text),
    )


def _quoted(text: str) -> str:
    return f'"{printable(text)}"'


def _check_domain(text: str, domain: str) -> None:
    if domain.startswith("["):
        host, bracket, port = domain[1:].partition("]")
        if not bracket or not host or not set(host.lower()) <= _HEX | {":", "."} or (port and port[0] != ":"):
            _bad(text, f"the domain {_quoted(domain)} is not valid")
        port = port[1:] if port else "0"
    else:
        host, colon, port = domain.partition(":")
        port = port if colon else "0"
        for label in host.split("."):
            if (
                not label
                or not _ALNUM.issuperset(label.replace("-", "a"))
                or label[0] == "-"
                or label[-1] == "-"
            ):
                _bad(text, f"the domain {_quoted(domain)} is not valid")
    if not port or not _DIGITS.issuperset(port):
        _bad(text, f"the port of {_quoted(domain)} is not a number")


def _check_path(text: str, path: str) -> None:
    for component in path.split("/"):
        if not component:
            _bad(text, "it has an empty path component")
        if not _UPPER.isdisjoint(component):
            _bad(text, "repository name must be lowercase")
        if component[0] not in _PATH or component[-1] not in _PATH:
            _bad(text, f"{_quoted(component)} must begin and end with a letter or a digit")
        run = ""
        for char in component:
            if char in _PATH:
                if run and run not in (".", "_", "__") and set(run) != {"-"}:
                    _bad(
                        text, f'{_quoted(component)} has "{run}" between letters (allowed: . _ __ and dashes)'
                    )
                run = ""
            elif char in "._-":
                run += char
            else:
                _bad(text, f"{_quoted(char)} is not allowed in a name")


def _check_tag(text: str, tag: str) -> None:
    if not tag:
        _bad(text, "the tag is empty")
    if len(tag) > MAX_TAG:
        _bad(text, f"the tag is longer than {MAX_TAG} characters")
    if tag[0] not in _WORD or not _TAG.issuperset(tag):
        _bad(text, "the tag may have letters, digits, _ . and -, and not begin with . or -")


def _check_digest(text: str, digest: str) -> None:
    algorithm, colon, value = digest.partition(":")
    if not colon:
        _bad(text, "the digest has no algorithm")
    if algorithm != "sha256":
        _bad(text, f"the digest algorithm {_quoted(algorithm)} is not supported (only sha256)")
    if len(value) != 64 or not _HEX.issuperset(value):
        _bad(text, "a sha256 digest has 64 lower-case hex digits")
