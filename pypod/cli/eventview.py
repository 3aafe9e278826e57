"""Owns: an event as `events` shows it."""

from __future__ import annotations

import time

from libpod.util.printable import printable
from pypod.ui import human

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.events import Event

_LONGEST = 4096


def shower(template: str | None, *, whole_ids: bool) -> Callable[[Event], str]:
    """What turns an event into text that ends with a line's end. Raises UsageError for a bad template."""
    if not template:
        return lambda event: _line(event, whole_ids) + "\n"
    if template.strip() in ("json", "{{json .}}", "{{ json . }}"):
        from pypod.ui import jsontext

        return lambda event: jsontext.compact(json_row(event)) + "\n"
    from pypod.ui import table
    from pypod.ui.template import Template

    parsed = Template("events", table.normalise(template))
    return lambda event: parsed.render(row(event, whole_ids))


def json_row(event: Event) -> dict[str, object]:
    """The object that `--format json` prints: what is empty is left out, as in Podman."""
    found: dict[str, object] = {}
    if event.get("code"):
        found["ContainerExitCode"] = event["code"]
    for key, name in (("id", "ID"), ("image", "Image"), ("name", "Name"), ("status", "Status")):
        if event.get(key):
            found[name] = event[key]
    found["Time"] = human.rfc3339(event["time"])
    found["Type"] = event["type"]
    found["Attributes"] = event.get("attributes")
    return found


def row(event: Event, whole_ids: bool) -> dict[str, object]:
    """The fields of a template."""
    cid = str(event.get("id") or "")
    return {
        "ContainerExitCode": event.get("code") or 0,
        "ID": cid if whole_ids else cid[:12],
        "Image": event.get("image") or "",
        "Name": event.get("name") or "",
        "Network": "",
        "Status": event["status"],
        "Time": human.Moment(event["time"]),
        "Type": event["type"],
        "Attributes": event.get("attributes") or {},
    }


def _line(event: Event, whole_ids: bool) -> str:
    words = [_moment(event["time"]), event["type"], event["status"]]
    cid, name = str(event.get("id") or ""), str(event.get("name") or "")
    cid = cid if whole_ids else cid[:12]
    if event["type"] in ("container", "pod"):
        facts = [
            ("image", event.get("image") or ""),
            ("name", name),
            *(event.get("attributes") or {}).items(),
        ]
        text = ", ".join(f"{key}={value}" for key, value in facts)
        words += [cid, f"({text})"]
    elif event["type"] == "image":
        words += [cid, name]
    elif name:
        words.append(name)
    return printable(" ".join(str(word) for word in words), _LONGEST)


def _moment(ns: int) -> str:
    """As Go prints a time: `2026-11-24 12:00:20.751078254 +0000 UTC`."""
    whole, part = divmod(ns, 1_000_000_000)
    at = time.localtime(whole)
    fraction = f".{part:09d}".rstrip("0") if part else ""
    return time.strftime("%Y-%m-%d %H:%M:%S", at) + fraction + time.strftime(" %z ", at) + (at.tm_zone or "")
