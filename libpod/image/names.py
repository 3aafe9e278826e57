"""Owns: from what the user wrote to the places where it may be: short names, prefixes, mirrors. Pure."""

from __future__ import annotations

from libpod import errors
from libpod.image import ref as refs
from libpod.image.ref import Ref
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.registries import Registries

HUB = "docker.io"
"""The domain of names without one, where the files do not say otherwise."""
HUB_API = f"registry-1.{HUB}"
"""Where that registry answers."""


class Candidate:
    """One full name that a short one may mean, and why."""

    __slots__ = ("note", "ref")

    def __init__(self, ref: Ref, note: str = "") -> None:
        self.ref = ref
        self.note = note
        """A line for the user; empty when there is nothing to tell."""


class Endpoint:
    """A repository at one registry: where to ask for an image."""

    __slots__ = ("host", "insecure", "key", "mirror", "path")

    def __init__(self, host: str, path: str, insecure: bool, key: str, *, mirror: bool = False) -> None:
        self.host = host
        """`name[:port]` to connect to."""
        self.path = path
        """The repository, without the domain."""
        self.insecure = insecure
        """Certificates are not checked, and plain HTTP is tried when there is no TLS."""
        self.key = key
        """`domain/path` under which credentials are looked for."""
        self.mirror = mirror
        """Not what the user named: `--creds` are not for it."""

    def __repr__(self) -> str:
        return f"Endpoint({self.host!r}, {self.path!r}, insecure={self.insecure})"


def candidates(conf: Registries, text: str) -> list[Candidate]:
    """The full names that `text` may mean, best first. Raises ImageError or AmbiguousError."""
    ref = refs.parse(text)
    if not ref.is_short:
        return [Candidate(ref)]
    if ref.path in conf.aliases:
        full, file = conf.aliases[ref.path]
        target = refs.parse(full)
        if target.is_short or target.tag or target.digest:
            raise errors.ConfigError(
                f'{file}: the alias "{ref.path}" is "{full}", which is no full name without a tag',
                remedy=f"correct it in {file}",
                name=ref.path,
            )
        note = f'Resolved "{ref.path}" as an alias ({file})'
        return [Candidate(Ref(target.domain, target.path, ref.tag, ref.digest), note)]
    search = conf.search or [HUB]
    if len(search) > 1 and conf.short_name_mode == "enforcing":
        raise errors.AmbiguousError(
            f'"{printable(text)}" may come from {", ".join(search)}: short-name-mode is "enforcing"',
            remedy=f"give the full name, for example {search[0]}/{text}",
            name=text,
        )
    note = (
        f'Resolving "{text}" using unqualified-search registries ({conf.search_file})' if conf.search else ""
    )
    found = []
    for domain in search:
        named = refs.parse(f"{domain}/{text}")
        if named.is_short:
            raise errors.ConfigError(
                f'{conf.search_file}: "{domain}" is not the name of a registry',
                remedy=f"correct unqualified-search-registries in {conf.search_file}",
            )
        found.append(Candidate(named, note))
        note = ""
    return found


def endpoints(
    conf: Registries, ref: Ref, tls_verify: bool | None = None, *, mirrors: bool = True
) -> list[Endpoint]:
    """Where to ask for a reference, best first: the mirrors, then the registry itself.

    `tls_verify` is the user's word, None = what the files say. Raises RegistryError for a blocked registry.
    """
    entry = conf.match(ref.repo)
    if entry is None:
        return [_endpoint(ref.repo, tls_verify is False)]
    if entry.blocked:
        raise errors.RegistryError(
            f'"{ref.repo}" is blocked by the entry "{entry.prefix}" in {entry.file}',
            remedy=f"take the image from elsewhere, or change {entry.file}",
            name=ref.repo,
        )
    rest = ref.repo[entry.fits(ref.repo) :]
    found = []
    for mirror in entry.mirrors if mirrors else ():
        if mirror.kind == "all" or (mirror.kind == "digest-only") == bool(ref.digest):
            insecure = not tls_verify if tls_verify is not None else mirror.insecure
            found.append(_endpoint(mirror.location + rest, insecure, mirror=True))
    place = entry.location + rest if entry.location else ref.repo
    found.append(_endpoint(place, not tls_verify if tls_verify is not None else entry.insecure))
    return found


def registry_endpoint(conf: Registries, registry: str, tls_verify: bool | None = None) -> Endpoint:
    """Where a registry itself answers, for `login`; `registry` may have a path."""
    entry = conf.match(registry)
    insecure = entry.insecure if entry is not None else False
    if tls_verify is not None:
        insecure = not tls_verify
    return _endpoint(registry, insecure)


def _endpoint(place: str, insecure: bool, *, mirror: bool = False) -> Endpoint:
    host, _, path = place.partition("/")
    return Endpoint(HUB_API if host == HUB else host, path, insecure, place, mirror=mirror)
