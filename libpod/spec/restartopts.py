"""Owns: `--restart`: when a container is started again after its end. Pure."""

from __future__ import annotations

from libpod.errors import UsageError
from libpod.spec.values import bad, try_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.run import RestartPlan

NO = "no"
ALWAYS, UNLESS_STOPPED, ON_FAILURE = "always", "unless-stopped", "on-failure"
_NAMES = (ALWAYS, UNLESS_STOPPED, ON_FAILURE)
_MAX = 2**31 - 1


def parse(value: str) -> str:
    """The policy as records have it: `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:N`.

    Raises UsageError.
    """
    name, colon, retries = value.partition(":")
    if value in ("", NO):
        return NO
    count = try_int(retries) if colon else 0
    if name not in _NAMES or (colon and name != ON_FAILURE) or count is None or not 0 <= count <= _MAX:
        raise bad(
            "restart", value, "no, always, unless-stopped or on-failure[:RETRIES]", 'use "--restart=no"'
        )
    return f"{name}:{count}" if count else name


def split(policy: str) -> tuple[str, int]:
    """Name and greatest number of restarts (0 = any) of a policy that `parse` gave."""
    name, _, retries = policy.partition(":")
    return name, int(retries or 0)


def plan(policy: str) -> RestartPlan:
    """What the monitor of a container that is about to start follows."""
    name, retries = split(policy)
    return {"policy": name, "max": retries, "count": 0, "delay_s": 0.0}


def check_remove(policy: str, remove: bool) -> None:
    """Raise UsageError where the end of the container would both remove and start it."""
    if remove and split(policy)[0] not in (NO, ON_FAILURE):
        raise UsageError(
            f"--rm cannot be used with --restart={policy}: the container would never be removed",
            remedy="leave one of them out",
        )
