"""Owns: named volumes: their directories, and what a container's start does with them.

A new volume is empty. The first container that mounts it on a path of its image fills it with what the
image has there, and gives it the owner and mode of that directory, as Podman does. Volumes lie in
`volumes/<name>/_data`.
"""

from __future__ import annotations

import os
import stat
import time

from libpod import errors, log
from libpod.kernel import path as rooted
from libpod.state import volumes as rows
from libpod.util import atomic, eventlog, failpoint, lock, staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from libpod.conf.paths import Paths
    from libpod.model.container import ContainerRecord, MountRecord
    from libpod.model.volume import VolumeRecord
    from libpod.state.db import Db

DATA = "_data"
_STAGED = ".new"
_REMOVED = "removed"
"""A file beside the data: the volume was to be removed, and only its row may still be there."""
MAX_NAME = 255
_DIR_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def data_dir(paths: Paths, name: str) -> str:
    """The directory that is mounted."""
    return f"{paths.volumes}/{name}/{DATA}"


def check_name(name: str) -> str:
    """The name, if it is a valid one. Raises UsageError."""
    if not _is_name(name):
        raise errors.UsageError(
            f'invalid volume name "{name}": it must match [a-zA-Z0-9][a-zA-Z0-9_.-]*',
            remedy="give a name of letters, digits, _ . and -, or an absolute path for a bind mount",
            name=name,
        )
    return name


def _is_name(name: str) -> bool:
    good = bool(name) and len(name) <= MAX_NAME and name[0].isascii() and name[0].isalnum()
    return good and all(c.isascii() and (c.isalnum() or c in "_.-") for c in name)


def create(
    paths: Paths,
    db: Db,
    name: str = "",
    *,
    labels: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    device: str = "",
    copy_up: bool = True,
    anonymous: bool = False,
    owner: tuple[int | None, int | None] = (None, None),
) -> VolumeRecord:
    """Make a volume; without a name it gets a random one. Raises ConflictError when the name is taken.

    `options` are those of `volume create`, for `inspect`. `device`: the directory that it is, and that stays
    when it is removed; it must exist. Without `copy_up` no container fills it with what its image has.
    `owner` = (uid, gid) in the user's namespace; what is None is root's, or the first container's.

    Runs inside the user namespace. The volume's lock must not be held.
    """
    wanted = check_name(name) if name else os.urandom(32).hex()
    record = _new(wanted, dict(labels or {}), anonymous)
    record["options"] = dict(options or {})
    record["needs_copy_up"] = copy_up and not device
    if device and not os.path.isdir(device):
        raise errors.NotFoundError(
            f'"{device}" is no directory', remedy=f'make it with "mkdir -p {device}"', name=device
        )
    if owner != (None, None):
        record.update({"owned": True, "uid": owner[0] or 0, "gid": owner[1] or 0})
    with lock.Locks(paths.locks).take(lock.RANK_VOLUME, wanted):
        return _create_locked(paths, db, record, device)


def _new(name: str, labels: dict[str, str], anonymous: bool) -> VolumeRecord:
    return {
        "schema": 1,
        "name": name,
        "created_ns": time.time_ns(),
        "driver": "local",
        "labels": labels,
        "options": {},
        "anonymous": anonymous,
        "needs_copy_up": True,
        "uid": 0,
        "gid": 0,
    }


def _create_locked(paths: Paths, db: Db, record: VolumeRecord, device: str = "") -> VolumeRecord:
    """`device`: the directory that it is, instead of one of its own."""
    name = record["name"]
    try:
        rows.get(db, name)
    except errors.NotFoundError:
        pass
    else:
        raise errors.ConflictError(
            f"volume with name {name} already exists: volume already exists", name=name
        )
    if device:
        _make_link(paths, name, device)
    elif _has_files(paths, name):
        log.warning(f'the files of volume "{name}" were there already and are kept: its record was lost')
        there = os.stat(data_dir(paths, name))
        record = {**record, "needs_copy_up": False, "uid": there.st_uid, "gid": there.st_gid}
    else:
        _make_dirs(paths, name, (record["uid"], record["gid"]) if record.get("owned") else None)
    failpoint.hit("volume:after-dir")
    rows.insert(db, record)
    eventlog.volume(paths.events, "create", name)
    return record


def _has_files(paths: Paths, name: str) -> bool:
    """Whether a directory without a row holds the files of a volume: the database was lost.

    One without files is what a killed `create` left, one that was to be removed a `rm` before its last step.
    """
    if os.path.lexists(f"{paths.volumes}/{name}/{_REMOVED}"):
        return False
    try:
        return not is_directory_of_user(paths, name) and bool(os.listdir(data_dir(paths, name)))
    except FileNotFoundError:
        return False


