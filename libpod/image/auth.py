"""Owns: credentials for registries: containers-auth.json(5), Docker's config.json, credential helpers.

Looked for in the file that the user named (`--authfile`, `$REGISTRY_AUTH_FILE`), else in the first of
`$XDG_RUNTIME_DIR/containers/auth.json`, `~/.config/containers/auth.json` and `~/.docker/config.json` that
knows the registry. The most specific key wins: `host/team/app`, `host/team`, `host`. What a file says besides
is kept when it is written. Passwords appear in no message.
"""

from __future__ import annotations

import os

from libpod import errors, log
from libpod.conf import files
from libpod.image import helpers
from libpod.util import atomic, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

ENV = "REGISTRY_AUTH_FILE"
HUB_KEY = "https://index.docker.io/v1/"
"""Docker's key for docker.io."""
MAX_FILE = 4 << 20


class Credentials:
    """A name with its password, or an identity token (then `user` is empty or only for show)."""

    __slots__ = ("identity_token", "password", "user")

    def __init__(self, user: str, password: str, identity_token: str = "") -> None:
        self.user = user
        self.password = password
        self.identity_token = identity_token

    def __repr__(self) -> str:
        return f"Credentials({self.user!r})"

    def basic(self) -> str:
        """The value of an `Authorization` header."""
        from binascii import b2a_base64

        pair = f"{self.user}:{self.password}".encode()
        return "Basic " + b2a_base64(pair, newline=False).decode()


def parse(text: str) -> Credentials:
    """`USER:PASSWORD`, as `--creds` has it; a missing password is empty. Raises UsageError."""
    user, _, password = text.partition(":")
    if not user:
        raise errors.UsageError("--creds has no user name", remedy="write it as --creds USER:PASSWORD")
    return Credentials(user, password)


class AuthFile:
    """One file."""

    def __init__(self, path: str, *, named: bool = False) -> None:
        self.path = path
        self.named = named
        """The user named it: reading it must work when it is there."""

    def read(self) -> dict[str, Any]:
        """The whole document; {} when there is no file. Raises ConfigError."""
        try:
            with open(self.path, "rb") as f:
                data = f.read(MAX_FILE + 1)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as e:
            raise self._bad(e.strerror or "", f"make {self.path} readable") from e
        if not data.strip():
            return {}
        try:
            found = jsonio.loads(data)
        except ValueError as e:
            raise self._bad(f"not JSON: {e}") from e
        if not isinstance(found, dict):
            raise self._bad("not a JSON object")
        for key in ("auths", "credHelpers"):
            if not isinstance(found.get(key, {}), dict | None):
                raise self._bad(f"{key} is not an object")
        for host, helper in (found.get("credHelpers") or {}).items():
            if not isinstance(helper, str):
                raise self._bad(f'the credential helper of "{host}" is not a name')
        return found

    def lookup(self, key: str) -> Credentials | None:
        """The credentials for `host[:port][/path]`."""
        document = self.read()
        if not document:
            return None
        host = key.partition("/")[0]
        helper = (document.get("credHelpers") or {}).get(host)
        if helper:
            found = helpers.get(helper, host)
            if found is not None:
                return _from_helper(*found)
        auths = {_normal(k): v for k, v in (document.get("auths") or {}).items()}
        for candidate in _specific_first(key):
            if candidate in auths:
                found_here = self._entry(candidate, auths[candidate])
                if found_here is not None:
                    return found_here
        store = document.get("credsStore")
        if store and isinstance(store, str):
            server = HUB_KEY if host == "docker.io" else host
            found = helpers.get(store, server)
            if found is not None:
                return _from_helper(*found)
        return None

    def _entry(self, key: str, value: Any) -> Credentials | None:
        if not isinstance(value, dict):
            raise self._bad(f'the entry "{key}" is not an object')
        token = value.get("identitytoken") or ""
        text = value.get("auth") or ""
        if not isinstance(token, str) or not isinstance(text, str):
            raise self._bad(f'the entry "{key}" has no valid auth')
        user = password = ""
        if text:
            from binascii import Error, a2b_base64

            try:
                user, colon, password = a2b_base64(text, strict_mode=True).decode().partition(":")
            except (Error, ValueError) as e:
                raise self._bad(f'the entry "{key}" has no valid auth') from e
            if not colon:
                raise self._bad(f'the entry "{key}" has no valid auth')
            password = password.strip("\0")
        elif isinstance(value.get("username"), str) and isinstance(value.get("password"), str):
            user, password = value["username"], value["password"]
            if not (user + password).isascii() and _has_surrogates(user + password):
                raise self._bad(f'the entry "{key}" is not text')
        return Credentials(user, password, token) if user or token else None

    def store(self, key: str, creds: Credentials) -> str:
        """Keep credentials; returns where. Raises ConfigError, ProcessError (a helper)."""
        document = self.read()
        helper = self._helper(document, key)
        if helper:
            helpers.store(helper, key, creds.user, creds.password)
            return f"credential helper {helper}"
        from binascii import b2a_base64

        text = b2a_base64(f"{creds.user}:{creds.password}".encode(), newline=False).decode()
        self._change(lambda auths: auths.update({key: {"auth": text}}), drop=key)
        return self.path

    def erase(self, key: str) -> bool:
        """Forget the credentials for a key; False if there were none."""
        document = self.read()
        helper = self._helper(document, key)
        if helper and helpers.get(helper, key) is not None:
            helpers.erase(helper, key)
            return True
        if not any(_normal(k) == key for k in document.get("auths") or {}):
            return False
        self._change(lambda auths: None, drop=key)
        return True

    def erase_all(self) -> None:
        """Forget every registry, those in helpers included."""
        document = self.read()
        wanted = {(h, server) for server, h in (document.get("credHelpers") or {}).items()}
        store = document.get("credsStore")
        if isinstance(store, str) and store:
            wanted |= {(store, server) for server in helpers.known(store)}
        for helper, server in sorted(wanted):
            if helpers.get(helper, server) is not None:
                helpers.erase(helper, server)
        if document.get("auths"):
            self._change(lambda auths: auths.clear())

    def _helper(self, document: Mapping[str, Any], key: str) -> str:
        found = (document.get("credHelpers") or {}).get(key.partition("/")[0]) or document.get("credsStore")
        return found if isinstance(found, str) else ""

    def _change(self, change: Callable[[dict[str, Any]], None], drop: str = "") -> None:
        """Read, change and replace the file; two processes that do it at once wait for each other."""
        import fcntl

        folder = os.path.dirname(os.path.abspath(self.path))
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            # The folder is what is locked: the file is replaced, and a lock file would be litter.
            folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as e:
            raise self._bad(
                f"cannot make its folder: {e.strerror}", "name another one with --authfile"
            ) from e
        try:
            fcntl.flock(folder_fd, fcntl.LOCK_EX)
            document = self.read()
            auths: dict[str, Any] = document.get("auths") or {}
            auths = {k: v for k, v in auths.items() if not drop or _normal(k) != drop}
            change(auths)
            document["auths"] = auths
            target = os.path.realpath(self.path)
            atomic.write(target, jsonio.dumps_pretty(document, indent=8) + "\n", mode=0o600)
        except OSError as e:
            raise self._bad(f"cannot be written: {e.strerror}", "name another one with --authfile") from e
        finally:
            os.close(folder_fd)

    def _bad(self, why: str, remedy: str = "") -> errors.ConfigError:
        return errors.ConfigError(
            f"{self.path}: {why}",
            remedy=remedy or f"mend or remove {self.path}, then log in again",
            name=self.path,
        )


