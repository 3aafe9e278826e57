"""Owns: the commands of `pypod secret`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Format, QuietIds, Secret, Secrets
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def create(
    ctx: Context,
    name: Annotated[str, arg("NAME")],
    source: Annotated[str, arg("FILE", complete="files")],
    driver: Annotated[
        str,
        opt(
            "--driver",
            "-d",
            metavar="DRIVER",
            complete="(file,shell)",
            help="Where it is kept: file or shell",
        ),
    ] = "file",
    driver_opts: Annotated[
        list[str] | None, opt("--driver-opts", kind="slice", metavar="KEY=VALUE", help="Option of the driver")
    ] = None,
    env: Annotated[bool, opt("--env", help="FILE is the name of a variable that holds the secret")] = False,
    ignore: Annotated[bool, opt("--ignore", help="Take a secret that exists as created")] = False,
    label: Annotated[list[str] | None, opt("--label", "-l", metavar="KEY=VALUE", help="Add a label")] = None,
    replace: Annotated[bool, opt("--replace", help="Replace the secret that has the same name")] = False,
) -> int | None:
    """Keep a secret, and print its ID.

    The data comes from a file, from stdin (`-`), or from a variable. The driver shell calls commands of
    yours, given as --driver-opts store=..., lookup=..., delete=..., list=...; $SECRET_ID says which secret
    is meant.
    """
    from libpod.engine import secrets as engine

    data = _data(ctx, source, env=env)
    options = _pairs(driver_opts, "--driver-opts")
    labels = _pairs(label, "--label")
    made = engine.create(
        ctx.session, name, data, driver=driver, options=options, labels=labels, replace=replace, ignore=ignore
    )
    ctx.out(f"{made}\n")
    return 0


def _data(ctx: Context, source: str, *, env: bool) -> bytes:
    import os
    import sys

    from libpod import errors, secrets

    if env:
        if source not in os.environ:
            raise errors.UsageError(
                f"cannot create store secret data: environment variable {source} is not set",
                remedy="set it, or leave --env out for a file",
            )
        return os.environb[os.fsencode(source)]
    try:
        if source == "-":
            return sys.stdin.buffer.read(secrets.MAX_BYTES + 1)
        with open(source, "rb") as f:
            return f.read(secrets.MAX_BYTES + 1)
    except OSError as e:
        raise errors.UsageError(f'"{source}": {e.strerror}', remedy="give a file, or - for stdin") from e


def _pairs(words: list[str] | None, option: str) -> dict[str, str]:
    from libpod import errors

    found = {}
    for word in words or ():
        key, sep, value = word.partition("=")
        if not key or (not sep and option != "--label"):
            raise errors.UsageError(
                f'{option} "{word}" is not KEY=VALUE', remedy=f'write for example "{option} a=b"'
            )
        found[key] = value
    return found


def exists(ctx: Context, secret: Secret) -> int | None:
    """Say by the exit code whether a secret exists: 0 if it does, 1 if not."""
    from libpod import errors
    from libpod.state import secrets

    try:
        secrets.lookup(ctx.session.db, secret)
    except errors.NotFoundError:
        return 1
    return 0


def inspect(
    ctx: Context,
    secrets: Secrets = None,
    format: Annotated[
        str | None,
        opt("--format", "-f", help="Print as json or by a Go template", complete="format", default="json"),
    ] = None,
    pretty: Annotated[bool, opt("--pretty", help="Print for people to read")] = False,
    showsecret: Annotated[bool, opt("--showsecret", help="Show the secret itself as well")] = False,
) -> int | None:
    """Show all about secrets, but not what they are."""
    from libpod import errors
    from libpod.engine import secrets as engine
    from pypod.ui import table

    if not secrets:
        raise errors.UsageError(
            '"pypod secret inspect" needs at least one secret', remedy="give names or ids"
        )
    if pretty and format:
        raise errors.UsageError("--pretty and --format cannot be given together")
    found: list[object] = []
    failed: list[errors.PypodError] = []
    for name in secrets:
        try:
            found.append(engine.inspect(ctx.session, name, with_data=showsecret))
        except errors.PypodError as e:
            failed.append(e)
    if pretty:
        ctx.out("".join(_pretty(one) for one in found))  # type: ignore[arg-type]
    elif found or not format:
        ctx.out(table.objects("secret inspect", found, format))
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)
    return 0


def _pretty(one: dict[str, dict[str, dict[str, str]]]) -> str:
    spec = one["Spec"]
    lines = [f"ID:              {one['ID']}", f"Name:            {spec['Name']}"]
    lines += [f"Driver:          {spec['Driver']['Name']}", f"Created:         {one['CreatedAt']}"]
    lines.append(f"Updated:         {one['UpdatedAt']}")
    if "SecretData" in one:
        lines.append(f"Secret:          {one['SecretData']}")
    return "\n".join(lines) + "\n"


def ls(
    ctx: Context,
    filter: Annotated[
        list[str] | None,
        opt("--filter", "-f", kind="slice", metavar="KEY=VALUE", help="Show only what fits: name, id"),
    ] = None,
    format: Format = None,
    noheading: Annotated[bool, opt("--noheading", help="Print no column headings", aliases=("n",))] = False,
    quiet: QuietIds = False,
) -> int | None:
    """List secrets."""
    from libpod.engine import secrets as engine
    from pypod.cli import psview
    from pypod.ui import human, table

    found = engine.ls(ctx.session, filter or ())
    if quiet:
        ctx.out("".join(f"{record['id']}\n" for record in found))
        return 0
    now_ns = psview.now()
    rows: list[dict[str, object]] = [
        {
            "ID": record["id"],
            "Name": record["name"],
            "Driver": record["driver"],
            "CreatedAt": human.ago(record["created_ns"], now_ns),
            "UpdatedAt": human.ago(record["updated_ns"], now_ns),
        }
        for record in found
    ]
    fields = ("ID", "Name", "Driver", "CreatedAt", "UpdatedAt")
    headings = {"CreatedAt": "CREATED", "UpdatedAt": "UPDATED"}
    ctx.out(table.listing("secret ls", rows, fields, template=format, headings=headings, noheading=noheading))
    return 0


def rm(
    ctx: Context,
    secrets: Secrets = None,
    all: Annotated[bool, opt("--all", "-a", help="Remove all secrets")] = False,
    ignore: Annotated[
        bool, opt("--ignore", "-i", help="Take a secret that does not exist as removed")
    ] = False,
) -> int | None:
    """Remove secrets."""
    from libpod import errors
    from libpod.engine import secrets as engine

    if bool(secrets) == all:
        raise errors.UsageError(
            '"pypod secret rm" needs secrets, or --all', remedy="give names or ids, or --all alone"
        )
    engine.rm(ctx.session, secrets or (), lambda line: ctx.out(f"{line}\n"), every=all, ignore=ignore)
    return 0
