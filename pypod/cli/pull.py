"""Owns: the command `pypod pull`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import ACCEPTED, LATER, arg, opt


def pull(
    ctx: Context,
    images: Annotated[list[str] | None, arg("IMAGE")] = None,
    all_tags: Annotated[bool, opt("--all-tags", "-a", help="Pull every tag of the repository")] = False,
    arch: Annotated[
        str | None,
        opt("--arch", metavar="ARCH", help="Choose the image for this architecture instead of the machine's"),
    ] = None,
    authfile: Annotated[
        str | None,
        opt("--authfile", metavar="FILE", complete="files", help="Read the credentials from this file"),
    ] = None,
    cert_dir: Annotated[
        str | None,
        opt(
            "--cert-dir",
            metavar="DIR",
            complete="dirs",
            help="Read the certificates for registries from this directory",
        ),
    ] = None,
    creds: Annotated[
        str | None, opt("--creds", metavar="USER:PASS", help="Credentials for the registry")
    ] = None,
    decryption_key: Annotated[
        list[str] | None,
        opt("--decryption-key", metavar="KEY", help="Key to decrypt the image with", state=LATER),
    ] = None,
    disable_content_trust: Annotated[
        bool,
        opt(
            "--disable-content-trust",
            help="Of Docker",
            state=ACCEPTED,
            why="it is an option of Docker",
        ),
    ] = False,
    os: Annotated[
        str | None, opt("--os", metavar="OS", help="Choose the image for this operating system")
    ] = None,
    platform: Annotated[
        str | None,
        opt("--platform", metavar="OS/ARCH[/VARIANT]", help="Choose the image for this platform"),
    ] = None,
    policy: Annotated[
        str | None,
        opt(
            "--policy",
            metavar="POLICY",
            default="always",
            complete="(always,missing,never,newer)",
            help="When to pull: always, missing, never or newer",
        ),
    ] = None,
    quiet: Annotated[bool, opt("--quiet", "-q", help="Print the image's ID only")] = False,
    retry: Annotated[
        int | None,
        opt("--retry", kind="uint", metavar="N", default="3", help="How often a failed pull is tried again"),
    ] = None,
    retry_delay: Annotated[
        str | None,
        opt("--retry-delay", metavar="TIME", help="Pause before a failed pull is tried again"),
    ] = None,
    tls_verify: Annotated[
        bool | None,
        opt("--tls-verify", help="Ask registries for a valid certificate", default="true"),
    ] = None,
    variant: Annotated[
        str | None,
        opt("--variant", metavar="NAME", help="Choose the image for this variant of the architecture"),
    ] = None,
) -> int | None:
    """Pull images from a registry.

    Prints the ID of each. A name without a registry is looked up as registries.conf says, else in docker.io;
    the full name is printed. `docker-archive:FILE`, `oci-archive:FILE`, `oci:DIR` and `dir:DIR` read archives
    and directories as `load` does.
    """
    from libpod import errors
    from libpod.engine import pull as engine
    from pypod.cli.context import note

    if not images:
        raise errors.UsageError("requires at least 1 arg(s), only received 0")
    options = {
        "arch": arch,
        "authfile": authfile,
        "cert_dir": cert_dir,
        "creds": creds,
        "os": os,
        "platform": platform,
        "retry": retry,
        "retry_delay": retry_delay,
        "tls_verify": tls_verify,
        "variant": variant,
    }
    say = None if quiet else note
    for name in images:
        if all_tags:
            found = engine.pull_all_tags(ctx.session, name, options, say=say)
        else:
            found = engine.pull(ctx.session, name, options, policy=policy or "always", say=say)
        for record in found:
            ctx.out(record["id"] + "\n")
        ctx.flush()
    return 0
