"""Owns: answering `WWW-Authenticate`: basic, and tokens (distribution's token and oauth2 documents)."""

from __future__ import annotations

from libpod import errors
from libpod.image.transport import Transport, origin
from libpod.util import jsonio
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.image.auth import Credentials

    Challenges = dict[str, dict[str, str]]

MAX_TOKEN = 256 << 10
_CLIENT = "pypod"
_REMEDY = "tell the registry's administrator"
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def parse(header: str) -> Challenges:
    """The challenges of a header: scheme in lower case -> parameters (RFC 9110, 11.6.1). Never raises: what
    cannot be read is left out.
    """
    found: Challenges = {}
    current: dict[str, str] | None = None
    rest = header.strip()
    while rest:
        rest = rest.lstrip(" ,\t")
        word, rest = _word(rest)
        if not word:
            break
        after = rest.lstrip(" \t")
        if after[:1] == "=" and current is not None:
            value, rest = _value(after[1:].lstrip(" \t"))
            current.setdefault(word.lower(), value)
        else:
            current = found.setdefault(word.lower(), {})
            rest = after
    return found


def _word(text: str) -> tuple[str, str]:
    end = 0
    while end < len(text) and text[end] in _TOKEN:
        end += 1
    return text[:end], text[end:]


def _value(text: str) -> tuple[str, str]:
    if text[:1] != '"':
        return _word(text)
    out: list[str] = []
    at = 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        out.append(text[at])
        at += 1
    return "".join(out), text[at + 1 :]


def answer(
    asked: Challenges,
    transport: Transport,
    base: str,
    insecure: bool,
    scopes: tuple[str, ...],
    credentials: Callable[[], Credentials | None],
) -> str:
    """The `Authorization` that the registry at `base` wants; empty when it wants credentials and there are
    none.
    """
    if "bearer" in asked:
        return "Bearer " + _token(asked["bearer"], transport, base, insecure, scopes, credentials())
    if "basic" in asked:
        creds = credentials()
        if creds is None or not creds.user:
            return ""
        return creds.basic()
    schemes = printable(", ".join(sorted(asked))) or "none"
    raise errors.RegistryError(
        f"{base} asks for a way to log in that is not known here: {schemes}", remedy=_REMEDY
    )


def _token(
    asked: dict[str, str],
    transport: Transport,
    base: str,
    insecure: bool,
    scopes: tuple[str, ...],
    creds: Credentials | None,
) -> str:
    from urllib.parse import urlencode

    realm = transport.target(base + "/v2/", asked.get("realm", ""))
    wanted = list(scopes)
    if asked.get("scope") and not wanted:
        wanted = asked["scope"].split()
    # A server that we may not check is one thing, another server to which it sends us is another.
    insecure = insecure and origin(realm)[1].rpartition(":")[0] == origin(base)[1].rpartition(":")[0]
    fields = [("service", asked["service"])] if asked.get("service") else []
    if creds is not None and creds.identity_token:
        form = [*fields, ("scope", " ".join(wanted)), ("grant_type", "refresh_token"), ("client_id", _CLIENT)]
        body = urlencode([*form, ("refresh_token", creds.identity_token)]).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = transport.send("POST", realm, headers, body=body, insecure=insecure)
    else:
        fields += [("scope", scope) for scope in wanted]
        headers = {}
        if creds is not None:
            fields.append(("account", creds.user))
            headers["Authorization"] = creds.basic()
        query = urlencode(fields)
        url = f"{realm}{'&' if '?' in realm else '?'}{query}" if query else realm
        reply = transport.send("GET", url, headers, insecure=insecure)
    where = origin(realm)[1]
    if reply.status != 200:
        reply.close()
        error = errors.RegistryError(
            f"{where} gives no token: "
            + (
                "the credentials are not accepted"
                if reply.status in (401, 403) and creds is not None
                else f"status {reply.status}"
            ),
            remedy=f'log in with "pypod login {base.partition("://")[2]}", or give --creds',
        )
        error.status = reply.status
        raise error
    return _read(reply.body(MAX_TOKEN), where)


def _read(data: bytes, where: str) -> str:
    try:
        found = jsonio.loads(data)
        token = found.get("token") or found.get("access_token")
    except (ValueError, AttributeError):
        token = None
    if (
        not isinstance(token, str)
        or not token
        or not token.isascii()
        or not token.isprintable()
        or " " in token
    ):
        raise errors.RegistryError(f"{where} answers without a token", remedy=_REMEDY)
    return token
