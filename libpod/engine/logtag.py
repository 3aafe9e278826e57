"""Owns: the tag of a container's log entries (`--log-opt tag`), and what `{{.Name}}` means in it."""

from __future__ import annotations

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord

_KEYS = "{{.ID}}, {{.Name}}, {{.ImageName}} or {{.Image}}"


def expanded(record: ContainerRecord) -> str:
    """Return the tag with the container's own words. Raises UsageError for words that there are not."""
    known = {
        ".ID": record["id"],
        ".Id": record["id"],
        ".Name": record["name"],
        ".ImageName": record["image_name"],
        ".Image": record["image_id"],
    }
    head, *parts = record["log"]["tag"].split("{{")
    for part in parts:
        word, end, rest = part.partition("}}")
        if not end or word.strip() not in known:
            raise errors.UsageError(
                f'--log-opt tag: "{{{{{word}{end}" is not known', remedy=f"use {_KEYS}, or plain words"
            )
        head += known[word.strip()] + rest
    return head
