"""Named volumes: first use fills them, later uses do not; who owns them; how they go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from libpod import volumes
from libpod.engine import volumes as verbs
from libpod.errors import (
    ConflictError,
    InUseError,
    NotFoundError,
    NotSupportedError,
    PypodError,
    StorageError,
    UsageError,
)
from libpod.state import containers
from libpod.state import volumes as rows
from libpod.state.db import open_db
from tests.support.records import container, volume_mount
from tests.support.session import session
from tests.support.userns import Paths, as_root, tree


def root_of(paths: Paths) -> tuple[str, int]:
    """A root file system with a directory to copy: (its path, a descriptor of it)."""
    root = f"{paths.cache}/root"
    os.makedirs(f"{root}/data/sub")
    Path(root, "data/file").write_text("from the image")
    Path(root, "data/sub/deep").write_text("deep")
    os.chown(f"{root}/data/file", 5, 6)
    os.chmod(f"{root}/data/file", 0o4755)
    os.chown(f"{root}/data", 3, 4)
    os.chmod(f"{root}/data", 0o1770)
    os.symlink("/etc/passwd", f"{root}/data/link")
    os.link(f"{root}/data/file", f"{root}/data/sub/hard")
    os.mkfifo(f"{root}/data/pipe", 0o600)
    os.symlink("/data", f"{root}/alias")
    return root, os.open(root, os.O_PATH | os.O_DIRECTORY)


def mounting(*mounts: dict[str, Any], **members: Any) -> Any:
    return container("c", mounts=list(mounts), **members)


@as_root
def test_the_first_container_fills_a_volume_from_its_image(paths: Paths) -> None:
    root, root_fd = root_of(paths)
    db = open_db(paths)
    sources = volumes.prepare(paths, db, mounting(volume_mount("data", "/data")), root_fd)
    assert sources == {"data": f"{paths.volumes}/data/_data"}
    assert tree(sources["data"]) == tree(f"{root}/data")
    assert os.stat(f"{sources['data']}/file").st_nlink == 2
    there = os.stat(sources["data"])
    assert (there.st_uid, there.st_gid, there.st_mode & 0o7777) == (3, 4, 0o1770)
    record = rows.get(db, "data")
    assert (record["uid"], record["gid"], record["needs_copy_up"]) == (3, 4, False)


@as_root
def test_a_volume_that_was_used_is_left_alone(paths: Paths) -> None:
    root, root_fd = root_of(paths)
    db = open_db(paths)
    record = mounting(volume_mount("data", "/data"))
    source = volumes.prepare(paths, db, record, root_fd)["data"]
    os.unlink(f"{source}/file")
    Path(source, "mine").write_text("mine")
    assert volumes.prepare(paths, db, record, root_fd)["data"] == source
    assert "file" not in tree(source)
    assert "mine" in tree(source)
    assert "mine" not in tree(f"{root}/data")


@as_root
def test_a_volume_that_holds_something_is_not_filled(paths: Paths) -> None:
    _, root_fd = root_of(paths)
    db = open_db(paths)
    volumes.create(paths, db, "data")
    Path(volumes.data_dir(paths, "data"), "mine").write_text("mine")
    source = volumes.prepare(paths, db, mounting(volume_mount("data", "/data")), root_fd)["data"]
    assert list(tree(source)) == ["mine"]


@as_root
def test_nocopy_takes_owner_and_mode_only(paths: Paths) -> None:
    _, root_fd = root_of(paths)
    db = open_db(paths)
    for name, members in (("a", {"copy_up": False}), ("b", {"options": ["nocopy"]})):
        source = volumes.prepare(paths, db, mounting(volume_mount(name, "/data", **members)), root_fd)[name]
        assert tree(source) == {}
        assert os.stat(source).st_uid == 3


@as_root
def test_a_path_that_the_image_has_not_belongs_to_the_containers_user(paths: Paths) -> None:
    _, root_fd = root_of(paths)
    user = {"uid": 33, "gid": 44}
    source = volumes.prepare(paths, open_db(paths), mounting(volume_mount("new", "/none")), root_fd, user)[
        "new"
    ]
    assert (os.stat(source).st_uid, os.stat(source).st_gid) == (33, 44)


@as_root
def test_what_is_copied_cannot_come_from_outside_of_the_root(paths: Paths) -> None:
    root, root_fd = root_of(paths)
    secret = f"{paths.cache}/secret"
    os.mkdir(secret)
    Path(secret, "x").write_text("secret")
    os.symlink(secret, f"{root}/out")
    os.symlink("../../../../../../" + secret, f"{root}/up")
    db = open_db(paths)
    for number, place in enumerate(("/out", "/up", "/../secret", "/data/../../secret")):
        source = volumes.prepare(paths, db, mounting(volume_mount(f"v{number}", place)), root_fd)[
            f"v{number}"
        ]
        assert tree(source) == {}
    source = volumes.prepare(paths, db, mounting(volume_mount("alias", "/alias")), root_fd)["alias"]
    assert "file" in tree(source)


@as_root
def test_a_volume_can_be_given_to_the_containers_user(paths: Paths) -> None:
    _, root_fd = root_of(paths)
    user = {"uid": 33, "gid": 44}
    record = mounting(volume_mount("data", "/data", chown=True))
    source = volumes.prepare(paths, open_db(paths), record, root_fd, user)["data"]
    assert {row[2:4] for row in tree(source).values()} == {(33, 44)}
    assert os.stat(source).st_uid == 33
    assert os.stat("/etc/passwd").st_uid != 33


@as_root
def test_a_copy_that_was_killed_is_done_again(paths: Paths) -> None:
    root, root_fd = root_of(paths)
    record = mounting(volume_mount("data", "/data"))
    for point in ("volume:after-dir", "volume:after-copy", "volume:before-row"):
        pid = os.fork()
        if pid == 0:
            os.environ["PYPOD_FAILPOINT"] = point
            volumes.prepare(paths, open_db(paths), record, root_fd)
            os._exit(1)
        assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    source = volumes.prepare(paths, open_db(paths), record, root_fd)["data"]
    assert tree(source) == tree(f"{root}/data")
    there = os.stat(source)
    assert (there.st_uid, there.st_mode & 0o7777) == (3, 0o1770)
    assert os.listdir(f"{paths.volumes}/data") == ["_data"]


@as_root
def test_create_makes_volumes_before_anything_starts(paths: Paths) -> None:
    db = open_db(paths)
    record = mounting(volume_mount("data", "/data"), volume_mount("anon", "/x", anonymous=True))
    volumes.ensure(paths, db, record)
    volumes.ensure(paths, db, record)
    assert [(v["name"], v["anonymous"]) for v in rows.all_volumes(db)] == [("anon", True), ("data", False)]


@as_root
def test_anonymous_volumes_go_with_their_container(paths: Paths) -> None:
    db = open_db(paths)
    record = mounting(volume_mount("data", "/data"), volume_mount("a" * 64, "/x", anonymous=True))
    volumes.ensure(paths, db, record)
    containers.insert(db, record)
    other = container("other", mounts=[volume_mount("a" * 64, "/y")])
    containers.insert(db, other)
    containers.delete(db, record["id"])
    volumes.remove_anonymous(paths, db, record)
    assert len(rows.all_volumes(db)) == 2, "another container uses it"
    containers.delete(db, other["id"])
    volumes.remove_anonymous(paths, db, record)
    volumes.remove_anonymous(paths, db, record)
    assert [v["name"] for v in rows.all_volumes(db)] == ["data"]
    assert os.listdir(paths.volumes) == ["data"]


@as_root
def test_lost_files_are_named_with_the_remedy(paths: Paths) -> None:
    _, root_fd = root_of(paths)
    db = open_db(paths)
    volumes.create(paths, db, "data")
    os.rmdir(volumes.data_dir(paths, "data"))
    with pytest.raises(StorageError, match="are gone") as caught:
        volumes.prepare(paths, db, mounting(volume_mount("data", "/data")), root_fd)
    assert "volume rm data" in caught.value.remedy
    volumes.remove(paths, db, "data")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "-a", "_a", "a b", "a\n", "ü", "x" * 256])
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="invalid volume name"):
        volumes.check_name(name)


@as_root
def test_the_verbs(paths: Paths) -> None:
    engine = session(paths)
    assert verbs.create(engine, "data", labels={"a": "b"}, uid=3, gid=4) == "data"
    random = verbs.create(engine)
    assert len(random) == 64
    with pytest.raises(ConflictError, match="already exists"):
        verbs.create(engine, "data")
    assert verbs.create(engine, "data", ignore=True) == "data"
    with pytest.raises(NotSupportedError):
        verbs.create(engine, "x", driver="nfs")
    with pytest.raises(NotSupportedError):
        verbs.create(engine, "x", options={"type": "tmpfs"})
    found = verbs.inspect(engine, "data")
    assert found["Mountpoint"] == f"{paths.volumes}/data/_data"
    assert {k: found[k] for k in ("Name", "Driver", "Labels", "Scope", "UID", "GID", "NeedsCopyUp")} == {
        "Name": "data",
        "Driver": "local",
        "Labels": {"a": "b"},
        "Scope": "local",
        "UID": 3,
        "GID": 4,
        "NeedsCopyUp": True,
    }
    assert os.stat(str(found["Mountpoint"])).st_uid == 3
    assert [v["Name"] for v in verbs.ls(engine)] == sorted(["data", random])
    for filters, count in (
        (["name=dat"], 1),
        (["name=^x"], 0),
        (["label=a"], 1),
        (["label=a=c"], 0),
        (["driver=local"], 2),
        (["scope=global"], 0),
        (["dangling=true"], 2),
        (["dangling=false"], 0),
        (["name=data", f"name={random}"], 2),
    ):
        assert len(verbs.ls(engine, filters)) == count, filters
    for wrong in ("foo=bar", "name", "name=(", "dangling=maybe"):
        with pytest.raises(UsageError):
            verbs.ls(engine, [wrong])
    assert verbs.exists(engine, "data")
    assert not verbs.exists(engine, "dat")


@as_root
def test_removing(paths: Paths) -> None:
    engine = session(paths)
    for name in ("one", "two", "used"):
        verbs.create(engine, name)
    containers.insert(engine.db, container("c", mounts=[volume_mount("used", "/x")]))
    said: list[str] = []
    with pytest.raises(NotFoundError) as missing:
        verbs.rm(engine, ["nosuch", "one"], said.append)
    assert (missing.value.exit_code, missing.value.message) == (1, 'no such volume "nosuch"')
    assert said == ["one"]
    with pytest.raises(InUseError) as used:
        verbs.rm(engine, ["used"], said.append)
    assert used.value.exit_code == 2
    with pytest.raises(InUseError):
        verbs.rm(engine, [], said.append, every=True)
    assert said == ["one", "two"]
    with pytest.raises(UsageError):
        verbs.rm(engine, [], said.append)
    verbs.rm(engine, ["nosuch"], said.append, force=True)
    assert os.listdir(paths.volumes) == ["used"]
    assert os.listdir(paths.trash) == []


@as_root
def test_files_stay_when_the_database_was_lost(paths: Paths) -> None:
    engine = session(paths)
    verbs.create(engine, "data")
    Path(volumes.data_dir(paths, "data"), "file").write_text("precious")
    os.chown(volumes.data_dir(paths, "data"), 5, 6)
    os.rename(paths.state_db, paths.state_db + ".lost")
    _root, root_fd = root_of(paths)
    db = open_db(paths)
    sources = volumes.prepare(paths, db, mounting(volume_mount("data", "/data")), root_fd)
    assert os.listdir(sources["data"]) == ["file"]
    record = rows.get(db, "data")
    assert (record["needs_copy_up"], record["uid"], record["gid"]) == (False, 5, 6)


@as_root
def test_files_of_a_volume_whose_removal_was_interrupted_do_not_come_back(paths: Paths) -> None:
    engine = session(paths)
    verbs.create(engine, "data")
    Path(volumes.data_dir(paths, "data"), "file").write_text("old")
    os.environ["PYPOD_FAILPOINT"] = "volume:after-row=fail"
    with pytest.raises(PypodError, match="failpoint"):
        verbs.rm(engine, ["data"], print)
    del os.environ["PYPOD_FAILPOINT"]
    verbs.create(engine, "data")
    assert os.listdir(volumes.data_dir(paths, "data")) == []
    containers.insert(engine.db, container("c", mounts=[volume_mount("data", "/x")]))
    with pytest.raises(InUseError):
        verbs.rm(engine, ["data"], print)
    assert os.listdir(f"{paths.volumes}/data") == [volumes.DATA]


@as_root
def test_names_that_cannot_be_are_not_there(paths: Paths) -> None:
    engine = session(paths)
    for name in ("", ".", "..", "a/b", "../x", ".hidden", "x" * 300, "nosuch"):
        with pytest.raises(NotFoundError) as caught:
            verbs.rm(engine, [name], print)
        assert caught.value.exit_code == 1
    assert [name for name in os.listdir(paths.locks) if name.startswith("50-")] == []
