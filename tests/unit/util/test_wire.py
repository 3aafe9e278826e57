"""Messages and pieces of streams arrive whole, in order, with their descriptors."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import MonitorError
from libpod.util import wire

TEXT = st.text(max_size=200)
MESSAGES = st.fixed_dictionaries(
    {"t": TEXT.filter(lambda t: t != "@big")}, optional={"a": TEXT, "b": st.integers(), "c": st.lists(TEXT)}
)
PIECES = st.tuples(st.integers(0, 0x1F), st.binary(max_size=2000))


def open_fds() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def raw_pair() -> tuple[socket.socket, wire.Conn]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return ours, wire.Conn.from_fd(theirs.detach())


@given(st.lists(MESSAGES | PIECES, max_size=12))
def test_frames_arrive_whole_and_in_order(frames: list[dict[str, Any] | tuple[int, bytes]]) -> None:
    one, other = wire.pair()
    for frame in frames:
        if isinstance(frame, dict):
            one.send(frame)
        else:
            one.send_data(*frame)
    one.close()
    for frame in frames:
        got = other.recv()
        assert got is not None
        if isinstance(frame, dict):
            assert got == ({"v": 1, **frame}, [])
        else:
            assert got == ({"v": 1, "t": wire.DATA, "kind": frame[0], "data": frame[1]}, [])
    assert other.recv() is None
    other.close()


@pytest.mark.parametrize("size", [0, 100 * 1024 - 20, 100 * 1024, 300_000, 5_000_000])
def test_message_of_any_length_arrives_with_its_descriptors(size: int, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("hello")
    before = open_fds()
    one, other = wire.pair()
    with file.open("rb") as stream:
        one.send({"t": "take", "fill": "x" * size}, [stream.fileno()])
    got = other.recv()
    assert got is not None
    message, fds = got
    assert len(message["fill"]) == size
    assert [os.read(fd, 10) for fd in fds] == [b"hello"]
    assert not os.get_inheritable(fds[0])
    os.close(fds[0])
    one.close()
    other.close()
    assert open_fds() == before


def test_version_of_the_sender_is_kept() -> None:
    one, other = wire.pair()
    one.send({"v": 7, "t": "x"})
    assert other.recv() == ({"v": 7, "t": "x"}, [])
    one.close()
    other.close()


def test_send_to_nobody_raises() -> None:
    one, other = wire.pair()
    other.close()
    with pytest.raises(BrokenPipeError):
        one.send({"t": "x"})
    one.close()


def test_peer_gone_with_unread_messages_is_the_end() -> None:
    one, other = wire.pair()
    one.send({"t": "x"})
    other.close()
    assert one.recv() is None
    one.close()


def test_full_socket_raises_and_sends_nothing() -> None:
    one, other = wire.pair()
    one.set_blocking(False)
    sent = 0
    try:
        while sent < 1000:
            one.send_data(wire.STDOUT, bytes([sent % 256]) * wire.MAX_DATA)
            sent += 1
    except BlockingIOError:
        pass
    assert 0 < sent < 1000
    for number in range(sent):
        got = other.recv()
        assert got is not None
        assert got[0]["data"] == bytes([number % 256]) * wire.MAX_DATA
    other.set_blocking(False)
    with pytest.raises(BlockingIOError):
        other.recv()
    one.close()
    other.close()


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b'{"v":1}',
        b'{"t":"x"}',
        b'{"v":"1","t":"x"}',
        b"junk",
        b'{"v":1,"t":"@big","size":5}',
        b'{"v":1,"t":1}',
    ],
)
def test_damaged_message_is_refused(raw: bytes) -> None:
    ours, conn = raw_pair()
    ours.send(raw)
    with pytest.raises(MonitorError, match="damaged"):
        conn.recv()
    ours.close()
    conn.close()


def test_descriptors_of_a_damaged_message_are_closed() -> None:
    ours, conn = raw_pair()
    before = open_fds()
    socket.send_fds(ours, [b"junk"], [0, 1, 2])
    with pytest.raises(MonitorError):
        conn.recv()
    short = os.memfd_create("short")
    socket.send_fds(ours, [b'{"v":1,"t":"@big","size":5}'], [short])
    os.close(short)
    with pytest.raises(MonitorError):
        conn.recv()
    assert open_fds() == before
    ours.close()
    conn.close()


def test_the_last_words_of_a_peer_that_left_messages_unread_are_heard() -> None:
    one, other = wire.pair()
    one.send({"t": "never-read"})
    other.send({"t": "error"})
    other.close()
    assert one.recv() == ({"v": 1, "t": "error"}, [])
    assert one.recv() is None
    one.close()


def test_too_long_piece_and_wrong_kind_are_bugs() -> None:
    one, other = wire.pair()
    with pytest.raises(ValueError, match="piece"):
        one.send_data(1, bytes(wire.MAX_DATA + 1))
    with pytest.raises(ValueError, match="piece"):
        one.send_data(0x20, b"")
    one.close()
    other.close()


@pytest.mark.parametrize("depth", [1, 40])
def test_listen_and_connect_at_a_path_of_any_length(tmp_path: Path, depth: int) -> None:
    directory = tmp_path.joinpath(*["d" * 20] * depth)
    directory.mkdir(parents=True)
    path = str(directory / "control")
    Path(path).write_text("left by somebody who died")
    before = open_fds()
    listener = wire.listen(path)
    client = wire.connect(path)
    server = listener.accept()
    client.send({"t": "hello"})
    assert server.recv() == ({"v": 1, "t": "hello"}, [])
    assert server.peer_pid() == os.getpid()
    assert os.stat(path).st_mode & 0o777 == 0o600
    listener.set_blocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()
    for end in (client, server, listener):
        end.close()
    assert open_fds() == before
    with pytest.raises(ConnectionRefusedError):
        wire.connect(path)
    os.unlink(path)
    with pytest.raises(FileNotFoundError):
        wire.connect(path)
