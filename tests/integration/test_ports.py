"""Published ports: who is seen inside, streams and datagrams, ends and resets, what is killed on the way."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from tests.support import portserver, processes
from tests.support.engine import Pypod
from tests.support.needs import missing

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

GATEWAY = "10.0.2.2"
SENDS_AND_ENDS = ["nc", "-l", "-p", "80", "-e", "head", "-c", "400000", "/dev/zero"]
PATTERN = bytes(range(256)) * 4096


def serve(pypod: Pypod, cid: str, *what: str) -> subprocess.Popen[str]:
    """Start a server in the container's network, with this machine's Python."""
    namespace = f"--net=/proc/{pypod.init_pid(cid)}/ns/net"
    argv = ["unshare", "nsenter", namespace, "/usr/bin/python3", portserver.__file__, *what]
    server = pypod.start(*argv)
    assert server.stdout
    assert server.stdout.readline() == "ready\n", server.stderr and server.stderr.read()
    return server


def port_of(pypod: Pypod, cid: str, port: str) -> int:
    return int(pypod("port", cid, port).lines[0].rpartition(":")[2])


def published(pypod: Pypod, *options: str, what: str = "tcp6:80") -> tuple[str, int]:
    """A container with a server, and the port of this machine that leads to it."""
    cid = pypod.detached(*(options or ("-p", "80")))
    serve(pypod, cid, what)
    return cid, port_of(pypod, cid, "80/udp" if what.startswith("udp") else "80")


def connect(port: int, address: str = "127.0.0.1", order: str = "") -> socket.socket:
    sock = socket.create_connection((address, port), timeout=30)
    if order:
        sock.sendall(order.encode() + b"\n")
    return sock


def read_all(sock: socket.socket) -> bytes:
    parts = []
    while data := sock.recv(1 << 20):
        parts.append(data)
    return b"".join(parts)


def ask(port: int, order: str, address: str = "127.0.0.1") -> list[str]:
    with connect(port, address, order) as sock:
        return read_all(sock).decode().split()


def own_address() -> str:
    """The address that this machine has for others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("198.51.100.1", 9))
        except OSError:
            missing("this machine has no address but its loopback")
        return str(sock.getsockname()[0])


def forwarder(pypod: Pypod, cid: str) -> processes.Proc | None:
    found = [p for p in processes.children(pypod.monitor_pid(cid)) if p.cmdline.startswith("pypod: ports")]
    return found[0] if found else None


def the_forwarder(pypod: Pypod, cid: str) -> processes.Proc:
    found = forwarder(pypod, cid)
    assert found is not None
    return found


# Who is seen inside


# covers: run --publish
def test_the_clients_address_is_kept(shared: Pypod) -> None:
    _, port = published(shared)
    address = own_address()
    with connect(port, address, "who") as sock:
        mine = sock.getsockname()
        assert read_all(sock).decode().split() == [mine[0], str(mine[1])]
    assert ask(port, "who")[0] == GATEWAY  # this machine's loopback is not the container's


# covers: run --publish
def test_ipv6(shared: Pypod) -> None:
    if not Path("/proc/net/if_inet6").exists():
        missing("this kernel has no IPv6")
    cid, port = published(shared)
    assert ask(port, "who", "::1")[0] in ("fd00::2", GATEWAY)
    serve(shared, cid, "tcp4:81")
    only4 = shared("port", "add", cid, "-p", "81").lines[0].rpartition(":")[2]
    assert ask(int(only4), "who", "::1")[0] == GATEWAY  # who listens with IPv4 only is reached by that


# covers: run --publish, create --publish
def test_addresses_of_this_machine(shared: Pypod) -> None:
    _, port = published(shared, "-p", "127.0.0.1::80")
    assert ask(port, "who")
    with pytest.raises(ConnectionRefusedError):
        connect(port, own_address())
    _, port = published(shared, "-p", "[::1]::80")
    assert ask(port, "who", "::1")
    with pytest.raises(ConnectionRefusedError):
        connect(port)


