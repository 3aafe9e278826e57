"""Owns: published ports of containers: which are bound now, who has one, adding and removing them while the
container runs.
"""

from __future__ import annotations

from libpod import errors, monitorctl
from libpod.engine import answer, containers
from libpod.spec import ports
from libpod.state import containers as rows
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord, PortRecord
    from libpod.model.run import RunStatus


def current(record: ContainerRecord, status: RunStatus) -> list[PortRecord]:
    """What is published: as the monitor says while it runs, else as it was asked for."""
    return status["ports"] or list(record.get("ports", ()))


def shown(record: ContainerRecord, status: RunStatus) -> str:
    """As the table of `ps` has them."""
    return ports.shown(current(record, status))


def objects(record: ContainerRecord, status: RunStatus) -> list[dict[str, object]]:
    """As the JSON of `ps` has them."""
    return ports.runs(current(record, status))


def of_inspect(record: ContainerRecord, status: RunStatus) -> dict[str, object]:
    """`NetworkSettings.Ports`: what is published, and null for what is exposed only."""
    found: dict[str, object] = {
        f"{port}/{kind}": None for port, kind in ports.exposed_ports(record["expose"])
    }
    found.update(ports.bindings(current(record, status)))
    return dict(sorted(found.items()))


def whose(session: Session, record: ContainerRecord, error: errors.PypodError) -> errors.PypodError:
    """The error for a port that is in use, which names the container of this store that has it."""
    number, _, protocol = error.name.partition("/")
    for other in rows.summaries(session.db):
        if not other.get("ports"):
            continue
        for port in monitorctl.status(session.paths, other["id"])["ports"]:
            if str(port["host_port"]) == number and port["protocol"] == protocol:
                return errors.InUseError(
                    f'{error.message} by container "{other["name"]}"',
                    name=error.name,
                    remedy=f'publish another port, or stop it with "pypod stop {other["name"]}"',
                )
    return error


def add(session: Session, cid: str, values: list[str]) -> list[PortRecord]:
    """Publish more ports of a container, now if it runs, and at each start; what that has come to."""
    wanted = [record for value in values for record in ports.mapping(value)]
    if not wanted:
        raise errors.UsageError(
            "no port to publish is given", remedy='give one, as in "pypod port add web -p 8080:80"'
        )
    session.enter()
    with session.locks.take(RANK_CONTAINER, cid):
        record = rows.get(session.db, cid)
        if record["network"]["mode"] != "slirp4netns":
            raise errors.StateError(
                f'container "{record["name"]}" has no network of its own that a port could lead into '
                f"(--network={record['network']['mode']})",
                name=record["name"],
            )
        had = list(record.get("ports", ()))
        ports.refuse_twice([*had, *wanted])
        added = wanted
        if _runs(session, record):
            added = _ask(session, record, {"t": "publish", "ports": wanted})
        rows.update(session.db, {**record, "ports": [*had, *(r for r in wanted if _is_new(r, had))]})
        return added


def remove(session: Session, cid: str, values: list[str]) -> list[PortRecord]:
    """Take ports of a container back: those that a value names, by the container's port, or as they were
    published."""
    if not values:
        raise errors.UsageError("no port is given", remedy='give one, as in "pypod port rm web 80/tcp"')
    wanted = [record for value in values for record in ports.mapping(value)]
    session.enter()
    with session.locks.take(RANK_CONTAINER, cid):
        record = rows.get(session.db, cid)
        had = list(record.get("ports", ()))
        is_running = _runs(session, record)
        now = monitorctl.status(session.paths, cid)["ports"] if is_running else had
        for one in wanted:
            if not any(_fits(one, port) for port in now):
                raise errors.NotFoundError(
                    f'container "{record["name"]}" does not publish {one["container_port"]}/{one["protocol"]}'
                    + (f" on port {one['host_port']}" if one["host_port"] else ""),
                    name=record["name"],
                    remedy=f'see what it publishes with "pypod port {record["name"]}"',
                )
        gone = [port for port in now if any(_fits(one, port) for one in wanted)]
        if is_running:
            _ask(session, record, {"t": "unpublish", "ports": gone})
        kept = list(had)
        for port in gone:
            asked = next((p for p in kept if p == port or (not p["host_port"] and _fits(p, port))), None)
            if asked is not None:
                kept.remove(asked)
        rows.update(session.db, {**record, "ports": kept})
        return gone


def _fits(one: PortRecord, port: PortRecord) -> bool:
    """Whether `port` is what `one` names: an empty address and the number 0 are any."""
    return (
        (one["container_port"], one["protocol"]) == (port["container_port"], port["protocol"])
        and one["host_port"] in (0, port["host_port"])
        and one["host_ip"] in ("", port["host_ip"])
    )


def _is_new(record: PortRecord, had: Sequence[PortRecord]) -> bool:
    return not record["host_port"] or record not in had


def _runs(session: Session, record: ContainerRecord) -> bool:
    status = monitorctl.status(session.paths, record["id"])
    if status["unmonitored"]:
        raise errors.StateError(
            f'container "{record["name"]}" has lost its monitor: its ports cannot be changed',
            name=record["name"],
            remedy=f'start it anew with "pypod restart {record["name"]}"',
        )
    return containers.is_running(status)


def _ask(session: Session, record: ContainerRecord, message: dict[str, object]) -> list[PortRecord]:
    conn = monitorctl.connect(session.paths, record["id"])
    try:
        answer.check(conn, record["name"])
        conn.send(message)
        answer.wait(conn, record["name"])
        got = conn.recv()
    finally:
        conn.close()
    if got is None:
        raise errors.MonitorError(f'the monitor of container "{record["name"]}" ended unexpectedly')
    reply = got[0]
    if reply["t"] == "error":
        error = monitorctl.error_from(reply)
        raise whose(session, record, error) if isinstance(error, errors.InUseError) else error
    found: list[PortRecord] = reply.get("ports", [])
    return found
