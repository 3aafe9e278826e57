"""Owns: `login` and `logout`: credentials are kept only when the registry accepts them."""

from __future__ import annotations

from libpod import errors
from libpod.engine import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.engine.registry import Options
    from libpod.engine.session import Session


def key_of(session: Session, name: str) -> str:
    """The registry that a command means: `host[:port][/path]`; without a name the first that is searched."""
    from libpod.conf import registries
    from libpod.image import names

    if not name:
        return (registries.load(session.environ).search or [names.HUB])[0]
    key = name.removeprefix("https://").removeprefix("http://").rstrip("/")
    key = key.partition("/v1")[0] if key.endswith("/v1") else key
    if key.startswith("index.docker.io"):
        key = names.HUB + key.removeprefix("index.docker.io")
    host = key.partition("/")[0]
    if not host or any(c.isspace() or c in "@?#\\" for c in key):
        raise errors.UsageError(f'"{name}" is not the name of a registry', remedy="write it as HOST[:PORT]")
    return key


def known_user(session: Session, key: str, authfile: str = "") -> str:
    """The user that is logged in; empty if nobody is."""
    from libpod.image import auth

    found = auth.find(key, session.environ, authfile)
    return found.user if found is not None else ""


def login(
    session: Session,
    key: str,
    options: Options,
    ask: Callable[[str], tuple[str, str]],
) -> tuple[bool, str]:
    """Log in: (False, "") when credentials that were there still count, else (True, where they were kept).

    `ask` gets the user that is known already and returns user and password. Options besides those of
    registries: `fresh` = do not try what is there.
    """
    from libpod.image import auth

    authfile = str(options.get("authfile") or "")
    known = auth.find(key, session.environ, authfile)
    if known is not None and not options.get("fresh"):
        try:
            verify(session, key, options, known)
        except errors.RegistryError as e:
            if e.status != 401:
                raise
        else:
            return False, ""
    user, password = ask(known.user if known is not None else "")
    creds = auth.Credentials(user, password)
    verify(session, key, options, creds)
    return True, auth.to_write(session.environ, authfile).store(key, creds)


def verify(session: Session, key: str, options: Options, creds: object) -> None:
    """See that the registry accepts the credentials. Raises RegistryError, with status 401 if it does not."""
    from libpod.image import auth, names
    from libpod.image.registry import Client

    assert isinstance(creds, auth.Credentials)
    access = registry.access(session, {**options, "creds": None})
    endpoint = names.registry_endpoint(access.registries, key, access.tls_verify)
    Client(access.transport, endpoint, lambda: creds).ping()


def logout(session: Session, key: str, authfile: str = "") -> None:
    """Forget the credentials for a registry. Raises NotFoundError when there are none."""
    from libpod.image import auth

    erased = False
    for place in auth.places(session.environ, authfile):
        if place.named or place.path.endswith("/containers/auth.json"):
            erased = place.erase(key) or erased
    if erased:
        return
    other = auth.find(key, session.environ, authfile)
    if other is not None:
        raise errors.NotFoundError(
            f"not logged into {key} here: its credentials are Docker's or those of a wider name",
            remedy=f"docker logout {key}",
            name=key,
        )
    raise errors.NotFoundError(f"not logged into {key}", remedy=f'log in with "pypod login {key}"', name=key)


def logout_all(session: Session, authfile: str = "") -> None:
    from libpod.image import auth

    for place in auth.places(session.environ, authfile):
        if place.named or place.path.endswith("/containers/auth.json"):
            place.erase_all()
