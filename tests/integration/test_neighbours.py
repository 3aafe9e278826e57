"""Images between pypod and other programs: what mmdebstrap makes, what Podman saves, loads and pushes."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.neighbour import Podman
from tests.support import registry as registries
from tests.support.engine import Pypod
from tests.support.needs import missing

pytestmark = pytest.mark.needs("crun", "podman", "docker-registry", "newuidmap", "slirp4netns", "busybox")

DEBIAN = Path(os.environ.get("BED_CACHE", "/var/cache/pypod-test")) / "bookworm.tar"
"""The tree of the booted test machine, as mmdebstrap has packed it."""


CONTAINERFILE = """FROM localhost/busybox
ENV A=1
LABEL l=x
USER 7:8
WORKDIR /tmp
CMD ["sh", "-c", "id -u; pwd; echo $A"]
"""


@pytest.fixture
def podman(pypod: Pypod) -> Iterator[Podman]:
    found = Podman(pypod.base / "podman")
    yield found
    found.close()


def image_id(pypod: Pypod, name: str) -> str:
    return pypod("image", "inspect", "--format", "{{.Id}}", name).out.removeprefix("sha256:")


# covers: save --format, load, image inspect
@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive"])
def test_podman_loads_what_is_saved_and_back(pypod: Pypod, podman: Podman, tmp_path: Path, kind: str) -> None:
    """The image keeps its id; what Podman saves keeps its own."""
    ours = image_id(pypod, pypod.image)
    pypod("save", "--format", kind, "-o", str(tmp_path / "ours.tar"), pypod.image)
    podman("load", "-i", str(tmp_path / "ours.tar"))
    assert podman("image", "inspect", "--format", "{{.Id}}", pypod.image) == ours
    (tmp_path / "Containerfile").write_text(CONTAINERFILE)
    podman("build", "-q", "--pull=never", "-t", "localhost/theirs", str(tmp_path))
    podman("save", "--format", kind, "-o", str(tmp_path / "theirs.tar"), "localhost/theirs")
    assert "localhost/theirs" in pypod("load", "-i", str(tmp_path / "theirs.tar")).out
    assert image_id(pypod, "theirs") == podman("image", "inspect", "--format", "{{.Id}}", "localhost/theirs")
    assert pypod("run", "--rm", "theirs").lines == ["7", "/tmp", "1"]
    labels = pypod("image", "inspect", "--format", "{{.Labels.l}}", "theirs").out
    assert labels == "x"


# covers: push, pull
def test_a_registry_between_the_two(pypod: Pypod, podman: Podman, tmp_path: Path) -> None:
    plain = "--tls-verify=false"
    with registries.registry(tmp_path / "registry") as server:
        pypod("push", plain, "--digestfile", str(tmp_path / "digest"), pypod.image, server.name("ours:1"))
        podman("pull", "-q", plain, server.name("ours:1"))
        shown = podman("image", "inspect", "--format", "{{.Digest}} {{.Id}}", server.name("ours:1"))
        assert shown == f"{(tmp_path / 'digest').read_text().strip()} {image_id(pypod, pypod.image)}"
        podman("tag", server.name("ours:1"), server.name("theirs:1"))
        podman("push", "-q", plain, "--format", "v2s2", server.name("theirs:1"))
        pypod("pull", "-q", plain, server.name("theirs:1"))
        assert pypod("run", "--rm", server.name("theirs:1"), "echo", "hello").out == "hello"


# covers: import, export, run
def test_a_debian_of_mmdebstrap(pypod: Pypod, tmp_path: Path) -> None:
    """10,000 files with their owners, modes, links, attributes and times; exported they are the same."""
    if not DEBIAN.is_file():
        missing(f"{DEBIAN} is not there: run sudo scripts/test, which makes it")
    pypod("import", str(DEBIAN), "debian", timeout_s=120)
    assert int(pypod("run", "--rm", "debian", "sh", "-c", "dpkg-query -W | wc -l").out) > 80
    changed = pypod("run", "--rm", "debian", "dpkg", "--verify", "coreutils", "util-linux").lines
    assert not [line for line in changed if not line.startswith("missing")], (
        "documents may have been left out"
    )
    assert pypod("run", "--rm", "debian", "stat", "-c", "%a %U", "/usr/bin/su").out == "4755 root"
    pypod("create", "--name", "c", "debian", "true")
    pypod("export", "-o", str(tmp_path / "out.tar"), "c", timeout_s=120)
    before, after = facts(DEBIAN), facts(tmp_path / "out.tar")
    assert len(before) > 5000
    assert {name: fact for name, fact in before.items() if after.get(name) != fact} == {}
    assert set(after) - set(before) == set()


def facts(archive: Path) -> dict[str, tuple[object, ...]]:
    """Name -> what the archive says of it, without devices, which an unprivileged user cannot make."""
    found: dict[str, tuple[object, ...]] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.removeprefix("./").rstrip("/")
            if member.ischr() or member.isblk() or name in ("", "."):
                continue
            kind = b"file" if member.isfile() or member.islnk() else member.type
            size = member.size if member.isreg() else 0
            target = member.linkname if member.issym() else ""
            mtime = int(member.mtime) if not member.isdir() else 0
            if member.islnk():
                continue  # which of several names comes first may differ
            found[name] = (kind, member.mode, member.uid, member.gid, size, target, mtime)
    return found
