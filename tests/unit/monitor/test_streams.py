"""Streams between a container and its clients: nothing is lost, nobody blocks, the slow one sets the pace."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from libpod.monitor.attach import HIGH, Peer
from libpod.monitor.logfile import LogFile
from libpod.monitor.loop import Loop
from libpod.monitor.streams import Streams
from libpod.util import wire


class Bench:
    """A container's side (pipes), the streams, and clients."""

    def __init__(self, log: LogFile | None = None) -> None:
        self.loop = Loop()
        self.streams = Streams(self.loop, log)
        self.out_r, self.out_w = os.pipe()
        self.gone: list[Peer] = []
        self.conns: list[wire.Conn] = []
        self.peers: list[Peer] = []
        self.streams.add_output(self.out_r, wire.STDOUT)

    def client(self, *, stdin: bool = False) -> tuple[wire.Conn, Peer]:
        ours, theirs = wire.pair()

        def on_message(peer: Peer, msg: dict[str, object], fds: list[int]) -> None:
            if msg["t"] == wire.DATA:
                data = msg["data"]
                assert isinstance(data, bytes)
                self.streams.feed(peer, data)
            else:
                self.streams.detach(peer)

        def on_close(peer: Peer) -> None:
            self.gone.append(peer)
            self.streams.detach(peer)

        peer = Peer(self.loop, theirs, on_message, on_close)
        self.streams.attach(peer, (wire.STDOUT, wire.STDERR), stdin=stdin)
        self.conns.append(ours)
        self.peers.append(peer)
        return ours, peer

    def close(self) -> None:
        for conn in self.conns:
            conn.close()
        for peer in self.peers:
            peer.close()
        signal.set_wakeup_fd(-1)

    def turn(self, seconds: float = 0.05) -> None:
        self.loop.run_until(lambda: False, seconds)


@pytest.fixture
def bench() -> Iterator[Bench]:
    before = signal.getsignal(signal.SIGCHLD)
    made = Bench()
    yield made
    made.close()
    signal.signal(signal.SIGCHLD, before)


def received(conn: wire.Conn) -> bytes:
    """Return all that is there for the client now."""
    conn.set_blocking(False)
    found = b""
    while True:
        try:
            got = conn.recv()
        except BlockingIOError:
            return found
        if got is None:
            return found
        found += got[0]["data"]


def test_every_client_gets_everything(bench: Bench) -> None:
    one, _ = bench.client()
    two, _ = bench.client()
    os.write(bench.out_w, b"hello")
    bench.turn()
    assert received(one) == received(two) == b"hello"


def test_a_slow_client_holds_the_container_up_and_loses_nothing(bench: Bench) -> None:
    slow, peer = bench.client()
    os.set_blocking(bench.out_w, False)
    sent, got = 0, b""

    def fill() -> int:
        total = 0
        while True:
            try:
                total += os.write(bench.out_w, b"x" * 4096)
            except BlockingIOError:
                return total

    while not peer.full:
        sent += fill()
        bench.turn(0.005)
    sent += fill()
    bench.turn()
    with pytest.raises(BlockingIOError):
        os.write(bench.out_w, b"x" * 4096)  # the pipe stays full: nobody reads it
    assert sent < HIGH + 4 * 1024 * 1024
    while True:
        part = received(slow)
        got += part
        bench.turn(0.005)
        if not part and bench.streams.idle and len(got) >= sent:
            break
    assert len(got) == sent
    assert peer.idle


def test_a_client_that_dies_while_it_is_slow_lets_the_container_go_on(bench: Bench) -> None:
    slow, peer = bench.client()
    os.set_blocking(bench.out_w, False)
    while not peer.full:
        try:
            os.write(bench.out_w, b"x" * 65536)
        except BlockingIOError:
            pass
        bench.turn(0.005)
    assert not bench.streams.idle
    slow.close()
    bench.turn()
    assert bench.gone == [peer]
    assert bench.streams.idle


