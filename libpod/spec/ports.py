"""Owns: published ports as options say them, and as they are shown. Pure.

[[IP:][HOST]:]CONTAINER[/PROTOCOL]      HOST and CONTAINER: a port, or a range FIRST-LAST of the same length
"""

from __future__ import annotations

from libpod.errors import NotSupportedError, UsageError
from libpod.spec.values import bad, flag, try_int, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from libpod.model.container import PortRecord
    from libpod.spec.values import Options

PROTOCOLS = ("tcp", "udp")
DISCARDED = (
    "Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use"
)
_EXAMPLE = 'write for example "-p 8080:80", "-p 127.0.0.1:8080:80/tcp" or "-p 53:53/udp"'
_WITHOUT_PORTS = {
    "none": "the container has no network that a port could lead into",
    "container": "the ports belong to the container whose network is joined",
    "ns": "what that namespace is reached by is not pypod's",
}


def parse(options: Options, mode: str, notes: list[str]) -> tuple[list[PortRecord], bool]:
    """`--publish` and `--publish-all`. `mode`: of the network as far as it was given."""
    found: list[PortRecord] = []
    for value in words(options, "publish"):
        for record in mapping(value):
            if record not in found or not record["host_port"]:
                found.append(record)
    publish_all = flag(options, "publish_all")
    if not (found or publish_all):
        return [], False
    if mode == "host":
        notes.append(DISCARDED)
        return [], False
    if found:
        check_mode(mode)
    refuse_twice(found)
    return found, publish_all and mode not in _WITHOUT_PORTS


def check_mode(mode: str) -> None:
    """Raise UsageError if ports cannot be published with this kind of network."""
    if mode in _WITHOUT_PORTS:
        raise UsageError(
            f"--publish cannot be used with --network={mode}: {_WITHOUT_PORTS[mode]}",
            remedy="leave --publish out, or use the default network",
        )


def mapping(value: str) -> list[PortRecord]:
    """One value of `--publish`, a record for each port of a range. UsageError says what is wrong with it."""
    rest, slash, protocol = value.partition("/")
    protocol = protocol.lower() if slash else "tcp"
    if protocol == "sctp":
        raise NotSupportedError(
            f'--publish "{value}": ports of SCTP cannot be published', remedy="publish ports of tcp or udp"
        )
    if protocol not in PROTOCOLS:
        raise bad("publish", value, f'tcp or udp as protocol, not "{protocol}"', _EXAMPLE)
    address, host, inside = _split(value, rest)
    ports = _range(value, inside, "container")
    if not host:
        numbers = [0] * len(ports)
    else:
        numbers = list(_range(value, host, "host"))
        if len(numbers) != len(ports):
            raise bad(
                "publish",
                value,
                f"ranges of the same length, not {len(numbers)} ports of the host for {len(ports)}",
                'write for example "-p 8000-8002:80-82"',
            )
    return [
        {
            "host_ip": address,
            "host_port": number,
            "container_port": port,
            "protocol": "udp" if protocol == "udp" else "tcp",
        }
        for number, port in zip(numbers, ports, strict=True)
    ]


def exposed(words_: Iterable[str], published: Sequence[PortRecord]) -> list[PortRecord]:
    """`--publish-all`: a record for each port of `PORT[-PORT]/PROTOCOL` words that is not published yet.

    The words may come from an image: one that makes no sense, or is of another protocol, is left out.
    """
    have: set[tuple[int, str]] = {(record["container_port"], record["protocol"]) for record in published}
    found: list[PortRecord] = []
    for port, protocol in exposed_ports(words_):
        if protocol not in PROTOCOLS or (port, protocol) in have:
            continue
        have.add((port, protocol))
        found.append(
            {
                "host_ip": "",
                "host_port": 0,
                "container_port": port,
                "protocol": "udp" if protocol == "udp" else "tcp",
            }
        )
    return found


def exposed_ports(words_: Iterable[str]) -> list[tuple[int, str]]:
    """The ports of `PORT[-PORT][/PROTOCOL]` words, with their protocols."""
    found: list[tuple[int, str]] = []
    for word in words_:
        ports, _, protocol = word.partition("/")
        first, dash, last = ports.partition("-")
        low, high = try_int(first), try_int(last) if dash else try_int(first)
        if low is not None and high is not None and 0 < low <= high < 65536:
            found += [(port, protocol or "tcp") for port in range(low, high + 1)]
    return found


