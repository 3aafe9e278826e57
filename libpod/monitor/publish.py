"""Owns: publishing ports, and taking them back, while the container runs."""

from __future__ import annotations

from libpod import errors
from libpod.monitor import exitrec
from libpod.monitor.ports import Ports
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import PortRecord
    from libpod.model.run import StatusFile
    from libpod.monitor.monitor import Monitor


def add(monitor: Monitor, wanted: list[PortRecord]) -> list[PortRecord]:
    """Listen on these too; returns what that has become. An error changes nothing."""
    network = monitor.network
    if network is None or network.fd < 0 or not network.addresses[0]:
        raise errors.StateError(
            f'container "{monitor.name}" has no network of its own that a port could lead into'
        )
    ports = monitor.ports or Ports(monitor.loop, monitor.cid[:12], monitor.log_fd)
    added = ports.add(wanted)
    monitor.ports = ports
    if not ports.served:
        ports.serve(network.fd, *network.addresses)
        ports.outlive(monitor.init_pid)
    _note(monitor)
    return added


def remove(monitor: Monitor, unwanted: list[PortRecord]) -> None:
    """Listen on these no more."""
    if monitor.ports is not None:
        monitor.ports.remove(unwanted)
        _note(monitor)


def _note(monitor: Monitor) -> None:
    assert monitor.ports is not None
    status: StatusFile = jsonio.load_file(f"{monitor.run_dir}/{exitrec.STATUS}")
    status["ports"] = monitor.ports.bound
    exitrec.write_status(monitor.run_dir, status)
