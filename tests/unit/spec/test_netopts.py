"""Network options, names of hosts, addresses, namespaces of other containers."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from libpod.spec import netopts
from tests.unit.spec.conftest import CID, Maker


def test_the_default_network_is_that_of_the_settings(make: Maker) -> None:
    assert make.record()["network"] == {"mode": "slirp4netns", "options": {}, "container": ""}
    make.settings.network = "slirp4netns:mtu=1500"
    assert make.record()["network"]["options"] == {"mtu": "1500"}
    assert make.record(network=["private"])["network"]["mode"] == "slirp4netns"
    assert make.record(network=["default"])["network"]["mode"] == "slirp4netns"


def test_options_of_slirp4netns(make: Maker) -> None:
    value = "slirp4netns:allow_host_loopback=yes,enable_ipv6,mtu=1400,cidr=10.9.0.0/24,outbound_addr=eth0"
    assert make.record(network=[value])["network"]["options"] == {
        "allow_host_loopback": "true",
        "enable_ipv6": "true",
        "mtu": "1400",
        "cidr": "10.9.0.0/24",
        "outbound_addr": "eth0",
    }


def test_joining_another_container(make: Maker) -> None:
    record = make.record(network=["container:web"], ids={"joins": {"web": CID}})
    assert record["network"] == {"mode": "container", "options": {}, "container": CID}
    record = make.record(pid="container:web", ids={"joins": {"web": CID}})
    assert record["namespaces"]["pid"] == f"container:{CID}"
    with pytest.raises(UsageError, match="no such container"):
        make.record(ipc="container:web")


def test_a_namespace_by_path(make: Maker) -> None:
    record = make.record(network=["ns:/run/netns/web"])
    assert (record["network"]["mode"], record["network"]["options"]) == ("ns", {"path": "/run/netns/web"})


def test_name_servers_and_hosts(make: Maker) -> None:
    record = make.record(
        dns=["1.1.1.1,::1"],
        dns_search=["example.org"],
        dns_option=["ndots:2"],
        add_host=["db;db2:10.0.0.5", "six:[::1]", "gw=host-gateway"],
    )
    assert record["dns"] == ["1.1.1.1", "::1"]
    assert record["dns_search"] == ["example.org"]
    assert record["dns_option"] == ["ndots:2"]
    assert record["add_host"] == ["db;db2:10.0.0.5", "six:::1", "gw:host-gateway"]


def test_name_servers_of_the_settings(make: Maker) -> None:
    make.settings.dns_servers = ["9.9.9.9"]
    assert make.record()["dns"] == ["9.9.9.9"]
    assert make.record(dns=["1.1.1.1"])["dns"] == ["1.1.1.1"]


def test_exposed_ports(make: Maker) -> None:
    assert make.record(expose=["80", "90-92/UDP"])["expose"] == ["80/tcp", "90-92/udp"]


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_is_one(address: ipaddress.IPv4Address) -> None:
    assert netopts.is_ipv4(str(address))
    assert not netopts.is_ipv6(str(address))


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_is_one(address: ipaddress.IPv6Address) -> None:
    assert netopts.is_ipv6(str(address))
    assert netopts.is_ipv6(address.exploded)
    assert not netopts.is_ipv4(str(address))


@given(st.text("0123456789abf:.%", max_size=20))
def test_addresses_are_judged_as_the_standard_library_does(text: str) -> None:
    def valid(kind: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address], value: str) -> bool:
        try:
            kind(value)
        except ValueError:
            return False
        return True

    if netopts.is_ipv6(text):
        assert valid(ipaddress.IPv6Address, text.partition("%")[0])
    elif "%" not in text:
        assert not valid(ipaddress.IPv6Address, text)
    leading_zero = any(len(part) > 1 and part[0] == "0" for part in text.split("."))
    if not leading_zero:
        assert netopts.is_ipv4(text) == valid(ipaddress.IPv4Address, text)
