"""Owns: starting programs and forked children: their descriptors, environment, signals and time limit."""

from __future__ import annotations

import _signal  # `signal` itself pulls enum: 4 ms
import errno
import fcntl
import os
import select
import time

from libpod import errors, log
from libpod.errors import ErrorList, KernelError, ProcessError, PypodError, ToolMissingError
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

CLEAN_ENV: dict[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
}
"""What a program gets unless the caller adds to it."""

MAX_OUTPUT = 64 * 1024 * 1024
_MAX_ERRORS = 256 * 1024
_CHUNK = 64 * 1024
_DEFAULT_SIGNALS = (_signal.SIGPIPE, _signal.SIGXFSZ)
"""What the interpreter ignores; a program must not inherit that."""


class Result:
    """What a program that ended gave back: exit code (negative = killed by that signal) and its output."""

    __slots__ = ("code", "stderr", "stdout")

    def __init__(self, code: int, stdout: bytes, stderr: bytes) -> None:
        self.code = code
        self.stdout = stdout
        self.stderr = stderr


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    stdin: bytes | int | None = None,
    check: bool = True,
    pass_fds: Sequence[int] = (),
    cwd: str | None = None,
    max_output: int = MAX_OUTPUT,
) -> Result:
    """Run a program to its end and return what it wrote.

    `stdin` is bytes, a descriptor (borrowed) or nothing (/dev/null).

    A child of the program that keeps the pipes open is not waited for. ToolMissingError when it cannot be
    found or executed, ProcessError when it takes longer than `timeout_s` (it is killed), writes more than
    `max_output`, or, with `check`, fails.
    """
    out_r, out_w = os.pipe2(os.O_CLOEXEC)
    err_r, err_w = os.pipe2(os.O_CLOEXEC)
    in_w = -1
    fds = {1: out_w, 2: err_w, **{fd: fd for fd in pass_fds}}
    ours = [out_r, err_r]
    theirs = [out_w, err_w]
    try:
        if isinstance(stdin, int):
            fds[0] = stdin
        elif stdin is not None:
            in_r, in_w = os.pipe2(os.O_CLOEXEC)
            fds[0] = in_r
            theirs.append(in_r)
            os.set_blocking(in_w, False)
        pid = start(argv, env=env, fds=fds, cwd=cwd)
    except BaseException:
        for fd in [*ours, *theirs, in_w]:
            if fd >= 0:
                os.close(fd)
        raise
    for fd in theirs:
        os.close(fd)
    data = stdin if isinstance(stdin, bytes) else b""
    return _finish(list(argv), pid, out_r, err_r, in_w, data, timeout_s, check, max_output)


