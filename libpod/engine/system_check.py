"""Owns: `system check`: what of the store is not as it was stored, and the removal of it.

Looks without a lock while other commands work: what they removed meanwhile is not told as damage. Removing
goes the ways of `rm`, `rmi` and the collection, each of which can be killed at any point.
"""

from __future__ import annotations

import os
import time

from libpod import errors
from libpod.engine import rm, rmi, tidy
from libpod.image import blobs, verify
from libpod.image import ref as refs
from libpod.state import containers as rows
from libpod.state import images
from libpod.state.lookup import is_id
from libpod.storage import gc, layers, rootfs
from libpod.util import alive, failpoint
from libpod.util.lock import RANK_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from libpod.engine.session import Session
    from libpod.image.manifest import Descriptor
    from libpod.model.container import ContainerRecord
    from libpod.model.image import ImageRecord

    Findings = dict[str, list[str]]

MAX_AGE_S = 24 * 3600.0


class Report:
    """What was found, and what became of it. Keys are full ids; layers are named by their keys."""

    __slots__ = ("containers", "images", "layers", "left", "names", "removed", "unknown")

    def __init__(self) -> None:
        self.layers: Findings = {}
        self.images: Findings = {}
        self.containers: Findings = {}
        self.unknown: list[str] = []
        """Digests of archives that no image needs and that are older than a transfer takes."""
        self.names: dict[str, list[str]] = {}
        """The names of damaged images."""
        self.removed: list[tuple[Literal["container", "image", "layer", "blob"], str]] = []
        self.left = 0
        """How many damaged things are still there."""

    @property
    def damaged(self) -> bool:
        return bool(self.layers or self.images or self.containers or self.unknown)


def check(session: Session, *, quick: bool = False, max_age_s: float = MAX_AGE_S) -> Report:
    """Compare documents, archives and unpacked layers with their digests, and rows with directories.

    `quick`: archives by their sizes, and no files of layers. Layers and archives that nobody refers to count
    as damage when they are older than `max_age_s`: somebody may be bringing an image just now. Raises
    StateDbError, and StorageError without the room to unpack a layer.
    """
    entry = session.enter()
    owners: Literal["keep", "squash"] = "squash" if entry.kind == "single" else "keep"
    look = _Look(session, quick, owners)
    for record in images.all_images(session.db):
        look.image(record)
    for container in rows.all_records(session.db):
        look.container(container)
    look.strays(max_age_s)
    return look.report


class _Look:
    def __init__(self, session: Session, quick: bool, owners: Literal["keep", "squash"]) -> None:
        self._session = session
        self._paths = session.paths
        self._quick = quick
        self._owners = owners
        self._seen: Findings = {}
        """Layer key -> what is wrong with it."""
        self._archives: dict[str, str] = {}
        self.report = Report()

    def image(self, record: ImageRecord) -> None:
        needs = images.blobs_of(self._session.db, record["id"])
        problems, archives = verify.documents(self._paths, record, needs)
        parents = ["", *record["layers"]]
        for number, key in enumerate(record["layers"]):
            wanted = archives[number] if archives else None
            if wanted is not None and (why := self._archive(wanted)):
                problems.append(why)
            self._layer(record, number, parents[number], wanted)
            if self._seen[key]:
                problems.append(f"its layer {key} is damaged")
        if problems and self._is_there(record["id"]):
            self.report.images[record["id"]] = problems
            self.report.names[record["id"]] = [*record["names"], *record["digest_names"]]
            self._tell_layers(record["layers"])

    def container(self, record: ContainerRecord) -> None:
        cid, problems = record["id"], []
        if not os.path.isdir(self._paths.container_dir(cid)):
            if not self._session.locks.is_free(RANK_CONTAINER, cid):
                return  # it is being removed: the directory goes first
            problems.append("its directory is missing")
        if record["image_id"] in self.report.images:
            problems.append(f"its image {record['image_id']} is damaged")
        lost = [k for k in record["layers"] if k not in self._seen and not layers.exists(self._paths, k)]
        for key in record["layers"]:
            if key in self.report.layers or key in lost:
                problems.append(f"its layer {key} is damaged")
        if problems and _has_row(self._session, cid):
            self.report.containers[cid] = problems
            self.report.layers.update({key: ["it is missing, or its meta.json is"] for key in lost})

    def strays(self, max_age_s: float) -> None:
        """What no row tells of: layers, archives, directories of containers."""
        used = images.used_layers(self._session.db)
        for name in _names(self._paths.layers):
            if name not in used and name != "empty" and _age_s(f"{self._paths.layers}/{name}") > max_age_s:
                self.report.layers[name] = ["no image and no container refers to it"]
        needed = images.used_blobs(self._session.db)
        for name in _names(f"{self._paths.blobs}/sha256"):
            path = f"{self._paths.blobs}/sha256/{name}"
            if is_id(name) and f"sha256:{name}" not in needed and _age_s(path) > max_age_s:
                self.report.unknown.append(name)
        for cid in _names(self._paths.containers):
            if _is_stray(self._session, cid):
                self.report.containers[cid] = ["it has a directory with files, and the database lacks it"]

    def _archive(self, wanted: Descriptor) -> str:
        digest = wanted["digest"]
        if digest not in self._archives:
            self._archives[digest] = verify.archive(self._paths, wanted, quick=self._quick)
        return self._archives[digest]

    def _layer(self, record: ImageRecord, number: int, parent: str, wanted: Descriptor | None) -> None:
        key, diff_id = record["layers"][number], record["diff_ids"][number]
        if key in self._seen:
            return
        found = verify.layer_facts(self._paths, key, diff_id, parent)
        whole = wanted is not None and not self._archives[wanted["digest"]]
        if not found and whole and not self._quick and wanted is not None:
            below = record["layers"][:number]
            try:
                found = verify.layer_files(self._paths, key, diff_id, wanted, below, self._owners)
            except FileNotFoundError:
                found = ["its files are missing"]  # or it was removed with its image a moment ago
        self._seen[key] = found

    def _tell_layers(self, keys: list[str]) -> None:
        self.report.layers.update({key: self._seen[key] for key in keys if self._seen.get(key)})

    def _is_there(self, image_id: str) -> bool:
        try:
            images.get(self._session.db, image_id)
        except errors.NotFoundError:
            return False
        return True


