"""Owns: the commands that show pods: `pod ps`, `pod inspect`, `pod top`, `pod stats`, `pod logs`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from libpod.engine.pods import Member
    from libpod.model.container import ContainerRecord
    from libpod.model.pod import PodRecord
    from pypod.cli.common import Format, NoHeading, NoTrunc, PodLatest, Pods, QuietIds
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt

FIELDS = ("ID", "Name", "Status", "Created", "InfraID", "NumberOfContainers")
HEADINGS = {
    "ID": "POD ID",
    "InfraID": "INFRA ID",
    "NumberOfContainers": "# OF CONTAINERS",
    "ContainerIds": "IDS",
    "ContainerNames": "NAMES",
    "ContainerStatuses": "STATUS",
    "Cgroup": "CGROUP",
    "Networks": "NETWORKS",
    "Labels": "LABELS",
    "RestartPolicy": "RESTART POLICY",
}
_EXTRA = ("ContainerIds", "ContainerNames", "ContainerStatuses")


def ps(
    ctx: Context,
    ctr_ids: Annotated[bool, opt("--ctr-ids", help="Show the IDs of the containers")] = False,
    ctr_names: Annotated[bool, opt("--ctr-names", help="Show the names of the containers")] = False,
    ctr_status: Annotated[bool, opt("--ctr-status", help="Show the states of the containers")] = False,
    filter: Annotated[
        list[str] | None,
        opt(
            "--filter",
            "-f",
            kind="slice",
            metavar="KEY=VALUE",
            help="Show only what fits: id, name, label, status, ctr-names ...",
        ),
    ] = None,
    format: Format = None,
    latest: PodLatest = False,
    no_trunc: NoTrunc = False,
    noheading: NoHeading = False,
    ns: Annotated[bool, opt("--ns", help="Show what the pods share")] = False,
    quiet: QuietIds = False,
    sort: Annotated[
        str,
        opt(
            "--sort",
            metavar="KEY",
            choices=("created", "id", "name", "number", "status"),
            help="Sort by created, id, name, number or status",
        ),
    ] = "created",
) -> int | None:
    """List pods."""
    from libpod.engine import pod_inspect as engine
    from pypod.ui import table

    rows = engine.rows_of(ctx.session, filter or ())
    if latest:
        rows = rows[:1]
    if sort != "created":
        rows.sort(key=lambda row: _sort_key(sort, *row))
    if quiet:
        ctx.out("".join((pod["id"] if no_trunc else pod["id"][:12]) + "\n" for pod, _m in rows))
        return 0
    extra = [field for field, asked in zip(_EXTRA, (ctr_ids, ctr_names, ctr_status), strict=True) if asked]
    fields = [*(FIELDS[:-1] if extra else FIELDS), *extra]
    if ns:
        fields.append("Share")
    ctx.out(
        table.listing(
            "pod ps",
            [_row(pod, members, no_trunc=no_trunc) for pod, members in rows],
            fields,
            template=format,
            headings=HEADINGS,
            noheading=noheading,
            json_rows=[_json_row(pod, members) for pod, members in rows]
            if format and "json" in format
            else None,
            known=tuple(HEADINGS),
        )
    )
    return 0


def inspect(
    ctx: Context,
    pods: Pods = None,
    format: Annotated[
        str | None,
        opt("--format", "-f", help="Print as json or by a Go template", complete="format", default="json"),
    ] = None,
    latest: PodLatest = False,
) -> int | None:
    """Show all about pods."""
    from libpod import errors
    from libpod.engine import pod_inspect as engine
    from pypod.cli import pods as chosen
    from pypod.ui import table

    found: list[object] = []
    failed: list[errors.PypodError] = []
    for name in chosen.named(ctx, pods, latest=latest):
        try:
            found.append(engine.whole(ctx.session, chosen.find(ctx, name)))
        except errors.PypodError as e:
            failed.append(e)
    if len(found) == 1 and not format:
        from libpod.util import jsonio

        ctx.out(jsonio.dumps_pretty(found[0], indent=5) + "\n")  # one pod is no list: so it is in Podman
    elif found or not format:
        ctx.out(table.objects("pod inspect", found, format))
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)
    return 0


def top(
    ctx: Context,
    words: Annotated[list[str] | None, arg("POD", complete="pods")] = None,
    latest: PodLatest = False,
) -> int | None:
    """Show the processes of all containers of a pod. Descriptors are those of `top`."""
    from libpod.engine import containers, pods
    from libpod.engine import top as engine
    from pypod.cli import pods as chosen
    from pypod.ui import table

    given = list(words or ())
    pod = chosen.one(ctx, given.pop(0) if given and not latest else None, latest)
    lines: list[list[str]] = []
    for record, status in pods.members(ctx.session, pod):
        if not containers.is_running(status) or record.get("infra") == "hollow":
            continue
        found = engine.top(ctx.session, record, given)
        lines += found if not lines else found[1:]
    ctx.out(table.columns(lines) if lines else "")
    return 0


def stats(
    ctx: Context,
    pods: Pods = None,
    all: Annotated[bool, opt("--all", "-a", help="Show all pods, not only those that run")] = False,
    format: Annotated[
        str | None, opt("--format", help="Print as json or by a Go template", complete="(json)")
    ] = None,
    latest: PodLatest = False,
    no_reset: Annotated[bool, opt("--no-reset", help="Do not clear the screen between reports")] = False,
    no_stream: Annotated[bool, opt("--no-stream", help="Print one report and end")] = False,
) -> int | None:
    """Show what the containers of pods use of processor, memory, network and disk."""
    from libpod.engine import containers
    from libpod.engine import pods as engine
    from pypod.cli import pods as chosen
    from pypod.cli import statsview

    names = chosen.named(ctx, pods, every=all or not (pods or latest), latest=latest)

    def found() -> list[tuple[str, ContainerRecord]]:
        every = [chosen.find(ctx, name) for name in names]
        return [
            (pod["id"][:12], record)
            for pod in every
            for record, status in engine.members(ctx.session, pod)
            if (all or containers.is_running(status)) and record.get("infra") != "hollow"
        ]

    report = statsview.Report(ctx, [], of_pods=found)
    return report.run(format, None if no_stream else 5, clear=not no_reset, whole_ids=False)


def _sort_key(key: str, pod: PodRecord, members: list[Member]) -> str | int:
    if key == "number":
        return len(members)
    return {"id": pod["id"], "name": pod["name"], "status": _state(members)}[key]


def _state(members: list[Member]) -> str:
    from libpod.engine import pods

    return pods.state(members)


def _row(pod: PodRecord, members: list[Member], *, no_trunc: bool) -> dict[str, object]:
    from pypod.cli import psview
    from pypod.ui import human

    def short(cid: str) -> str:
        return cid if no_trunc else cid[:12]

    return {
        "ID": short(pod["id"]),
        "Id": short(pod["id"]),
        "Name": pod["name"],
        "Status": _state(members),
        "Created": human.ago(pod["created_ns"], psview.now()),
        "InfraID": short(pod["infra_id"]),
        "NumberOfContainers": len(members),
        "ContainerIds": ",".join(short(record["id"]) for record, _s in members),
        "ContainerNames": ",".join(record["name"] for record, _s in members),
        "ContainerStatuses": ",".join(status["state"] for _r, status in members),
        "Cgroup": "",
        "Labels": pod["labels"],
        "Label": human.Lookup(pod["labels"]),
        "Networks": "",
        "Namespace": "",
        "RestartPolicy": "no",
        "Share": ",".join(pod["share"]),
    }


def _json_row(pod: PodRecord, members: list[Member]) -> dict[str, object]:
    from libpod.engine import inspect

    return {
        "Cgroup": members[0][1]["cgroup"].rpartition("/")[0] if members and pod["infra_id"] else "",
        "Containers": [
            {"Id": record["id"], "Names": record["name"], "Status": status["state"]}
            for record, status in members
        ],
        "Created": inspect.rfc3339(pod["created_ns"]),
        "Id": pod["id"],
        "InfraId": pod["infra_id"],
        "Name": pod["name"],
        "Namespace": "",
        "Networks": [],
        "Status": _state(members),
        "Labels": pod["labels"],
    }
