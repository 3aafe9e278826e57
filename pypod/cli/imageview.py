"""Owns: a row of `images`: what each column shows."""

from __future__ import annotations

from pypod.ui import human

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADINGS = {"ID": "IMAGE ID", "CreatedSince": "CREATED", "CreatedAt": "CREATED AT"}


def row(image: Mapping[str, object], *, no_trunc: bool) -> dict[str, object]:
    """The fields of `--format` of one name of one image."""
    created_ns = int(str(image["created_ns"]))
    size = int(str(image["Size"]))
    return {
        "Repository": image["repository"],
        "Tag": image["tag"],
        "ID": f"sha256:{image['Id']}" if no_trunc else str(image["Id"])[:12],
        "Id": image["Id"],
        "Digest": image["Digest"],
        "Created": human.ago(created_ns),
        "CreatedSince": human.ago(created_ns),
        "CreatedAt": human.Moment(created_ns - created_ns % 1_000_000_000),
        "CreatedTime": human.Moment(created_ns - created_ns % 1_000_000_000),
        "Size": human.size(size, gap=" "),
        "VirtualSize": size,
        "Containers": image["Containers"],
        "Labels": image["Labels"] or {},
        "Names": image.get("Names") or [],
        "History": ", ".join(str(n) for n in _list(image.get("History"))),
        "ReadOnly": False,
        "Dangling": image.get("Dangling", False),
        "SharedSize": image["SharedSize"],
    }


def json_rows(rows: Sequence[Mapping[str, object]]) -> list[object]:
    """Each image once, with the members that Podman prints."""
    seen: dict[str, object] = {}
    for image in rows:
        seen.setdefault(str(image["Id"]), {k: v for k, v in image.items() if k[0].isupper()})
    return list(seen.values())


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
