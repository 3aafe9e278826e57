"""Owns: what one command works with: paths, settings, database, locks and the user namespace, each opened
when first used.

A session belongs to one process. Nothing in it survives a fork: the monitor is forked before the database
is opened."""

from __future__ import annotations

import os

from libpod.conf import paths as conf_paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from libpod.conf.paths import Paths
    from libpod.conf.settings import Settings
    from libpod.image.meter import Display
    from libpod.model.request import HostFacts
    from libpod.rootless.cgroups import CgroupPlan
    from libpod.rootless.enter import Entry
    from libpod.state.db import Db
    from libpod.util.lock import Locks


class Session:
    """`options` are the global options as the command line gave them (only those that were given)."""

    def __init__(
        self,
        options: Mapping[str, object],
        environ: Mapping[str, str],
        self_argv: list[str],
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.options = options
        self.environ = environ
        self.self_argv = self_argv
        """The command that starts this program again with the same global options: what the monitor
        executes to clean up."""
        self.notify = notify
        """Takes one line that the user should read (`Trying to pull ...`); None = nobody reads."""
        self.transfer_display: Callable[[], Display] | None = None
        """Makes what shows how far a transfer is, on a terminal; None = lines are enough."""
        self.uid = os.getuid()
        self.gid = os.getgid()
        root, runroot = options.get("root"), options.get("runroot")
        self.paths: Paths = conf_paths.resolve(
            str(root) if root else None, str(runroot) if runroot else None, environ
        )
        if "events_backend" in options:
            self._choose_events(str(options["events_backend"]))
        self._settings: Settings | None = None
        self._db: Db | None = None
        self._locks: Locks | None = None
        self._cgroups: dict[tuple[str, str], CgroupPlan] = {}
        self.entry: Entry | None = None
        """How the user namespace was entered; None until `enter`."""

    def _choose_events(self, backend: str) -> None:
        if backend not in ("file", "none"):
            from libpod import errors

            raise errors.NotSupportedError(
                f'events are kept in a file, not by "{backend}"', remedy="give --events-backend=file, or none"
            )
        if backend == "none":
            self.paths.events = ""

    @property
    def settings(self) -> Settings:
        """The effective settings; read once."""
        if self._settings is None:
            from libpod.conf import settings

            self._settings = settings.load(self.paths, self.options, self.environ)
        return self._settings

    @property
    def db(self) -> Db:
        """The database, opened once; the process ends without closing it (a close would checkpoint: four
        syncs)."""
        if self._db is None:
            from libpod.state import db

            self.ensure_store()
            self._db = db.open_db(self.paths)
        return self._db

    @property
    def locks(self) -> Locks:
        if self._locks is None:
            from libpod.util import lock

            self._locks = lock.Locks(self.paths.locks)
        return self._locks

    @property
    def cgroups(self) -> CgroupPlan:
        """Where containers get their cgroups, decided once for this process."""
        return self.cgroups_for("")

    def cgroups_for(self, mode: str, parent: str = "") -> CgroupPlan:
        """The same for a container with this `--cgroups` and `--cgroup-parent`."""
        mode = mode if mode in ("split", "disabled") else ""
        if (mode, parent) not in self._cgroups:
            from libpod.rootless import cgroups

            self._cgroups[mode, parent] = cgroups.plan(self.settings, self.environ, mode, parent)
        return self._cgroups[mode, parent]

    def host_facts(self, mode: str = "", parent: str = "") -> HostFacts:
        """The facts about this host that the checks of a request need; `mode` is its `--cgroups`, `parent`
        its `--cgroup-parent`."""
        from libpod.engine import host

        return host.facts(self, mode, parent)

    def ensure_store(self) -> None:
        """Make the folders of the store where they are missing."""
        conf_paths.ensure(self.paths)

    def enter(self) -> Entry:
        """Become root in the user's namespace (idempotent). Call it before anything that starts a thread."""
        if self.entry is None:
            from libpod.rootless import enter

            self.entry = enter.enter(self.paths)
        return self.entry

    def close(self) -> None:
        """The command is over: this process no longer keeps the user namespace for others."""
        if self.entry is not None:
            self.entry.leave()

    def hold_in_child(self) -> None:
        """In a forked child that lives on (the monitor): hold the namespace by a lock of its own, drop the
        parent's locks."""
        assert self.entry is not None
        self.entry.forget_in_child()


def open_session(
    options: Mapping[str, object], self_argv: list[str], notify: Callable[[str], None] | None = None
) -> Session:
    """Make the session of this process from its global options and environment."""
    return Session(options, os.environ, self_argv, notify)
