"""Networks: slirp4netns with its options, none, host, that of another container; names and name servers."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration import tars
from tests.support import processes
from tests.support.engine import Pypod
from tests.support.needs import missing

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

LOOPBACK = "slirp4netns:allow_host_loopback=true"
HOST = "10.0.2.2"


@contextmanager
def echo_server(address: str, kind: int = socket.SOCK_STREAM) -> Iterator[int]:
    """A server on this machine that answers every message with `echo <message>`; yields its port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as server:
        server.bind((address, 0))
        port = int(server.getsockname()[1])
        if kind == socket.SOCK_STREAM:
            server.listen()
        threading.Thread(target=_echo, args=(server, kind), daemon=True).start()
        yield port
        server.shutdown(socket.SHUT_RDWR) if kind == socket.SOCK_STREAM else None


def _echo(server: socket.socket, kind: int) -> None:
    try:
        while True:
            if kind == socket.SOCK_DGRAM:
                data, peer = server.recvfrom(65536)
                server.sendto(b"echo " + data, peer)
                continue
            conn, _ = server.accept()
            with conn:
                data = b""
                while not data.endswith(b"\n") and (more := conn.recv(65536)):
                    data += more
                conn.sendall(b"echo " + data)
    except OSError:
        pass  # the server was closed


def own_address() -> str:
    """The address that this machine has for others; empty if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("198.51.100.1", 9))
        except OSError:
            return ""
        return str(sock.getsockname()[0])


def tcp(address: str, port: int, text: str = "hello") -> list[str]:
    """A command that prints the answer of a TCP server."""
    script = f"exec 3<>/dev/tcp/{address}/{port} && echo {text} >&3 && cat <&3"
    return ["IMAGE", "bash", "-c", script]


def interfaces(shared: Pypod, *options: str) -> list[str]:
    return shared.run("--rm", *options, "IMAGE", "ls", "/sys/class/net").lines


# slirp4netns


# covers: run --network
def test_the_network_by_default(shared: Pypod) -> None:
    cid = shared.detached()
    assert shared("exec", cid, "ls", "/sys/class/net").lines == ["lo", "tap0"]
    assert "10.0.2.100/24" in shared("exec", cid, "ip", "address", "show", "tap0").out
    assert "default via 10.0.2.2 dev tap0" in shared("exec", cid, "ip", "route").out
    assert shared("exec", cid, "cat", "/sys/class/net/tap0/mtu").out == "65520"
    assert "fd00::" in shared("exec", cid, "ip", "-6", "address", "show", "tap0").out
    assert "UP" in shared("exec", cid, "ip", "link", "show", "lo").out
    assert shared.inspect(cid)["HostConfig"]["NetworkMode"] == "slirp4netns"
    for mode in ("private", "slirp4netns", "default"):
        assert interfaces(shared, "--network", mode) == ["lo", "tap0"]
    assert interfaces(shared, "--net=slirp4netns") == ["lo", "tap0"]


# covers: run --network
def test_tcp_to_this_machine(shared: Pypod) -> None:
    with echo_server("127.0.0.1") as port:
        assert shared.run("--rm", "--network", LOOPBACK, *tcp(HOST, port)).out == "echo hello"
        result = shared.run("--rm", *tcp(HOST, port), check=False)
        assert "hello" not in result.stdout


# covers: run --network
def test_tcp_to_another_address(shared: Pypod) -> None:
    """A server on this machine's own address is reached without options, also by name."""
    address = own_address()
    if not address:
        assert not Path("/proc/net/route").read_text().count("\t00000000\t")
        return
    with echo_server("0.0.0.0") as port:
        assert shared.run("--rm", *tcp(address, port)).out == "echo hello"
        assert shared.run("--rm", *tcp("host.containers.internal", port)).out == "echo hello"
        added = ["--add-host", "here:host-gateway"]
        assert shared.run("--rm", *added, *tcp("here", port)).out == "echo hello"


# covers: run --network
def test_a_megabyte_of_tcp(shared: Pypod) -> None:
    """The interface's buffers, its MTU and the sandbox of slirp4netns let a stream through."""
    with echo_server("127.0.0.1") as port:
        script = (
            f"exec 3<>/dev/tcp/{HOST}/{port}; (head -c 1000000 /dev/zero | tr '\\0' x; echo) >&3; wc -c <&3"
        )
        out = shared.run("--rm", "--network", LOOPBACK, "IMAGE", "bash", "-c", script).out
        assert int(out) == 1000000 + len("echo \n")