def refuse_twice(records: Sequence[PortRecord]) -> None:
    """Raise UsageError when two of them want the same port of the host."""
    taken: dict[tuple[int, str], list[PortRecord]] = {}
    for record in records:
        if not record["host_port"]:
            continue
        others = taken.setdefault((record["host_port"], record["protocol"]), [])
        for other in others:
            if overlap(record["host_ip"], other["host_ip"]):
                raise UsageError(
                    f"--publish: port {record['host_port']}/{record['protocol']} of this machine is to lead "
                    f"to two ports, {other['container_port']} and {record['container_port']}",
                    remedy="give one of them another port of this machine",
                )
        others.append(record)


def overlap(one: str, other: str) -> bool:
    """Whether two host addresses of a port stand in each other's way; empty = all of them."""
    if not one or not other or one == other:
        return True
    if (":" in one) != (":" in other):
        return False
    return one in ("0.0.0.0", "::") or other in ("0.0.0.0", "::")


def runs(records: Sequence[PortRecord]) -> list[dict[str, Any]]:
    """Consecutive ports together, as the JSON of `ps` has them."""
    found: list[dict[str, Any]] = []
    for record in records:
        last = found[-1] if found else None
        if (
            last is not None
            and record["host_port"]
            and (last["host_ip"], last["protocol"]) == (record["host_ip"], record["protocol"])
            and last["host_port"] + last["range"] == record["host_port"]
            and last["container_port"] + last["range"] == record["container_port"]
        ):
            last["range"] += 1
            continue
        found.append(
            {
                "host_ip": record["host_ip"],
                "container_port": record["container_port"],
                "host_port": record["host_port"],
                "range": 1,
                "protocol": record["protocol"],
            }
        )
    return found


def shown(records: Sequence[PortRecord]) -> str:
    """`0.0.0.0:8000-8002->80-82/tcp, ...`; the number of the host is left out while it is not chosen."""
    return ", ".join(
        f"{run['host_ip'] or '0.0.0.0'}:{_span(run['host_port'], run['range']) if run['host_port'] else ''}"
        f"->{_span(run['container_port'], run['range'])}/{run['protocol']}"
        for run in runs(records)
    )


def bindings(records: Sequence[PortRecord]) -> dict[str, list[dict[str, str]]]:
    """`{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`, as `inspect` has it."""
    found: dict[str, list[dict[str, str]]] = {}
    for record in records:
        number = str(record["host_port"]) if record["host_port"] else ""
        key = f"{record['container_port']}/{record['protocol']}"
        found.setdefault(key, []).append({"HostIp": record["host_ip"], "HostPort": number})
    return found


def _span(first: int, count: int) -> str:
    return str(first) if count == 1 else f"{first}-{first + count - 1}"


def _split(value: str, rest: str) -> tuple[str, str, str]:
    """Address, host and container part. The address of IPv6 is in brackets."""
    address = ""
    if rest.startswith("["):
        address, bracket, rest = rest[1:].partition("]")
        if not bracket or not rest.startswith(":") or not _is_ipv6(address):
            raise bad("publish", value, "an IPv6 address in brackets", 'write "-p [::1]:8080:80"')
        rest = rest[1:]
        if ":" not in rest:
            raise bad("publish", value, "a port of the host after the address", 'write "-p [::1]:8080:80"')
        host, _, inside = rest.partition(":")
    else:
        parts = rest.split(":")
        if len(parts) > 3:
            raise bad("publish", value, "[IP:][HOST:]CONTAINER, an IPv6 address in brackets", _EXAMPLE)
        inside = parts[-1]
        host = parts[-2] if len(parts) > 1 else ""
        if len(parts) == 3:
            address = parts[0]
            if address and not _is_ipv4(address):
                raise bad("publish", value, f'an IP address, not "{address}"', _EXAMPLE)
    return address, host, inside


def _range(value: str, text: str, whose: str) -> range:
    first, dash, last = text.partition("-")
    low, high = _port(first), _port(last if dash else first)
    if low is None or high is None:
        raise bad("publish", value, f'a {whose} port from 1 to 65535, not "{text}"', _EXAMPLE)
    if high < low or (dash and high == low):
        raise bad("publish", value, f"a {whose} range whose end is above its start, not {text}", _EXAMPLE)
    return range(low, high + 1)


def _port(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > 5:
        return None
    return int(text) if 1 <= int(text) <= 65535 else None


def _is_ipv4(value: str) -> bool:
    from libpod.spec import netopts  # which imports us

    return netopts.is_ipv4(value)


def _is_ipv6(value: str) -> bool:
    from libpod.spec import netopts

    return "%" not in value and netopts.is_ipv6(value)
