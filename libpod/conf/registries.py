"""Owns: what registries.conf(5) says: where registries are, mirrors, blocked ones, short names.

The files are shared with the neighbours (Podman, Skopeo). `$CONTAINERS_REGISTRIES_CONF`, else the user's
file, else the machine's; then the drop-ins of `registries.conf.d`, the machine's first. Format 2; of format 1
the lists `search`, `insecure` and `block`.
"""

from __future__ import annotations

import os

from libpod import log
from libpod.conf import files, toml
from libpod.errors import ConfigError
from libpod.util import atomic, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ENV = "CONTAINERS_REGISTRIES_CONF"
_CACHE_VERSION = 1
"""Raise it when a member changes its meaning: older caches are then not read."""
_SYSTEM = ("/etc/containers", "/usr/share/containers")
_MODES = ("enforcing", "permissive", "disabled")
_MIRROR_KINDS = ("all", "digest-only", "tag-only")


class Mirror:
    """Another place of a registry's images."""

    __slots__ = ("insecure", "kind", "location")

    def __init__(self, location: str, insecure: bool, kind: str) -> None:
        self.location = location
        self.insecure = insecure
        self.kind = kind
        """`all`, `digest-only` or `tag-only`: the references that it is asked for."""


class Registry:
    """One `[[registry]]`."""

    __slots__ = ("blocked", "file", "insecure", "location", "mirrors", "prefix")

    def __init__(
        self, prefix: str, location: str, insecure: bool, blocked: bool, mirrors: list[Mirror], file: str
    ) -> None:
        self.prefix = prefix
        self.location = location
        """What takes the place of the prefix; empty = the prefix itself."""
        self.insecure = insecure
        self.blocked = blocked
        self.mirrors = mirrors
        self.file = file

    def fits(self, name: str) -> int:
        """How many characters of `name` (domain/path, perhaps with tag or digest) the prefix covers; 0 = it
        does not fit.
        """
        if self.prefix.startswith("*."):
            domain = name.partition("/")[0]
            return len(domain) if domain.endswith(self.prefix[1:]) else 0
        rest = name[len(self.prefix) :]
        return len(self.prefix) if name.startswith(self.prefix) and rest[:1] in ("", "/", ":", "@") else 0


class Registries:
    """Everything that the files say."""

    def __init__(self) -> None:
        self.registries: dict[str, Registry] = {}
        """By prefix."""
        self.search: list[str] = []
        """Where names without a domain are looked for; empty = nobody said it."""
        self.search_file = ""
        self.aliases: dict[str, tuple[str, str]] = {}
        """Short name -> (full name without tag, the file that says so)."""
        self.short_name_mode = ""
        self.credential_helpers: list[str] = []

    def match(self, name: str) -> Registry | None:
        """The entry with the longest prefix that fits `domain/path`."""
        best: Registry | None = None
        for entry in self.registries.values():
            if entry.fits(name) and (best is None or _weight(entry) > _weight(best)):
                best = entry
        return best


def _weight(entry: Registry) -> tuple[bool, int]:
    return not entry.prefix.startswith("*."), len(entry.prefix)


