"""Owns: the command `pypod push`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.context import Context
    from pypod.cli.declare import ACCEPTED, LATER, arg, opt


def push(
    ctx: Context,
    image: Annotated[str, arg("IMAGE", complete="images")],
    destination: Annotated[str | None, arg("DESTINATION")] = None,
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
            help="Read the certificates for the registry from this directory",
        ),
    ] = None,
    compress: Annotated[
        bool, opt("--compress", help="Compress the layers of a directory", state=LATER)
    ] = False,
    compression_format: Annotated[
        str | None,
        opt(
            "--compression-format",
            metavar="FORMAT",
            complete="(gzip,zstd)",
            help="Compress layers that are kept uncompressed: gzip or zstd; otherwise they go as they are",
        ),
    ] = None,
    creds: Annotated[
        str | None, opt("--creds", metavar="USER:PASS", help="Credentials for the registry")
    ] = None,
    digestfile: Annotated[
        str | None,
        opt(
            "--digestfile",
            metavar="FILE",
            complete="files",
            help="Write the digest of the manifest into this file",
        ),
    ] = None,
    disable_content_trust: Annotated[
        bool,
        opt("--disable-content-trust", help="Of Docker", state=ACCEPTED, why="it is an option of Docker"),
    ] = False,
    format: Annotated[
        str | None,
        opt(
            "--format",
            "-f",
            metavar="FORMAT",
            complete="(oci,v2s2)",
            help="Format of the manifest: oci or v2s2; otherwise the one that the image came with",
        ),
    ] = None,
    quiet: Annotated[bool, opt("--quiet", "-q", help="Print no progress")] = False,
    remove_signatures: Annotated[
        bool,
        opt(
            "--remove-signatures",
            help="Leave out signatures",
            state=ACCEPTED,
            why="signatures are not kept",
        ),
    ] = False,
    retry: Annotated[
        int | None,
        opt("--retry", kind="uint", metavar="N", default="3", help="How often a failed push is tried again"),
    ] = None,
    retry_delay: Annotated[
        str | None,
        opt("--retry-delay", metavar="TIME", help="Pause before a failed push is tried again"),
    ] = None,
    sign_by: Annotated[
        str | None, opt("--sign-by", metavar="KEY", help="Sign the image with this key", state=LATER)
    ] = None,
    tls_verify: Annotated[
        bool | None, opt("--tls-verify", help="Ask the registry for a valid certificate", default="true")
    ] = None,
) -> int | None:
    """Push an image to a registry.

    Only what is missing there is sent. Without a destination the image's own name says where to.
    `docker-archive:FILE`, `oci-archive:FILE`, `oci:DIR` and `dir:DIR` write what `save` writes.
    """
    from libpod import errors
    from libpod.engine import push as engine
    from pypod.cli.context import note

    options = {
        "authfile": authfile,
        "cert_dir": cert_dir,
        "compression_format": compression_format,
        "creds": creds,
        "format": format,
        "retry": retry,
        "retry_delay": retry_delay,
        "tls_verify": tls_verify,
    }
    digest = engine.push(ctx.session, image, destination or "", options, say=None if quiet else note)
    if digestfile:
        try:
            with open(digestfile, "w", encoding="utf-8") as f:
                f.write(digest)
        except OSError as e:
            raise errors.UsageError(f'--digestfile "{digestfile}": {e.strerror}') from e
    return 0
