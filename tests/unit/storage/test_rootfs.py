"""Container directories, mount plans, and what a mount of them shows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from libpod.errors import StorageError
from libpod.kernel import mount as mounts
from libpod.kernel import ns, overlay
from libpod.kernel.const import CLONE_NEWNS
from libpod.storage import driver, implicit, layers, rootfs
from tests.support.records import container
from tests.support.userns import Paths, as_root, tree

if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord
    from libpod.storage.driver import MountPlan

DIFFS = ["sha256:" + digit * 64 for digit in "12"]


def layer(paths: Paths, diff_id: str, below: str, fill: Callable[[str], None]) -> str:
    with layers.begin(paths) as staged:
        fill(staged.diff)
        staged.seal(diff_id, below, 1, 1, 1)
        staged.publish()
        return staged.key


def write(*names: str) -> Callable[[str], None]:
    def fill(folder: str) -> None:
        for name in names:
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)

    return fill


def made(paths: Paths, keys: list[str], **members: object) -> ContainerRecord:
    record = container("c", layers=keys, **members)
    rootfs.create_container_dirs(paths, record["id"])
    return record


def mounted(plan: MountPlan, look: Callable[[str], None], target: str) -> None:
    """Carry out a plan in a child with its own mount namespace, as the monitor does, and look at it."""
    os.makedirs(target, exist_ok=True)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            ns.unshare(CLONE_NEWNS)
            mounts.private_root()
            overlay.mount_overlay(
                plan["lower"],
                plan["upper"],
                plan["work"],
                target,
                volatile=plan["volatile"],
                userxattr=plan["userxattr"],
            )
            look(target)
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0


@as_root
def test_a_container_sees_its_layers_and_writes_above_them(paths: Paths) -> None:
    base = layer(paths, DIFFS[0], "", write("etc/a", "etc/b"))
    top = layer(paths, DIFFS[1], DIFFS[0], write("etc/b", "new"))
    Path(layers.diff_dir(paths, top), "etc/b").write_text("from the top")
    record = made(paths, [base, top])
    plan = driver.mount_plan(paths, record)
    assert plan["lower"] == [layers.diff_dir(paths, top), layers.diff_dir(paths, base)]

    def look(root: str) -> None:
        assert Path(root, "etc/a").read_text() == "etc/a"
        assert Path(root, "etc/b").read_text() == "from the top"
        Path(root, "etc/a").unlink()
        Path(root, "written").write_text("mine")

    mounted(plan, look, f"{paths.tmp}/m")
    assert not os.path.exists(f"{layers.diff_dir(paths, top)}/written")
    assert Path(layers.diff_dir(paths, base), "etc/a").exists()

    def look_again(root: str) -> None:
        assert set(tree(root)) == {"etc", "etc/b", "new", "written"}
        with pytest.raises(OSError, match="Read-only"):
            Path(root, "x").touch()

    mounted(driver.read_plan(paths, record), look_again, f"{paths.tmp}/m")


@as_root
def test_whiteouts_of_archives_hide_what_is_below(paths: Paths) -> None:
    import io

    from libpod.util import untar
    from tests.unit.util.test_untar import folder, member, pack

    base = layer(paths, DIFFS[0], "", write("etc/passwd", "etc/group", "var/log/old", "opt/x/y"))

    def unpacked(target: str) -> None:
        root_fd = os.open(target, os.O_PATH)
        archive = pack(
            member("etc/.wh.passwd"),
            folder("var/log"),
            member("var/log/.wh..wh..opq"),
            member("var/log/new"),
            member(".wh.opt"),
            folder("opt"),
        )
        untar.extract(io.BytesIO(archive).read, root_fd)
        os.close(root_fd)

    record = made(paths, [base, layer(paths, DIFFS[1], DIFFS[0], unpacked)])

    def look(root: str) -> None:
        assert set(tree(root)) == {"etc", "etc/group", "var", "var/log", "var/log/new", "opt"}

    mounted(driver.mount_plan(paths, record), look, f"{paths.tmp}/m")
    mounted(driver.read_plan(paths, record), look, f"{paths.tmp}/m")


def odd_root(folder: str) -> None:
    os.chown(folder, 3, 4)
    os.chmod(folder, 0o1751)


@as_root
def test_the_root_directory_looks_as_in_the_image(paths: Paths) -> None:
    base = layer(paths, DIFFS[0], "", odd_root)
    record = made(paths, [base])

    def look(root: str) -> None:
        there = os.stat(root)
        assert (there.st_uid, there.st_gid, there.st_mode & 0o7777) == (3, 4, 0o1751)

    plan = driver.mount_plan(paths, record)
    mounted(plan, look, f"{paths.tmp}/m")
    assert driver.mount_plan(paths, record) == plan, "it can be asked again"


@as_root
def test_an_image_without_layers_is_an_empty_directory(paths: Paths) -> None:
    record = made(paths, [])

    def put(root: str) -> None:
        Path(root, "x").write_text("1")

    def look(root: str) -> None:
        assert Path(root, "x").read_text() == "1"

    mounted(driver.mount_plan(paths, record), put, f"{paths.tmp}/m")
    mounted(driver.read_plan(paths, record), look, f"{paths.tmp}/m")
    assert layers.all_keys(paths) == []


@as_root
def test_a_missing_layer_is_named(paths: Paths) -> None:
    record = made(paths, ["f" * 32])
    for plan in (driver.mount_plan, driver.read_plan):
        with pytest.raises(StorageError, match="ffffffffffff"):
            plan(paths, record)


@as_root
def test_only_containers_that_go_away_are_volatile(paths: Paths) -> None:
    record = made(paths, [], remove=True)
    assert driver.mount_plan(paths, record)["volatile"]
    assert not driver.mount_plan(paths, {**record, "remove": False})["volatile"]


def test_a_directory_of_the_host_is_bound(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    record = container("c", rootfs=str(root))
    plan = driver.mount_plan(Paths(str(tmp_path), ""), record)
    assert (plan["kind"], plan["lower"], plan["readonly"]) == ("bind", [str(root)], False)
    assert driver.read_plan(Paths(str(tmp_path), ""), record)["readonly"]


@as_root
def test_the_driver_works_here(paths: Paths) -> None:
    assert driver.probe(paths, "overlay") == ""


@as_root
def test_removing_a_container_is_idempotent(paths: Paths) -> None:
    record = made(paths, [])
    driver.mount_plan(paths, record)
    rootfs.remove_container_dirs(paths, record["id"])
    rootfs.remove_container_dirs(paths, record["id"])
    assert rootfs.trash_container(paths, record["id"]) == ""
    assert os.listdir(paths.containers) == os.listdir(paths.trash) == []


@as_root
def test_half_of_a_removal_is_no_obstacle(paths: Paths) -> None:
    record = made(paths, [])
    moved = rootfs.trash_container(paths, record["id"])
    rootfs.create_container_dirs(paths, record["id"])
    os.rmdir(f"{moved}/logs")
    rootfs.empty_trashed(paths, moved)
    rootfs.empty_trashed(paths, moved)
    assert os.listdir(paths.trash) == []
    assert os.listdir(paths.containers) == [record["id"]]


@as_root
def test_directories_without_a_member_look_as_below(paths: Paths) -> None:
    below, above, middle = (f"{paths.tmp}/{name}" for name in ("below", "above", "middle"))
    for folder in (f"{below}/tmp", f"{below}/a/b", f"{above}/tmp", f"{above}/a/b", f"{above}/only", middle):
        os.makedirs(folder)
    os.symlink("/tmp", f"{above}/link")
    os.chown(f"{below}/tmp", 5, 6)
    os.chmod(f"{below}/tmp", 0o1777)
    os.chmod(f"{below}/a/b", 0o700)
    Path(middle, "a").touch()
    implicit.dress(above, ["tmp", "a", "a/b", "only"], [middle, below])
    assert tree(above)["tmp"][:4] == ("dir", 0o1777, 5, 6)
    assert tree(above)["a/b"][1] == 0o755, "a layer between replaced the parent by a file"
    assert tree(above)["only"][1] == 0o755
    implicit.dress(above, ["a/b"], [below])
    assert tree(above)["a/b"][1] == 0o700