# covers: run --userns
def test_a_user_namespace_of_its_own(shared: Pypod) -> None:
    cid, port = published(shared, "--userns", "keep-id", "-p", "80")
    address = own_address()
    assert ask(port, "who", address)[0] == address
    shared("restart", "-t0", cid)
    serve(shared, cid, "tcp6:80")
    assert ask(port_of(shared, cid, "80"), "who", address)[0] == address


# Streams


def test_bytes_both_ways(shared: Pypod) -> None:
    """The client says that it has nothing more, and gets its answer after that."""
    _, port = published(shared)
    with connect(port, order="sum") as sock:
        for _ in range(200):
            sock.sendall(PATTERN)
        sock.shutdown(socket.SHUT_WR)
        size, digest = read_all(sock).decode().split()
    assert int(size) == 200 * len(PATTERN)
    assert digest == hashlib.sha256(PATTERN * 200).hexdigest()
    with connect(port, order=f"send {100 * len(PATTERN)}") as sock:
        assert hashlib.sha256(read_all(sock)).digest() == hashlib.sha256(PATTERN * 100).digest()


def test_an_end_and_a_reset_are_passed_on(shared: Pypod) -> None:
    cid = shared.detached("-p", "80")
    server = serve(shared, cid, "tcp6:80")
    port = port_of(shared, cid, "80")
    assert server.stdout
    with connect(port, order="hold") as sock:
        assert sock.recv(100) == b"held\n"
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b"ended\n"
    assert server.stdout.readline() == "ended\n"
    with connect(port, order="hold") as sock:
        assert sock.recv(100) == b"held\n"
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.stdout.readline() == "reset\n"
    with pytest.raises(ConnectionResetError), connect(port, order="reset") as sock:
        read_all(sock)


def test_nobody_listens_inside(shared: Pypod) -> None:
    cid = shared.detached("-p", "80")
    with pytest.raises(ConnectionResetError), connect(port_of(shared, cid, "80")) as sock:
        read_all(sock)


def test_a_slow_reader_holds_nobody_up(shared: Pypod) -> None:
    _, port = published(shared)
    with connect(port, order=f"send {64 << 20}") as slow:
        assert ask(port, "who")[0] == GATEWAY
        with connect(port, order=f"send {8 << 20}") as quick:
            assert len(read_all(quick)) == 8 << 20
        assert len(read_all(slow)) == 64 << 20


def test_a_server_that_is_busy_and_speaks_first(shared: Pypod) -> None:
    """Its queue is full: the inner connections are made late, and its words come before the client's."""
    cid = shared.detached("-p", "80", "--sysctl", "net.ipv4.tcp_syncookies=0")
    namespace = f"--net=/proc/{shared.init_pid(cid)}/ns/net"
    argv = ["unshare", "nsenter", namespace, "/usr/bin/python3", "-c", BUSY]
    server = shared.start(*argv, stdin=subprocess.PIPE)
    assert server.stdin
    assert server.stdout
    assert server.stdout.readline() == "ready\n"
    port = port_of(shared, cid, "80")
    socks = [connect(port) for _ in range(3)]
    try:
        server.stdin.close()
        assert [sock.recv(7, socket.MSG_WAITALL) for sock in socks] == [b"welcome"] * 3
    finally:
        for sock in socks:
            sock.close()


BUSY = """
import socket, sys
server = socket.socket()
server.bind(("0.0.0.0", 80))
server.listen(0)
print("ready", flush=True)
sys.stdin.read()
kept = []
while True:
    kept.append(server.accept()[0])
    kept[-1].sendall(b"welcome")
"""


def test_many_connections(shared: Pypod) -> None:
    _, port = published(shared)
    socks = [connect(port, order="echo") for _ in range(300)]
    try:
        for number, sock in enumerate(socks):
            sock.sendall(b"%06d" % number)
        assert [int(sock.recv(6, socket.MSG_WAITALL)) for sock in socks] == list(range(300))
    finally:
        for sock in socks:
            sock.close()


# covers: run --publish
def test_three_hundred_ports(shared: Pypod) -> None:
    cid = shared.detached("-p", "20001-20300:1001-1300")
    serve(shared, cid, "tcp6:1001-1300")
    assert all(ask(port, "who")[0] == GATEWAY for port in range(20001, 20301))
    assert "0.0.0.0:20001-20300->1001-1300/tcp" in shared("ps").out


