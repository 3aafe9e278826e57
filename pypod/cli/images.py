"""Owns: the command `pypod images`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Format, NoHeading, NoTrunc, QuietIds
    from pypod.cli.context import Context
    from pypod.cli.declare import FULFILLED, arg, opt


def images(
    ctx: Context,
    image: Annotated[str | None, arg("IMAGE", complete="images")] = None,
    all: Annotated[
        bool,
        opt(
            "--all",
            "-a",
            help="Show intermediate images too",
            state=FULFILLED,
            why="there are no intermediate images",
        ),
    ] = False,
    digests: Annotated[bool, opt("--digests", help="Show the digests of the manifests")] = False,
    filter: Annotated[
        list[str] | None,
        opt(
            "--filter",
            "-f",
            kind="slice",
            metavar="KEY=VALUE",
            help="Show only what fits: reference, dangling, label, before, since, id ...",
        ),
    ] = None,
    format: Format = None,
    history: Annotated[
        bool, opt("--history", help="Show the names that the images have and had, the newest first")
    ] = False,
    no_trunc: NoTrunc = False,
    noheading: NoHeading = False,
    quiet: QuietIds = False,
    sort: Annotated[
        str,
        opt(
            "--sort",
            metavar="KEY",
            help="Sort by created, id, repository, size or tag",
            complete="(created,id,repository,size,tag)",
        ),
    ] = "created",
) -> int | None:
    """List the images of the store."""
    from libpod.engine import images as engine
    from pypod.cli import imageview
    from pypod.ui import table

    rows = engine.images(ctx.session, image or "", filters=filter or (), sort=sort)
    if quiet and format is None:
        ids = dict.fromkeys(str(row["Id"]) for row in rows)
        ctx.out("".join(("sha256:" + i if no_trunc else i[:12]) + "\n" for i in ids))
        return 0
    fields = ["Repository", "Tag", "Digest", "ID", "CreatedSince", "Size"]
    if not digests:
        fields.remove("Digest")
    if history:
        fields.append("History")
    ctx.out(
        table.listing(
            "images",
            [imageview.row(row, no_trunc=no_trunc) for row in rows],
            fields,
            template=format,
            headings=imageview.HEADINGS,
            noheading=noheading,
            json_rows=imageview.json_rows(rows),
            json_indent=4,
        )
    )
    return 0