def test_standard_input_ends_when_its_client_says_so(bench: Bench) -> None:
    in_r, in_w = os.pipe()
    bench.streams.set_input(in_w, once=True)
    client, _ = bench.client(stdin=True)
    client.send_data(wire.STDIN, b"one")
    client.send_data(wire.STDIN, b"two")
    client.send_data(wire.STDIN, b"")
    bench.turn()
    assert os.read(in_r, 100) == b"onetwo"
    assert os.read(in_r, 100) == b""


@pytest.mark.parametrize("once", [True, False])
def test_a_client_that_leaves_ends_standard_input_only_if_it_was_for_once(bench: Bench, once: bool) -> None:
    in_r, in_w = os.pipe()
    os.set_blocking(in_r, False)
    bench.streams.set_input(in_w, once=once)
    client, _ = bench.client(stdin=True)
    client.close()
    bench.turn()
    if once:
        assert os.read(in_r, 100) == b""
    else:
        with pytest.raises(BlockingIOError):
            os.read(in_r, 100)


def test_input_that_nobody_reads_stops_the_client_and_nothing_else(bench: Bench) -> None:
    in_r, in_w = os.pipe()
    bench.streams.set_input(in_w, once=True)
    client, _ = bench.client(stdin=True)
    client.set_blocking(False)
    sent = 0
    for _ in range(400):
        try:
            client.send_data(wire.STDIN, b"y" * 32768)
            sent += 32768
        except BlockingIOError:
            pass
        bench.turn(0.001)
    assert sent < 2 * 1024 * 1024
    os.write(bench.out_w, b"still alive")
    bench.turn()
    assert received(client) == b"still alive"
    os.set_blocking(in_r, False)
    got = 0
    for _ in range(400):
        try:
            got += len(os.read(in_r, 65536))
        except BlockingIOError:
            pass
        bench.turn(0.001)
    assert got == sent


def test_data_for_a_container_that_closed_its_input_is_dropped(bench: Bench) -> None:
    in_r, in_w = os.pipe()
    os.close(in_r)
    bench.streams.set_input(in_w, once=True)
    client, _ = bench.client(stdin=True)
    client.send_data(wire.STDIN, b"lost")
    bench.turn()
    os.write(bench.out_w, b"fine")
    bench.turn()
    assert received(client) == b"fine"


def test_a_detached_client_gets_nothing_more(bench: Bench) -> None:
    client, _ = bench.client()
    client.send({"t": "detach"})
    bench.turn()
    os.write(bench.out_w, b"for nobody")
    bench.turn()
    assert received(client) == b""


def test_the_end_reads_what_is_there_and_does_not_wait_for_more(bench: Bench) -> None:
    client, _ = bench.client()
    os.write(bench.out_w, b"last words")
    bench.streams.drain()  # out_w stays open, as a background process would keep it
    assert received(client) == b"last words"


def test_a_log_line_longer_than_memory_should_be(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGCHLD)
    path = tmp_path / "ctr.log"
    bench = Bench(LogFile(str(path), 0, 1))
    try:
        size = 3_000_000
        pid = os.fork()
        if pid == 0:
            os.close(bench.out_r)
            view = memoryview(b"z" * size)
            while view:
                view = view[os.write(bench.out_w, view) :]
            os._exit(0)
        os.close(bench.out_w)
        assert bench.loop.run_until(lambda: not bench.streams.outputs, 20)
        bench.streams.drain()
        text = path.read_bytes()
        assert text.count(b"z") == size
        assert max(map(len, text.split(b"\n"))) < 17000
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, before)


def test_what_a_client_typed_last_arrives(bench: Bench) -> None:
    """It has left before that was read, and before the container's output could be sent to it."""
    in_r, in_w = os.pipe()
    bench.streams.set_input(in_w, once=False)
    client, peer = bench.client(stdin=True)
    peer.frame(bytes((wire.STDOUT,)) + b"never read by the client")
    client.send_data(wire.STDIN, b"typed ")
    client.send_data(wire.STDIN, b"last")
    client.close()
    peer.frame(bytes((wire.STDOUT,)) + b"cannot be sent")
    peer.frame(bytes((wire.STDOUT,)) + b"neither")
    bench.turn()
    assert os.read(in_r, 100) == b"typed last"
    assert peer.closed
    assert bench.gone == [peer]
    os.close(in_r)
