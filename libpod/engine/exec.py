"""Owns: `exec`: a further process in a running container.

The container's monitor spawns it, in the right namespaces and cgroup, on descriptors that we pass; its data
never goes through the monitor. We enter no namespace (but the user's, to see through fuse) and write nothing.
"""

from __future__ import annotations

import errno
import os
import select

from libpod import errors, monitorctl
from libpod.engine import answer, containers, initproc, rootview, streams
from libpod.kernel import path
from libpod.spec import process as spec_process
from libpod.util import atomic, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from libpod.engine.session import Session
    from libpod.engine.streams import Stdio
    from libpod.model.container import ContainerRecord
    from libpod.util.wire import Conn

_END_OF_INPUT = b"\x04"
"""What a terminal's reader gets as end of file (VEOF, termios(3)): once, when our stdin has ended."""
_PTY_PIECE = 1024
"""A pty takes 4 KiB before its reader reads: so much never blocks when poll(2) says it fits."""


class Request:
    """One `exec`: `env` as NAME=value; `user` and `workdir` empty = the container's own."""

    __slots__ = (
        "command",
        "detach",
        "env",
        "interactive",
        "preserve",
        "privileged",
        "tty",
        "user",
        "workdir",
    )

    def __init__(
        self,
        command: list[str],
        *,
        env: list[str],
        user: str = "",
        workdir: str = "",
        tty: bool = False,
        interactive: bool = False,
        privileged: bool = False,
        detach: bool = False,
        preserve: Sequence[int] = (),
    ) -> None:
        self.command = command
        self.env = env
        self.user = user
        self.workdir = workdir
        self.tty = tty
        self.interactive = interactive
        self.privileged = privileged
        self.detach = detach
        self.preserve = list(preserve)
        """Descriptors of ours that the process gets besides, under the same numbers."""


class Result:
    """`session_id` names the exec; `code` is its exit code (0 with `detach`)."""

    __slots__ = ("code", "session_id")

    def __init__(self, session_id: str, code: int) -> None:
        self.session_id = session_id
        self.code = code


def run(session: Session, record: ContainerRecord, asked: Request, stdio: Stdio) -> Result:
    """Run a process in the container and carry its streams to its end; with `detach` return when it has
    started."""
    containers.refuse_hollow(record, "exec in")
    status = containers.status(session, record)
    if status["state"] == "restarting":
        raise containers.is_restarting(record, "exec in")
    if status["state"] != "running":
        verb = "unpause" if status["state"] == "paused" else "start"
        raise errors.StateError(
            f'cannot exec in container "{record["name"]}": it is {status["state"]}, not running',
            remedy=f'use "pypod {verb} {record["name"]}" first',
            name=record["name"],
            exit_code=125,
        )
    if status["unmonitored"]:
        raise errors.MonitorError(
            f'cannot exec in container "{record["name"]}": its monitor was killed',
            remedy=f'restart it with "pypod stop {record["name"]}" and "pypod start {record["name"]}"',
        )
    if status["elsewhere"]:
        raise errors.StateError(
            f'cannot exec in container "{record["name"]}": it was started in another pid namespace '
            "(PrivatePIDs= of a unit, or a container)",
            remedy="run exec in there",
            name=record["name"],
        )
    session_id = os.urandom(32).hex()
    if record.get("driver") == "fuse-overlayfs":
        session.enter()  # fuse(4): what is mounted in a user namespace is for those inside
    hidden, owned = _secrets(session, record, asked.env)
    document = _process_file(session, record, asked, session_id)
    try:
        conn = monitorctl.connect(session.paths, record["id"])
        answer.check(conn, record["name"])
    except errors.PypodError:
        os.unlink(document)  # else the monitor removes it
        raise
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        fds = (
            []
            if asked.tty
            else [
                _or(stdio.stdin if asked.interactive else None, null),
                _or(stdio.stdout, null),
                _or(stdio.stderr, null),
            ]
        )
        size = stdio.size() if asked.tty and stdio.size is not None else None
        conn.send(
            {
                "t": "exec",
                "exec_id": session_id,
                "process": document,
                "tty": asked.tty,
                "detach": asked.detach,
                "size": list(size) if size else None,
                "preserve": asked.preserve,
                **hidden,
            },
            [*fds, *asked.preserve, *owned],
        )
        answer.wait(conn, record["name"])
        master = _started(conn)
        if asked.detach:
            return Result(session_id, 0)
        if master is None:
            return Result(session_id, _wait(conn, stdio))
        try:
            return Result(session_id, _carry_tty(conn, master, stdio, asked.interactive))
        finally:
            os.close(master)
    finally:
        for fd in (null, *owned):
            os.close(fd)
        conn.close()


def _secrets(
    session: Session, record: ContainerRecord, env: list[str]
) -> tuple[dict[str, object], list[int]]:
    """For the message: those that the container has as variables, and the owned descriptor with them."""
    if not record.get("secrets"):
        return {}, []
    from libpod.engine import secretuse  # lazy: seldom

    return secretuse.message(session, record, "env", [text.partition("=")[0] for text in env])


def _or(fd: int | None, other: int) -> int:
    return other if fd is None else fd


