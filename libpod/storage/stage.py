"""Owns: where the root file system of a container is mounted whose user namespace lacks the user's own id.

The runtime mounts it as the container's root, who is then a stranger to the user's files: he may not enter
the store, nor often the user's home. So the monitor makes a place that everybody may enter, out of a
directory of the host that everybody may enter; in its own mount namespace, so nobody else sees it.
"""

from __future__ import annotations

import os

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths
    from libpod.model.container import ContainerRecord

_PLACES = ("/var/opt", "/srv", "/media", "/mnt", "/var/local", "/var/tmp", "/tmp")
"""Directories that every system has and no program of ours needs."""


def find(paths: Paths, record: ContainerRecord) -> str:
    """The directory to be covered in the monitor's mount namespace, empty if none has to be.

    What the container mounts, and the store, do not lie in it. Raises StorageError if there is none.
    """
    maps = record["userns"]["uidmap"], record["userns"]["gidmap"]
    if all(not rows or any(outer == 0 for _, outer, _ in rows) for rows in maps):
        return ""
    needed = [paths.graphroot, paths.runroot, record["rootfs"]]
    needed += [mount["source"] for mount in record["mounts"]] + [d["source"] for d in record["devices"]]
    needed = [os.path.realpath(path) for path in needed if path.startswith("/")]
    for place in _PLACES:
        if _for_all(place) and not any(path == place or path.startswith(place + "/") for path in needed):
            return place
    raise errors.StorageError(
        f'container "{record["name"]}" does not have the user\'s own id, and there is no place that it can '
        f"enter to mount its files: looked for {', '.join(_PLACES)}",
        remedy='let root make one, with "install -d -m 755 /var/opt", or use --userns=keep-id',
        name=record["name"],
    )


def _for_all(place: str) -> bool:
    """Whether it is a directory that everybody may enter, and no link leads to it."""
    try:
        return os.path.realpath(place) == place and all(
            os.stat(folder).st_mode & 0o040001 == 0o040001 for folder in (place, os.path.dirname(place))
        )
    except OSError:
        return False
