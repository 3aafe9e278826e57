"""Owns: saying, once per boot, that what was started in the background ends with the user's last login."""

from __future__ import annotations

from libpod.kernel import cgroup, process
from libpod.util import atomic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session

_FILE = "linger-told"
_NOTE = (
    "note: containers of this user are stopped some seconds after its last logout; "
    '"loginctl enable-linger" lets them go on'
)


def tell(session: Session) -> None:
    """Say it where it is so: the container is in a scope of the user's systemd, which ends with the last
    login unless the user lingers (loginctl(1)), and the command was typed in a login, not in a unit of the
    machine.
    """
    if session.notify is None or session.uid == 0 or not cgroup.own_path().startswith("/user.slice/"):
        return
    path = f"{session.paths.graphroot}/{_FILE}"
    boot = process.boot_id()
    try:
        with open(path, "rb", buffering=0) as stream:
            if stream.read(64) == boot.encode():
                return
    except FileNotFoundError:
        pass
    from libpod.rootless import info  # lazy: once per boot

    if not info.lingers():
        session.notify(_NOTE)
    atomic.write(path, boot, durable=False)
