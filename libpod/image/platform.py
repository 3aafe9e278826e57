"""Owns: the names of platforms in images, and which image of an index fits this machine."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from libpod.image.manifest import IndexEntry

_MACHINES = {
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", "v8"),
    "armv8l": ("arm64", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "ppc64le": ("ppc64le", ""),
    "s390x": ("s390x", ""),
    "riscv64": ("riscv64", ""),
    "loongarch64": ("loong64", ""),
    "mips64": ("mips64le", ""),
}


def host() -> tuple[str, str, str]:
    """(os, architecture, variant) of this machine, in Go's words."""
    machine = os.uname().machine
    arch, variant = _MACHINES.get(machine, (machine, ""))
    return "linux", arch, variant


def choose(entries: Sequence[IndexEntry], architecture: str = "", variant: str = "") -> IndexEntry | None:
    """The entry of an index that fits: the exact variant first, then the newest older one; None if nothing
    fits.
    """
    own_os, own_arch, own_variant = host()
    arch = architecture or own_arch
    level = variant or (own_variant if arch == own_arch else "")
    best: tuple[int, int] | None = None
    found: IndexEntry | None = None
    for number, entry in enumerate(entries):
        score = _score(entry, own_os, arch, level)
        if score and (best is None or (score, -number) > best):
            best, found = (score, -number), entry
    return found


def _score(entry: IndexEntry, own_os: str, arch: str, level: str) -> int:
    if not entry["os"] and not entry["architecture"]:
        return 1  # an index of one image often says nothing
    if entry["os"] != own_os:
        return 0
    if entry["architecture"] != arch:
        return 0
    theirs = entry["variant"]
    if theirs == level:
        return 1000
    if not theirs:
        return 900
    if not level:
        return 100
    ours, need = _level(level), _level(theirs)
    return 500 + need if need <= ours else 0


def _level(variant: str) -> int:
    digits = variant.lstrip("v")
    return int(digits) if digits.isdigit() else 0