# covers: run --network
def test_udp(shared: Pypod) -> None:
    with echo_server("127.0.0.1", socket.SOCK_DGRAM) as port:
        script = (
            f"exec 3<>/dev/udp/{HOST}/{port}; echo hello >&3; timeout 10 dd bs=64 count=1 <&3 2>/dev/null"
        )
        assert shared.run("--rm", "--network", LOOPBACK, "IMAGE", "bash", "-c", script).out == "echo hello"


# covers: run --network
def test_ipv6(shared: Pypod) -> None:
    if not Path("/proc/net/if_inet6").exists():
        missing("this kernel has no IPv6")
    with echo_server("::1") as port:
        assert shared.run("--rm", "--network", LOOPBACK, *tcp("fd00::2", port)).out == "echo hello"
        result = shared.run("--rm", *tcp("fd00::2", port), check=False)
        assert "hello" not in result.stdout
    script = ["IMAGE", "cat", "/proc/net/if_inet6"]
    assert "fd00" not in shared.run("--rm", "--network", "slirp4netns:enable_ipv6=false", *script).out


# covers: run --network
def test_options_of_slirp4netns(shared: Pypod) -> None:
    options = "slirp4netns:mtu=1500,cidr=10.9.8.0/24,port_handler=slirp4netns"
    script = "cat /sys/class/net/tap0/mtu; ip -4 addr show tap0 | grep -o '10.9.[0-9./]*' | head -1"
    script += "; grep ^name /etc/resolv.conf | head -1"
    out = shared.run("--rm", "--network", options, "IMAGE", "sh", "-c", script).lines
    assert out == ["1500", "10.9.8.100/24", "nameserver 10.9.8.3"]


@pytest.mark.parametrize(
    "value",
    [
        "slirp4netns:no_such_option=1",
        "slirp4netns:mtu=x",
        "slirp4netns:cidr=10.0.0.0/33",
        "slirp4netns:enable_ipv6=maybe",
        "none:x=1",
        "host:x",
        "container:",
        "container:no-such-container",
        "ns:relative",
        "ns:/no/such/file",
        "pasta",
        "bridge",
        "a-network-of-ones-own",
    ],
)
# covers: run --network
def test_networks_that_cannot_be(shared: Pypod, value: str) -> None:
    result = shared.run("--rm", "--network", value, "IMAGE", "true", check=False)
    assert result.code == 125
    assert result.stderr.startswith("Error: ")
    assert "unexpectedly" not in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--ip", "10.0.0.5"],
        ["--ip6", "fd00::5"],
        ["--mac-address", "02:00:00:00:00:01"],
        ["--network-alias", "db"],
        ["--network", "none", "--network", "host"],
    ],
    ids=" ".join,
)
# covers: run --ip, run --mac-address, run --network-alias
def test_what_is_not_there_yet_says_so(shared: Pypod, options: list[str]) -> None:
    result = shared.run("--rm", *options, "IMAGE", "true", check=False)
    assert result.code == 125
    assert "not supported yet" in result.stderr
    assert shared("ps", "-aq").out == ""


# covers: run --network
def test_a_network_helper_that_dies_is_replaced(shared: Pypod) -> None:
    cid = shared.detached("--network", LOOPBACK)
    first = shared.slirp_pid(cid)
    processes.kill(first)

    def another() -> bool:
        found = [p for p in processes.children(shared.monitor_pid(cid)) if p.name == "slirp4netns"]
        return bool(found) and found[0].pid != first

    processes.wait_until(another, what="another slirp4netns")
    with echo_server("127.0.0.1") as port:
        script = f"exec 3<>/dev/tcp/{HOST}/{port} && echo again >&3 && cat <&3"
        answer = ["exec", cid, "bash", "-c", script]
        processes.wait_until(lambda: shared(*answer, check=None).out == "echo again", what="an answer")


# none, host, others


# covers: run --network
def test_no_network(shared: Pypod) -> None:
    assert interfaces(shared, "--network", "none") == ["lo"]
    script = "nc -l -p 8000 > /got & sleep 0.3; echo hello | nc 127.0.0.1 8000; wait; cat /got"
    assert shared.run("--rm", "--network=none", "IMAGE", "sh", "-c", script).out == "hello"
    with echo_server("0.0.0.0") as port:
        assert (
            "hello" not in shared.run("--rm", "--network=none", *tcp("127.0.0.1", port), check=False).stdout
        )


