"""Owns: the error tree, with the exit code, HTTP status and remedy of each kind.

    PypodError                    125  500
    |- UsageError                 125  400   a wrong option, argument or value
    |- NotFoundError              125  404   no such container, image, volume
    |- AmbiguousError             125  409   an id prefix that fits several objects
    |- ConflictError              125  409   the name is taken
    |- StateError                 125  409   the object is in a state that does not allow it
    |  `- InUseError              125  409   the object is used by another
    |- NotSupportedError          125  501   known, and not there yet (or not possible here)
    |- ConfigError                125  500   a damaged or contradictory configuration file
    |- ToolMissingError           125  500   a program that is needed is not installed
    |- ProcessError               125  500   a program that we started failed
    |- RuntimeFailedError         125  500   the OCI runtime refused the container
    |  |- CommandNotExecutable    126  400   the container's command cannot be executed
    |  `- CommandNotFound         127  400   the container's command does not exist
    |- MonitorError               125  500   the monitor did not do what it was asked to
    |- RootlessError              125  500   the user namespace cannot be entered
    |- StorageError               125  500   layers, mounts, file systems
    |- ImageError                 125  400   a damaged or hostile image or archive
    |- RegistryError              125  502   a registry refused, or could not be reached
    |- StateDbError               125  500   the database cannot be used
    |- LockOrderError             125  500   a lock was taken out of order: a bug
    |- KernelError (also OSError) 125  500   a system call failed
    `- ErrorList                  first's    several of them, all reported

`message` says what failed on which object and why, in lower case; `remedy` is one imperative sentence that
the user can run.
"""

from __future__ import annotations

import os

__all__ = [
    "AmbiguousError",
    "CommandNotExecutable",
    "CommandNotFound",
    "ConfigError",
    "ConflictError",
    "ErrorList",
    "ImageError",
    "InUseError",
    "KernelError",
    "LockOrderError",
    "MonitorError",
    "NotFoundError",
    "NotSupportedError",
    "ProcessError",
    "PypodError",
    "RegistryError",
    "RootlessError",
    "RuntimeFailedError",
    "StateDbError",
    "StateError",
    "StorageError",
    "ToolMissingError",
    "UsageError",
]


class PypodError(Exception):
    """Base of every error that is raised on purpose.

    `exit_code`, `http_status` and `kind` belong to the class.
    """

    exit_code = 125
    http_status = 500
    kind = "error"

    def __init__(
        self, message: str, *, remedy: str = "", name: str = "", exit_code: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.name = name
        """The object that the error is about (container, image ... as the user named it); empty if none."""
        if exit_code is not None:
            self.exit_code = exit_code

    def __str__(self) -> str:
        return self.message


class UsageError(PypodError):
    http_status = 400
    kind = "usage"


class NotFoundError(PypodError):
    http_status = 404
    kind = "not-found"


class AmbiguousError(PypodError):
    http_status = 409
    kind = "ambiguous"


class ConflictError(PypodError):
    http_status = 409
    kind = "conflict"


class StateError(PypodError):
    http_status = 409
    kind = "state"


class InUseError(StateError):
    kind = "in-use"


class NotSupportedError(PypodError):
    http_status = 501
    kind = "not-supported"


class ConfigError(PypodError):
    kind = "config"


class ToolMissingError(PypodError):
    kind = "tool-missing"


class ProcessError(PypodError):
    """A program failed.

    `argv`, `code` (negative: killed by that signal) and the end of its stderr are kept.
    """

    kind = "process"

    def __init__(self, argv: list[str], code: int, stderr: str = "", *, remedy: str = "") -> None:
        how = f"was killed by signal {-code}" if code < 0 else f"failed with exit code {code}"
        tail = stderr.strip()[-4096:]
        super().__init__(f"{os.path.basename(argv[0])} {how}" + (f": {tail}" if tail else ""), remedy=remedy)
        self.argv = argv
        self.code = code
        self.stderr = tail


class RuntimeFailedError(PypodError):
    kind = "runtime"


class CommandNotExecutable(RuntimeFailedError):
    exit_code = 126
    http_status = 400
    kind = "command-not-executable"


class CommandNotFound(RuntimeFailedError):
    exit_code = 127
    http_status = 400
    kind = "command-not-found"


class MonitorError(PypodError):
    kind = "monitor"


class RootlessError(PypodError):
    kind = "rootless"


class StorageError(PypodError):
    kind = "storage"


class ImageError(PypodError):
    http_status = 400
    kind = "image"


class RegistryError(PypodError):
    """`status` is what the registry answered; 0 = there was no answer."""

    http_status = 502
    kind = "registry"
    status = 0


class StateDbError(PypodError):
    kind = "state-db"


class LockOrderError(PypodError):
    kind = "lock-order"


class KernelError(PypodError, OSError):
    """A system call failed. Caught by `except OSError` as well; `errno` and `filename` are set as there."""

    kind = "kernel"

    def __init__(self, errno: int, op: str, path: str | None = None, *, remedy: str = "") -> None:
        where = f" {path}" if path else ""
        PypodError.__init__(self, f"{op}{where}: {os.strerror(errno)}", remedy=remedy)
        self.errno = errno
        self.strerror = os.strerror(errno)
        self.filename = path
        self.op = op


class ErrorList(PypodError):
    """Several errors of one batch or cleanup: all are reported, the exit code is the first one's."""

    kind = "several"

    def __init__(self, errors: list[PypodError]) -> None:
        super().__init__(
            "; ".join(e.message for e in errors), exit_code=errors[0].exit_code if errors else 125
        )
        self.errors = errors
