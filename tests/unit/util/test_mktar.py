"""Archives that are written here are read back by Python's tarfile."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.util.mktar import TarWriter

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=150)


def _into(out: io.BytesIO) -> TarWriter:
    def write(data: bytes | memoryview) -> None:
        out.write(data)

    return TarWriter(write)


def _read(out: io.BytesIO) -> list[tarfile.TarInfo]:
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        return tar.getmembers()


@given(NAMES.filter(lambda n: n.strip("/") == n), st.binary(max_size=2000), NAMES)
def test_members_come_back(name: str, data: bytes, target: str) -> None:
    out = io.BytesIO()
    writer = _into(out)
    writer.directory("d")
    writer.file(name, data)
    writer.symlink("link", target)
    writer.close()
    assert len(out.getvalue()) % 512 == 0
    folder, file, link = _read(out)
    assert (folder.name, folder.isdir(), folder.mode) == ("d", True, 0o755)
    assert (file.name, file.size, file.mtime, file.uid) == (name, len(data), 0, 0)
    assert link.linkname == target
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        content = tar.extractfile(file)
        assert content is not None
        assert content.read() == data


def test_a_size_beyond_eight_gigabytes() -> None:
    out = io.BytesIO()
    writer = _into(out)
    writer.begin_file("big", 9 << 30)
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        found = tar.next()
        assert found is not None
        assert found.size == 9 << 30


def test_another_length_than_announced_is_a_bug() -> None:
    writer = TarWriter(lambda data: None)
    writer.begin_file("x", 3)
    with pytest.raises(ValueError, match="more"):
        writer.write(b"four")
    writer = TarWriter(lambda data: None)
    writer.begin_file("x", 3)
    with pytest.raises(ValueError, match="less"):
        writer.end_file()
