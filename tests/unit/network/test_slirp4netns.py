"""Options of slirp4netns become a command line and addresses."""

from __future__ import annotations

import ipaddress

import hypothesis.strategies as st
import pytest
from hypothesis import given

from libpod.errors import UsageError
from libpod.network import slirp4netns


def test_defaults() -> None:
    plan = slirp4netns.plan({}, "/usr/bin/slirp4netns")
    assert plan["argv"] == [
        *["/usr/bin/slirp4netns", "--mtu=65520", "--enable-sandbox", "--enable-seccomp"],
        *["--disable-host-loopback", "--enable-ipv6"],
        *["-c", "-r", "{ready}", "-e", "{exit}", "--netns-type=path", "{netns}", "tap0"],
    ]
    assert (plan["address"], plan["gateway"], plan["dns"]) == ("10.0.2.100", "10.0.2.2", "10.0.2.3")


def test_every_option() -> None:
    text = (
        "slirp4netns:allow_host_loopback=true,mtu=1500,cidr=10.5.0.0/16,enable_ipv6=false,"
        "outbound_addr=eth0,outbound_addr6=fe80::1,port_handler=rootlesskit"
    )
    argv = slirp4netns.plan(slirp4netns.parse(text), "slirp4netns")["argv"]
    assert {"--mtu=1500", "--cidr=10.5.0.0/16", "--outbound-addr=eth0", "--outbound-addr6=fe80::1"} <= set(
        argv
    )
    assert not {"--disable-host-loopback", "--enable-ipv6"} & set(argv)
    assert slirp4netns.plan({"enable_ipv6": "false"}, "x")["address6"] == ""


@pytest.mark.parametrize(
    "text",
    [
        *["slirp4netns:mtu=9", "slirp4netns:mtu=x", "slirp4netns:mtu=65522", "slirp4netns:mtu"],
        *["slirp4netns:cidr=10.0.2.0/26", "slirp4netns:cidr=10.0.2.0", "slirp4netns:cidr=fd00::/64"],
        *[
            "slirp4netns:cidr=10.0.2.256/24",
            "slirp4netns:cidr=10.0.2.0/0",
            "slirp4netns:allow_host_loopback=maybe",
        ],
        *["slirp4netns:port_handler=other", "slirp4netns:outbound_addr=", "slirp4netns:outbound_addr=-x"],
        *["slirp4netns:nosuch=1", "bridge"],
    ],
)
def test_bad_options_are_named(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        slirp4netns.parse(text)
    assert text.partition(":")[2].partition("=")[0] in caught.value.message


@given(st.ip_addresses(v=4), st.integers(1, slirp4netns.MAX_PREFIX))
def test_addresses_lie_in_the_range(address: ipaddress.IPv4Address, prefix: int) -> None:
    network = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
    plan = slirp4netns.plan({"cidr": f"{address}/{prefix}"}, "x")
    base = int(network.network_address)
    for key, offset in (("gateway", 2), ("dns", 3), ("address", 100)):
        found = ipaddress.ip_address(plan[key])  # type: ignore[literal-required]
        assert int(found) == base + offset
        assert found in network
