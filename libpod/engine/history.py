"""Owns: `history` and `image tree`: how an image was made, and whose layers it has."""

from __future__ import annotations

from libpod.state import images as rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.engine.session import Session
    from libpod.model.image import ImageRecord

    JsonDict = dict[str, object]

MISSING = "<missing>"


def history(session: Session, name: str) -> list[JsonDict]:
    """The steps of an image, the last one first: id, created, created_ns, created_by, size, comment, tags.

    The id is the image's own in the last step; a step below has one if an image with just these layers is
    here.
    """
    from libpod.image import manifest

    record, _ = rows.find(session.db, name)
    sizes = _layer_sizes(session, record)
    steps: list[JsonDict] = []
    depth = 0
    for step in rows.history(session.db, record["id"]):
        empty = step.get("empty_layer") is True
        size = 0 if empty or depth >= len(sizes) else sizes[depth]
        depth += 0 if empty else 1
        created = step.get("created")
        steps.append(
            {
                "id": MISSING,
                "created": created if isinstance(created, str) else "",
                "created_ns": manifest.parse_time(created) if isinstance(created, str) else 0,
                "created_by": _text(step, "created_by"),
                "size": size,
                "comment": _text(step, "comment"),
                "tags": [],
                "depth": depth,
            }
        )
    steps.reverse()
    if not steps:  # an image without history has its layers still
        steps = [
            {
                "id": MISSING,
                "created": manifest.format_time(record["created_ns"]),
                "created_ns": record["created_ns"],
                "created_by": "",
                "size": size,
                "comment": "",
                "tags": [],
                "depth": number + 1,
            }
            for number, size in reversed(list(enumerate(sizes)))
        ]
    for step, image in _images_below(session, record, steps):
        step["id"], step["tags"] = image["id"], [*image["names"], *image["digest_names"]]
    if steps:
        steps[0]["id"], steps[0]["tags"] = record["id"], [*record["names"], *record["digest_names"]]
    return steps


def _images_below(
    session: Session, record: ImageRecord, steps: list[JsonDict]
) -> list[tuple[JsonDict, ImageRecord]]:
    """Steps after which another image here ends: the topmost step with just its layers."""
    known = {tuple(image["layers"]): image for image in rows.all_images(session.db)}
    found, seen = [], set()
    for step in steps[1:]:
        key = tuple(record["layers"][: int(str(step["depth"]))])
        if key in known and key not in seen and key != tuple(record["layers"]):
            found.append((step, known[key]))
        seen.add(key)
    return found


def _text(step: JsonDict, key: str) -> str:
    value = step.get(key)
    return value if isinstance(value, str) else ""


def _layer_sizes(session: Session, record: ImageRecord) -> list[int]:
    from libpod.storage import layers

    return [layers.meta(session.paths, key)["stream_bytes"] for key in record["layers"]]


def tree(session: Session, name: str, *, requires: bool = False) -> JsonDict:
    """The layers of an image with the names of the images that end at each: id, tags, size_bytes, layers.

    `requires`: instead, what is built on top of it. A layer is {id, size_bytes, tags, below}.
    """
    record, _ = rows.find(session.db, name)
    every = rows.all_images(session.db)
    tops: dict[str, list[str]] = {}
    for image in every:
        if image["layers"]:
            tops.setdefault(image["layers"][-1], []).extend([*image["names"], *image["digest_names"]])
    wanted = record["layers"]
    chains = [i for i in every if i["layers"][: len(wanted)] == wanted] if requires else [record]
    top: list[JsonDict] = []
    places: dict[str, JsonDict] = {}
    for image in chains:
        below = top
        for key, diff_id in zip(image["layers"], image["diff_ids"], strict=True):
            if key not in places:
                places[key] = {
                    "id": diff_id.partition(":")[2],
                    "size_bytes": _size(session, key),
                    "tags": tops.get(key, []),
                    "below": [],
                }
                below.append(places[key])
            if requires:
                children = places[key]["below"]
                assert isinstance(children, list)
                below = children
    return {
        "id": record["id"],
        "tags": [*record["names"], *record["digest_names"]],
        "size_bytes": record["size_bytes"],
        "layers": top,
    }


def _size(session: Session, key: str) -> int:
    from libpod.storage import layers

    return layers.meta(session.paths, key)["stream_bytes"]
