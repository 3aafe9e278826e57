"""Owns: removing what killed processes have left where nobody would look for it: in the trash, lock files of
what is gone, directories of volumes that were never made, cgroups that a killed monitor did not leave.

Lists show none of it, so that it costs them nothing; the commands that remove things do this first.
"""

from __future__ import annotations

import os
import time

from libpod import errors, log, volumes
from libpod.state import containers as rows
from libpod.state import images
from libpod.storage import mounted, rootfs
from libpod.util import staging
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session

_OLD_S = 60.0
"""Whoever moved something else than a container into the trash has deleted it by then, or was killed."""
_CID_LENGTH = 64


def tidy(session: Session) -> None:
    """Remove it; 0.1 ms when there is nothing. What cannot be removed is logged and stays."""
    _remove_cgroups(session)
    _remove_secrets(session)
    trash = _names(session.paths.trash)
    gone = _gone(session, trash)
    old = [name for name in trash if not _cid(name) and _is_old(f"{session.paths.trash}/{name}")]
    left = volumes.without_row(session.paths, session.db)
    places = [name for name in _names(session.paths.images) if not _image_exists(session, name)]
    if not (gone or old or left or places):
        return
    session.enter()
    try:
        for cid in gone:
            with session.locks.take(RANK_CONTAINER, cid) as held:
                if not _exists(session, cid):
                    rootfs.empty_trash_of(session.paths, cid)
                    held.remove()
        for name in old:
            staging.remove_tree(f"{session.paths.trash}/{name}")
        volumes.sweep(session.paths, session.db, left)
        for name in places:
            mounted.discard_image(session.paths, name)
    except (errors.PypodError, OSError) as e:
        log.warning("cannot remove what a killed command has left", error=e)


def _remove_cgroups(session: Session) -> None:
    """Remove the empty cgroups of containers that are gone. A monitor that still is on its way out is in its
    own, and removes it itself."""
    from libpod import unmonitored

    for cid in _names(session.paths.cgroups):
        if not os.path.lexists(session.paths.container_dir(cid)):
            try:
                unmonitored.remove_empty_cgroup(session.paths, cid)
            except errors.KernelError as e:
                log.warning("cannot remove the cgroup that a killed monitor has left", error=e)


def _remove_secrets(session: Session) -> None:
    """Remove the data of secrets whose maker was killed before they had a record."""
    if not os.path.isdir(session.paths.secrets):
        return
    from libpod import secrets
    from libpod.state import secrets as secret_rows

    known = {record["id"] for record in secret_rows.all_secrets(session.db)}
    for path in secrets.without_record(session.paths, known):
        try:
            os.unlink(path)
        except OSError as e:
            log.warning("cannot remove the data of a secret that was never made", error=e)


def _gone(session: Session, trash: list[str]) -> list[str]:
    """The containers that are gone, but for a lock file or something in the trash; nobody is about them."""
    prefix = f"{RANK_CONTAINER}-"
    locks = _names(session.paths.locks)
    cids = {cid for name in trash if (cid := _cid(name))}
    cids |= {name[len(prefix) :] for name in locks if name.startswith(prefix)}
    free = session.locks.is_free
    return sorted(cid for cid in cids if not _exists(session, cid) and free(RANK_CONTAINER, cid))


def _exists(session: Session, cid: str) -> bool:
    if os.path.lexists(session.paths.container_dir(cid)):
        return True
    try:
        rows.get(session.db, cid)
    except errors.NotFoundError:
        return False
    return True


def _image_exists(session: Session, image_id: str) -> bool:
    try:
        images.get(session.db, image_id)
    except errors.NotFoundError:
        return False
    return True


def _cid(name: str) -> str:
    """The container that this entry of the trash was; empty for another thing."""
    cid, dash, _random = name.partition("-")
    return cid if dash and len(cid) == _CID_LENGTH else ""


def _is_old(path: str) -> bool:
    try:
        return time.time() - os.lstat(path).st_ctime > _OLD_S  # rename(2) sets it
    except OSError:
        return False


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
