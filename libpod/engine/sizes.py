"""Owns: how large a container is: its own files, and those with its image's."""

from __future__ import annotations

import os
import stat

from libpod import errors
from libpod.state import images
from libpod.storage import driver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord


def of_container(session: Session, record: ContainerRecord) -> tuple[int, int]:
    """Bytes of the files that the container has written, and of all that it sees; apparent sizes, hard links
    count once. The user namespace is entered: the files belong to mapped ids."""
    session.enter()
    try:
        image = images.get(session.db, record["image_id"])["size_bytes"] if record["image_id"] else 0
    except errors.NotFoundError:
        image = 0
    written = apparent(f"{session.paths.container_dir(record['id'])}/upper")
    if driver.of(record) == "vfs" and written:  # its upper is a copy of the image too
        return max(written - image, 0), written
    return written, image + written


def apparent(path: str) -> int:
    """Sum of the lengths of the files and links below; what vanishes meanwhile counts nothing."""
    total = 0
    linked: set[tuple[int, int]] = set()
    for folder, _below, names in os.walk(path):
        for name in names:
            try:
                found = os.lstat(f"{folder}/{name}")
            except OSError:
                continue
            if not stat.S_ISREG(found.st_mode) and not stat.S_ISLNK(found.st_mode):
                continue
            if found.st_nlink > 1:
                if (found.st_dev, found.st_ino) in linked:
                    continue
                linked.add((found.st_dev, found.st_ino))
            total += found.st_size
    return total
