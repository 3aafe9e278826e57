"""Owns: `update`: other limits for a container, at once if it runs, and for its next starts."""

from __future__ import annotations

import errno
import os

from libpod import errors, monitorctl
from libpod.engine import answer, bundle, containers
from libpod.kernel import cgroup
from libpod.spec import cgroupfiles, process, resources, restartopts, validate
from libpod.state import containers as rows
from libpod.util import eventlog, failpoint
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, ResourceRecord


def update(session: Session, record: ContainerRecord, options: Mapping[str, object]) -> None:
    """Change the limits that the options name (as `run` has them), and the environment of the next start.

    Either all of it is done or nothing. Raises UsageError, NotSupportedError for what is not delegated.
    """
    notes: list[str] = []
    limits = {key: value for key, value in options.items() if key not in ("env", "unsetenv", "restart")}
    with session.locks.take(RANK_CONTAINER, record["id"]):
        record = containers.find(session, record["id"])
        new = cgroupfiles.changed(record["resources"], limits, notes)
        changed: ContainerRecord = {**record, "resources": new, "env": _environment(session, record, options)}
        if "restart" in options:
            changed["restart_policy"] = restartopts.parse(str(options["restart"]))
            restartopts.check_remove(changed["restart_policy"], record["remove"])
        _check(session, record, new)
        status = containers.status(session, record)
        undo: list[tuple[str, str]] = []
        numbers = bundle.block_numbers(changed)
        if containers.is_running(status) or status["state"] == "initialized":
            wanted = cgroupfiles.files(record["resources"], new, numbers)
            if wanted and status["state"] == "restarting":
                raise containers.is_restarting(record, "change the limits of")
            undo = write(status["cgroup"], wanted, record["name"]) if wanted else []
        try:
            failpoint.hit("update:after-cgroup")
            rows.update(session.db, changed)
        except BaseException:
            if undo:
                write(status["cgroup"], undo, record["name"])
            raise
        if changed["restart_policy"] != record["restart_policy"] and not status["unmonitored"]:
            _tell_monitor(session, changed)
        eventlog.container(session.paths.events, changed, "update")
    for note in notes:
        if session.notify is not None:
            session.notify(f"Warning: {note}")


def _tell_monitor(session: Session, changed: ContainerRecord) -> None:
    """Let the monitor of one that runs follow another restart policy."""
    try:
        conn = monitorctl.connect(session.paths, changed["id"])
    except (errors.StateError, errors.MonitorError):
        return  # it does not run, or has just ended
    try:
        conn.send({"t": "policy", "restart": restartopts.plan(changed["restart_policy"])})
        answer.wait(conn, changed["name"])
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        conn.close()


def _check(session: Session, record: ContainerRecord, new: ResourceRecord) -> None:
    """Raise when a limit of the container could not be held."""
    needed = resources.needed_controllers(new)
    if record["cgroups"] != "disabled":
        validate.controllers(needed, session.host_facts(record["cgroups"]))
    elif needed:
        raise errors.UsageError(
            f'container "{record["name"]}" was made with --cgroups=disabled: it can have no limits',
            remedy="make it again without --cgroups=disabled",
            name=record["name"],
        )


def _environment(session: Session, record: ContainerRecord, options: Mapping[str, object]) -> list[str]:
    """The environment with `--env` added and `--unsetenv` taken away."""
    found = list(record["env"])
    for word in _words(options, "env"):
        name, equals, value = word.partition("=")
        if not equals:
            value = session.environ.get(name, "")
            if name not in session.environ:
                continue
        found = [one for one in found if one.partition("=")[0] != name] + [f"{name}={value}"]
    gone = set(_words(options, "unsetenv"))
    found = [one for one in found if one.partition("=")[0] not in gone]
    process.check_text(record["args"], found)
    return found


def _words(options: Mapping[str, object], key: str) -> list[str]:
    value = options.get(key)
    return [str(word) for word in value] if isinstance(value, list) else []


def write(path: str, wanted: Sequence[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    """Write files of a cgroup; returns what undoes it. After a failure they are as they were."""
    if not path:
        raise errors.UsageError(
            f'container "{name}" runs without a cgroup of its own: it can have no limits',
            remedy='see "pypod info" for the reason',
            name=name,
        )
    undo: list[tuple[str, str]] = []
    for file, value in wanted:
        if file == "io.weight" and not os.path.exists(f"{cgroup.directory(path)}/{file}"):
            file, value = cgroupfiles.bfq(value)
        try:
            held = cgroup.read_text(path, file).rstrip("\n")
            cgroup.write_text(path, file, value)
        except OSError as e:
            for done, old in undo:
                cgroup.write_text(path, done, old)
            remedy = "look at /sys/fs/cgroup" + path
            if e.errno == errno.ENOENT:
                remedy = "this kernel does not have it: leave the option out"
            raise errors.StateError(
                f'container "{name}": {file} cannot be set to "{value}": {os.strerror(e.errno or errno.EIO)}',
                remedy=remedy,
                name=name,
            ) from e
        undo.insert(0, (file, cgroupfiles.former(file, held, value)))
    return undo
