"""Owns: the command `pypod init`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from libpod.model.container import ContainerRecord
    from pypod.cli.common import Containers, Latest
    from pypod.cli.context import Context
    from pypod.cli.declare import opt


def init(
    ctx: Context,
    containers: Containers = None,
    all: Annotated[bool, opt("--all", "-a", help="Prepare all containers that do not run")] = False,
    latest: Latest = False,
) -> int | None:
    """Prepare containers for their start: mounts, network and the process that waits.

    They can be looked at meanwhile; `start` lets the process go on.
    """
    from libpod import errors
    from libpod.engine import start_again as engine
    from pypod.cli import targets

    starter = engine.Starter(ctx.session)

    def act(record: ContainerRecord) -> None:
        try:
            starter.init(record)
        except errors.StateError:
            if not all:
                raise

    try:
        return targets.each(ctx, targets.Choice(containers, every=all, latest=latest), act)
    finally:
        starter.close()
