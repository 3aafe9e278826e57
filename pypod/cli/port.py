"""Owns: the command `pypod port`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from libpod.model.container import ContainerRecord, PortRecord
    from pypod.cli.common import Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt


def port(
    ctx: Context,
    words: Annotated[list[str] | None, arg("CONTAINER", complete="running")] = None,
    all: Annotated[bool, opt("--all", "-a", help="Show the ports of all running containers")] = False,
    latest: Latest = False,
    publish: Annotated[
        list[str] | None,
        opt(
            "--publish",
            "-p",
            kind="slice",
            metavar="[IP:][HOST:]CTR",
            help="With add and rm: a port or range, as in `run --publish`",
        ),
    ] = None,
) -> int | None:
    """Show which ports of the host lead to a container or a pod, or change that while it runs.

    With a port, only where that one is to be reached: `80`, `53/udp`. `port add CONTAINER -p 8080:80`
    publishes one more, `port rm CONTAINER 80/tcp` takes one back: connections that are open go on. A
    container that does not run has its ports changed for the next start.
    """
    from libpod import errors

    given = list(words or ())
    if given[:1] in (["add"], ["rm"]) and (publish or len(given) > 1 or latest):
        return _change(ctx, given[0], given[1:], latest, publish or [])
    if publish:
        raise errors.UsageError(
            "--publish needs one of the words add and rm", remedy="write port add CONTAINER -p 8080:80"
        )
    if all:
        if latest:
            raise errors.UsageError("--all and --latest cannot be used together")
        if given:
            raise errors.UsageError("no arguments are needed with --all")
        return _show_all(ctx)
    if not given and not latest:
        raise errors.UsageError("you must supply a running container name or id")
    if len(given) > (1 if latest else 2):
        raise errors.UsageError(
            f"`pypod port` accepts at most {1 if latest else 2} arguments, received {len(given)}"
        )
    record = _holder(ctx, None if latest else given.pop(0), latest)
    if given:
        return _show_one(ctx, record, given[0])
    for line in _lines(_published(ctx, record)):
        ctx.out(line + "\n")
    return 0


def _holder(ctx: Context, name: str | None, latest: bool) -> ContainerRecord:
    """The container whose monitor publishes the ports: the infra container for a pod and for its members."""
    from libpod import errors
    from libpod.engine import containers
    from pypod.cli import targets

    try:
        record = targets.one(ctx, name, latest)
    except errors.NotFoundError as e:
        from libpod.engine import pods

        try:
            pod = pods.find(ctx.session, name or "")
        except errors.NotFoundError:
            raise e from None
        if not pod["infra_id"]:
            raise errors.StateError(
                f'pod "{pod["name"]}" shares no network that a port could lead into', name=pod["name"]
            ) from None
        return containers.find(ctx.session, pod["infra_id"])
    joined = record["network"]["container"]
    return containers.find(ctx.session, joined) if joined and record.get("pod") else record


def _published(ctx: Context, record: ContainerRecord) -> list[PortRecord]:
    from libpod.engine import containers

    return containers.status(ctx.session, record)["ports"]


def _lines(published: list[PortRecord]) -> list[str]:
    return [f"{p['container_port']}/{p['protocol']} -> {_address(p)}" for p in published]


def _address(published: PortRecord) -> str:
    return f"{published['host_ip'] or '0.0.0.0'}:{published['host_port']}"


def _show_all(ctx: Context) -> int:
    from libpod.engine import list as listing

    for record, _status in listing.ps(ctx.session, every=False):
        for line in _lines(_published(ctx, record)):
            ctx.out(f"{record['id'][:12]}\t{line}\n")
    return 0


def _show_one(ctx: Context, record: ContainerRecord, word: str) -> int:
    from libpod import errors

    number, _, protocol = word.partition("/")
    valid = number.isascii() and number.isdigit() and 0 < int(number) < 65536
    if not valid or protocol not in ("", "tcp", "udp", "sctp"):
        raise errors.UsageError(
            f'"{word}" is not a port', remedy='give a number from 1 to 65535, as in "80" or "53/udp"'
        )
    found = [
        p
        for p in _published(ctx, record)
        if (p["container_port"], p["protocol"]) == (int(number), protocol or "tcp")
    ]
    if not found:
        raise errors.NotFoundError(
            f'failed to find published port "{word}"',
            name=word,
            remedy=f'see what is published with "pypod port {record["name"]}"',
        )
    for one in found:
        ctx.out(_address(one) + "\n")
    return 0


def _change(ctx: Context, act: str, given: list[str], latest: bool, publish: list[str]) -> int:
    from libpod.engine import ports as engine

    record = _holder(ctx, None if latest else given.pop(0), latest)
    change = engine.add if act == "add" else engine.remove
    for line in _lines(change(ctx.session, record["id"], [*publish, *given])):
        ctx.out(line + "\n")
    return 0
