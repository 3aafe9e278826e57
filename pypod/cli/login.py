"""Owns: the commands `pypod login` and `pypod logout`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def login(
    ctx: Context,
    registry: Annotated[str | None, arg("REGISTRY")] = None,
    authfile: Annotated[
        str | None,
        opt("--authfile", metavar="FILE", complete="files", help="Keep the credentials in this file"),
    ] = None,
    cert_dir: Annotated[
        str | None,
        opt(
            "--cert-dir",
            metavar="DIR",
            complete="dirs",
            help="Read the certificates for the registry from this directory",
        ),
    ] = None,
    get_login: Annotated[bool, opt("--get-login", help="Print the user that is logged in")] = False,
    password: Annotated[
        str | None, opt("--password", "-p", metavar="PASSWORD", help="Password; others can see it in ps")
    ] = None,
    password_stdin: Annotated[bool, opt("--password-stdin", help="Read the password from stdin")] = False,
    tls_verify: Annotated[
        bool | None, opt("--tls-verify", help="Ask the registry for a valid certificate", default="true")
    ] = None,
    username: Annotated[str | None, opt("--username", "-u", metavar="USER", help="Name of the user")] = None,
    verbose: Annotated[bool, opt("--verbose", "-v", help="Print where the credentials are kept")] = False,
) -> int | None:
    """Log in to a registry.

    User and password are asked for where they are not given, tried, and kept in auth.json or by the
    credential helper that is configured there. Without a registry the first of
    unqualified-search-registries is meant, else docker.io.
    """
    from libpod import errors
    from libpod.engine import login as engine

    key = engine.key_of(ctx.session, registry or "")
    if get_login:
        user = engine.known_user(ctx.session, key, authfile or "")
        if not user:
            raise errors.NotFoundError(f"not logged into {key}", remedy=f'use "pypod login {key}"', name=key)
        ctx.out(user + "\n")
        return 0
    if password is not None and password_stdin:
        raise errors.UsageError(
            "--password and --password-stdin cannot be used together", remedy="leave --password out"
        )
    if password_stdin and not username:
        raise errors.UsageError("--password-stdin needs --username", remedy="add --username USER")

    def ask(known: str) -> tuple[str, str]:
        user = username or _ask_user(known)
        if password is not None:
            return user, password
        return user, _from_stdin() if password_stdin else _ask_password()

    options = {
        "authfile": authfile,
        "cert_dir": cert_dir,
        "tls_verify": tls_verify,
        "fresh": username is not None or password is not None or password_stdin,
    }
    new, where = engine.login(ctx.session, key, options, ask)
    if not new:
        ctx.out(f"Existing credentials are valid. Already logged in to {key}\n")
        return 0
    if verbose:
        ctx.out(f"Used: {where}\n")
    ctx.out("Login Succeeded!\n")
    return 0


def _ask_user(known: str) -> str:
    import sys

    from libpod import errors

    if not sys.stdin.isatty():
        raise errors.UsageError(
            "there is no terminal to ask for the user on", remedy="give --username and --password-stdin"
        )
    sys.stderr.write(f"Username ({known}): " if known else "Username: ")
    sys.stderr.flush()
    user = sys.stdin.readline().strip() or known
    if not user:
        raise errors.UsageError("no user was given", remedy="type it, or give --username")
    return user


def _ask_password() -> str:
    import getpass
    import sys

    from libpod import errors

    if not sys.stdin.isatty():
        raise errors.UsageError(
            "there is no terminal to ask for the password on", remedy="give --password-stdin"
        )
    try:
        return getpass.getpass("Password: ", sys.stderr)
    except EOFError:
        raise errors.UsageError("no password was given", remedy="type it, or give --password-stdin") from None


def _from_stdin() -> str:
    import sys

    return sys.stdin.read(1 << 20).rstrip("\r\n")


def logout(
    ctx: Context,
    registry: Annotated[str | None, arg("REGISTRY")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Log out of every registry")] = False,
    authfile: Annotated[
        str | None,
        opt("--authfile", metavar="FILE", complete="files", help="File that the credentials are in"),
    ] = None,
) -> int | None:
    """Log out of a registry: forget its credentials."""
    from libpod import errors
    from libpod.engine import login as engine

    if all:
        if registry:
            raise errors.UsageError("--all takes no registry", remedy="leave one of them out")
        engine.logout_all(ctx.session, authfile or "")
        ctx.out("Removed login credentials for all registries\n")
        return 0
    key = engine.key_of(ctx.session, registry or "")
    engine.logout(ctx.session, key, authfile or "")
    ctx.out(f"Removed login credentials for {key}\n")
    return 0
