"""Owns: limits of block devices: `--device-read-bps` and the like, `--blkio-weight-device`. Pure.

Sources: runtime-spec config-linux.md "Block IO"; Documentation/admin-guide/cgroup-v2.rst "IO".
"""

from __future__ import annotations

from libpod.spec.values import bad, clean_path, try_int, words
from libpod.units import parse_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import BlockLimitRecord
    from libpod.spec.values import Options

_SECTIONS = {
    "device_read_bps": ("throttleReadBpsDevice", "rate"),
    "device_read_iops": ("throttleReadIOPSDevice", "rate"),
    "device_write_bps": ("throttleWriteBpsDevice", "rate"),
    "device_write_iops": ("throttleWriteIOPSDevice", "rate"),
    "blkio_weight_device": ("weightDevice", "weight"),
}
"""Option -> (list in the `blockIO` object, its number)."""


def parse(options: Options) -> list[BlockLimitRecord]:
    """All of them, in order of options. Raises UsageError."""
    found: list[BlockLimitRecord] = []
    for kind in _SECTIONS:
        for value in words(options, kind):
            path, _, raw = value.rpartition(":")
            number = _number(kind, raw)
            if not path.startswith("/dev/") or number is None:
                raise _bad(kind, value)
            found.append({"kind": kind, "path": clean_path(path), "value": number})
    return found


def _number(kind: str, raw: str) -> int | None:
    if kind.endswith("bps"):
        number = parse_size(raw)
        return number if number is not None and number > 0 else None
    count = try_int(raw)
    if count is None or (kind == "blkio_weight_device" and not 10 <= count <= 1000):
        return None
    return count if count > 0 else None


def _bad(kind: str, value: str) -> Exception:
    option = kind.replace("_", "-")
    what, example = "a number of operations per second", "1000"
    if kind.endswith("bps"):
        what, example = "a number of bytes per second, with a unit b, k, m or g", "10m"
    elif kind == "blkio_weight_device":
        what, example = "a weight from 10 to 1000", "200"
    return bad(
        option, value, f"/dev/NAME:N with {what}", f'write for example "--{option} /dev/sda:{example}"'
    )


def option_of(limits: list[BlockLimitRecord]) -> str:
    """The option that the first limit was asked for with; empty if there is none."""
    return "--" + limits[0]["kind"].replace("_", "-") if limits else ""


def oci(limits: list[BlockLimitRecord], numbers: dict[str, list[int]]) -> dict[str, object]:
    """The members of the `blockIO` object. `numbers`: path -> [major, minor] of the devices."""
    found: dict[str, list[dict[str, int]]] = {}
    for limit in limits:
        section, key = _SECTIONS[limit["kind"]]
        major, minor = numbers[limit["path"]]
        found.setdefault(section, []).append({"major": major, "minor": minor, key: limit["value"]})
    return dict(found)