# covers: run --network
def test_the_network_of_the_host(shared: Pypod) -> None:
    cid = shared.detached("--network", "host")
    own = os.stat("/proc/self/ns/net").st_ino
    assert f"[{own}]" in shared("exec", cid, "readlink", "/proc/self/ns/net").out
    with echo_server("127.0.0.1") as port:
        assert shared.run("--rm", "--network", "host", *tcp("127.0.0.1", port)).out == "echo hello"
    assert interfaces(shared, "--network", "host") == sorted(os.listdir("/sys/class/net"))
    host_names = [line for line in Path("/etc/hosts").read_text().splitlines() if line and line[0] != "#"]
    inside = shared("exec", cid, "cat", "/etc/hosts").out
    assert all(line.split()[1] in inside for line in host_names)


# covers: run --network
def test_the_network_of_another_container(shared: Pypod) -> None:
    first = shared.detached("--hostname", "first", "--add-host", "known:1.2.3.4")
    second = shared.detached("--network", f"container:{first[:12]}")
    spaces = [shared("exec", cid, "readlink", "/proc/self/ns/net").out for cid in (first, second)]
    assert spaces[0] == spaces[1]
    assert "1.2.3.4" in shared("exec", second, "cat", "/etc/hosts").out
    shared("exec", "-d", first, "sh", "-c", "echo from first | nc -l -p 8000")
    answer = ["exec", second, "sh", "-c", "nc 127.0.0.1 8000 </dev/null"]
    processes.wait_until(lambda: shared(*answer, check=None).out == "from first", what="an answer")
    assert shared.inspect(second)["HostConfig"]["NetworkMode"] == f"container:{first}"
    shared("stop", "-t0", first)
    assert shared("exec", second, "ls", "/sys/class/net").lines[0] == "lo"
    shared("stop", "-t0", second)
    assert shared("ps", "-q").out == ""
    shared("start", second)
    assert shared.inspect(first)["State"]["Running"] is True
    spaces = [shared("exec", cid, "readlink", "/proc/self/ns/net").out for cid in (first, second)]
    assert spaces[0] == spaces[1]


# covers: run --network
def test_a_namespace_by_its_path(shared: Pypod) -> None:
    cid = shared.detached("--network", "none")
    path = f"/proc/{shared.init_pid(cid)}/ns/net"
    out = shared.run("--rm", "--network", f"ns:{path}", "IMAGE", "readlink", "/proc/self/ns/net").out
    assert out == shared("exec", cid, "readlink", "/proc/self/ns/net").out


# Names


# covers: run --add-host, run --no-hosts
def test_hosts(shared: Pypod) -> None:
    options = [
        "--add-host",
        "one:10.1.1.1",
        "--add-host",
        "two;three:fd00::5",
        "--hostname",
        "me",
        "--name",
        "it",
    ]
    lines = [line.split() for line in shared.run("--rm", *options, "IMAGE", "cat", "/etc/hosts").lines]
    assert ["10.1.1.1", "one"] in lines
    assert ["fd00::5", "two", "three"] in lines
    assert ["10.0.2.100", "me", "it"] in lines
    assert ["127.0.0.1", "localhost"] in lines
    assert any("host.containers.internal" in line for line in lines)
    assert (
        shared.run("--rm", "IMAGE", "sh", "-c", "echo 10.9.9.9 new >> /etc/hosts && tail -1 /etc/hosts").code
        == 0
    )
    assert shared.run("--rm", "--no-hosts", "IMAGE", "test", "-e", "/etc/hosts", check=False).code == 1
    for bad in ("one", "one:x", ":1.2.3.4"):
        assert shared.run("--rm", "--add-host", bad, "IMAGE", "true", check=False).code == 125
    assert shared.run("--no-hosts", "--add-host", "a:1.2.3.4", "IMAGE", "true", check=False).code == 125


# covers: run --no-hostname
def test_the_images_own_host_name_file(shared: Pypod) -> None:
    script = ["IMAGE", "test", "-s", "/etc/hostname"]
    assert shared.run("--rm", *script).code == 0
    assert shared.run("--rm", "--no-hostname", *script, check=False).code == 1


# covers: run --dns, run --dns-search, run --dns-option
def test_the_name_servers_file(shared: Pypod) -> None:
    options = [
        "--dns",
        "192.0.2.1",
        "--dns",
        "2001:db8::1",
        "--dns-search",
        "a.example",
        "--dns-search=b.example",
    ]
    options += ["--dns-option", "ndots:3", "--dns-opt", "timeout:1"]
    out = shared.run("--rm", *options, "IMAGE", "cat", "/etc/resolv.conf").lines
    assert out == [
        "search a.example b.example",
        "nameserver 192.0.2.1",
        "nameserver 2001:db8::1",
        "options ndots:3 timeout:1",
    ]
    assert shared.run("--rm", "IMAGE", "cat", "/etc/resolv.conf").lines[0] == "nameserver 10.0.2.3"
    assert (
        shared.run("--rm", "--dns", "none", "IMAGE", "test", "-e", "/etc/resolv.conf", check=False).code == 1
    )
    assert shared.run("--rm", "--dns", "no-address", "IMAGE", "true", check=False).code == 125


