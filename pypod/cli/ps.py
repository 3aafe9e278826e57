"""Owns: the command `pypod ps`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Format, QuietIds
    from pypod.cli.context import Context
    from pypod.cli.declare import FULFILLED, opt


def ps(
    ctx: Context,
    all: Annotated[bool, opt("--all", "-a", help="Show all containers, not only the running ones")] = False,
    external: Annotated[
        bool,
        opt(
            "--external",
            help="Show containers of other tools as well",
            state=FULFILLED,
            why="the store has containers of this engine only",
        ),
    ] = False,
    filter: Annotated[
        list[str] | None,
        opt(
            "--filter",
            "-f",
            kind="slice",
            metavar="KEY=VALUE",
            help="Show only what fits: id, name, label, status, ancestor, exited, volume ...",
        ),
    ] = None,
    format: Format = None,
    last: Annotated[
        int,
        opt(
            "--last",
            "-n",
            metavar="N",
            help="Show the N containers that were created last, whatever their state",
        ),
    ] = -1,
    latest: Annotated[bool, opt("--latest", "-l", help="Show the container that was created last")] = False,
    no_trunc: Annotated[bool, opt("--no-trunc", help="Do not shorten IDs and commands")] = False,
    noheading: Annotated[bool, opt("--noheading", help="Print no column headings")] = False,
    ns: Annotated[bool, opt("--ns", help="Show the namespaces")] = False,
    pod: Annotated[bool, opt("--pod", "-p", help="Show the pods of the containers")] = False,
    quiet: QuietIds = False,
    size: Annotated[bool, opt("--size", "-s", help="Show the sizes of the containers")] = False,
    sort: Annotated[
        str,
        opt(
            "--sort",
            metavar="KEY",
            choices=("command", "created", "id", "image", "names", "runningfor", "size", "status"),
            help="Sort by command, created, id, image, names, runningfor, size or status",
        ),
    ] = "created",
    sync: Annotated[
        bool,
        opt(
            "--sync",
            help="Ask the runtime for the true state",
            state=FULFILLED,
            why="the state shown is always the true one",
        ),
    ] = False,
    watch: Annotated[
        int | None,
        opt("--watch", "-w", kind="uint", metavar="SECONDS", help="Print again and again after this time"),
    ] = None,
) -> int | None:
    """List containers."""
    from libpod import errors

    if latest and last >= 0:
        raise errors.UsageError("--latest and --last cannot be given together")
    from libpod.engine import list as engine
    from pypod.cli import psview
    from pypod.ui import table

    def text() -> str:
        rows = engine.ps(ctx.session, every=all, last=1 if latest else max(last, 0), filters=filter or [])
        rows.reverse()  # the oldest first, as Podman has them
        if quiet and format is None:
            return "".join((r["id"] if no_trunc else r["id"][:12]) + "\n" for r, _s in rows)
        now_ns = psview.now()
        pods = engine.pod_names(ctx.session) if any(r.get("pod") for r, _s in rows) else {}
        shown = [psview.row(r, s, no_trunc=no_trunc, now_ns=now_ns, pods=pods) for r, s in rows]
        fields = list(psview.FIELDS)
        if ns:
            fields = ["ID", "Names", "Pid", *psview.NAMESPACES]
            for one, (_r, s) in zip(shown, rows, strict=True):
                one.update(psview.namespaces(s["pid"]))
        if pod:
            fields += ["Pod", "PodName"]
        sizes = {}
        if size or sort == "size":
            from libpod.engine import sizes as engine_sizes

            sizes = {r["id"]: engine_sizes.of_container(ctx.session, r) for r, _s in rows}
            for one, (r, _s) in zip(shown, rows, strict=True):
                one["Size"] = psview.size_text(*sizes[r["id"]])
        if size:
            fields.append("Size")
        if sort == "size":
            order = sorted(range(len(shown)), key=lambda i: sizes[rows[i][0]["id"]])
            shown, rows = [shown[i] for i in order], [rows[i] for i in order]
        elif sort != "created":
            order = sorted(range(len(shown)), key=lambda i: str(shown[i][psview.sort_key(sort)]))
            shown, rows = [shown[i] for i in order], [rows[i] for i in order]
        return table.listing(
            "ps",
            shown,
            fields,
            template=format,
            headings=psview.HEADINGS,
            noheading=noheading,
            json_rows=[psview.json_row(r, s, now_ns, sizes.get(r["id"]), pods) for r, s in rows]
            if format and "json" in format
            else None,
            known=tuple(psview.HEADINGS),
        )

    if not watch:
        ctx.out(text())
        return 0
    import time

    while True:
        ctx.out("\x1b[H\x1b[2J" + text())
        ctx.flush()
        time.sleep(watch)