def load(environ: Mapping[str, str], cache_dir: str = "") -> Registries:
    """Read all files. Raises ConfigError that names file and key.

    In `cache_dir` the result is kept as JSON, with time, size and inode of each file: parsing TOML takes 10
    ms.
    """
    paths = _places(environ)
    key: list[object] = [_CACHE_VERSION]
    for path in paths:
        facts = os.stat(path)
        key.append([path, facts.st_mtime_ns, facts.st_size, facts.st_ino])
    cache = f"{cache_dir}/registries.json"
    if cache_dir:
        try:
            kept = jsonio.load_file(cache)
            if kept["key"] == key:
                return _from_json(kept["values"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
    found = Registries()
    for path in paths:
        _read(path, found)
    if cache_dir:
        try:
            atomic.write(cache, jsonio.dumps({"key": key, "values": _to_json(found)}), durable=False)
        except OSError as e:
            log.debug("what registries.conf says is not cached", file=cache, error=e.strerror)
    return found


def _places(environ: Mapping[str, str]) -> list[str]:
    """The files that count and are there, the weakest first."""
    own = files.user_dir(environ)
    only = environ.get(ENV, "")
    if only:
        if not os.path.exists(only):
            raise ConfigError(
                f"{ENV}={only}: there is no such file", remedy=f"correct or unset {ENV}", name=only
            )
        return [only]
    bases = [own, *_SYSTEM] if own else list(_SYSTEM)
    found = [path for path in (f"{base}/registries.conf" for base in bases) if os.path.exists(path)][:1]
    for base in reversed(bases):
        found += [path for path in _drop_ins(f"{base}/registries.conf.d") if os.path.exists(path)]
    return found


def _to_json(found: Registries) -> dict[str, Any]:
    entries = [
        [
            e.prefix,
            e.location,
            e.insecure,
            e.blocked,
            [[m.location, m.insecure, m.kind] for m in e.mirrors],
            e.file,
        ]
        for e in found.registries.values()
    ]
    return {**found.__dict__, "registries": entries}


def _from_json(values: dict[str, Any]) -> Registries:
    found = Registries()
    found.__dict__.update(values)
    entries = []
    for prefix, location, insecure, blocked, mirrors, file in values["registries"]:
        entries.append(Registry(prefix, location, insecure, blocked, [Mirror(*m) for m in mirrors], file))
    found.registries = {entry.prefix: entry for entry in entries}
    found.aliases = {short: (full, file) for short, (full, file) in values["aliases"].items()}
    return found


def _drop_ins(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [f"{folder}/{name}" for name in sorted(names) if name.endswith(".conf")]


def _read(path: str, into: Registries) -> None:
    """Read one file over what was found so far."""
    try:
        document = toml.load(path)
    except OSError as e:
        raise ConfigError(f"{path}: {e.strerror}", remedy=f"make {path} readable", name=path) from e
    if "registries" in document:
        _read_v1(path, document["registries"], into)
    if "unqualified-search-registries" in document:
        into.search = _strings(path, "unqualified-search-registries", document)
        into.search_file = path
    into.credential_helpers = _strings(path, "credential-helpers", document) or into.credential_helpers
    mode = document.get("short-name-mode", "")
    if mode:
        if mode not in _MODES:
            raise _wrong(path, "short-name-mode", f"one of {', '.join(_MODES)}")
        into.short_name_mode = mode
    aliases = document.get("aliases", {})
    if not isinstance(aliases, dict):
        raise _wrong(path, "aliases", "a table")
    for short, full in aliases.items():
        if not isinstance(full, str):
            raise _wrong(path, f"aliases.{short}", "a string")
        if full:
            into.aliases[short] = (full, path)
        else:
            into.aliases.pop(short, None)  # an empty one takes away what a weaker file says
    listed = document.get("registry", [])
    if not isinstance(listed, list):
        raise _wrong(path, "registry", "a list of tables ([[registry]])")
    for number, item in enumerate(listed):
        entry = _registry(path, f"registry[{number}]", item)
        into.registries[entry.prefix] = entry


def _registry(path: str, where: str, item: Any) -> Registry:
    if not isinstance(item, dict):
        raise _wrong(path, where, "a table")
    location = _place(path, f"{where}.location", _text(path, where, "location", item))
    prefix = _place(path, f"{where}.prefix", _text(path, where, "prefix", item)) or location
    if not prefix:
        raise _wrong(path, where, "a table with location or prefix")
    if prefix.startswith("*.") and location:
        raise _wrong(path, f"{where}.location", "left out where the prefix has a wildcard")
    if "*" in prefix.removeprefix("*.") or "*" in location:
        raise _wrong(path, f"{where}.prefix", "a name, or one that begins with *.")
    digest_only = _flag(path, where, "mirror-by-digest-only", item)
    mirrors = []
    given = item.get("mirror", [])
    if not isinstance(given, list):
        raise _wrong(path, f"{where}.mirror", "a list of tables ([[registry.mirror]])")
    for number, one in enumerate(given):
        at = f"{where}.mirror[{number}]"
        if not isinstance(one, dict):
            raise _wrong(path, at, "a table")
        place = _place(path, f"{at}.location", _text(path, at, "location", one))
        if not place:
            raise _wrong(path, at, "a table with location")
        kind = _text(path, at, "pull-from-mirror", one) or ("digest-only" if digest_only else "all")
        if kind not in _MIRROR_KINDS:
            raise _wrong(path, f"{at}.pull-from-mirror", f"one of {', '.join(_MIRROR_KINDS)}")
        mirrors.append(Mirror(place, _flag(path, at, "insecure", one), kind))
    insecure, blocked = _flag(path, where, "insecure", item), _flag(path, where, "blocked", item)
    return Registry(prefix, location, insecure, blocked, mirrors, path)


def _read_v1(path: str, document: Any, into: Registries) -> None:
    if not isinstance(document, dict):
        raise _wrong(path, "registries", "a table")
    lists = {}
    for name in ("search", "insecure", "block"):
        table = document.get(name, {})
        if not isinstance(table, dict):
            raise _wrong(path, f"registries.{name}", "a table")
        lists[name] = _strings(path, "registries", table, f"registries.{name}.registries")
    if lists["search"]:
        into.search, into.search_file = lists["search"], path
    for place in {*lists["insecure"], *lists["block"]}:
        into.registries[place] = Registry(
            place, "", place in lists["insecure"], place in lists["block"], [], path
        )


def _place(path: str, where: str, text: str) -> str:
    """`domain[:port][/path]`, without a scheme."""
    if "://" in text or text.startswith("/") or text.endswith("/") or any(c.isspace() for c in text):
        raise _wrong(path, where, "HOST[:PORT][/PATH], without a scheme and a slash at the end")
    return text


def _text(path: str, where: str, key: str, table: Mapping[str, Any]) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise _wrong(path, f"{where}.{key}", "a string")
    return value


def _flag(path: str, where: str, key: str, table: Mapping[str, Any]) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise _wrong(path, f"{where}.{key}", "true or false")
    return value


def _strings(path: str, key: str, table: Mapping[str, Any], shown: str = "") -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(path, shown or key, "a list of strings")
    return list(value)


def _wrong(path: str, name: str, form: str) -> ConfigError:
    return ConfigError(f"{path}: {name} must be {form}", remedy=f"correct {name} in {path}", name=path)