def _make_dirs(paths: Paths, name: str, owner: tuple[int, int] | None) -> None:
    staging.discard(f"{paths.volumes}/{name}", paths.trash)
    os.mkdir(f"{paths.volumes}/{name}", 0o700)
    os.mkdir(data_dir(paths, name), 0o755)
    os.chmod(data_dir(paths, name), 0o755)
    if owner is not None:
        os.chown(data_dir(paths, name), *owner)
    atomic.sync_dir(paths.volumes)


def _make_link(paths: Paths, name: str, device: str) -> None:
    staging.discard(f"{paths.volumes}/{name}", paths.trash)
    os.mkdir(f"{paths.volumes}/{name}", 0o700)
    os.symlink(device, data_dir(paths, name))
    atomic.sync_dir(paths.volumes)


def is_directory_of_user(paths: Paths, name: str) -> bool:
    """Whether the volume is a directory elsewhere, which stays when it is removed."""
    return os.path.islink(data_dir(paths, name))


def remove(paths: Paths, db: Db, name: str) -> None:
    """Remove a volume and its files. Raises NotFoundError, or InUseError naming the containers that use
    it.
    """
    if not _is_name(name):
        raise rows.no_such(name)
    with lock.Locks(paths.locks).take(lock.RANK_VOLUME, name) as held:
        mark = f"{paths.volumes}/{name}/{_REMOVED}"
        marked = os.path.lexists(mark)  # by one who was killed
        _touch(mark)
        try:
            rows.delete(db, name)
        except errors.NotFoundError:
            if not marked:
                _unlink(mark)
            held.remove()
            raise
        except errors.PypodError:
            _unlink(mark)
            raise
        failpoint.hit("volume:after-row")
        eventlog.volume(paths.events, "remove", name)
        gone = f"{paths.trash}/volume-{os.urandom(8).hex()}"
        try:
            os.rename(f"{paths.volumes}/{name}", gone)
        except FileNotFoundError:
            pass
        held.remove()
    staging.remove_tree(gone)


def without_row(paths: Paths, db: Db) -> list[str]:
    """Names of volumes that have a directory or a lock file, and no row: of killed commands, of those that
    are at work now, or because the database was lost.
    """
    prefix = f"{lock.RANK_VOLUME}-"
    try:
        names = set(os.listdir(paths.volumes))
        names |= {name[len(prefix) :] for name in os.listdir(paths.locks) if name.startswith(prefix)}
    except OSError:
        return []
    return sorted(names - {record["name"] for record in rows.all_volumes(db)}) if names else []


def sweep(paths: Paths, db: Db, names: Iterable[str]) -> None:
    """Remove what killed commands have left of these. Files stay, unless they were to be removed."""
    locks = lock.Locks(paths.locks)
    for name in names:
        if not locks.is_free(lock.RANK_VOLUME, name):
            continue
        with locks.take(lock.RANK_VOLUME, name) as held:
            try:
                rows.get(db, name)
            except errors.NotFoundError:
                if not _has_files(paths, name):
                    staging.discard(f"{paths.volumes}/{name}", paths.trash)
                    held.remove()


def _touch(path: str) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileNotFoundError:
        pass  # the directory is gone already


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def remove_anonymous(paths: Paths, db: Db, record: ContainerRecord) -> None:
    """Remove the volumes that were made for this container alone. Its row must be gone. Idempotent."""
    for mount in record["mounts"]:
        if mount["type"] != "volume" or not mount.get("anonymous"):
            continue
        try:
            remove(paths, db, mount["source"])
        except (errors.NotFoundError, errors.InUseError):
            pass  # removed before, or another container took it over with --volumes-from


def ensure(paths: Paths, db: Db, record: ContainerRecord) -> None:
    """Make the container's named volumes that do not exist yet, empty: `create` does not wait for the start.

    The container's lock may be held; each volume's lock is taken. Idempotent.
    """
    for mount in record["mounts"]:
        if mount["type"] == "volume":
            _ensure_one(paths, db, mount)


def _ensure_one(paths: Paths, db: Db, mount: MountRecord) -> None:
    name = check_name(mount["source"])
    with lock.Locks(paths.locks).take(lock.RANK_VOLUME, name):
        try:
            rows.get(db, name)
        except errors.NotFoundError:
            _create_missing(paths, db, mount)


def _create_missing(paths: Paths, db: Db, mount: MountRecord) -> VolumeRecord:
    name = mount["source"]
    if mount.get("nocreate"):
        raise errors.NotFoundError(
            f'no such volume "{name}", and it is not to be made ("nocreate")',
            remedy=f'make it with "pypod volume create {name}"',
            name=name,
        )
    return _create_locked(paths, db, _new(name, {}, bool(mount.get("anonymous"))))


