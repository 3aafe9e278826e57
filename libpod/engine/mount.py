"""Owns: `mount` and `unmount`: the files of containers and images inside of `pypod unshare`."""

from __future__ import annotations

import errno
import os

from libpod import errors
from libpod.engine import containers, initproc
from libpod.kernel import fuse, mount, overlay
from libpod.state import containers as rows
from libpod.state import images
from libpod.storage import driver, gc, layers, mounted
from libpod.storage import overlay as layering
from libpod.util import eventlog, failpoint, jsonio, staging
from libpod.util.lock import RANK_CONTAINER, RANK_LAYER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.container import ContainerRecord
    from libpod.model.image import ImageRecord
    from libpod.storage.driver import MountPlan

_NO_RIGHT = (errno.EPERM, errno.EACCES)


def check_inside(session: Session, command: str) -> None:
    """Raise UsageError outside of `pypod unshare`: a mount made there would end with the command."""
    if os.geteuid() != 0:
        raise errors.UsageError(
            f'cannot run command "pypod {command}" in rootless mode, must execute `pypod unshare` first',
            remedy=f'enter it with "pypod unshare", and run "pypod {command}" there',
        )


# -- containers ----------------------------------------------------------------


def containers_here(session: Session) -> list[tuple[ContainerRecord, str]]:
    """The containers that are mounted in this mount namespace, with their mount points."""
    found = mounted.here(session.paths)[0]
    return [(r, found[r["id"]]) for r in rows.all_records(session.db) if r["id"] in found]


def has_files(record: ContainerRecord) -> bool:
    """Say whether there is anything to mount: the infra container of a pod may be a monitor alone."""
    return record.get("infra") != "hollow"


def mount_container(session: Session, record: ContainerRecord) -> str:
    """Mount a container's root file system; returns where. A running one shows its real root. Idempotent."""
    if not has_files(record):
        raise errors.StateError(
            f'container "{record["name"]}" has no files: it holds what the members of a pod share',
            remedy="name a member of the pod",
            name=record["name"],
        )
    session.enter()
    target = mounted.place(session.paths, record["id"])
    with session.locks.take(RANK_CONTAINER, record["id"]) as held:
        try:
            record = rows.get(session.db, record["id"])
        except errors.NotFoundError:
            held.remove()
            raise
        if mounted.is_here(target):
            return target
        plan = _of_running(session, record) or driver.mount_plan(session.paths, record)
        _make(target)
        failpoint.hit("mount:after-place")
        _carry_out({**plan, "volatile": False}, target, f'container "{record["name"]}"')
        eventlog.container(session.paths.events, record, "mount")
    return target


def unmount_container(session: Session, record: ContainerRecord, *, force: bool = False) -> bool:
    """Unmount it in this mount namespace; whether it was mounted. The mount point stays, for others."""
    session.enter()
    done = mounted.unmount(mounted.place(session.paths, record["id"]), force=force)
    if done:
        eventlog.container(session.paths.events, record, "unmount")
    return done


def _of_running(session: Session, record: ContainerRecord) -> MountPlan | None:
    """The root that the container has: the mount in its monitor's namespace. None when it does not run."""
    status = containers.status(session, record)
    if not (containers.is_running(status) or status["state"] == "initialized"):
        return None
    init, monitor = initproc.of_run(session, record["id"])
    # One that has ended may not be reaped yet.
    pids = [process.pid if process is not None and not process.wait(0) else 0 for process in (init, monitor)]
    for process in (init, monitor):
        if process is not None:
            process.__exit__()
    if pids[1]:
        try:
            target = jsonio.load_file(session.paths.run_dir(record["id"]) + "/status.json")["merged"]
            return driver.clone_plan(pids[1], target)
        except (OSError, ValueError, KeyError):
            pass
    if pids[0]:
        return driver.clone_plan(pids[0], "/")
    raise errors.StateError(
        f'the files of container "{record["name"]}" cannot be seen from here: '
        "it runs in another pid namespace",
        remedy="run the command where the container was started, or stop it",
        name=record["name"],
    )


# -- images --------------------------------------------------------------------


def images_here(session: Session) -> list[tuple[ImageRecord, str]]:
    """The images that are mounted in this mount namespace, with their mount points."""
    found = mounted.here(session.paths)[1]
    return [(r, found[r["id"]]) for r in images.all_images(session.db) if r["id"] in found]