def _root_of(session: Session, record: ContainerRecord) -> int:
    """An owned descriptor of the root that the container's first process has, and no other with its id."""
    init = initproc.of_container(session, record["id"])
    if init is not None:
        with init:
            try:
                root_fd = path.open_root(f"/proc/{init.pid}/root")
            except errors.KernelError as e:
                if e.errno not in (errno.ENOENT, errno.ESRCH, errno.EACCES):
                    raise
            else:
                if not init.wait(0):
                    return root_fd
                os.close(root_fd)
    raise errors.StateError(
        f'cannot exec in container "{record["name"]}": it has just ended',
        remedy=f'start it with "pypod start {record["name"]}"',
        name=record["name"],
    )


def _process_file(session: Session, record: ContainerRecord, asked: Request, session_id: str) -> str:
    """Write the OCI process object; returns its path. The user's names are those of the container's own
    files, as they are now."""
    bundle = session.paths.container_dir(record["id"]) + "/bundle"
    base = jsonio.load_file(bundle + "/process.json")
    root_fd = _root_of(session, record)
    try:
        who = rootview.exec_user(root_fd, record, asked.user) if asked.user else None
        document = spec_process.exec_process(
            base,
            command=asked.command,
            env=asked.env,
            user=who,
            workdir=asked.workdir,
            tty=asked.tty,
            privileged=asked.privileged,
            container_env=record["env"],
            available=_all_capabilities(session) if asked.privileged else (),
        )
        spec_process.check_text(asked.command, asked.env)
        rootview.check_command(root_fd, record["name"], document)
    finally:
        os.close(root_fd)
    name = f"{session.paths.run_dir(record['id'])}/exec-{session_id[:12]}.json"
    atomic.write(name, jsonio.dumps(document), durable=False)
    return name


def _all_capabilities(session: Session) -> set[str]:
    if session.uid != 0:
        return set()
    from libpod.kernel import caps  # lazy: root only

    return caps.bounding()


def _started(conn: Conn) -> int | None:
    got = conn.recv()
    if got is None:
        raise errors.MonitorError("the container ended before the command was started")
    message, fds = got
    if message["t"] == "error":
        raise monitorctl.error_from(message)
    if message["t"] != "exec-started":
        raise errors.MonitorError(f'the monitor answered "{message["t"]}" instead of "exec-started"')
    return fds[0] if fds else None


def _exit_code(got: object) -> int | None:
    if got is None:
        raise errors.MonitorError(
            "the container's monitor ended before the command did: its exit code is not known"
        )
    message = got[0]  # type: ignore[index]
    if message["t"] == "error":
        raise monitorctl.error_from(message)
    return int(message["code"]) if message["t"] == "exec-exited" else None


def _wait(conn: Conn, stdio: Stdio) -> int:
    """The process has our own descriptors: only signals and the end go over the channel."""
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    if stdio.signal_fd is not None:
        poll.register(stdio.signal_fd, select.POLLIN)
    while True:
        for fd, _event in poll.poll():
            if fd == conn.fileno():
                code = _exit_code(conn.recv())
                if code is not None:
                    return code
            else:
                streams.pass_signals(conn.send, stdio)


def _carry_tty(conn: Conn, master: int, stdio: Stdio, interactive: bool) -> int:
    """Carry a terminal: our stdin and stdout against the pty's master.

    The master is written only when it takes more: a program that is busy writing does not read its input.
    """
    keys = streams.DetachKeys(stdio.detach_keys)
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    if stdio.signal_fd is not None:
        poll.register(stdio.signal_fd, select.POLLIN)
    stdin = stdio.stdin if interactive else None
    typed = b""
    code: int | None = None
    open_master = True
    while code is None or open_master:
        if open_master:
            poll.register(master, select.POLLIN | (select.POLLOUT if typed else 0))
        if stdin is not None:
            streams.want(poll, stdin, not typed)
        for fd, event in poll.poll():
            if fd == master and open_master:
                if event & select.POLLOUT and typed:
                    typed = typed[os.write(master, typed[:_PTY_PIECE]) :]
                if event & ~select.POLLOUT:
                    open_master = _from_pty(master, stdio)
                    if not open_master:
                        poll.unregister(master)
                        typed = b""
            elif fd == conn.fileno() and code is None:
                code = _exit_code(conn.recv())
                if code is not None:
                    poll.unregister(conn.fileno())
            elif fd == stdin and not typed and open_master:
                data = os.read(fd, 32768)
                typed, done = keys.feed(data) if data else (_END_OF_INPUT, False)
                if done:
                    _type(master, typed)
                    conn.send({"t": "detach"})
                    return 0
                if not data:
                    streams.want(poll, fd, False)
                    stdin = None
            elif fd == stdio.signal_fd:
                streams.pass_signals(conn.send, stdio)
        if not open_master and stdin is not None:
            streams.want(poll, stdin, False)
            stdin = None
    return code


def _type(master: int, typed: bytes) -> None:
    """Write what was typed before the detach keys, as far as the terminal takes it."""
    while typed and select.select([], [master], [], 0)[1]:
        typed = typed[os.write(master, typed[:_PTY_PIECE]) :]


def _from_pty(master: int, stdio: Stdio) -> bool:
    """Pass on what the terminal shows; False when nobody has it open any more."""
    data = _read_pty(master)
    if data and stdio.stdout is not None:
        streams.write_all(stdio.stdout, data)
    return bool(data)


def _read_pty(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # EIO: the last process that had the terminal is gone
        return b""