# Datagrams


def exchange(port: int, data: bytes, address: str = "127.0.0.1") -> tuple[list[str], bytes, int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(30)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.connect((address, port))
        sock.send(data)
        answer = sock.recv(65536)
        words = answer.split(b" ", 3)
        return [word.decode() for word in words[:3]], words[3], int(sock.getsockname()[1])


# covers: run --publish
def test_datagrams(shared: Pypod) -> None:
    _, port = published(shared, "-p", "80/udp", what="udp6:80")
    address = own_address()
    words, data, mine = exchange(port, b"hello", address)
    assert (words, data) == ([address, str(mine), "5"], b"hello")
    assert exchange(port, b"again")[0][0] == GATEWAY
    whole = os.urandom(65507)
    words, data, _ = exchange(port, whole)
    assert words[2] == "65507"
    assert data == whole[: len(data)]
    assert len(data) > 65000
    if not Path("/proc/net/if_inet6").exists():
        missing("this kernel has no IPv6")
    assert exchange(port, b"six", "::1")[1] == b"six"
    _, port = published(shared, "-p", "80/udp", what="udp4:80")
    words, data, _ = exchange(port, b"six", "::1")  # who listens with IPv4 only is reached by that
    assert (words[0], data) == (GATEWAY, b"six")


def test_each_client_gets_its_own_answers(shared: Pypod) -> None:
    _, port = published(shared, "-p", "80/udp", what="udp6:80")
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(100)]
    try:
        for number, sock in enumerate(socks):
            sock.settimeout(30)
            sock.connect(("127.0.0.1", port))
            sock.send(b"%d" % number)
        assert [int(sock.recv(100).split()[3]) for sock in socks] == list(range(100))
    finally:
        for sock in socks:
            sock.close()


# What is killed, stopped and started


def test_a_forwarder_that_is_killed_is_replaced(shared: Pypod) -> None:
    cid, port = published(shared)
    assert ask(port, "who")
    for _ in range(2):
        processes.kill(the_forwarder(shared, cid).pid)
        assert ask(port, "who")[0] == GATEWAY  # it has waited: nobody was refused


def test_the_ports_outlive_the_monitor_and_end_with_the_container(shared: Pypod) -> None:
    cid, port = published(shared)
    init = shared.init_pid(cid)
    helper = the_forwarder(shared, cid)
    with processes.Handle(shared.slirp_pid(cid)) as slirp:
        processes.kill(shared.monitor_pid(cid))
        assert slirp.wait_gone()
    assert ask(port, "who")[0] == GATEWAY
    with processes.Handle(helper.pid) as handle:
        processes.kill(init)
        assert handle.wait_gone()
    with pytest.raises(ConnectionRefusedError):
        connect(port)


def test_a_container_that_lost_its_monitor_is_started_again(shared: Pypod) -> None:
    cid, port = published(shared, "-p", "20401:80")
    processes.kill(shared.monitor_pid(cid))
    shared("restart", "-t0", cid)
    serve(shared, cid, "tcp6:80")
    assert ask(port, "who")[0] == GATEWAY


def test_restart_stop_and_start(shared: Pypod) -> None:
    cid, port = published(shared, "-p", "20400:80")
    shared("restart", "-t0", cid)
    serve(shared, cid, "tcp6:80")
    assert ask(port, "who")
    shared("stop", "-t0", cid)
    with pytest.raises(ConnectionRefusedError):
        connect(port)
    assert shared("port", cid).out == ""
    shared("start", cid)
    serve(shared, cid, "tcp6:80")
    assert ask(port, "who")
    shared("rm", "-f", "-t0", cid)
    with pytest.raises(ConnectionRefusedError):
        connect(port)


def test_pause(shared: Pypod) -> None:
    cid = shared.detached("-p", "80", "IMAGE", "sh", "-c", "while true; do nc -l -p 80 -e echo hello; done")
    port = port_of(shared, cid, "80")
    shared("pause", cid)
    with connect(port) as sock:
        shared("unpause", cid)
        assert read_all(sock).decode() in ("hello\n", "")