# covers: run --dns, run --dns-search
def test_names_are_resolved_by_the_server_that_was_named(shared: Pypod) -> None:
    """A name server runs in the container's own namespace; it knows one name, in a domain to search in."""
    options = ["--dns", "127.0.0.1", "--dns-search", "pypod.example", "--dns-option", "attempts:1"]
    cid = shared.detached(*options)
    names = {"db.pypod.example": "192.0.2.77"}
    server = shared.start(
        "unshare",
        "nsenter",
        f"--net=/proc/{shared.init_pid(cid)}/ns/net",
        "/usr/bin/python3",
        "-c",
        NAME_SERVER,
        str(names),
    )
    assert server.stdout
    assert server.stdout.readline() == "ready\n"
    assert "192.0.2.77" in shared("exec", cid, "nslookup", "db.pypod.example").out
    script = "exec 3<>/dev/udp/NAME/9 && cat /proc/net/udp"
    for name in ("db.pypod.example", "db"):
        assert "4D0200C0:0009" in shared("exec", cid, "bash", "-c", script.replace("NAME", name)).out
    assert shared("exec", cid, "bash", "-c", script.replace("NAME", "other"), check=False).code == 1


NAME_SERVER = """
import socket, struct, sys
names = eval(sys.argv[1])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
print("ready", flush=True)
while True:
    query, peer = server.recvfrom(512)
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    question, kind = query[12 : at + 5], struct.unpack("!H", query[at + 1 : at + 3])[0]
    address = names.get(".".join(labels))
    answers = b""
    if address and kind == 1:
        answers = b"\\xc0\\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
    code = 0x8180 if address else 0x8183
    server.sendto(query[:2] + struct.pack("!HHHHH", code, 1, bool(answers), 0, 0) + question + answers, peer)
"""
"""Answers questions for IPv4 addresses (RFC 1035)."""


# covers: run --expose
def test_ports_that_are_exposed_are_noted(shared: Pypod) -> None:
    shared("create", "--name", "c", "--expose", "80", "--expose", "5000-5002/udp", shared.image, "true")
    assert shared("start", "c").code == 0
    assert shared.run("--rm", "--expose", "x", "IMAGE", "true", check=False).code == 125


# covers: run --hosts-file, create --hosts-file
def test_what_hosts_begins_with(pypod: Pypod, tmp_path: Path) -> None:
    tar = tars.variant(
        pypod.image_tar, tmp_path / "own.tar", [tars.file("etc/hosts", b"10.1.1.1 of-image\n")]
    )
    pypod("import", str(tar), "own")
    (tmp_path / "hosts").write_text("10.2.2.2 of-file\n")
    options = ["run", "--rm", "--add-host", "added:10.3.3.3"]
    show = ["own", "sh", "-c", "echo $(grep -o -e of-image -e of-file -e added /etc/hosts | sort)"]
    found = {
        base: pypod(*options, "--hosts-file", base, *show, cwd=tmp_path).out
        for base in ("image", "none", "hosts", str(tmp_path / "hosts"))
    }
    assert found == {
        "image": "added of-image",
        "none": "added",
        "hosts": "added of-file",
        str(tmp_path / "hosts"): "added of-file",
    }
    (tmp_path / "containers.conf").write_text('[containers]\nbase_hosts_file = "image"\n')
    env = {"CONTAINERS_CONF": str(tmp_path / "containers.conf")}
    assert pypod(*options, *show, env=env).out == "added of-image"
    for words, text in (
        (["--hosts-file", "/no/such/file"], "No such file"),
        (["--hosts-file", "none", "--no-hosts"], "--no-hosts"),
    ):
        result = pypod("run", "--rm", *words, "own", "true", check=False)
        assert (result.code, text in result.stderr) == (125, True)


# covers: run --chrootdirs, create --chrootdirs
def test_other_roots_have_the_files_too(shared: Pypod) -> None:
    script = (
        "for f in hosts resolv.conf hostname; do for d in /jail /b/c; do cmp /etc/$f $d/etc/$f; done; done"
    )
    assert shared.run("--rm", "--chrootdirs", "/jail,/b//c/", "IMAGE", "sh", "-c", script).code == 0
    assert shared.run("--rm", "--chrootdirs", "jail", "IMAGE", "true", check=False).code == 125