def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    fds: Mapping[int, int] | None = None,
    cwd: str | None = None,
    new_session: bool = False,
) -> int:
    """Start a program and return its process id; the caller reaps it.

    `fds` = {descriptor there: our descriptor}.

    Descriptors 0, 1, 2 and those below the highest in `fds` are /dev/null unless given: what a program opens
    itself could get such a number, and reach a process that is to have the others. Of the rest none that is
    close-on-exec (all that we open, and all at all after `kernel.fds.cloexec_from`) is inherited. Ours stay
    open.
    posix_spawn(3): 0.4 ms. A name without a slash is looked for in the PATH of `env`. ToolMissingError when
    it cannot be executed.
    """
    environ = CLEAN_ENV if env is None else dict(env)
    path = _find(argv[0], environ)
    wanted = dict(fds or {})
    if log.enabled(log.DEBUG):
        log.debug("exec", argv=jsonio.dumps(list(argv)))
    temporary: list[int] = []
    try:
        actions = _file_actions(wanted, temporary)
        if cwd is not None:
            return _fork_exec(path, argv, environ, actions, cwd, new_session)
        return os.posix_spawn(
            path,
            list(argv),
            environ,
            file_actions=actions,
            setsigdef=_DEFAULT_SIGNALS,
            setsigmask=(),
            setsid=new_session,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise _cannot_run(path, error) from error
    finally:
        for fd in temporary:
            os.close(fd)


def wait(pid: int) -> int:
    """Wait for a child of ours and return its exit code; negative = killed by that signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def in_child(function: Callable[[], Any]) -> Any:
    """Run `function` in a forked child and return its JSON-able result.

    A PypodError there is raised here as the same class.

    For what changes the process for good (namespaces, chroot, ids). The child inherits locks and descriptors
    for the time of the call. Never with threads around.
    """
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os._exit(_run_child(function, read_fd, write_fd))
    os.close(write_fd)
    try:
        parts = []
        while part := os.read(read_fd, _CHUNK):
            parts.append(part)
    finally:
        os.close(read_fd)
        code = wait(pid)
    if not parts:
        raise ProcessError([getattr(function, "__name__", "child")], code, "it ended without an answer")
    answer = jsonio.loads(b"".join(parts))
    if "error" in answer:
        raise unpack_error(answer["error"])
    return answer["result"]


def pack_error(error: BaseException) -> dict[str, Any]:
    """Return an error as a JSON object, to be raised again in another process by `unpack_error`."""
    if isinstance(error, ErrorList):
        return {"kind": error.kind, "errors": [pack_error(e) for e in error.errors]}
    if not isinstance(error, PypodError):
        if isinstance(error, OSError) and error.errno:
            return pack_error(KernelError(error.errno, "system call", _text(error.filename)))
        return {"kind": "error", "message": f"{type(error).__name__}: {error}"}
    packed: dict[str, Any] = {"kind": error.kind, "message": error.message}
    packed["remedy"] = error.remedy
    packed["name"] = error.name
    packed["exit_code"] = error.exit_code
    if isinstance(error, KernelError):
        packed |= {"errno": error.errno, "op": error.op, "path": _text(error.filename)}
    elif isinstance(error, ProcessError):
        packed |= {"argv": error.argv, "code": error.code, "stderr": error.stderr}
    return packed


def unpack_error(packed: dict[str, Any]) -> PypodError:
    """Return the error that `pack_error` took apart; of class PypodError if its kind is not known here."""
    kind = packed.get("kind", "error")
    if kind == ErrorList.kind:
        return ErrorList([unpack_error(one) for one in packed["errors"]])
    remedy = packed.get("remedy", "")
    if kind == KernelError.kind and "errno" in packed:
        return KernelError(packed["errno"], packed["op"], packed.get("path"), remedy=remedy)
    if kind == ProcessError.kind and "argv" in packed:
        return ProcessError(packed["argv"], packed["code"], packed.get("stderr", ""), remedy=remedy)
    message = packed.get("message", "unknown error")
    name = packed.get("name", "")
    exit_code = packed.get("exit_code")
    for cls in vars(errors).values():
        if not isinstance(cls, type) or not issubclass(cls, PypodError) or cls.kind != kind:
            continue
        if cls not in (KernelError, ProcessError, ErrorList):  # made from other arguments
            return cls(message, remedy=remedy, name=name, exit_code=exit_code)
    return PypodError(message, remedy=remedy, name=name, exit_code=exit_code)


def _text(path: object) -> str | None:
    return None if path is None else os.fsdecode(path) if isinstance(path, (str, bytes)) else str(path)


def _run_child(function: Callable[[], Any], read_fd: int, write_fd: int) -> int:
    try:
        os.close(read_fd)
        code = 0
        try:
            answer = jsonio.dumps({"result": function()})
        except BaseException as error:
            code = 1
            if not isinstance(error, (PypodError, OSError)):
                import traceback  # lazy: 10 ms, for bugs only

                log.error("a forked child failed", trace=traceback.format_exc())
            answer = jsonio.dumps({"error": pack_error(error)})
        view = memoryview(answer.encode("ascii"))
        while view:
            view = view[os.write(write_fd, view) :]
        return code
    except BaseException:
        return 2


def _find(program: str, environ: Mapping[str, str]) -> str:
    if "/" in program:
        return program
    for directory in environ.get("PATH", CLEAN_ENV["PATH"]).split(":"):
        path = f"{directory}/{program}"
        if directory and os.access(path, os.X_OK):
            return path
    raise ToolMissingError(f"{program} is not installed", name=program, remedy=f"install {program}")


def _cannot_run(path: str, error: OSError) -> ToolMissingError:
    program = os.path.basename(path)
    return ToolMissingError(
        f"cannot execute {path}: {error.strerror}", name=program, remedy=f"install {program}"
    )


def _file_actions(wanted: dict[int, int], temporary: list[int]) -> list[tuple[Any, ...]]:
    """Return what posix_spawn must do to give the child these descriptors.

    Moves ours out of the way of the numbers wanted.
    """
    actions: list[tuple[Any, ...]] = []
    low = max([2, *wanted]) + 1
    for fd in range(low):
        if fd not in wanted:
            actions.append((os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0))
    for child_fd, our_fd in wanted.items():
        if our_fd != child_fd and our_fd < low:
            our_fd = fcntl.fcntl(our_fd, fcntl.F_DUPFD_CLOEXEC, low)
            temporary.append(our_fd)
        actions.append((os.POSIX_SPAWN_DUP2, our_fd, child_fd))  # onto itself: glibc clears close-on-exec
    return actions


def _fork_exec(
    path: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    actions: list[tuple[Any, ...]],
    cwd: str,
    new_session: bool,
) -> int:
    """Do what posix_spawn does, in another directory. The child reports a failure before exec over a pipe."""
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    if write_fd <= 255:
        moved_fd = fcntl.fcntl(write_fd, fcntl.F_DUPFD_CLOEXEC, 256)
        os.close(write_fd)
        write_fd = moved_fd
    pid = os.fork()
    if pid == 0:
        try:
            if new_session:
                os.setsid()
            for sig in _DEFAULT_SIGNALS:
                _signal.signal(sig, _signal.SIG_DFL)
            _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
            for kind, first, second, *rest in actions:
                if kind == os.POSIX_SPAWN_OPEN:
                    opened_fd = os.open(second, *rest)
                    if opened_fd != first:
                        os.dup2(opened_fd, first)
                        os.close(opened_fd)
                    else:
                        os.set_inheritable(first, True)
                elif first == second:
                    os.set_inheritable(first, True)
                else:
                    os.dup2(first, second)
            os.chdir(cwd)
            os.execve(path, list(argv), dict(environ))
        except OSError as error:
            os.write(write_fd, str(error.errno or errno.EIO).encode())
        finally:
            os._exit(127)
    os.close(write_fd)
    try:
        failure = os.read(read_fd, 16)
    finally:
        os.close(read_fd)
    if failure:
        wait(pid)
        number = int(failure)
        raise OSError(number, os.strerror(number), path)
    return pid


def _finish(
    argv: list[str],
    pid: int,
    out_r: int,
    err_r: int,
    in_w: int,
    data: bytes,
    timeout_s: float,
    check: bool,
    max_output: int,
) -> Result:
    pid_fd = os.pidfd_open(pid)
    stdout, stderr = bytearray(), bytearray()
    why = ""
    try:
        why = _pump(
            pid_fd, {out_r: stdout, err_r: stderr}, in_w, data, time.monotonic() + timeout_s, max_output
        )
        if why:
            os.kill(pid, _signal.SIGKILL)
    except BaseException:
        os.kill(pid, _signal.SIGKILL)
        raise
    finally:
        code = wait(pid)
        os.close(pid_fd)
        os.close(out_r)
        os.close(err_r)
    text = stderr.decode("utf-8", "replace")
    if why:
        raise ProcessError(argv, code, f"{why}{': ' + text if text else ''}" if why else text)
    if check and code != 0:
        raise ProcessError(argv, code, text)
    return Result(code, bytes(stdout), bytes(stderr))


def _pump(
    pid_fd: int, into: dict[int, bytearray], in_w: int, data: bytes, deadline: float, max_output: int
) -> str:
    """Move data until the process ends and its pipes are drained; return why it must be killed, or nothing.

    Closes `in_w`.
    """
    poll = select.poll()
    poll.register(pid_fd, select.POLLIN)
    for fd in into:
        os.set_blocking(fd, False)
        poll.register(fd, select.POLLIN)
    limits = list(zip(into, (max_output, _MAX_ERRORS), strict=True))
    out_fd = limits[0][0]
    view = memoryview(data)
    try:
        if in_w >= 0:
            poll.register(in_w, select.POLLOUT)
        ended = False
        open_fds = set(into)
        while not ended:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return "it took too long and was killed"
            for fd, _ in poll.poll(left_s * 1000 + 1):
                if fd == pid_fd:
                    ended = True
                elif fd == in_w:
                    try:
                        view = view[os.write(in_w, view) :]
                    except BrokenPipeError:
                        view = view[:0]
                    if not view:
                        poll.unregister(in_w)
                        os.close(in_w)
                        in_w = -1
                elif not _drain(fd, into[fd], dict(limits)[fd]):
                    poll.unregister(fd)
                    open_fds.discard(fd)
            if len(into[out_fd]) > max_output:
                return f"it wrote more than {max_output} bytes"
        for fd in open_fds:
            while _drain(fd, into[fd], dict(limits)[fd]):
                if len(into[out_fd]) > max_output:
                    return f"it wrote more than {max_output} bytes"
        return ""
    finally:
        if in_w >= 0:
            os.close(in_w)


def _drain(fd: int, into: bytearray, limit: int) -> bool:
    """Read once; False at the end of the pipe or when nothing is there.

    What is over the limit by far is dropped.
    """
    try:
        part = os.read(fd, _CHUNK)
    except BlockingIOError:
        return False
    if len(into) <= limit:
        into += part
    return bool(part)
