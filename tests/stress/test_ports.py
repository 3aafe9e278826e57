"""Published ports while what serves them is killed, under traffic."""

from __future__ import annotations

import resource
import socket
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.integration.test_ports import connect, forwarder, published, read_all, the_forwarder
from tests.support import processes
from tests.support.engine import Pypod

pytestmark = [pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox"), pytest.mark.slow]

KILLS = 5


class Clients:
    """Threads that ask again and again; what came of it, by kind."""

    def __init__(self, port: int, count: int) -> None:
        self.port = port
        self.seen: Counter[str] = Counter()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while not self._over.is_set():
            try:
                with connect(self.port, order="send 300000") as sock:
                    self.seen["whole" if len(read_all(sock)) == 300000 else "cut"] += 1
            except OSError as error:
                self.seen[type(error).__name__] += 1

    def end(self) -> Counter[str]:
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self.seen


def test_killed_forwarders_refuse_nobody_and_cut_nothing_off_unseen(shared: Pypod) -> None:
    cid, port = published(shared)
    clients = Clients(port, 4)
    try:
        for _ in range(KILLS):
            first = the_forwarder(shared, cid)
            before = clients.seen["whole"]
            processes.kill(first.pid)

            def replaced(pid: int = first.pid) -> bool:
                found = forwarder(shared, cid)
                return found is not None and found.pid != pid

            processes.wait_until(replaced, 20, "another forwarder")
            processes.wait_until(lambda old=before: clients.seen["whole"] > old + 20, 30, "answers")
    finally:
        seen = clients.end()
    assert seen["whole"] > KILLS * 20
    assert set(seen) <= {"whole", "ConnectionResetError", "BrokenPipeError"}, seen


def test_a_killed_slirp4netns_is_no_matter_to_ports(shared: Pypod) -> None:
    cid, port = published(shared)
    with connect(port, order="echo") as sock:
        processes.kill(shared.slirp_pid(cid))
        for number in range(100):
            sock.sendall(b"%06d" % number)
            assert int(sock.recv(6, socket.MSG_WAITALL)) == number
        with connect(port, order="who") as other:
            assert read_all(other)
        if Path("/proc/net/if_inet6").exists():  # the next one gives another address of IPv6
            with connect(port, "::1", order="who") as other:
                assert read_all(other)


def test_five_thousand_idle_connections(shared: Pypod) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(5000, hard // 2 - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        cid, port = published(shared)
        socks = []
        try:
            for _ in range(count):
                socks.append(connect(port))
            with connect(port, order="who") as sock:
                assert read_all(sock)
            status = Path(f"/proc/{the_forwarder(shared, cid).pid}/status").read_text()
            resident_kb = int(status.split("VmRSS:")[1].split()[0])
            assert resident_kb <= 60 * 1024
        finally:
            for sock in socks:
                sock.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
