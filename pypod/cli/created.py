"""Owns: what `run`, `create` and `exec` do around the engine: files that get the id, `--replace`, the
recorded command line."""

from __future__ import annotations

import os
import sys

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord


def command_line() -> list[str]:
    """The command as the user typed it, kept in the record for `inspect`."""
    return ["pypod", *sys.argv[1:]]


def check(session: Session, options: dict[str, object], image: str) -> None:
    """What must hold before anything is made: the file for the id is new; with `--replace` the old
    container goes."""
    cidfile = options.get("cidfile")
    if cidfile and os.path.lexists(str(cidfile)):
        raise errors.UsageError(
            f'--cidfile "{cidfile}" exists already',
            remedy="remove it, if the container in it is gone, or choose another file",
        )
    if options.get("detach") and options.get("attach"):
        raise errors.UsageError("--detach and --attach cannot be combined", remedy="leave one of them out")
    if options.get("replace"):
        _replace(session, options, image)


def _replace(session: Session, options: dict[str, object], image: str) -> None:
    from libpod.engine import containers, create, rm

    name = options.get("name")
    if not name:
        raise errors.UsageError("--replace needs a name", remedy="give the container's name with --name")
    try:
        record = containers.find(session, str(name))
    except errors.NotFoundError:
        return
    if record["name"] == name:
        if not options.get("rootfs"):
            create.find_image(session, image, options)  # the old one stays when the new one cannot be made
        rm.rm(session, record, force=True)


def made(options: dict[str, object], record: ContainerRecord) -> None:
    """Write the id where the user wants it, before the container is started. UsageError when that fails."""
    cidfile = options.get("cidfile")
    if not cidfile:
        return
    try:
        with open(str(cidfile), "x", encoding="utf-8") as f:
            f.write(record["id"])
    except OSError as e:
        raise errors.UsageError(
            f'--cidfile "{cidfile}" cannot be written: {e.strerror}', remedy="choose another file"
        ) from e


def show(record: ContainerRecord) -> None:
    """Print the id, for a container that nothing else is shown of."""
    sys.stdout.write(record["id"] + "\n")
    sys.stdout.flush()


def exec_env(session: Session, env: list[str] | None, files: list[str] | None) -> list[str]:
    """`NAME=value` for `exec`: files first, then options; a bare NAME takes this process's value."""
    if not (env or files):
        return []
    from libpod.engine import create
    from libpod.spec import env as variables

    options: dict[str, object] = {"env": env or [], "env_file_lines": create.read_lines(files, "--env-file")}
    return variables.parse(options, session.environ)
