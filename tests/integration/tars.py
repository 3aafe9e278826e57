"""Owns: tarballs made from that of the busybox image, with entries replaced or added."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """A symbolic link."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry, b""


def file(name: str, content: bytes, mode: int = 0o644, uid: int = 0) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.uid, entry.gid = len(content), mode, uid, uid
    return entry, content


def folder(name: str, mode: int = 0o755, uid: int = 0) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, uid, uid
    return entry, b""


def variant(base: Path, out: Path, changes: Iterable[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """Write a copy of `base` to `out` in which the entries of `changes` stand for those of the same name."""
    wanted = list(changes)
    names = {entry.name for entry, _ in wanted}
    with tarfile.open(base) as source, tarfile.open(out, "w") as target:
        for entry in source:
            if entry.name.removeprefix("./") not in names:
                target.addfile(entry, source.extractfile(entry) if entry.isreg() else None)
        for entry, content in wanted:
            target.addfile(entry, io.BytesIO(content))
    return out