def places(environ: Mapping[str, str], authfile: str = "") -> list[AuthFile]:
    """The files to look into, in their order."""
    named = authfile or environ.get(ENV, "")
    if named:
        return [AuthFile(named, named=True)]
    found = []
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        found.append(f"{runtime}/containers/auth.json")
    own = files.user_dir(environ)
    if own:
        found.append(f"{own}/auth.json")
    docker = environ.get("DOCKER_CONFIG", "")
    home = environ.get("HOME", "")
    if docker.startswith("/"):
        found.append(f"{docker}/config.json")
    elif home.startswith("/"):
        found.append(f"{home}/.docker/config.json")
    return [AuthFile(path) for path in found]


def to_write(environ: Mapping[str, str], authfile: str = "") -> AuthFile:
    """The file that `login` writes. Raises ConfigError when there is no place for it."""
    for place in places(environ, authfile):
        if place.named or place.path.endswith("/containers/auth.json"):
            return place
    raise errors.ConfigError(
        "there is no place for credentials: neither XDG_RUNTIME_DIR nor HOME is set",
        remedy=f"name a file with --authfile or {ENV}",
    )


def find(key: str, environ: Mapping[str, str], authfile: str = "") -> Credentials | None:
    """The credentials for `host[:port][/path]`; None if nobody knows any. Raises ConfigError."""
    for place in places(environ, authfile):
        found = place.lookup(key)
        if found is not None:
            log.debug("credentials found", key=key, file=place.path)
            return found
    return None


def _has_surrogates(text: str) -> bool:
    """Halves of UTF-16 pairs, as JSON can name them: no encoding has them."""
    return any("\ud800" <= c <= "\udfff" for c in text)


def _from_helper(user: str, secret: str) -> Credentials:
    return Credentials("", "", secret) if user == "<token>" else Credentials(user, secret)


def _normal(key: str) -> str:
    """A key of the file as `host[:port][/path]`: Docker writes addresses with scheme and version."""
    plain = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    for suffix in ("/v1", "/v2"):
        plain = plain.removesuffix(suffix)
    return "docker.io" + plain[len("index.docker.io") :] if plain.startswith("index.docker.io") else plain


def _specific_first(key: str) -> list[str]:
    """`h/a/b` gives itself, `h/a`, `h`."""
    found = [key]
    while "/" in key:
        key = key.rpartition("/")[0]
        found.append(key)
    return found
