"""Owns: the command `pypod container clone`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Unpack

    from pypod.cli.common import Container
    from pypod.cli.context import Context
    from pypod.cli.declare import LATER, arg, opt
    from pypod.cli.options import LimitOptions


def clone(
    ctx: Context,
    container: Container,
    new_name: Annotated[str | None, arg("NAME")] = None,
    image: Annotated[str | None, arg("IMAGE", complete="images")] = None,
    destroy: Annotated[bool, opt("--destroy", help="Remove the container that is cloned")] = False,
    force: Annotated[bool, opt("--force", "-f", help="With --destroy: also if it runs")] = False,
    name: Annotated[str | None, opt("--name", metavar="NAME", help="Name of the new container")] = None,
    pod: Annotated[
        str | None, opt("--pod", metavar="POD", state=LATER, help="Put the new container into this pod")
    ] = None,
    run: Annotated[bool, opt("--run", help="Start the new container")] = False,
    **limits: Unpack[LimitOptions],
) -> int | None:
    """Make a container with the settings of another one.

    It has the files of the image, of another one if IMAGE is given, and none that the first container has
    written. Its name is NAME, or that of the first with `-clone` behind. Options change its limits.
    Prints the new container's ID.
    """
    from libpod import errors
    from libpod.engine import clone as engine
    from libpod.engine import containers
    from pypod.cli import created

    if name and new_name and name != new_name:
        raise errors.UsageError("the new container was given two names", remedy="leave --name out")
    if force and not destroy:
        raise errors.UsageError(
            "cannot set --force without --destroy", remedy="add --destroy, or leave it out"
        )
    session = ctx.session
    starter = None
    if run:
        from libpod.engine import start_again

        starter = start_again.Starter(session)
    try:
        source = containers.find(session, container)
        if destroy and not force and containers.is_running(containers.status(session, source)):
            raise errors.StateError(
                f'cannot remove container "{source["name"]}" as it is running',
                remedy="add --force, or stop it first",
                name=source["name"],
            )
        made = engine.clone(
            session, source, str(name or new_name or ""), image or "", {**limits}, created.command_line()
        )
        if destroy:
            from libpod.engine import rm as remover

            remover.rm(session, source, force=force)
        if starter is not None:
            starter.start(made)
    finally:
        if starter is not None:
            starter.close()
    ctx.out(made["id"] + "\n")
    return 0
