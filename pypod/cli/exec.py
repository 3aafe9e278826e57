"""Owns: the command `pypod exec`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Latest, RunningContainer
    from pypod.cli.context import Context
    from pypod.cli.declare import FULFILLED, arg, opt


def exec_(
    ctx: Context,
    container: RunningContainer = None,
    command: Annotated[list[str] | None, arg("COMMAND", complete="commands")] = None,
    cidfile: Annotated[
        str | None,
        opt("--cidfile", help="Read the container's ID from this file", metavar="FILE", complete="files"),
    ] = None,
    detach: Annotated[
        bool, opt("--detach", "-d", help="Run in the background and print the session's ID")
    ] = False,
    detach_keys: Annotated[
        str | None,
        opt(
            "--detach-keys",
            metavar="KEYS",
            default="ctrl-p,ctrl-q",
            help="Keys that detach from the terminal",
        ),
    ] = None,
    env: Annotated[
        list[str] | None, opt("--env", "-e", metavar="NAME[=VALUE]", help="Set a variable")
    ] = None,
    env_file: Annotated[
        list[str] | None,
        opt("--env-file", metavar="FILE", help="Read variables from this file", complete="files"),
    ] = None,
    interactive: Annotated[bool, opt("--interactive", "-i", help="Keep stdin open")] = False,
    latest: Latest = False,
    no_session: Annotated[
        bool,
        opt(
            "--no-session",
            help="Keep no record of the session",
            state=FULFILLED,
            why="a session in the foreground has no record anyway",
        ),
    ] = False,
    preserve_fd: Annotated[
        list[str] | None,
        opt(
            "--preserve-fd",
            kind="slice",
            metavar="FDS",
            help="File descriptors to pass into the container",
        ),
    ] = None,
    preserve_fds: Annotated[
        int | None,
        opt(
            "--preserve-fds",
            kind="uint",
            metavar="N",
            help="Pass this many file descriptors, from 3 on",
        ),
    ] = None,
    privileged: Annotated[bool, opt("--privileged", help="Give the process all capabilities")] = False,
    tty: Annotated[bool, opt("--tty", "-t", help="Give the process a terminal")] = False,
    user: Annotated[
        str | None, opt("--user", "-u", metavar="USER[:GROUP]", help="Run as this user, by name or number")
    ] = None,
    workdir: Annotated[
        str | None, opt("--workdir", "-w", metavar="DIR", help="Directory in which the command starts")
    ] = None,
) -> int | None:
    """Run a command in a running container.

    The exit code is the command's own; 126 if it cannot be executed, 127 if it does not exist, 125 if the
    engine failed.
    """
    from libpod import errors
    from libpod.engine import exec as engine
    from pypod.cli import created, stdio, targets

    words = list(command or ())
    if container is not None and (latest or cidfile):
        words.insert(0, container)
        container = None
    if cidfile:
        container = targets.read_cidfile(cidfile)
    if not words:
        raise errors.UsageError(
            "a command is missing", remedy='give one after the container, as in "pypod exec web sh"'
        )
    record = targets.one(ctx, container, latest)
    preserved: list[int] = []
    if preserve_fds or preserve_fd:
        from libpod.engine import passed

        preserved = passed.of_options(preserve_fds, preserve_fd, {}).fds
    asked = engine.Request(
        words,
        env=created.exec_env(ctx.session, env, env_file),
        user=user or "",
        workdir=workdir or "",
        tty=tty,
        interactive=interactive,
        privileged=privileged,
        detach=detach,
        preserve=preserved,
    )
    if not detach:
        stdio.check_terminal(interactive, tty)
    attached = stdio.Attached(
        () if detach else stdio.chosen(None, interactive),
        terminal=tty,
        sig_proxy=not tty and not detach,
        detach_keys=stdio.detach_keys(detach_keys, ctx.session.settings.detach_keys) if tty else b"",
    )
    with attached as streams:
        result = engine.run(ctx.session, record, asked, streams)
    if detach:
        ctx.out(f"{result.session_id}\n")
        return 0
    return result.code
