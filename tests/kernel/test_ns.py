"""Namespaces are made and entered without losing the way back."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from libpod.errors import KernelError
from libpod.kernel import caps, iface, ns
from libpod.kernel.const import CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS


def test_we_are_root_elsewhere() -> None:
    assert not ns.own_userns_is_initial()
    assert "CAP_SYS_ADMIN" in caps.effective()


def test_new_network_namespace_is_ready_and_we_stay() -> None:
    before = os.readlink("/proc/self/ns/net")
    fd = ns.new_netns()
    assert os.readlink("/proc/self/ns/net") == before
    assert not os.get_inheritable(fd)

    def loopback() -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.sendto(b"x", sock.getsockname())
            return sock.recv(1) + os.readlink("/proc/self/ns/net").encode()

    answer = ns.in_netns_child(fd, loopback)
    assert answer[:1] == b"x"
    assert answer[1:].decode() != before
    iface.lo_up()


def test_failure_in_a_network_namespace_keeps_its_number() -> None:
    fd = ns.new_netns()

    def no_route() -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("192.0.2.1", 1))
        return b""

    with pytest.raises(KernelError) as raised:
        ns.in_netns_child(fd, no_route)
    assert raised.value.errno == 101
    with pytest.raises(KernelError, match="network namespace"):
        ns.in_netns_child(fd, lambda: os._exit(1))


def test_namespaces_are_joined_by_pidfd() -> None:
    go_r, go_w = os.pipe()
    pid = os.fork()
    if pid == 0:
        ns.unshare(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS)
        os.write(go_w, b"1")
        os.read(os.pipe()[0], 1)
    os.read(go_r, 1)
    pidfd = os.pidfd_open(pid)
    ns.setns(pidfd, CLONE_NEWUTS | CLONE_NEWNS)
    for name in ("uts", "mnt"):
        assert os.readlink(f"/proc/self/ns/{name}") == os.readlink(f"/proc/{pid}/ns/{name}")
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    with pytest.raises(KernelError) as raised:
        ns.setns(pidfd, CLONE_NEWNET)
    assert raised.value.errno == 3
    assert Path("/").is_dir()
