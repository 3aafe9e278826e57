"""Owns: what `pod ps` and `pod inspect` tell of pods, with the field names of Podman."""

from __future__ import annotations

from libpod import errors
from libpod.engine import containers, inspect, pods
from libpod.state import containers as rows
from libpod.state import pods as pod_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from libpod.engine.pods import Member
    from libpod.engine.session import Session
    from libpod.model.pod import PodRecord

    JsonDict = dict[str, object]


def rows_of(session: Session, filters: Sequence[str] = ()) -> list[tuple[PodRecord, list[Member]]]:
    """Pods with their containers, newest first. Filters of one key are alternatives, different keys must all
    hold. Raises UsageError for a filter that is not known."""
    tests: dict[str, list[Callable[[PodRecord, list[Member]], bool]]] = {}
    for text in filters:
        key, sep, value = text.partition("=")
        make = _FILTERS.get(key)
        if make is None or not sep:
            raise errors.UsageError(
                f'invalid filter "{text}"',
                remedy="filters are KEY=VALUE with one of the keys " + ", ".join(sorted(_FILTERS)),
            )
        tests.setdefault(key, []).append(make(value))
    by_pod: dict[str, list[Member]] = {}
    for record in rows.summaries(session.db):
        if record.get("pod"):
            by_pod.setdefault(record["pod"], []).append((record, containers.status(session, record)))
    found = []
    for pod in pod_rows.all_pods(session.db):
        members = by_pod.get(pod["id"], [])
        members.sort(key=lambda member: member[0]["id"] != pod["infra_id"])
        if all(any(test(pod, members) for test in alternatives) for alternatives in tests.values()):
            found.append((pod, members))
    found.reverse()
    return found


def _by_label(value: str) -> Callable[[PodRecord, list[Member]], bool]:
    key, sep, wanted = value.partition("=")
    return lambda pod, _m: key in pod["labels"] and (not sep or pod["labels"][key] == wanted)


def _pattern(key: str, value: str) -> Callable[[str], bool]:
    import re  # lazy: only here

    try:
        expression = re.compile(value)
    except re.error as e:
        raise errors.UsageError(
            f'invalid filter "{key}={value}": {e}', remedy="give a name, or a part of it"
        ) from e
    return lambda text: expression.search(text) is not None


def _by_name(value: str) -> Callable[[PodRecord, list[Member]], bool]:
    fits = _pattern("name", value)
    return lambda pod, _m: fits(pod["name"])


def _by_member(value: str) -> Callable[[PodRecord, list[Member]], bool]:
    fits = _pattern("ctr-names", value)
    return lambda _p, members: any(fits(record["name"]) for record, _s in members)


_FILTERS: dict[str, Callable[[str], Callable[[PodRecord, list[Member]], bool]]] = {
    "ctr-ids": lambda value: lambda _p, m: any(r["id"].startswith(value) for r, _s in m),
    "ctr-names": _by_member,
    "ctr-number": lambda value: lambda _p, m: str(len(m)) == value,
    "ctr-status": lambda value: lambda _p, m: any(s["state"] == value for _r, s in m),
    "id": lambda value: lambda pod, _m: pod["id"].startswith(value),
    "label": _by_label,
    "name": _by_name,
    "status": lambda value: lambda _p, m: pods.state(m).lower() == value.lower(),
}


def whole(session: Session, pod: PodRecord) -> JsonDict:
    """The object of `pod inspect`."""
    members = pods.members(session, pod)
    infra = next((member for member in members if member[0]["id"] == pod["infra_id"]), None)
    payload = infra[1]["cgroup"] if infra is not None else ""
    cgroup = payload.rpartition("/")[0]
    found: JsonDict = {
        "Id": pod["id"],
        "Name": pod["name"],
        "Created": inspect.rfc3339(pod["created_ns"]),
        "CreateCommand": pod["create_command"],
        "ExitPolicy": pod["exit_policy"],
        "State": pods.state(members),
        "Hostname": infra[0]["hostname"] if infra is not None else "",
        "Labels": pod["labels"],
        "CreateCgroup": True,
        "CgroupParent": infra[0]["cgroup_parent"] if infra is not None else "",
        "CgroupPath": cgroup,
        "CreateInfra": bool(pod["infra_id"]),
        "InfraContainerID": pod["infra_id"],
        "SharedNamespaces": pod["share"],
        "NumContainers": len(members),
        "Containers": [
            {"Id": record["id"], "Name": record["name"], "State": status["state"]}
            for record, status in members
        ],
    }
    if infra is not None:
        found["InfraConfig"] = _infra_config(session, infra)
    return found


def _infra_config(session: Session, infra: Member) -> JsonDict:
    record, _status = infra
    shown = inspect.container(session, record)
    host = shown["HostConfig"]
    assert isinstance(host, dict)
    return {
        "PortBindings": host.get("PortBindings") or {},
        "HostNetwork": record["network"]["mode"] == "host",
        "StaticIP": "",
        "StaticMAC": "",
        "NoManageResolvConf": record["dns"] == ["none"],
        "DNSServer": record["dns"] or None,
        "DNSSearch": record["dns_search"] or None,
        "DNSOption": record["dns_option"] or None,
        "NoManageHosts": record["no_hosts"],
        "HostAdd": record["add_host"] or None,
        "Networks": None,
        "NetworkOptions": None,
        "pid_ns": record["namespaces"]["pid"],
        "userns": record["userns"]["mode"],
        "uts_ns": record["namespaces"]["uts"],
    }
