"""Owns: Docker's credential helpers: programs `docker-credential-NAME` with four verbs on stdin and stdout.

The secret is given on stdin, never in arguments. Source: the protocol of docker-credential-helpers.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod.util import jsonio, spawn
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TIMEOUT_S = 60.0
"""A helper may ask the user something."""
_NOTHING = ("credentials not found", "no credentials server url", "no credentials username")
_KEPT = (
    "HOME", "USER", "LOGNAME", "PATH", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY", "WAYLAND_DISPLAY", "GNUPGHOME", "PASSWORD_STORE_DIR", "GPG_TTY", "LANG",
)  # fmt: skip


def get(helper: str, server: str) -> tuple[str, str] | None:
    """(user, secret) that the helper keeps for a server; None if it knows none."""
    done = _run(helper, "get", server.encode())
    if done.code:
        text = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        if text.lower().startswith(_NOTHING):
            return None
        raise _failed(helper, "get", text)
    found = _parse(helper, "get", done.stdout)
    user, secret = found.get("Username"), found.get("Secret")
    if not isinstance(user, str) or not isinstance(secret, str):
        raise _failed(helper, "get", "its answer has no Username and Secret")
    return user, secret


def store(helper: str, server: str, user: str, secret: str) -> None:
    text = jsonio.dumps({"ServerURL": server, "Username": user, "Secret": secret}) + "\n"
    _check(helper, "store", text.encode())


def erase(helper: str, server: str) -> None:
    _check(helper, "erase", server.encode())


def known(helper: str) -> list[str]:
    """The servers that the helper has credentials for."""
    done = _check(helper, "list", b"")
    return sorted(_parse(helper, "list", done.stdout or b"{}"))


def _check(helper: str, verb: str, data: bytes) -> spawn.Result:
    done = _run(helper, verb, data)
    if done.code:
        raise _failed(helper, verb, (done.stdout + done.stderr).decode("utf-8", "replace").strip())
    return done


def _run(helper: str, verb: str, data: bytes) -> spawn.Result:
    name = f"docker-credential-{helper}"
    if not helper or "/" in helper or not name.isprintable():
        raise errors.ConfigError(
            f'"{printable(helper)}" is not the name of a credential helper',
            remedy="correct credHelpers and credsStore in auth.json",
        )
    env = {key: os.environ[key] for key in _KEPT if key in os.environ}
    try:
        return spawn.run([name, verb], env=env, stdin=data, timeout_s=TIMEOUT_S, check=False)
    except errors.ToolMissingError as e:
        raise errors.ToolMissingError(
            f'the credential helper "{name}" is not installed',
            remedy="install it, or remove it from credHelpers and credsStore in auth.json",
            name=name,
        ) from e


def _parse(helper: str, verb: str, data: bytes) -> dict[str, Any]:
    try:
        found = jsonio.loads(data)
    except ValueError as e:
        raise _failed(helper, verb, "its answer is not JSON") from e
    if not isinstance(found, dict):
        raise _failed(helper, verb, "its answer is not a JSON object")
    return found


def _failed(helper: str, verb: str, why: str) -> errors.ConfigError:
    return errors.ConfigError(
        f"docker-credential-{helper} {verb} failed: {printable(why) or 'it said nothing'}",
        remedy=f"try it by hand: echo SERVER | docker-credential-{helper} {verb}",
        name=helper,
    )
