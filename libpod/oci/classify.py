"""Owns: what the words of an OCI runtime mean: which of our errors, with which remedy.

Only here is text of crun and runc looked at. Every row has a fixture of the real program in tests/unit/oci.
Runtimes write a log (`--log-format json`): one JSON object a line, `{"msg": ..., "level": "error", ...}`.
"""

from __future__ import annotations

from libpod import errors
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_FOUND = "not-found"
_NOT_EXECUTABLE = "not-executable"

_RULES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    # (all of these words must be in the message, meaning or "", remedy)
    (("executable file ", " not found in $PATH"), _NOT_FOUND, ""),  # both
    (("open executable: No such file",), _NOT_FOUND, ""),  # crun
    (("open executable: Not a directory",), _NOT_FOUND, ""),  # crun
    (("open executable: ",), _NOT_EXECUTABLE, ""),  # crun: a directory is EPERM, a plain file EACCES
    (("unable to start container process: exec: ", "no such file or directory"), _NOT_FOUND, ""),  # runc
    (("unable to start container process: exec: ", "not a directory"), _NOT_FOUND, ""),  # runc
    (("unable to start container process: exec: ",), _NOT_EXECUTABLE, ""),  # runc
    (("the requested cgroup controller `",), "", "cgroup"),
    (("opening file `", "for writing: No such file"), "", "cgroup"),
    (("error setting cgroup config", "no such file or directory"), "", "cgroup"),
    (("mount ", "proc", " to ", "proc", ": Operation not permitted"), "", "proc"),  # crun
    (('mounting "proc"', "operation not permitted"), "", "proc"),  # runc
    (("open ", "/proc/sys/", "Read-only file system"), "", "sysctl"),  # crun, with quotes since 1.9
    (("setrlimit `",), "", "rlimit"),
    (("error setting rlimit",), "", "rlimit"),
)
_STARTS: tuple[tuple[str, str], ...] = (
    # crun exec, after the process was made: no more than the system call and its error
    ("exec: No such file", _NOT_FOUND),
    ("exec: ", _NOT_EXECUTABLE),
    ("exec container process", _NOT_EXECUTABLE),
)
_REMEDIES = {
    "cgroup": 'leave the limit out, or give the user the controller (Delegate=yes); see "pypod info"',
    "proc": "leave ProtectKernelLogs= and ProtectKernelTunables= out of the unit that starts pypod: "
    "nobody may mount a /proc that shows more than the present one",
    "sysctl": "leave ProtectKernelTunables= out of the unit that starts pypod",
    "rlimit": "ask for no more than your own hard limit, see ulimit(1)",
}


def messages(log: bytes) -> list[str]:
    """Return the errors in a runtime's log, in order. Lines that are not JSON count as they are."""
    found = []
    for line in log.decode("utf-8", "replace").splitlines():
        line = line.strip()
        if not line:
            continue
        try:
            row = jsonio.loads(line)
        except ValueError:
            found.append(line)
            continue
        if isinstance(row, dict) and row.get("level", "error") in ("error", "fatal", "panic"):
            found.append(str(row.get("msg", "")).strip())
    return [text for text in found if text]


def meaning(message: str) -> tuple[str, str]:
    """Return what a message says (`not-found`, `not-executable` or empty) and the key of its remedy. Pure."""
    for words, what, remedy in _RULES:
        if all(word in message for word in words):
            return what, remedy
    for start, what in _STARTS:
        if message.startswith(start):
            return what, ""
    return "", ""


def error(runtime: str, code: int, found: Iterable[str], subject: str) -> errors.RuntimeFailedError:
    """Return the error for a runtime that failed with this exit code and these messages.

    `subject` begins the message: `container "web"`.
    """
    texts = list(found)
    for text in texts:
        what, remedy = meaning(text)
        if what or remedy:
            message = f"{subject}: {runtime}: {text}"
            if what == _NOT_FOUND:
                return errors.CommandNotFound(message)
            if what == _NOT_EXECUTABLE:
                return errors.CommandNotExecutable(message)
            return errors.RuntimeFailedError(message, remedy=_REMEDIES[remedy])
    how = f"was killed by signal {-code}" if code < 0 else f"failed with exit code {code}"
    return errors.RuntimeFailedError(f"{subject}: {runtime}: {'; '.join(texts) if texts else how}")
