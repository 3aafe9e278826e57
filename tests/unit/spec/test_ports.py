"""Published ports: what options mean, what is refused, how they are shown."""

from __future__ import annotations

import random

import pytest

from libpod.errors import NotSupportedError, PypodError, UsageError
from libpod.spec import ports

if False:
    from libpod.model.container import PortRecord


def port(host_ip: str, host_port: int, container_port: int, protocol: str = "tcp") -> PortRecord:
    return {
        "host_ip": host_ip,
        "host_port": host_port,
        "container_port": container_port,
        "protocol": "udp" if protocol == "udp" else "tcp",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("80", [port("", 0, 80)]),
        ("8080:80", [port("", 8080, 80)]),
        (":80", [port("", 0, 80)]),
        ("127.0.0.1::80", [port("127.0.0.1", 0, 80)]),
        ("127.0.0.1:8080:80/udp", [port("127.0.0.1", 8080, 80, "udp")]),
        ("[::1]:8080:80/TCP", [port("::1", 8080, 80)]),
        ("[::1]::80", [port("::1", 0, 80)]),
        ("::80", [port("", 0, 80)]),
        ("8000-8001:80-81", [port("", 8000, 80), port("", 8001, 81)]),
        ("80-81/udp", [port("", 0, 80, "udp"), port("", 0, 81, "udp")]),
    ],
)
def test_mappings(value: str, expected: list[PortRecord]) -> None:
    assert ports.mapping(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("", ":", "80:", "0", "0:80", "65536", "x", "80/", "80/foo", "1.2.3:80:80", "a:b:c:d", "::1:80:80"),
        *(
            "[::1]80:80",
            "[::1]:80",
            "[x]:80:80",
            "81-80",
            "80-80",
            "8080-8082:80",
            "80-",
            "-80",
            "+80",
            "8_0",
        ),
        *("٨٠", "80 ", "[fe80::1%eth0]:80:80"),
    ],
)
def test_what_is_no_mapping(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        ports.mapping(value)
    assert value in caught.value.message
    assert caught.value.remedy


def test_sctp_is_not_there() -> None:
    with pytest.raises(NotSupportedError):
        ports.mapping("80/sctp")


def test_every_mapping_is_read_as_it_was_written() -> None:
    chance = random.Random(12)
    for _ in range(2000):
        count = chance.choice([1, 1, 2, 300])
        low, high = (chance.randint(1, 65536 - count) for _ in range(2))
        address = chance.choice(["", "127.0.0.1", "0.0.0.0", "[::]", "[2001:db8::1]"])
        protocol = chance.choice(["tcp", "udp"])
        host = chance.choice(["", span(high, count)])
        middle = f"{address}:{host}:" if address else f"{host}:" if host else ""
        found = ports.mapping(f"{middle}{span(low, count)}/{protocol}")
        assert [p["container_port"] for p in found] == list(range(low, low + count))
        expected = list(range(high, high + count)) if host else [0] * count
        assert [p["host_port"] for p in found] == expected
        assert {(p["host_ip"], p["protocol"]) for p in found} == {(address.strip("[]"), protocol)}
        if host:
            shown = f"{address.strip('[]') or '0.0.0.0'}:{span(high, count)}->{span(low, count)}/{protocol}"
            assert ports.shown(found) == shown


def test_any_text_is_a_mapping_or_an_error_of_ours() -> None:
    chance = random.Random(13)
    for _ in range(20000):
        value = "".join(chance.choices("0123456789:-/[].tcpud", k=chance.randint(0, 12)))
        try:
            found = ports.mapping(value)
        except PypodError:
            continue
        assert found
        assert all(0 <= p["host_port"] < 65536 and 0 < p["container_port"] < 65536 for p in found)


def span(first: int, count: int) -> str:
    return str(first) if count == 1 else f"{first}-{first + count - 1}"


def test_the_same_port_twice() -> None:
    records, everything = ports.parse({"publish": ["8080:80", "8080:80", "80", "80"]}, "", [])
    assert records == [port("", 8080, 80), port("", 0, 80), port("", 0, 80)]
    assert not everything
    ports.parse({"publish": ["8080:80", "8080:80/udp"]}, "", [])
    ports.parse({"publish": ["127.0.0.1:8080:80", "127.0.0.2:8080:81", "[::1]:8080:82"]}, "", [])
    for pair in (["8080:80", "8080:81"], ["127.0.0.1:8080:80", "8080:80"], ["0.0.0.0:8:80", "1.1.1.1:8:80"]):
        with pytest.raises(UsageError, match="two ports"):
            ports.parse({"publish": pair}, "", [])


def test_networks_without_ports() -> None:
    notes: list[str] = []
    assert ports.parse({"publish": ["80"], "publish_all": True}, "host", notes) == ([], False)
    assert notes == [ports.DISCARDED]
    for mode in ("none", "container", "ns"):
        with pytest.raises(UsageError, match=f"--network={mode}"):
            ports.parse({"publish": ["80"]}, mode, notes)
        assert ports.parse({"publish_all": True}, mode, notes) == ([], False)


def test_exposed_ports_of_an_image_are_hostile() -> None:
    words = ["80/tcp", "x", "0", "70000", "90-91/udp", "95-94", "5/sctp", "80/tcp", "", "/", "1-99999/tcp"]
    found = ports.exposed(words, [port("", 8090, 90, "udp")])
    assert found == [port("", 0, 80), port("", 0, 91, "udp")]


def test_how_they_are_shown() -> None:
    records = [port("", 8000, 80), port("", 8001, 81), port("", 8003, 82), port("::1", 0, 90, "udp")]
    assert ports.shown(records) == "0.0.0.0:8000-8001->80-81/tcp, 0.0.0.0:8003->82/tcp, ::1:->90/udp"
    assert ports.bindings(records)["90/udp"] == [{"HostIp": "::1", "HostPort": ""}]
