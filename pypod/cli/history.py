"""Owns: the commands `pypod history` and `pypod image tree`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from pypod.cli.common import Format, QuietIds
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt

_FIELDS = ("ID", "Created", "CreatedBy", "Size", "Comment")
_HEADINGS = {"CreatedBy": "CREATED BY", "CreatedSince": "CREATED", "CreatedAt": "CREATED AT"}
_SHORT = 45


def history(
    ctx: Context,
    image: Annotated[str, arg("IMAGE", complete="images")],
    format: Format = None,
    human: Annotated[
        bool, opt("--human", "-H", kind="true", help="Show sizes and times as people read them")
    ] = True,
    no_trunc: Annotated[bool, opt("--no-trunc", help="Do not shorten IDs and commands")] = False,
    quiet: QuietIds = False,
) -> int | None:
    """Show how an image was made: its steps, the last one first."""
    from libpod.engine import history as engine
    from pypod.ui import human as words
    from pypod.ui import table

    steps = engine.history(ctx.session, image)
    if quiet and format is None:
        ids = (str(s["id"]) for s in steps)
        ctx.out("".join((i if no_trunc else i[:12] if i != engine.MISSING else i) + "\n" for i in ids))
        return 0
    shown = []
    for step in steps:
        created_ns, size = int(str(step["created_ns"])), int(str(step["size"]))
        image_id, by = str(step["id"]), str(step["created_by"])
        at = words.rfc3339(created_ns - created_ns % 1_000_000_000)
        since = words.ago(created_ns)
        shown.append(
            {
                "ID": image_id if no_trunc or image_id == engine.MISSING else image_id[:12],
                "Created": since if human else at,
                "CreatedSince": since,
                "CreatedAt": at,
                "CreatedBy": by if no_trunc or len(by) <= _SHORT else by[: _SHORT - 3] + "...",
                "Size": words.size(size, gap=" ") if human else str(size),
                "Comment": step["comment"],
                "Tags": step["tags"],
            }
        )
    ctx.out(
        table.listing(
            "history",
            shown,
            _FIELDS,
            template=format,
            headings=_HEADINGS,
            json_rows=[_as_json(step, words.rfc3339) for step in steps],
        )
    )
    return 0


def _as_json(step: dict[str, object], rfc3339: object) -> dict[str, object]:
    assert callable(rfc3339)
    created_ns = int(str(step["created_ns"]))
    out = {
        "id": step["id"],
        "created": step["created"],
        "CreatedBy": step["created_by"],
        "size": step["size"],
        "comment": step["comment"],
        "tags": step["tags"],
        "Created": rfc3339(created_ns - created_ns % 1_000_000_000),
    }
    return {k: v for k, v in out.items() if v not in ("", [])}


def tree(
    ctx: Context,
    image: Annotated[str, arg("IMAGE", complete="images")],
    whatrequires: Annotated[
        bool, opt("--whatrequires", help="Show what is built on top of the image instead")
    ] = False,
) -> int | None:
    """Show the layers of an image, and which images end at each."""
    from libpod.engine import history as engine

    found = engine.tree(ctx.session, image, requires=whatrequires)
    lines = [
        f"Image ID: {str(found['id'])[:12]}",
        f"Tags:     [{_words(found['tags'])}]",
        f"Size:     {_size(found['size_bytes'])}",
        "Image Layers",
    ]
    _branches(found["layers"], "", lines)
    ctx.out("\n".join(lines) + "\n")
    return 0


def _branches(layers: object, indent: str, lines: list[str]) -> None:
    assert isinstance(layers, list)
    for number, layer in enumerate(layers):
        last = number == len(layers) - 1
        text = f"ID: {layer['id'][:12]} Size: {_size(layer['size_bytes'])}"
        if layer["tags"]:
            text += f" Top Layer of: [{_words(layer['tags'])}]"
        lines.append(indent + ("└── " if last else "├── ") + text)
        _branches(layer["below"], indent + ("    " if last else "│   "), lines)


def _size(size_bytes: object) -> str:
    from pypod.ui import human

    return human.size(int(str(size_bytes)), 4)


def _words(names: object) -> str:
    assert isinstance(names, list)
    return " ".join(names)
