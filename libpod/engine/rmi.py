"""Owns: `rmi`: taking names from images, and images out of the store."""

from __future__ import annotations

from libpod import errors
from libpod.state import containers
from libpod.state import images as rows
from libpod.storage import gc, mounted
from libpod.util import eventlog, failpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from libpod.engine.session import Session
    from libpod.model.image import ImageRecord

EXIT_MISSING = 1
EXIT_IN_USE = 2


def rmi(
    session: Session,
    names: Sequence[str],
    say: Callable[[str], None],
    *,
    every: bool = False,
    force: bool = False,
    ignore: bool = False,
) -> None:
    """Remove images; every one is tried. `say` takes each line to print, as it becomes true (`Untagged:
    ...`, `Deleted: ...`).

    A name of several is only taken away; the image goes with its last name. `force`: the containers of the
    image are removed first, and an id takes all names. Raises what failed, with exit code 1 (no such
    image), 2 (in use) or 125.
    """
    if not names and not every:
        raise errors.UsageError(
            "image name or ID must be specified", remedy='say which, or "pypod rmi --all"'
        )
    if names and every:
        raise errors.UsageError("when using the --all switch, you may not pass any images names or IDs")
    session.enter()
    wanted = [record["id"] for record in rows.all_images(session.db)] if every else list(names)
    failed: list[errors.PypodError] = []
    for name in wanted:
        try:
            _one(session, name, say, force=force, all_names=force or every)
        except errors.NotFoundError as e:
            if not ignore and not (every or force):
                e.exit_code = EXIT_MISSING
                failed.append(e)
        except errors.InUseError as e:
            e.exit_code = EXIT_IN_USE
            failed.append(e)
        except errors.PypodError as e:
            failed.append(e)
    if failed:
        failed.sort(key=_severity)
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)


def _severity(e: errors.PypodError) -> int:
    """What decides the exit code comes first: an image in use, then any other failure, then a missing one."""
    return {EXIT_IN_USE: 0, EXIT_MISSING: 2}.get(e.exit_code, 1)


def _one(session: Session, name: str, say: Callable[[str], None], *, force: bool, all_names: bool) -> None:
    record, stored = rows.find(session.db, name)
    every_name = [*record["names"], *record["digest_names"]]
    if stored and len(every_name) > 1:
        rows.untag(session.db, record["id"], [stored])
        say(f"Untagged: {stored}")
        eventlog.image(session.paths.events, "untag", record["id"], stored)
        return
    if not stored and len(every_name) > 1 and not all_names:
        raise errors.ImageError(
            f'unable to delete image "{record["id"]}" by ID with more than one tag '
            f"([{' '.join(every_name)}]): please force removal",
            remedy=f'remove the names one by one, or all of it with "pypod rmi -f {record["id"][:12]}"',
            name=name,
        )
    if force:
        _remove_containers(session, record)
    remove(session, record, say)


def remove(session: Session, record: ImageRecord, say: Callable[[str], None]) -> None:
    """Remove an image with all its names, and what no other image needs. Raises InUseError."""
    names, digests = rows.delete(session.db, record["id"])
    failpoint.hit("rmi:after-row")
    for stored in names:
        say(f"Untagged: {stored}")
        eventlog.image(session.paths.events, "untag", record["id"], stored)
    gc.collect(session.paths, session.db, session.locks, record["layers"], digests)
    mounted.discard_image(session.paths, record["id"])
    eventlog.image(session.paths.events, "remove", record["id"], names[0] if names else "")
    say(f"Deleted: {record['id']}")


def _remove_containers(session: Session, record: ImageRecord) -> None:
    from libpod.engine import rm  # lazy: only with --force

    for cid in containers.uses_image(session.db, record["id"]):
        try:
            rm.rm(session, containers.get(session.db, cid), force=True)
        except errors.NotFoundError:
            pass
