"""Owns: the events of a store: a line of JSON each, appended by one write(2), in a file that does not grow.

Writers take no lock and wait for nobody. A line begins and ends with an end of line: what a power cut or a
full disk leaves of one cannot swallow the next. Beyond LIMIT_BYTES the file becomes `log.1`, and the one that
had this name goes. An event that cannot be written is lost, and nothing else.
"""

from __future__ import annotations

import fcntl
import os
import time

from libpod import log
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NAME, OLD = "log", "log.1"
LIMIT_BYTES = 1 << 20
MAX_LINE = 1 << 16
NOTE = "event.json"
"""In the `run/` of a container that was renamed: what all its events say, and where they go."""
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def append(folder: str, event: Mapping[str, object]) -> None:
    """Add an event; never raises. Attributes that make it longer than MAX_LINE are left out.

    An empty `folder` keeps none.
    """
    if not folder:
        return
    try:
        line = jsonio.dumps({"time": time.time_ns(), **event})
        if len(line) > MAX_LINE:
            line = jsonio.dumps({"time": time.time_ns(), **event, "attributes": {}})
        fd = _open(folder)
        try:
            if os.fstat(fd).st_size > LIMIT_BYTES:
                fd = _rotate(folder, fd)
            os.write(fd, b"\n" + line.encode("utf-8", "backslashreplace") + b"\n")
        finally:
            os.close(fd)
    except (OSError, ValueError, TypeError) as error:
        log.debug("an event is lost", event=event.get("status"), error=error)


def _open(folder: str) -> int:
    try:
        return os.open(f"{folder}/{NAME}", _FLAGS, 0o600)
    except FileNotFoundError:
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            pass
        return os.open(f"{folder}/{NAME}", _FLAGS, 0o600)


def _rotate(folder: str, fd: int) -> int:
    """Give the full file its other name, if nobody else does so now; returns what to write to."""
    path = f"{folder}/{NAME}"
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(fd).st_ino == os.stat(path).st_ino:
            os.rename(path, f"{folder}/{OLD}")
    except OSError:
        pass  # another one is at it: what is written to the old file is read all the same
    new_fd = _open(folder)
    os.close(fd)
    return new_fd


def of_container(record: Mapping[str, Any]) -> dict[str, object]:
    """What every event of this container says; of one whose row was lost only the id is known."""
    return {
        "type": "container",
        "id": record["id"],
        "name": record.get("name", ""),
        "image": record.get("image_name") or record.get("image", ""),
        "attributes": record.get("labels", {}),
    }


def container(folder: str, record: Mapping[str, Any], status: str, **more: object) -> None:
    """Something has happened to a container."""
    append(folder, {**of_container(record), "status": status, **more})


def image(folder: str, status: str, image_id: str, name: str) -> None:
    """Something has happened to an image."""
    append(folder, {"type": "image", "status": status, "id": image_id, "name": name})


def pod(folder: str, record: Mapping[str, Any], status: str) -> None:
    """Something has happened to a pod."""
    event = {"id": record["id"], "name": record["name"], "attributes": record["labels"]}
    append(folder, {"type": "pod", "status": status, **event})


def volume(folder: str, status: str, name: str) -> None:
    """Something has happened to a volume."""
    append(folder, {"type": "volume", "status": status, "name": name})


def note(folder: str, record: Mapping[str, Any]) -> dict[str, object]:
    """What the monitor of a container needs for its events."""
    return {"folder": folder, "event": of_container(record)}


def rewrite(run_dir: str, folder: str, record: Mapping[str, Any]) -> None:
    """Leave another note for the monitor, which it takes instead of the one that it was started with."""
    from libpod.util import atomic

    try:
        atomic.write(f"{run_dir}/{NOTE}", jsonio.dumps(note(folder, record)), durable=False)
    except OSError as error:
        log.debug("the container's events keep its old name", error=error)


def from_monitor(run_dir: str, given: Mapping[str, Any] | None, status: str, **more: object) -> None:
    """Something has happened to the container of this directory; `given` is the note of its start."""
    try:
        given = jsonio.load_file(f"{run_dir}/{NOTE}")
    except (OSError, ValueError):
        pass  # it was never renamed
    try:
        assert given is not None
        folder, event = str(given["folder"]), dict(given["event"])
    except (AssertionError, KeyError, TypeError, ValueError):
        return
    append(folder, {**event, "status": status, **more})
