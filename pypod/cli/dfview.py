"""Owns: the three tables of `system df --verbose`."""

from __future__ import annotations

from pypod.cli import psview
from pypod.ui import human, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Rows = Sequence[Mapping[str, Any]]

_IMAGES = "REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "SHARED SIZE", "UNIQUE SIZE", "CONTAINERS"
_CONTAINERS = "CONTAINER ID", "IMAGE", "COMMAND", "LOCAL VOLUMES", "SIZE", "CREATED", "STATUS", "NAMES"
_VOLUMES = "VOLUME NAME", "LINKS", "SIZE"


def tables(images: Rows, containers: Rows, volumes: Rows) -> str:
    """The text of all three, from the rows of the engine's `details`."""
    now_ns = psview.now()
    return (
        "Images space usage:\n\n"
        + table.columns([_IMAGES, *(_image(row, now_ns) for row in images)])
        + "\nContainers space usage:\n\n"
        + table.columns([_CONTAINERS, *(_container(row, now_ns) for row in containers)])
        + "\nLocal Volumes space usage:\n\n"
        + table.columns([_VOLUMES, *(_volume(row) for row in volumes)])
    )


def _image(row: Mapping[str, Any], now_ns: int) -> list[str]:
    from libpod.image import ref

    repository, tag = ref.display(row["names"][0]) if row["names"] else ("<none>", "<none>")
    sizes = [human.size(row[name]) for name in ("Size", "SharedSize", "UniqueSize")]
    return [repository, tag, row["Id"][:12], _age(row["created_ns"], now_ns), *sizes, str(row["Containers"])]


def _container(row: Mapping[str, Any], now_ns: int) -> list[str]:
    record, status = row["record"], row["status"]
    return [
        record["id"][:12],
        record["image_id"][:12],
        human.short_command(record["args"]),
        str(row["LocalVolumes"]),
        human.size(row["Size"]),
        _age(record["created_ns"], now_ns),
        status["state"],
        record["name"],
    ]


def _volume(row: Mapping[str, Any]) -> list[str]:
    return [row["VolumeName"], str(row["Links"]), human.size(row["Size"])]


def _age(created_ns: int, now_ns: int) -> str:
    return human.duration((now_ns - created_ns) / 1e9)
