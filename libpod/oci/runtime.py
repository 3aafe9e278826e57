"""Owns: the command lines of OCI runtimes (crun(1), runc(8)) and the layout of their state directories. Pure.

A runtime is the start of a command line: the program with its global options, as the engine chose them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CRUN, RUNC = "crun", "runc"


def name(runtime: Sequence[str]) -> str:
    """Return the program's name without directory, for messages."""
    return runtime[0].rpartition("/")[2]


def family(runtime: Sequence[str]) -> str:
    """Return `crun`, `runc` or, for anything else, an empty word: then nothing beyond the specification is
    used.
    """
    word = name(runtime)
    return next((known for known in (CRUN, RUNC) if word == known or word.startswith(known + "-")), "")


def root(runtime: Sequence[str]) -> str:
    """Return the state directory that the global options name; empty if none."""
    for at, word in enumerate(runtime):
        if word == "--root" and at + 1 < len(runtime):
            return runtime[at + 1]
        if word.startswith("--root="):
            return word[7:]
    return ""


def with_root(runtime: Sequence[str], directory: str) -> list[str]:
    """Return the runtime with this state directory, unless its options name one."""
    return list(runtime) if root(runtime) else [runtime[0], "--root", directory, *runtime[1:]]


def logged(runtime: Sequence[str], log: str) -> list[str]:
    """Return the runtime with its errors in this file, for `classify.messages`."""
    return [*runtime, "--log", log, "--log-format", "json"]


def preserved(fds: Iterable[int]) -> int:
    """Return how many descriptors from 3 on the runtime must pass, for these to be among them."""
    return max(max(fds, default=2) - 2, 0)


def create(
    runtime: Sequence[str], log: str, bundle: str, pid_file: str, console: str, preserve: int, cid: str
) -> list[str]:
    """`create`; `console` = path of the socket that takes the terminal, empty = none; `preserve` = number
    of further descriptors that the container gets.
    """
    argv = [*logged(runtime, log), "create", "--bundle", bundle, "--pid-file", pid_file]
    if console:
        argv += ["--console-socket", console]
    if preserve:
        argv += ["--preserve-fds", str(preserve)]
    return [*argv, cid]


def start(runtime: Sequence[str], log: str, cid: str) -> list[str]:
    """`start`: let the created process go on."""
    return [*logged(runtime, log), "start", cid]


def delete(runtime: Sequence[str], log: str, cid: str) -> list[str]:
    """`delete --force`: kill what is left, run hooks, forget the container."""
    return [*logged(runtime, log), "delete", "--force", cid]


def execute(
    runtime: Sequence[str],
    log: str,
    process: str,
    pid_file: str,
    console: str,
    detach: bool,
    preserve: int,
    cid: str,
) -> list[str]:
    """`exec` with the OCI process object in the file `process`, which says too whether it has a terminal.

    In the foreground the runtime stays and ends with the process's exit code.
    """
    argv = [*logged(runtime, log), "exec", "--process", process, "--pid-file", pid_file]
    if console:
        argv += ["--tty", "--console-socket", console]  # runc refuses the one without the other
    if detach:
        argv.append("--detach")
    if preserve:
        argv += ["--preserve-fds", str(preserve)]
    return [*argv, cid]


def state_file(runtime: Sequence[str], cid: str) -> str:
    """Return where the runtime keeps the container's first process; empty when that is not known."""
    directory = root(runtime)
    file = {CRUN: "status", RUNC: "state.json"}.get(family(runtime))
    return f"{directory}/{cid}/{file}" if directory and file else ""


def init_of(state: Mapping[str, object]) -> tuple[int, int]:
    """Return pid and start time (clock ticks) of the first process by a state file; (0, 0) if it has none."""
    for pid_key, start_key in (("pid", "process-start-time"), ("init_process_pid", "init_process_start")):
        pid, start_ticks = state.get(pid_key), state.get(start_key)
        if isinstance(pid, int) and isinstance(start_ticks, int) and pid > 0:
            return pid, start_ticks
    return 0, 0