def repair(session: Session, report: Report, *, force: bool = False) -> None:
    """Remove what is damaged, and note it in the report.

    Damaged images that containers use stay, and so do damaged containers; with `force` these go as well, also
    when they run. Raises what failed, after everything was tried.
    """
    failed: list[errors.PypodError] = []
    for cid in report.containers:
        _attempt(session, report, failed, "container", cid, _remove_container if force else _leave)
    failpoint.hit("check:after-containers")
    for image_id in report.images:
        _attempt(session, report, failed, "image", image_id, _remove_image)
    failpoint.hit("check:after-images")
    paths = session.paths
    digests = [f"sha256:{name}" for name in report.unknown]
    try:
        gc.collect(paths, session.db, session.locks, report.layers, digests)
    except OSError as e:
        failed.append(errors.StorageError(f"cannot remove a layer: {e.strerror or e}"))
    for key in report.layers:
        if os.path.lexists(layers.path(paths, key)):
            report.left += 1
        else:
            report.removed.append(("layer", key))
    for digest in digests:
        if blobs.exists(paths, digest):
            report.left += 1
        else:
            report.removed.append(("blob", digest))
    gc.sweep_staging(paths)
    tidy.tidy(session)
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)


def _attempt(
    session: Session,
    report: Report,
    failed: list[errors.PypodError],
    kind: Literal["container", "image"],
    name: str,
    act: Callable[[Session, str], bool],
) -> None:
    try:
        if act(session, name):
            report.removed.append((kind, name))
        else:
            report.left += 1
    except errors.NotFoundError:
        pass  # somebody else was faster
    except errors.InUseError:
        report.left += 1
    except errors.PypodError as e:
        report.left += 1
        failed.append(e)


def _leave(session: Session, cid: str) -> bool:
    return False


def remedies(report: Report) -> list[str]:
    """Commands that bring removed images back, one for each name."""
    found = []
    for kind, image_id in report.removed:
        for name in report.names.get(image_id, []) if kind == "image" else ():
            if refs.parse(name).domain == "localhost":
                found.append(f'"{name}" has no registry: load it again with "pypod load", or import it')
            else:
                found.append(f"pypod pull {name}")
    return found


def _remove_container(session: Session, cid: str) -> bool:
    if _has_row(session, cid):
        rm.rm(session, rows.get(session.db, cid), force=True, timeout_s=0)
        return True
    with session.locks.take(RANK_CONTAINER, cid) as held:
        if not _is_stray(session, cid, locked=True):
            return False
        rootfs.remove_container_dirs(session.paths, cid)
        held.remove()
    return True


def _remove_image(session: Session, image_id: str) -> bool:
    record = images.get(session.db, image_id)
    rmi.remove(session, record, lambda line: None)
    return True


def _is_stray(session: Session, cid: str, *, locked: bool = False) -> bool:
    """Say whether it is the directory of a container that was used, without a row and without a process."""
    if not rootfs.was_used(session.paths, cid) or _has_row(session, cid):
        return False
    if alive.held(session.paths.run_dir(cid) + "/alive"):
        return False
    return locked or session.locks.is_free(RANK_CONTAINER, cid)


def _has_row(session: Session, cid: str) -> bool:
    try:
        rows.get(session.db, cid)
    except errors.NotFoundError:
        return False
    return True


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _age_s(path: str) -> float:
    try:
        return time.time() - os.lstat(path).st_ctime  # rename(2) sets it
    except OSError:
        return -1.0