def prepare(
    paths: Paths, db: Db, record: ContainerRecord, root_fd: int, user: Mapping[str, object] | None = None
) -> dict[str, str]:
    """Make the container's volumes that do not exist, and fill the new ones: volume name -> directory to
    mount.

    `root_fd` is the mounted root file system, `user` what rootview says of the container's user (for `:U`).
    The container's lock may be held; each volume's lock is taken.
    """
    sources: dict[str, str] = {}
    mounts = [m for m in record["mounts"] if m["type"] == "volume"]
    # Parents first, so that /a/b is filled from the image and not from what /a will hide.
    for mount in sorted(mounts, key=_destination):
        name = check_name(mount["source"])
        if name in sources:
            continue
        with lock.Locks(paths.locks).take(lock.RANK_VOLUME, name):
            try:
                volume = rows.get(db, name)
            except errors.NotFoundError:
                volume = _create_missing(paths, db, mount)
            if not os.path.isdir(data_dir(paths, name)):
                raise errors.StorageError(
                    f'the files of volume "{name}" are gone: {data_dir(paths, name)}',
                    remedy=f'remove it with "pypod volume rm {name}", a new one is made when it is needed',
                    name=name,
                )
            if volume["needs_copy_up"] and not mount.get("subpath"):
                _first_use(paths, db, volume, mount, root_fd, user)
            if mount.get("chown") and user is not None and not _is_apart(mount):
                if is_directory_of_user(paths, name):
                    raise errors.UsageError(
                        f'--volume "{name}" with ":U": the volume is a directory of yours, its owners stay',
                        remedy=f"leave the U out, or mount {os.readlink(data_dir(paths, name))} by its path",
                    )
                _give(data_dir(paths, name), user)
        sources[name] = data_dir(paths, name)
    return sources


def give_sources(record: ContainerRecord, user: Mapping[str, object], home: str) -> None:
    """Give the sources of bind mounts with `:U` to the container's user, with all that is in them.

    UsageError for a directory whose owner others rely on: the root, `home`, and what they lie in.
    """
    for mount in record["mounts"]:
        if mount["type"] == "bind" and mount.get("chown") and not _is_apart(mount):
            source = os.path.realpath(mount["source"])
            if (home + "/").startswith(source.rstrip("/") + "/"):
                raise errors.UsageError(
                    f'--volume "{mount["source"]}" with ":U": the owner of this directory is not changed',
                    remedy="mount a directory below it, or leave the U out",
                )
            _give(source, user)


def _is_apart(mount: MountRecord) -> bool:
    """Whether it is not the source itself that is mounted: the monitor gives away what is."""
    return bool(mount.get("overlay") or mount.get("subpath"))


def _give(path: str, user: Mapping[str, object]) -> None:
    from libpod.util import copytree  # lazy: off the hot path

    copytree.chown(path, int(str(user["uid"])), int(str(user["gid"])))


def _destination(mount: MountRecord) -> str:
    return mount["destination"]


def _first_use(
    paths: Paths,
    db: Db,
    volume: VolumeRecord,
    mount: MountRecord,
    root_fd: int,
    user: Mapping[str, object] | None,
) -> None:
    """Fill an empty volume from the image's directory at the mount's destination; a full one keeps what it
    has.

    It gets the owner and mode of that directory, or the container's user as owner if the image has no such
    directory. An owner that was asked for when it was made stays.
    """
    target = data_dir(paths, volume["name"])
    source_fd = _open_source(root_fd, mount["destination"])
    try:
        if os.listdir(target):
            pass
        elif source_fd >= 0:
            owner = (volume["uid"], volume["gid"]) if volume.get("owned") else None
            copy = mount.get("copy_up", True) and "nocopy" not in mount["options"]
            _fill(target, source_fd, owner, copy=copy)
        elif user is not None and not volume.get("owned"):
            os.chown(target, int(str(user["uid"])), int(str(user["gid"])))
    finally:
        if source_fd >= 0:
            os.close(source_fd)
    there = os.stat(target)
    failpoint.hit("volume:before-row")
    rows.update(db, {**volume, "needs_copy_up": False, "uid": there.st_uid, "gid": there.st_gid})


def _fill(target: str, source_fd: int, owner: tuple[int, int] | None, *, copy: bool) -> None:
    """Put a filled directory in the place of the empty one: a process that dies in between has changed
    nothing.
    """
    staged = target + _STAGED
    staging.remove_tree(staged)
    os.mkdir(staged, 0o700)
    staged_fd = os.open(staged, _DIR_FLAGS)
    try:
        if copy:
            from libpod.util import copytree  # lazy: off the hot path

            copytree.copy_content(source_fd, staged_fd)
            failpoint.hit("volume:after-copy")
        facts = os.fstat(source_fd)
        os.fchown(staged_fd, *(owner or (facts.st_uid, facts.st_gid)))
        os.fchmod(staged_fd, stat.S_IMODE(facts.st_mode))
    finally:
        os.close(staged_fd)
    os.rename(staged, target)


def _open_source(root_fd: int, destination: str) -> int:
    try:
        return rooted.open_in_root(root_fd, destination, _DIR_FLAGS)
    except OSError:
        return -1  # the image has no such directory: nothing to copy