def test_what_the_container_has_sent_still_arrives(shared: Pypod) -> None:
    """It ends while its client has not read yet."""
    cid = shared.detached("-p", "80", "IMAGE", *SENDS_AND_ENDS)
    port = port_of(shared, cid, "80")
    init = shared.init_pid(cid)

    def taken() -> socket.socket | None:
        sock = socket.socket()
        sock.settimeout(30)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            sock.connect(("127.0.0.1", port))
            if sock.recv(1, socket.MSG_PEEK):
                return sock
        except ConnectionResetError:
            pass  # nobody listens inside yet
        sock.close()
        return None

    with processes.Handle(init) as handle:
        sock = processes.wait_until(taken, what="the first byte")
        assert isinstance(sock, socket.socket)
        with sock:
            assert handle.wait_gone()
            assert len(read_all(sock)) == 400000


def test_the_container_has_no_descriptor_of_ours(shared: Pypod) -> None:
    cid = shared.detached("-p", "80")
    assert "socket:" not in shared("exec", cid, "ls", "-l", "/proc/1/fd").out
    status = Path(f"/proc/{the_forwarder(shared, cid).pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 1 << 12 | 1 << 10
    assert fields["NoNewPrivs"] == "1"


# Changed while it runs


# covers: port --publish, port --latest, port --all
def test_ports_come_and_go_while_it_runs(shared: Pypod) -> None:
    cid = shared.detached()
    serve(shared, cid, "tcp6:80", "udp6:80")
    assert shared("port", "add", "-l", "-p", "20410:80", "-p", "20410:80/udp").lines == [
        "80/tcp -> 0.0.0.0:20410",
        "80/udp -> 0.0.0.0:20410",
    ]
    assert ask(20410, "who")[0] == GATEWAY
    assert exchange(20410, b"x")[1] == b"x"
    assert shared("port", "--all").lines[0] == f"{cid[:12]}\t80/tcp -> 0.0.0.0:20410"
    with connect(20410, order="echo") as sock:
        assert shared("port", "rm", cid, "80").out == "80/tcp -> 0.0.0.0:20410"
        with pytest.raises(ConnectionRefusedError):
            connect(20410)
        sock.sendall(b"goes on")
        assert sock.recv(7, socket.MSG_WAITALL) == b"goes on"
    assert shared("port", "-l").out == "80/udp -> 0.0.0.0:20410"
    shared("restart", "-t0", cid)
    assert shared("port", cid).out == "80/udp -> 0.0.0.0:20410"
    for words, text in (
        (["rm", cid, "81"], "does not publish 81/tcp"),
        (["add", cid, "-p", "x"], "from 1 to 65535"),
        (["add", cid, "-p", "20410:81/udp"], "two ports"),
    ):
        result = shared("port", *words, check=False)
        assert (result.code, text in result.stderr) == (125, True), str(result)


def test_a_stopped_container_has_its_ports_changed_for_the_next_start(shared: Pypod) -> None:
    shared("create", "--name", "c", "-p", "20420:80", shared.image, "sleep", "1000")
    assert shared("port", "add", "c", "-p", "20421:81").out == "81/tcp -> 0.0.0.0:20421"
    shared("port", "rm", "c", "-p", "20420:80")
    shared("start", "c")
    assert shared("port", "c").out == "81/tcp -> 0.0.0.0:20421"


def test_one_of_two_chosen_ports_goes(shared: Pypod) -> None:
    cid = shared.detached("-p", "80", "-p", "80")
    first, second = (line.rpartition(":")[2] for line in shared("port", cid, "80").lines)
    shared("port", "rm", cid, "-p", f"{first}:80")
    assert shared("port", cid, "80").out == f"0.0.0.0:{second}"
    assert shared.inspect(cid)["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "", "HostPort": ""}]}


# What is shown


# covers: run --publish-all, create --publish-all, run --expose
def test_all_exposed_ports(shared: Pypod) -> None:
    cid = shared.detached("-P", "--expose", "80", "--expose", "90-91/udp", "-p", "20430:80")
    assert [line.split(" -> ")[0] for line in shared("port", cid).lines] == ["80/tcp", "90/udp", "91/udp"]
    found = shared.inspect(cid)
    assert found["HostConfig"]["PublishAllPorts"] is True
    assert found["HostConfig"]["PortBindings"]["80/tcp"] == [{"HostIp": "", "HostPort": "20430"}]
    assert found["NetworkSettings"]["Ports"]["90/udp"][0]["HostPort"] == str(port_of(shared, cid, "90/udp"))


# covers: ps --format
def test_what_ps_and_inspect_show(shared: Pypod) -> None:
    options = ["-p", "20440-20442:80-82", "-p", "127.0.0.1:20443:83/udp", "--expose", "99"]
    cid = shared.detached(*options)
    text = "0.0.0.0:20440-20442->80-82/tcp, 127.0.0.1:20443->83/udp"
    assert shared("ps", "--format", "{{.Ports}}").out == text
    assert shared("ps", "--format", "json").json()[0]["Ports"] == [
        {"host_ip": "", "container_port": 80, "host_port": 20440, "range": 3, "protocol": "tcp"},
        {"host_ip": "127.0.0.1", "container_port": 83, "host_port": 20443, "range": 1, "protocol": "udp"},
    ]
    ports = shared.inspect(cid)["NetworkSettings"]["Ports"]
    assert ports["83/udp"] == [{"HostIp": "127.0.0.1", "HostPort": "20443"}]
    assert ports["99/tcp"] is None


# What cannot be


# covers: run --publish, create --publish
def test_ports_that_cannot_be(shared: Pypod, tmp_path: Path) -> None:
    for value in (
        "70000:80",
        "80/foo",
        "x:80",
        "8080-8082:80",
        "1.2.3:80:80",
        "8085-8083:80-82",
        "80:",
        "0:80",
    ):
        result = shared.run("--rm", "-p", value, "IMAGE", "true", check=False)
        assert (result.code, value in result.stderr) == (125, True), str(result)
    for words, text in (
        (["-p", "20450:80", "-p", "20450:81"], "two ports"),
        (["--network", "none", "-p", "20450:80"], "--network=none"),
    ):
        result = shared.run("--rm", *words, "IMAGE", "true", check=False)
        assert (result.code, text in result.stderr) == (125, True), str(result)
    assert shared("ps", "-aq").out == ""
    result = shared.run("--rm", "--network", "host", "-p", "20450:80", "IMAGE", "true")
    assert "Port mappings have been discarded" in result.stderr
    settings = tmp_path / "containers.conf"
    env = {"CONTAINERS_CONF": str(settings)}
    settings.write_text('[containers]\nnetns = "host"\n')
    result = shared.run("--rm", "-p", "20450:80", "IMAGE", "true", env=env)
    assert "Port mappings have been discarded" in result.stderr
    settings.write_text('[containers]\nnetns = "none"\n')
    result = shared.run("--rm", "-p", "20450:80", "IMAGE", "true", env=env, check=False)
    assert (result.code, "--network=none" in result.stderr) == (125, True), str(result)


# covers: run --publish
def test_a_port_that_is_taken(shared: Pypod) -> None:
    name = "holder-of-the-port"
    shared.detached("--name", name, "-p", "20460:80")
    result = shared.run("--rm", "-p", "20460:80", "IMAGE", "true", check=False)
    assert (result.code, name in result.stderr, "20460" in result.stderr) == (126, True, True), str(result)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        result = shared.run("-p", f"{number}:80", "--name", "late", "IMAGE", "true", check=False)
        assert (result.code, f":{number}/tcp" in result.stderr) == (126, True), str(result)
        assert shared("start", "late", check=False).code == 125
    assert shared("start", "late").code == 0


# covers: run --publish
def test_a_privileged_port(shared: Pypod) -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 7:
        missing("all ports are open here")
    result = shared.run("--rm", "-p", "7:80", "IMAGE", "true", check=False)
    assert result.code == 126
    assert "sysctl net.ipv4.ip_unprivileged_port_start=7" in result.stderr


def test_a_stopped_monitor_refuses_no_connection(shared: Pypod) -> None:
    cid, port = published(shared)
    with processes.Handle(shared.monitor_pid(cid)) as monitor:
        monitor.signal(signal.SIGSTOP)
        assert ask(port, "who")
        monitor.signal(signal.SIGCONT)
