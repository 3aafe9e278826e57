"""Owns: what `--pod` makes of the options of `run` and `create`: the namespaces of the pod's infra container,
what members take over from the pod, and what cannot be asked for because it is the pod's.
"""

from __future__ import annotations

import copy

from libpod import errors
from libpod.state import pods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.conf.settings import Settings
    from libpod.engine.session import Session
    from libpod.model.pod import PodRecord

_NEW = "new:"
_SPACES = {"net": "network", "ipc": "ipc", "uts": "uts", "pid": "pid", "cgroup": "cgroupns"}
"""What is shared -> the option that says which namespace a container has."""
_OF_THE_POD = {
    "net": (
        "publish",
        "publish_all",
        "ip",
        "ip6",
        "mac_address",
        "network_alias",
        "dns",
        "dns_option",
        "dns_search",
        "add_host",
        "no_hosts",
        "hosts_file",
    ),
    "uts": ("hostname",),
}
"""What is shared -> options that belong to the pod then."""
_FOR_NEW = (
    "add_host",
    "dns",
    "dns_option",
    "dns_search",
    "hostname",
    "ip",
    "ip6",
    "mac_address",
    "network",
    "publish",
)
"""Options of a container that go to the pod which is made for it."""


def asked(options: Mapping[str, object]) -> str:
    """The pod that the options name; empty if none. Raises UsageError."""
    name, file = str(options.get("pod") or ""), str(options.get("pod_id_file") or "")
    if name and file:
        raise errors.UsageError("--pod and --pod-id-file cannot be given together")
    if not file:
        return name
    try:
        with open(file, encoding="utf-8") as f:
            return f.readline().strip()
    except OSError as e:
        raise errors.UsageError(f'--pod-id-file "{file}": {e.strerror}') from e


def resolve(session: Session, options: Mapping[str, object]) -> tuple[PodRecord, Mapping[str, object]]:
    """The pod that the options name, and the options with which a container becomes its member. With
    `new:NAME` the pod is made; it stays when the container cannot be."""
    name = asked(options)
    if not name.startswith(_NEW):
        pod = pods.lookup(session.db, name)
        return pod, member_options(pod, options)
    from libpod.engine import pods as engine

    moved = {key: options[key] for key in _FOR_NEW if key in options}
    pod = engine.create(session, {**moved, "name": name[len(_NEW) :]}, [])
    rest = {key: value for key, value in options.items() if key not in moved}
    return pod, member_options(pod, rest)


def member_options(pod: PodRecord, options: Mapping[str, object]) -> dict[str, object]:
    """The options with the pod's namespaces. Pure. Raises UsageError for what is the pod's to say."""
    found = dict(options)
    for space in pod["share"]:
        option = _SPACES[space]
        if options.get(option):
            continue  # a namespace of its own, which the user asked for
        for key in _OF_THE_POD.get(space, ()):
            if options.get(key):
                name = key.replace("_", "-")
                raise errors.UsageError(
                    f'--{name} cannot be used in pod "{pod["name"]}": its members share '
                    + ("the network" if space == "net" else "the host name"),
                    remedy=f'give --{name} to "pypod pod create", or add --{option}=private'
                    if space != "net"
                    else f'give --{name} to "pypod pod create"',
                    name=key,
                )
        value = "host" if space in pod["of_host"] else f"container:{pod['infra_id']}"
        found[option] = [value] if option == "network" else value
    inherited = pod["inherited"]
    if not found.get("security_opt") and inherited.get("security_opt"):
        found["security_opt"] = inherited["security_opt"]
    for key in ("device", "volumes_from"):
        more = inherited.get(key)
        if isinstance(more, list):
            own = found.get(key)
            found[key] = [*more, *(own if isinstance(own, list) else ())]
    if inherited.get("gpus") and not found.get("gpus"):
        found["gpus"] = inherited["gpus"]
    return found


def settings_for(pod: PodRecord, settings: Settings) -> Settings:
    """The settings for a member: the pod's volumes come after those of the settings, and before its own."""
    volumes = pod["inherited"].get("volume")
    if not isinstance(volumes, list):
        return settings
    found = copy.copy(settings)
    found.volumes = [*settings.volumes, *map(str, volumes)]
    return found