def mount_image(session: Session, record: ImageRecord) -> str:
    """Mount an image read-only; returns where. Idempotent."""
    session.enter()
    paths = session.paths
    target = mounted.image_place(paths, record["id"])
    name, program = driver.choose(paths, session.settings)
    folders = layering.lower_dirs(paths, record["layers"])
    if mounted.is_here(target):
        return target
    if name == "vfs" and len(folders) > 1:
        folders = [_copied(session, record)]
    with session.locks.take(RANK_LAYER, gc.LOCK_NAME):
        images.get(session.db, record["id"])  # it may have been removed meanwhile
        _make(target)
        failpoint.hit("mount:after-place")
        plan: MountPlan = {
            "kind": "bind" if len(folders) == 1 else "overlay",
            "lower": folders,
            "upper": None,
            "readonly": True,
            "program": "",
            "work": None,
            "volatile": False,
            "userxattr": True,
        }
        if plan["kind"] == "overlay" and name == "fuse-overlayfs":
            from libpod.storage import fuse as fuse_driver

            plan = {**plan, "kind": "fuse", "program": fuse_driver.find(program)}
        _carry_out(plan, target, f"image {record['id'][:12]}")
    return target


def unmount_image(session: Session, record: ImageRecord, *, force: bool = False) -> bool:
    """Unmount it in this mount namespace; whether it was mounted. A copy goes with its last mount."""
    session.enter()
    target = mounted.image_place(session.paths, record["id"])
    done = mounted.unmount(target, force=force)
    files = mounted.image_files(session.paths, record["id"])
    if os.path.isdir(files):
        with session.locks.take(RANK_LAYER, gc.LOCK_NAME):
            unused = not mounted.elsewhere(target)
            moved = f"{files}.{os.urandom(4).hex()}"
            if unused:
                os.rename(files, moved)
        if unused:
            staging.discard(moved, session.paths.trash)
    return done


def _copied(session: Session, record: ImageRecord) -> str:
    """The files of an image in one directory, for the driver that mounts nothing; made at the first use."""
    from libpod.storage import flatten  # lazy: seldom used

    paths = session.paths
    files = mounted.image_files(paths, record["id"])
    if os.path.isdir(files):
        return files
    staged = f"{files}.{os.urandom(4).hex()}"
    try:
        os.makedirs(staged, 0o700)
        os.chmod(staged, 0o755)
        for key in record["layers"]:
            flatten.apply(layers.diff_dir(paths, key), staged)
        failpoint.hit("mount:after-copy")
        os.rename(staged, files)
    except (OSError, RecursionError) as e:
        staging.discard(staged, paths.trash)
        if os.path.isdir(files):
            return files  # somebody else was faster
        why = (e.strerror if isinstance(e, OSError) else "") or "its directories are too deep"
        raise errors.StorageError(
            f"cannot copy the files of image {record['id'][:12]}: {why}",
            remedy="look for free space with df, or use --storage-driver=overlay",
            name=record["id"],
        ) from e
    return files


# -- both ----------------------------------------------------------------------


def _make(target: str) -> None:
    try:
        os.makedirs(target, 0o700, exist_ok=True)
    except OSError as e:
        raise errors.StorageError(f"cannot make the mount point {target}: {e.strerror}") from e


def _carry_out(plan: MountPlan, target: str, what: str) -> None:
    try:
        if plan["kind"] == "overlay":
            overlay.mount_overlay(
                plan["lower"], plan["upper"], plan["work"], target, userxattr=plan["userxattr"]
            )
        elif plan["kind"] == "fuse":
            fuse.mount_fuse(plan, target, -1)
        elif plan["kind"] == "clone":
            mount.attach_clone(plan["source_pid"], plan["lower"][0], target)
        else:
            mount.bind(plan["lower"][0], target, readonly=plan["readonly"])
    except errors.KernelError as e:
        remedy = "repeat the command"
        if plan["kind"] == "clone" and e.errno in _NO_RIGHT:  # it was killed, and with it its user namespace
            remedy = "restart the container: nothing of this store keeps the user namespace that it is in"
        elif e.errno in _NO_RIGHT:
            remedy = 'run it inside "pypod unshare": this process may not mount in the namespace it is in'
        raise errors.StorageError(f"cannot mount {what} at {target}: {e.strerror}", remedy=remedy) from e
    failpoint.hit("mount:after-mount")
