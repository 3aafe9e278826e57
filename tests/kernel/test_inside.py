"""A client's address in a network namespace: connections, datagrams, answers that come back, resets."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from libpod.kernel import caps, iface, netlink, ns
from libpod.kernel.const import CLONE_NEWNET
from libpod.monitor import inside

OWN, GATEWAY, OWN6 = "10.0.2.100", "10.0.2.2", "fd00::64"
CLIENT, CLIENT6 = ("192.0.2.7", 4000), ("2001:db8::7", 4000, 0, 0)


def enter(marks: bool) -> inside.Inside:
    """A namespace with an address and no way out, strict about where packets come from; `marks`: whether the
    kernel's switches can be set."""
    ns.unshare(CLONE_NEWNET)
    iface.lo_up()
    for name in ("all", "default", "lo"):
        Path(f"/proc/sys/net/ipv4/conf/{name}/rp_filter").write_text("1")
    routes = netlink.Routes()
    routes.add_address(socket.AF_INET, socket.inet_pton(socket.AF_INET, OWN))
    if Path("/proc/self/net/if_inet6").exists():
        routes.add_address(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, OWN6))
    if not marks:
        inside._switch_on = refuse
    place = inside.Inside(OWN, GATEWAY, "fd00::2")
    fd = os.open("/proc/self/ns/net", os.O_RDONLY)
    place.enter(fd)
    return place


def refuse(name: str) -> None:
    raise PermissionError(name)


def server(family: int, kind: int, port: int) -> socket.socket:
    sock = socket.socket(family, kind)
    sock.settimeout(5)
    sock.bind(("", port))
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


@pytest.mark.parametrize("marks", [True, False])
def test_a_connection_has_the_clients_address(marks: bool) -> None:
    place = enter(marks)
    place.opened(netlink.TCP, 80)
    with server(socket.AF_INET, socket.SOCK_STREAM, 80) as listener:
        sock, done, key = place.stream(socket.AF_INET, CLIENT, 80, as_v4=False)
        assert done
        conn, peer = listener.accept()
        assert peer == CLIENT
        os.set_blocking(sock.fileno(), True)
        conn.sendall(b"hello")
        assert sock.recv(5) == b"hello"
        sock.send(b"back")
        assert conn.recv(4) == b"back"
        other, _, other_key = place.stream(socket.AF_INET, ("127.0.0.1", 5000), 80, as_v4=False)
        assert listener.accept()[1] == (GATEWAY, 5000)
    sock.close()
    place.forget(key)
    place.forget(other_key)
    assert place._clients == {}
    place.opened(netlink.TCP, 81)
    with pytest.raises(ConnectionRefusedError):  # the kernel's own answer finds back too
        place.stream(socket.AF_INET, CLIENT, 81, as_v4=False)
    other.close()


@pytest.mark.parametrize("marks", [True, False])
def test_a_client_over_ipv6(marks: bool) -> None:
    if not Path("/proc/self/net/if_inet6").exists():
        pytest.skip("no IPv6")
    place = enter(marks)
    place.opened(netlink.TCP, 80)
    with server(socket.AF_INET6, socket.SOCK_STREAM, 80) as listener:
        _, done, _ = place.stream(socket.AF_INET6, CLIENT6, 80, as_v4=False)
        assert done
        assert listener.accept()[1][0] == CLIENT6[0]
        place.stream(socket.AF_INET6, ("::1", 1, 0, 0), 80, as_v4=False)
        assert listener.accept()[1][0] == "fd00::2"
    place.opened(netlink.TCP, 81)
    with pytest.raises(ConnectionRefusedError):
        place.stream(socket.AF_INET6, CLIENT6, 81, as_v4=False)
    with server(socket.AF_INET, socket.SOCK_STREAM, 81) as listener:
        place.stream(socket.AF_INET6, CLIENT6, 81, as_v4=True)
        assert listener.accept()[1][0] == GATEWAY


@pytest.mark.parametrize("families", [(socket.AF_INET, CLIENT), (socket.AF_INET6, CLIENT6)])
def test_datagrams_come_back_while_the_client_is_known(families: tuple[int, tuple[str, int]]) -> None:
    family, client = families
    if family == socket.AF_INET6 and not Path("/proc/self/net/if_inet6").exists():
        pytest.skip("no IPv6")
    place = enter(True)
    place.opened(netlink.UDP, 53)
    with server(family, socket.SOCK_DGRAM, 53) as there:
        sock, key = place.datagrams(family, client, 53, as_v4=False)
        os.set_blocking(sock.fileno(), True)
        sock.send(b"question")
        data, peer = there.recvfrom(100)
        assert (data, peer[:2]) == (b"question", client[:2])
        there.sendto(b"answer", peer)
        assert sock.recv(100) == b"answer"
        sock.close()
        place.forget(key)
        with pytest.raises(OSError, match="unreachable"):  # as before: there is no way out
            there.sendto(b"late", peer)


def test_a_port_that_is_closed_leaves_no_rule() -> None:
    place = enter(False)
    shown = ["ip", "rule"]
    before = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    place.opened(netlink.UDP, 53)
    assert "53" in subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    place.closed(netlink.UDP, 53)
    assert subprocess.run(shown, capture_output=True, text=True, check=True).stdout == before


def test_nothing_is_left_to_a_confined_process() -> None:
    place = enter(True)
    status = os.open("/proc/self/status", os.O_RDONLY)
    place.confine()
    assert not os.path.exists("/proc")
    with pytest.raises(ProcessLookupError):
        os.listdir("/")
    lines = os.pread(status, 65536, 0).decode().splitlines()
    found = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    wanted = 1 << caps.NAMES["CAP_NET_ADMIN"] | 1 << caps.NAMES["CAP_NET_BIND_SERVICE"]
    assert int(found["CapEff"], 16) == int(found["CapPrm"], 16) == int(found["CapBnd"], 16) == wanted
    with server(socket.AF_INET, socket.SOCK_STREAM, 80) as listener:
        place.stream(socket.AF_INET, CLIENT, 80, as_v4=False)
        assert listener.accept()[1] == CLIENT
