"""Owns: the shape of a pod's stored row."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class PodRecord(TypedDict):
        schema: int
        id: str
        name: str
        created_ns: int
        labels: dict[str, str]
        create_command: list[str]
        share: list[str]
        """What members share: `cgroup`, `ipc`, `net`, `pid`, `uts`; in this order."""
        infra_id: str
        """The container that holds what is shared; empty without one."""
        of_host: list[str]
        """What the pod has from the host instead of its own: `net`, `pid`, `uts`."""
        exit_policy: str
        """`continue`: what is shared stays when the last member has ended; `stop`: it ends too."""
        inherited: dict[str, object]
        """Options of `pod create` that members take over as if they had been given to them: option name with
        underscores -> value."""


SCHEMA = 1
SHARES = ("cgroup", "ipc", "net", "pid", "uts")
