"""Owns: the names of platforms in images, and which image of an index fits this machine."""

from __future__ import annotations

import os

from libpod import errors

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
_SYSTEMS = ("linux", "windows", "freebsd", "darwin")


def host() -> tuple[str, str, str]:
    """(os, architecture, variant) of this machine, in Go's words."""
    machine = os.uname().machine
    arch, variant = _MACHINES.get(machine, (machine, ""))
    return "linux", arch, variant


class Platform:
    """What the user wants instead of this machine's own; empty members mean the machine's."""

    __slots__ = ("architecture", "os", "variant")

    def __init__(self, os_name: str = "", architecture: str = "", variant: str = "") -> None:
        self.os = os_name
        self.architecture = architecture
        self.variant = variant

    def __str__(self) -> str:
        own_os, own_arch, _ = host()
        words = (self.os or own_os, self.architecture or own_arch, self.variant)
        return "/".join(word for word in words if word)

    def __bool__(self) -> bool:
        return bool(self.os or self.architecture or self.variant)


def parse(text: str = "", os_name: str = "", architecture: str = "", variant: str = "") -> Platform:
    """`--platform` (`OS[/ARCH[/VARIANT]]`) or `--os`, `--arch`, `--variant`. Raises UsageError."""
    if not text:
        return Platform(os_name, _canonical(architecture), variant)
    if os_name or architecture or variant:
        raise errors.UsageError(
            "--platform cannot be used with --os, --arch or --variant", remedy="leave one of them out"
        )
    words = text.split("/")
    if len(words) > 3 or not all(words):
        raise errors.UsageError(
            f'--platform "{text}" is not OS[/ARCH[/VARIANT]]', remedy="write it as in --platform linux/arm64"
        )
    if len(words) == 1:  # `arm64` alone is an architecture, as in Docker
        return Platform(words[0]) if words[0] in _SYSTEMS else Platform("", _canonical(words[0]))
    return Platform(words[0], _canonical(words[1]), words[2] if len(words) == 3 else "")


def _canonical(architecture: str) -> str:
    """Go's word for an architecture that was given in the kernel's."""
    return _MACHINES.get(architecture, (architecture, ""))[0]


def choose(
    entries: Sequence[IndexEntry], architecture: str = "", variant: str = "", os_name: str = ""
) -> IndexEntry | None:
    """The entry of an index that fits: the exact variant first, then the newest older one; None if nothing
    fits.
    """
    own_os, own_arch, own_variant = host()
    own_os = os_name or own_os
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
