"""Owns: names of containers, images, volumes and pods for completion, read from the database only."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.state.db import Db

_Rows = list[tuple[str, str]]


def of_kind(kind: str, options: Mapping[str, object]) -> _Rows:
    """(name, description) of the objects of a kind; empty if there is no store, or it cannot be read."""
    try:
        db = _open(options)
        if db is None:
            return []
        if kind in ("containers", "running"):
            return _containers(db)
        if kind == "images":
            return _images(db)
        if kind == "volumes":
            return _volumes(db)
        if kind == "pods":
            return _pods(db)
        if kind == "secrets":
            return _secrets(db)
        if kind == "objects":
            return [*_containers(db), *_images(db), *_volumes(db)]
    except Exception:  # a completion must never put an error on the command line that is being typed
        pass
    return []


def _open(options: Mapping[str, object]) -> Db | None:
    from libpod.conf import paths as conf_paths
    from libpod.state import db

    root = options.get("root")
    paths = conf_paths.resolve(str(root) if root else None, None, os.environ)
    return db.open_db(paths) if os.path.exists(paths.state_db) else None


def _containers(db: Db) -> _Rows:
    from libpod.state import containers

    return [(record["name"], record["image_name"]) for record in containers.summaries(db)]


def _images(db: Db) -> _Rows:
    from libpod.state import images

    rows: _Rows = []
    for record in images.all_images(db):
        for name in record["names"]:
            rows.append((name, ""))
            if name.startswith("localhost/"):
                rows.append((name[len("localhost/") :], ""))
    return rows


def _pods(db: Db) -> _Rows:
    from libpod.state import pods

    return [(record["name"], "") for record in pods.all_pods(db)]


def _secrets(db: Db) -> _Rows:
    from libpod.state import secrets

    return [(record["name"], "") for record in secrets.all_secrets(db)]


def _volumes(db: Db) -> _Rows:
    from libpod.state import volumes

    return [(record["name"], record["driver"]) for record in volumes.all_volumes(db)]
