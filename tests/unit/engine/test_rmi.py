"""`rmi`, `import`, `load` and `image inspect` on a real store: Podman's words and exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from libpod.engine import image_inspect, import_image, load, rmi
from libpod.engine.session import Session
from libpod.errors import ErrorList, ImageError, InUseError, NotFoundError, PypodError, UsageError
from libpod.state import containers, images
from libpod.storage import layers
from tests.support import images as make
from tests.support.records import container
from tests.support.session import session
from tests.support.userns import Paths, as_root

BASE = make.layer(("etc/", b""), ("etc/passwd", b"root"))
TOP = make.layer(("etc/new", b"1"))


def archive(paths: Paths, data: bytes) -> str:
    path = f"{paths.cache}/archive"
    Path(path).write_bytes(data)
    return path


def loaded(paths: Paths, *names: str) -> tuple[Session, str]:
    """A session, and the id of an image of two layers with these names."""
    engine = session(paths)
    load.load(engine, archive(paths, make.tar(make.docker_files((list(names), [BASE, TOP])))))
    return engine, images.all_images(engine.db)[0]["id"]


def remove(engine: Session, *names: str, **options: bool) -> list[str]:
    said: list[str] = []
    rmi.rmi(engine, names, said.append, **options)
    return said


def failed(engine: Session, *names: str, **options: bool) -> PypodError:
    with pytest.raises(PypodError) as caught:
        remove(engine, *names, **options)
    return caught.value


@as_root
def test_import_and_load_return_what_is_printed(paths: Paths) -> None:
    engine = session(paths)
    image_id = import_image.import_image(engine, archive(paths, BASE), "web")
    assert images.find(engine.db, "web")[0]["id"] == image_id
    source = archive(paths, make.tar(make.docker_files((["localhost/a:1", "b:2"], [BASE]), ([], [TOP]))))
    assert load.load(engine, source) == [
        "localhost/a:1",
        "docker.io/library/b:2",
        make.digest(make.config([TOP])),
    ]


@as_root
def test_what_cannot_be_read_is_said(paths: Paths) -> None:
    engine = session(paths)
    for act in (import_image.import_image, load.load):
        with pytest.raises(NotFoundError, match="no such file"):
            act(engine, "/nowhere")
    with pytest.raises(ImageError, match="is a directory") as caught:
        import_image.import_image(engine, paths.tmp)
    assert "tar -C" in caught.value.remedy
    with pytest.raises(ImageError, match="not an image archive") as caught:
        load.load(engine, paths.tmp)
    assert "tar -C" in caught.value.remedy


@as_root
def test_one_name_of_several_is_only_taken_away(paths: Paths) -> None:
    engine, image_id = loaded(paths, "localhost/a:1", "localhost/b:1")
    assert remove(engine, "a:1") == ["Untagged: localhost/a:1"]
    assert remove(engine, "b:1") == ["Untagged: localhost/b:1", f"Deleted: {image_id}"]
    assert layers.all_keys(paths) == []
    assert os.listdir(f"{paths.blobs}/sha256") == []
    assert os.listdir(paths.trash) == []


@as_root
def test_an_id_with_several_names_wants_force(paths: Paths) -> None:
    engine, image_id = loaded(paths, "localhost/a:1", "localhost/b:1")
    error = failed(engine, image_id[:12])
    assert error.exit_code == 125
    assert error.message == (
        f'unable to delete image "{image_id}" by ID with more than one tag '
        "([localhost/a:1 localhost/b:1]): please force removal"
    )
    assert remove(engine, image_id[:12], force=True) == [
        "Untagged: localhost/a:1",
        "Untagged: localhost/b:1",
        f"Deleted: {image_id}",
    ]


@as_root
def test_exit_codes(paths: Paths) -> None:
    engine, image_id = loaded(paths, "localhost/a:1")
    error = failed(engine, "nosuch")
    assert (error.exit_code, error.message) == (1, "nosuch: image not known")
    assert isinstance(failed(engine, "x", "y"), ErrorList)
    assert failed(engine, "x", "y").exit_code == 1
    assert remove(engine, "nosuch", ignore=True) == []
    assert remove(engine, "nosuch", force=True) == []
    containers.insert(engine.db, container("c", image_id=image_id))
    for names in (["a:1"], ["nosuch", "a:1"], [image_id]):
        error = failed(engine, *names)
        assert error.exit_code == 2
    error = failed(engine, "a:1")
    assert isinstance(error, InUseError)
    assert container("c")["id"] in error.message
    with pytest.raises(UsageError, match="must be specified"):
        remove(engine)
    with pytest.raises(UsageError, match="--all"):
        remove(engine, "a:1", every=True)


@as_root
def test_what_can_be_removed_is_removed_although_another_fails(paths: Paths) -> None:
    engine, image_id = loaded(paths, "localhost/a:1")
    said: list[str] = []
    with pytest.raises(NotFoundError):
        rmi.rmi(engine, ["nosuch", "a:1"], said.append)
    assert said == ["Untagged: localhost/a:1", f"Deleted: {image_id}"]


@as_root
def test_all_images_go_but_those_in_use(paths: Paths) -> None:
    engine, image_id = loaded(paths, "localhost/a:1", "localhost/b:1")
    other = import_image.import_image(engine, archive(paths, TOP), "other")
    containers.insert(engine.db, container("c", image_id=other))
    said: list[str] = []
    with pytest.raises(InUseError):
        rmi.rmi(engine, [], said.append, every=True)
    assert sorted(said) == [f"Deleted: {image_id}", "Untagged: localhost/a:1", "Untagged: localhost/b:1"]
    assert [r["id"] for r in images.all_images(engine.db)] == [other]


@as_root
def test_force_takes_the_containers_along(paths: Paths) -> None:
    from libpod.storage import rootfs

    engine, image_id = loaded(paths, "localhost/a:1")
    record = container("c", image_id=image_id)
    containers.insert(engine.db, record)
    rootfs.create_container_dirs(paths, record["id"])
    assert remove(engine, "a:1", force=True)[-1] == f"Deleted: {image_id}"
    assert containers.all_records(engine.db) == []
    assert os.listdir(paths.containers) == []


@as_root
def test_a_process_killed_after_the_row_leaves_what_the_next_collects(paths: Paths) -> None:
    loaded(paths, "localhost/a:1")[0].db.close()
    pid = os.fork()
    if pid == 0:
        os.environ["PYPOD_FAILPOINT"] = "rmi:after-row"
        remove(session(paths), "a:1")
        os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    engine, _ = loaded(paths, "localhost/a:1")
    assert len(layers.all_keys(paths)) == 2
    remove(engine, "a:1")
    assert layers.all_keys(paths) == []


@as_root
def test_inspect_has_podmans_members(paths: Paths) -> None:
    engine, image_id = loaded(paths, "localhost/a:1")
    found = image_inspect.find(engine, "a:1")
    assert list(found) == [
        "Id",
        "Digest",
        "RepoTags",
        "RepoDigests",
        "Parent",
        "Comment",
        "Created",
        "Config",
        "Version",
        "Author",
        "Architecture",
        "Os",
        "Size",
        "VirtualSize",
        "GraphDriver",
        "RootFS",
        "Labels",
        "Annotations",
        "ManifestType",
        "User",
        "History",
        "NamesHistory",
    ]
    assert found["Id"] == image_id
    assert found["Created"] == "2026-11-24T04:39:12.935410974Z"
    assert found["Config"] == {"Cmd": ["/bin/sh"], "Labels": {"made": "for a test"}}
    assert found["RootFS"] == {"Type": "layers", "Layers": [make.digest(BASE), make.digest(TOP)]}
    assert found["ManifestType"] == "application/vnd.docker.distribution.manifest.v2+json"
    assert found["History"] == [{"created_by": "layer 0"}, {"created_by": "layer 1"}]
    driver = json.loads(json.dumps(found["GraphDriver"]))
    assert driver["Name"] == "overlay"
    assert driver["Data"]["UpperDir"].startswith(paths.layers)
    assert driver["Data"]["LowerDir"].startswith(paths.layers)
    with pytest.raises(NotFoundError, match="nosuch: image not known"):
        image_inspect.find(engine, "nosuch")
