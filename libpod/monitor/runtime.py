"""Owns: calling the OCI runtime for this container: create, start, delete, and what its errors say."""

from __future__ import annotations

import os

from libpod import errors, log
from libpod.monitor import limits
from libpod.oci import runtime as oci
from libpod.util import failpoint, jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from libpod.monitor.loop import Loop

DELETE_S = 30.0
KILL_S = 10.0


class Runtime:
    """The runtime with everything that stays the same for one container."""

    def __init__(self, loop: Loop, argv: Sequence[str], cid: str, run_dir: str, subject: str) -> None:
        self._loop = loop
        self.argv = oci.with_root(argv, run_dir + "/crun")
        self.cid = cid
        self._run_dir = run_dir
        self._log = run_dir + "/oci.log"
        self._pid_file = run_dir + "/pidfile"
        self._subject = subject
        self.created = False
        """The runtime may have state of the container."""
        self.interrupted: Callable[[], str] = str
        """Says why the call that is waited for is to be given up; empty = go on waiting."""

    @property
    def state_dir(self) -> str:
        """Where the runtime keeps what it knows of the container."""
        return f"{oci.root(self.argv)}/{self.cid}"

    def create(self, bundle: str, console: str, fds: Mapping[int, int]) -> int:
        """Create the container with these standard streams and return the process id of its first process."""
        self.created = True
        self._forget_predecessor(bundle)
        for path in (self._pid_file, self._log):
            _unlink(path)
        argv = oci.create(self.argv, self._log, bundle, self._pid_file, console, oci.preserved(fds), self.cid)
        self._run(argv, fds)
        failpoint.hit("monitor:after-create")
        try:
            with open(self._pid_file, "rb", buffering=0) as stream:
                return int(stream.read(32))
        except (OSError, ValueError) as error:
            raise errors.RuntimeFailedError(
                f"{self._subject}: {oci.name(self.argv)} created it and did not say its process id: {error}"
            ) from error

    def start(self) -> None:
        """Let the created process go on."""
        self._run(oci.start(self.argv, self._log, self.cid), {})

    def delete(self, bundle: str, payload: str) -> None:
        """Forget the container, whose first process has been reaped. What fails is logged.

        crun keeps nothing but its state directory and the cgroup: without hooks to run, removing both
        ourselves saves the 4-7 ms of starting it.
        """
        directory = self.state_dir
        if not os.path.isdir(directory):
            return
        if payload:
            from libpod.kernel import cgroup  # lazy

            if cgroup.populated(payload):  # not with a pid namespace: that ended with its first process
                cgroup.kill(payload)
        if oci.family(self.argv) == oci.CRUN and not _has_hooks(bundle):
            _remove_flat(directory)
        if os.path.isdir(directory):
            try:
                self._run(oci.delete(self.argv, self._log, self.cid), {}, DELETE_S)
            except (errors.PypodError, OSError) as error:
                log.warning("the runtime cannot delete the container", error=error)
        for path in (self._pid_file, self._log):
            _unlink(path)

    def error(self, code: int, log_file: str, subject: str = "") -> errors.RuntimeFailedError:
        """Return what the runtime's log says about a failure."""
        from libpod.oci import classify  # lazy: only for failures

        found = classify.messages(read(log_file))
        return classify.error(oci.name(self.argv), code, found, subject or self._subject)

    def _forget_predecessor(self, bundle: str) -> None:
        """Remove what a monitor that was killed has left of an earlier run: the runtime would refuse the
        name.
        """
        if not os.path.isdir(self.state_dir):
            return
        from libpod.monitor import stray  # lazy: only after a monitor was killed

        try:
            pid, start = oci.init_of(jsonio.load_file(oci.state_file(self.argv, self.cid)))
        except (OSError, ValueError, AttributeError):
            pid, start = 0, 0
        if pid and not stray.kill(pid, start, KILL_S):
            raise errors.StateError(f"{self._subject}: process {pid} of an earlier run stays after SIGKILL")
        self.delete(bundle, "")

    def _run(self, argv: list[str], fds: Mapping[int, int], timeout_s: float | None = None) -> None:
        ended: list[int] = []
        pid = limits.start(argv, fds=fds, new_session=True)
        self._loop.on_child(pid, ended.append)
        in_time = self._loop.run_until(lambda: bool(ended) or bool(self.interrupted()), timeout_s)
        if not ended:
            os.kill(pid, 9)
            self._loop.run_until(lambda: bool(ended))
            why = self.interrupted() if in_time else f"it took longer than {timeout_s} s"
            raise errors.MonitorError(f"{self._subject}: {oci.name(argv)} was ended: {why}")
        if ended[0] != 0:
            raise self.error(ended[0], self._log)


def read(path: str) -> bytes:
    """Return the beginning of a log file; empty if it is not there."""
    try:
        with open(path, "rb", buffering=0) as stream:
            return stream.read(64 * 1024) or b""
    except OSError:
        return b""


def _has_hooks(bundle: str) -> bool:
    try:
        with open(bundle + "/config.json", "rb", buffering=0) as stream:
            return b'"poststop"' in stream.read()
    except OSError:
        return True


def _remove_flat(directory: str) -> None:
    """Remove a directory of files; one that holds more stays."""
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
        os.rmdir(directory)
    except OSError as error:
        log.debug("cannot remove the runtime's state", path=directory, error=error)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
