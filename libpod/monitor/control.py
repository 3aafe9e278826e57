"""Owns: what clients may ask a running monitor for, by message: docs/internals/monitor-protocol.md."""

from __future__ import annotations

import _socket
import os

from libpod import errors, log
from libpod.monitor.attach import Peer
from libpod.monitor.loop import NO_ROOM, READ, RETRY_S
from libpod.util import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from libpod.monitor.monitor import Monitor

    Message = dict[str, Any]

NAME = "control"


class Control:
    """The socket `run/control` and the requests that come in by it, and by the connection of the client that
    started us.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._listener: wire.Listener | None = None
        self._path = ""
        self.peers: list[Peer] = []
        self._has_paused = False
        """It was logged that there was no descriptor for a connection; once is enough."""

    def listen(self, run_dir: str) -> None:
        """Take connections from now on. The alive lock is held, so the name is ours."""
        self._path = f"{run_dir}/{NAME}"
        self._take(wire.listen(self._path))

    def resume(self, run_dir: str, fd: int) -> None:
        """Go on with a socket that listens already; -1 = none."""
        self._path = f"{run_dir}/{NAME}"
        if fd >= 0:
            self._take(wire.Listener(_socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, fd)))

    def fileno(self) -> int:
        """Return the descriptor of the listening socket; -1 if there is none."""
        return -1 if self._listener is None else self._listener.fileno()

    def _take(self, listener: wire.Listener) -> None:
        self._listener = listener
        listener.set_blocking(False)
        self._monitor.loop.watch(listener.fileno(), READ, lambda _: self._accept())

    def add(self, conn: wire.Conn) -> Peer:
        """Serve a client on this connection."""
        peer = Peer(self._monitor.loop, conn, self.handle, self._closed)
        self.peers.append(peer)
        return peer

    def close(self) -> None:
        """Take no more connections. Idempotent."""
        if self._listener is None:
            return
        self._monitor.loop.unwatch(self._listener.fileno())
        self._listener.close()
        self._listener = None
        try:
            os.unlink(self._path)
        except OSError:
            pass

    def handle(self, peer: Peer, msg: Message, fds: list[int]) -> None:
        """Do what a client asks for. Raises what it is to be answered with."""
        name = msg["t"]
        if name == wire.DATA:
            if msg["kind"] == wire.STDIN:
                self._monitor.feed(peer, msg["data"])
            return
        act = _REQUESTS.get(name)
        if act is None:
            raise errors.MonitorError(f'the monitor does not know the request "{name}"')
        act(self._monitor, peer, msg, fds)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            self.add(self._listener.accept())
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            self._pause(error)

    def _pause(self, error: OSError) -> None:
        """Leave who comes waiting for a moment: the listener stays ready, we would do nothing but try."""
        if not self._has_paused:
            self._has_paused = True
            log.warning("no descriptor for a connection: it has to wait", error=error)
        assert self._listener is not None
        self._monitor.loop.change(self._listener.fileno(), 0)
        self._monitor.loop.after(RETRY_S, self._again)

    def _again(self) -> None:
        if self._listener is not None:
            self._monitor.loop.change(self._listener.fileno(), READ)

    def _closed(self, peer: Peer) -> None:
        self.peers.remove(peer)
        self._monitor.peer_left(peer)


def _prepare(monitor: Monitor, peer: Peer, msg: Message, fds: list[int]) -> None:
    monitor.inbox(peer, msg, fds)


def _hello(monitor: Monitor, peer: Peer, _msg: Message, _fds: list[int]) -> None:
    peer.send({"t": "ok", "pid": os.getpid(), "run_id": monitor.run_id})


def _hold(monitor: Monitor, peer: Peer, msg: Message, _fds: list[int]) -> None:
    if msg.get("run_id", monitor.run_id) != monitor.run_id:
        raise errors.StateError(f'container "{monitor.name}" has been started again meanwhile')
    peer.send({"t": "held", "run_id": monitor.run_id})


def _attach(monitor: Monitor, peer: Peer, msg: Message, _fds: list[int]) -> None:
    monitor.attach(peer, msg)
    peer.send({"t": "attached", "tty": monitor.has_terminal})


def _detach(monitor: Monitor, peer: Peer, _msg: Message, _fds: list[int]) -> None:
    if peer.exec is not None:
        peer.exec.leave()
        peer.exec = None
    monitor.detach(peer)
    peer.send({"t": "detached"})


def _wait(monitor: Monitor, peer: Peer, _msg: Message, _fds: list[int]) -> None:
    monitor.wait(peer)


def _exec(monitor: Monitor, peer: Peer, msg: Message, fds: list[int]) -> None:
    monitor.execute(peer, msg, fds)


def _resize(monitor: Monitor, peer: Peer, msg: Message, _fds: list[int]) -> None:
    rows, cols = int(msg["rows"]), int(msg["cols"])
    if peer.exec is not None:
        peer.exec.resize(rows, cols)
    else:
        monitor.resize(rows, cols)


def _signal(monitor: Monitor, peer: Peer, msg: Message, _fds: list[int]) -> None:
    number = int(msg["signal"])
    if peer.exec is not None:
        peer.exec.signal(number)
    else:
        monitor.signal(number)


def _kill(monitor: Monitor, peer: Peer, msg: Message, _fds: list[int]) -> None:
    monitor.signal(int(msg["signal"]), everything=bool(msg.get("all")))
    peer.send({"t": "ok"})


def _start_created(monitor: Monitor, peer: Peer, msg: Message, _fds: list[int]) -> None:
    monitor.go_on(peer, msg)


def _publish(monitor: Monitor, peer: Peer, msg: Message, _fds: list[int]) -> None:
    from libpod.monitor import publish  # lazy: seldom asked for

    monitor.must_run()
    peer.send({"t": "published", "ports": publish.add(monitor, msg["ports"])})


def _unpublish(monitor: Monitor, peer: Peer, msg: Message, _fds: list[int]) -> None:
    from libpod.monitor import publish

    monitor.must_run()
    publish.remove(monitor, msg["ports"])
    peer.send({"t": "ok"})


def _policy(monitor: Monitor, peer: Peer, msg: Message, _fds: list[int]) -> None:
    had, plan = monitor.restarts, msg["restart"]
    if had is not None:
        plan["count"], plan["delay_s"] = had["count"], had["delay_s"]
    monitor.restarts = plan
    if monitor.over is not None and msg["restart"]["policy"] == "no":
        monitor.ending = True
    peer.send({"t": "ok"})


def _claim(monitor: Monitor, peer: Peer, _msg: Message, _fds: list[int]) -> None:
    monitor.claimed(peer)


def _cleaned(monitor: Monitor, peer: Peer, _msg: Message, _fds: list[int]) -> None:
    monitor.cleaned(peer)


def _join(monitor: Monitor, peer: Peer, _msg: Message, _fds: list[int]) -> None:
    monitor.join(peer)


_REQUESTS = {
    "join": _join,
    "surround": _prepare,
    "prepare": _prepare,
    "start": _prepare,
    "hello": _hello,
    "hold": _hold,
    "attach": _attach,
    "detach": _detach,
    "wait": _wait,
    "exec": _exec,
    "resize": _resize,
    "signal": _signal,
    "kill": _kill,
    "start-created": _start_created,
    "publish": _publish,
    "unpublish": _unpublish,
    "policy": _policy,
    "claim": _claim,
    "cleaned": _cleaned,
}
