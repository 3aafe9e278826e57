"""Owns: `unshare`: a command of the user's in the namespace of its containers."""

from __future__ import annotations

import _signal  # `signal` itself pulls enum: 4 ms
import errno
import os

from libpod.errors import CommandNotExecutable, CommandNotFound, NotSupportedError
from libpod.kernel import mount, ns
from libpod.kernel.const import CLONE_NEWNS
from libpod.rootless import enter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from libpod.conf.paths import Paths

_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


def unshare(paths: Paths, argv: Sequence[str], environ: Mapping[str, str] | None = None) -> NoReturn:
    """Replace this process by the command, as root in the user's namespace, in a mount namespace of its own.

    The working directory stays. Without a command it is the user's shell. The namespace lives as long as the
    command, which inherits the descriptor that says so. CommandNotFound (127) and CommandNotExecutable (126),
    as a shell has it.
    """
    env = dict(os.environ if environ is None else environ)
    entry = enter.enter(paths)
    if not entry.rootless:
        raise NotSupportedError(
            "unshare is for users other than root", remedy="run it as an unprivileged user"
        )
    ns.unshare(CLONE_NEWNS)
    mount.private_root()
    if entry.alive_fd >= 0:
        os.set_inheritable(entry.alive_fd, True)
    for sig in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(
            sig, _signal.SIG_DFL
        )  # the interpreter ignores them; the command must not inherit that
    command = list(argv) or [env.get("SHELL") or "/bin/sh"]
    raise _exec(command, env)


def _exec(argv: list[str], env: dict[str, str]) -> CommandNotFound | CommandNotExecutable:
    """Execute the command, looked for in PATH; return why that failed."""
    program = argv[0]
    if "/" in program:
        candidates = [program]
    else:
        candidates = [f"{place or '.'}/{program}" for place in env.get("PATH", _DEFAULT_PATH).split(":")]
    refused: OSError | None = None
    for path in candidates:
        try:
            os.execve(path, argv, env)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                return _exec_script(path, argv, env)
            refused = error
    if refused is not None:
        return CommandNotExecutable(f"cannot execute {program}: {refused.strerror}", name=program)
    return CommandNotFound(f"cannot execute {program}: no such command", name=program)


def _exec_script(path: str, argv: list[str], env: dict[str, str]) -> CommandNotExecutable:
    """Run a script without `#!` by the shell, as execvp(3) does."""
    try:
        os.execve("/bin/sh", ["sh", path, *argv[1:]], env)
    except OSError as error:
        return CommandNotExecutable(f"cannot execute {argv[0]}: {error.strerror}", name=argv[0])
