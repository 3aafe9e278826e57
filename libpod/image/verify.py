"""Owns: whether what the store keeps of an image is what its digests promise.

An unpacked layer has no digest of its own: its archive is kept, so it is unpacked once more, beside, and the
two trees are compared entry by entry. That tells what the archive's digest cannot: a bit that fell over in
the files which containers see.
"""

from __future__ import annotations

import os
from itertools import islice

from libpod import errors
from libpod.image import blobs, manifest, unpack
from libpod.storage import implicit, layers, treecompare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from libpod.conf.paths import Paths
    from libpod.image.manifest import Descriptor
    from libpod.model.image import ImageRecord

SINGLE_ID = "single-id"
"""A file of the store: at some time its user had a single id (rootless/enter.py)."""
_MOST = 10
"""Lines about one layer; a disk that has lost a directory has lost thousands of files."""


def documents(paths: Paths, record: ImageRecord, needs: list[str]) -> tuple[list[str], list[Descriptor]]:
    """(what is wrong with manifest and configuration, the archives that the manifest names, base first).

    `needs` are all blobs of the image; those that are no archives are read whole.
    """
    try:
        view = manifest.parse_manifest(blobs.read(paths, record["manifest_digest"]))
    except errors.PypodError as e:
        return [_said(e)], []
    archives = view["layers"]
    problems = []
    for digest in sorted(set(needs) - {d["digest"] for d in archives} - {record["manifest_digest"]}):
        try:
            data = blobs.read(paths, digest)
            own = digest == "sha256:" + record["id"]
            if own and manifest.parse_config(data)["diff_ids"] != record["diff_ids"]:
                problems.append("its configuration names other layers than the database")
        except errors.PypodError as e:
            problems.append(_said(e))
    if len(archives) != len(record["layers"]) or record["layers"] != layers.keys(record["diff_ids"]):
        problems.append("its manifest names other layers than the database")
        return problems, []
    return problems, archives


def archive(paths: Paths, wanted: Descriptor, *, quick: bool) -> str:
    """What is wrong with the archive of a layer; empty for nothing. `quick`: by its size alone."""
    digest = wanted["digest"]
    try:
        if blobs.size(paths, digest) != wanted["size"]:
            return f"the blob {digest[:19]} has {blobs.size(paths, digest)} bytes, not {wanted['size']}"
        if not quick and _digest(blobs.path(paths, digest)) != digest:
            return _said(blobs.damaged(digest))
    except errors.PypodError as e:
        return _said(e)
    except OSError as e:
        return f"the blob {digest[:19]} cannot be read: {e.strerror}"
    return ""


def layer_facts(paths: Paths, key: str, diff_id: str, parent: str) -> list[str]:
    """What is wrong with a layer by what is written down about it. Takes microseconds."""
    folder = layers.path(paths, key)
    if not os.path.isdir(folder):
        return ["its directory is missing"]
    problems = []
    if not os.path.isdir(layers.diff_dir(paths, key)) or os.path.islink(layers.diff_dir(paths, key)):
        problems.append("its files are missing")
    if os.path.lexists(f"{folder}/{layers.MARKER}"):
        problems.append("it was not finished")
    try:
        info = layers.meta(paths, key)
        facts = (info["diff_id"], layers.key_of(info["chain_id"]), info["parent"])
        if not all(isinstance(info[name], int) for name in ("size_bytes", "stream_bytes", "entries")):
            problems.append("its meta.json has no sizes")
    except errors.PypodError:
        return [*problems, "its meta.json is missing or damaged"]
    except (KeyError, TypeError, ValueError, AttributeError):
        return [*problems, "its meta.json is damaged"]
    if facts != (diff_id, key, parent):
        problems.append("its meta.json describes another layer")
    return problems


def layer_files(
    paths: Paths,
    key: str,
    diff_id: str,
    wanted: Descriptor,
    below: list[str],
    owners: Literal["keep", "squash"],
) -> list[str]:
    """What is different between a layer's files and its archive, which was found to be good.

    `below` are the keys of the layers below, base first. Needs room for the layer. Raises StorageError when
    there is none.
    """
    lines = _compared(paths, key, diff_id, wanted, below, owners)
    if lines and owners == "keep" and os.path.exists(f"{paths.graphroot}/{SINGLE_ID}"):
        # The store was once that of a user with a single id, who owned all files.
        lines = _compared(paths, key, diff_id, wanted, below, "squash") and lines
    return lines


def _compared(
    paths: Paths,
    key: str,
    diff_id: str,
    wanted: Descriptor,
    below: list[str],
    owners: Literal["keep", "squash"],
) -> list[str]:
    _check_room(paths, key)
    fd = os.open(blobs.path(paths, wanted["digest"]), os.O_RDONLY | os.O_CLOEXEC)
    with layers.begin(paths) as staged:
        try:
            done = unpack.layer(paths, staged, None, lambda count: os.read(fd, count), owners=owners)
        except errors.ImageError as e:
            _check_room(paths, key)
            return [f"its archive cannot be unpacked: {_said(e)}"]
        finally:
            os.close(fd)
        if done["diff_id"] != diff_id:
            return [f"its archive unpacks to {done['diff_id'][:19]}, not {diff_id[:19]}"]
        implicit.dress(staged.diff, done["implicit_dirs"], [layers.diff_dir(paths, k) for k in below[::-1]])
        any_time = frozenset(done["implicit_dirs"])
        fresh, kept = os.open(staged.diff, os.O_PATH), os.open(layers.diff_dir(paths, key), os.O_PATH)
        try:
            lines = list(islice(treecompare.differences(fresh, kept, any_time=any_time), _MOST + 1))
        except OSError as e:
            lines = [f"its files cannot be read: {e.strerror}"]
        finally:
            os.close(fresh)
            os.close(kept)
    return lines if len(lines) <= _MOST else [*lines[:_MOST], "and more"]


def _check_room(paths: Paths, key: str) -> None:
    """Raise StorageError where a layer cannot be unpacked for want of room: that is no damage."""
    needed = layers.meta(paths, key)["stream_bytes"]
    if needed > unpack.room(paths):
        raise errors.StorageError(
            f"layer {key[:12]} cannot be checked: there is no room for its {needed >> 20} MiB",
            remedy='free some space on the file system of the store, or use "pypod system check --quick"',
            name=key,
        )


def _digest(file: str) -> str:
    from hashlib import sha256

    hasher = sha256()
    fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        while data := os.read(fd, blobs.CHUNK):
            hasher.update(data)
    finally:
        os.close(fd)
    return "sha256:" + hasher.hexdigest()


def _said(e: errors.PypodError) -> str:
    return e.message
