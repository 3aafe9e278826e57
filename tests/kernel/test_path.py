"""Nothing in a root file system leads out of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from libpod.errors import KernelError
from libpod.kernel import mount, path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "root"
    for name in ("etc", "run", "var", "home/me"):
        (top / name).mkdir(parents=True)
    (top / "etc" / "passwd").write_text("inside")
    (top / "var" / "run").symlink_to("/run")
    (top / "abs").symlink_to("/etc/passwd")
    (top / "up").symlink_to("../../../../etc/passwd")
    (top / "loop").symlink_to("loop")
    (tmp_path / "secret").write_text("outside")
    return top


def read(root: Path, name: str) -> bytes:
    fd = path.open_root(str(root))
    try:
        return path.read_in_root(fd, name)
    finally:
        os.close(fd)


@pytest.mark.parametrize(
    "name", ["etc/passwd", "/etc/passwd", "abs", "up", "../../etc/passwd", "var/run/../etc/passwd"]
)
def test_every_way_ends_inside(root: Path, name: str) -> None:
    assert read(root, name) == b"inside"


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("etc/none", errno.ENOENT),
        ("../secret", errno.ENOENT),
        ("loop", errno.ELOOP),
        ("etc/passwd/x", errno.ENOTDIR),
        ("etc", errno.EINVAL),
        ("magic", errno.ELOOP),
        ("fifo", errno.EINVAL),
    ],
)
def test_what_cannot_be_read_says_so(root: Path, name: str, number: int) -> None:
    (root / "proc").mkdir()
    mount.bind("/proc", str(root / "proc"), recursive=True)
    (root / "magic").symlink_to("/proc/self/cwd/secret")
    os.mkfifo(root / "fifo")
    os.chdir(root.parent)
    with pytest.raises(KernelError) as raised:
        read(root, name)
    assert raised.value.errno == number


def test_size_is_limited(root: Path) -> None:
    (root / "big").write_bytes(bytes(1001))
    fd = path.open_root(str(root))
    assert len(path.read_in_root(fd, "big", 1001)) == 1001
    with pytest.raises(KernelError) as raised:
        path.read_in_root(fd, "big", 1000)
    assert raised.value.errno == errno.EFBIG


def make(root: Path, name: str, mode: int = 0o755) -> str:
    """Make directories and return where the descriptor is, relative to the root."""
    root_fd = path.open_root(str(root))
    fd = path.mkdirs_in_root(root_fd, name, mode, 0, 0)
    try:
        return os.path.relpath(os.readlink(f"/proc/self/fd/{fd}"), root)
    finally:
        os.close(fd)
        os.close(root_fd)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("a/b/c", "a/b/c"),
        ("/a//b/./c/", "a/b/c"),
        ("var/run/x", "run/x"),
        ("etc", "etc"),
        ("/", "."),
        ("../../a", "a"),
        ("a/../../../b", "b"),
        ("home/me/.ssh", "home/me/.ssh"),
    ],
)
def test_directories_are_made_inside(root: Path, name: str, made: str) -> None:
    os.umask(0o077)
    assert make(root, name, 0o751) == made
    if made.startswith(("a", "run/x", "b")):
        assert (root / made).stat().st_mode & 0o7777 == 0o751
    assert sorted(os.listdir(root.parent)) == ["root", "secret"]


@pytest.mark.parametrize("target", ["/gone/away", "gone/away", "../../../gone/away"])
def test_dangling_link_is_followed_and_its_target_made(root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    assert make(root, "link/x") == "gone/away/x"
    assert (root / "link").is_symlink()


@pytest.mark.parametrize(
    ("name", "number"), [("etc/passwd/x", errno.ENOTDIR), ("loop/x", errno.ELOOP), ("abs", errno.ENOTDIR)]
)
def test_way_that_is_blocked_is_an_error(root: Path, name: str, number: int) -> None:
    with pytest.raises(KernelError) as raised:
        make(root, name)
    assert raised.value.errno == number


def test_links_in_a_circle_end(root: Path) -> None:
    (root / "one").symlink_to("two/x")
    (root / "two").symlink_to("one/y")
    with pytest.raises(KernelError) as raised:
        make(root, "one/z")
    assert raised.value.errno == errno.ELOOP


def test_mount_point_is_not_crossed(root: Path) -> None:
    mount.bind(str(root / "home"), str(root / "etc"))
    fd = os.open(root, os.O_RDONLY)
    os.close(path.open_dir_no_xdev(fd, "var"))
    with pytest.raises(KernelError) as raised:
        path.open_dir_no_xdev(fd, "etc")
    assert raised.value.errno == errno.EXDEV


def test_renames_below_do_not_fail_an_open(root: Path) -> None:
    """EAGAIN is tried again: somebody renames directories all the time."""
    (root / "d1" / "d2" / "d3").mkdir(parents=True)
    (root / "d1" / "d2" / "d3" / "f").write_text("x")
    pid = os.fork()
    if pid == 0:
        for _ in range(20_000):
            os.rename(root / "home", root / "home2")
            os.rename(root / "home2", root / "home")
        os._exit(0)
    fd = path.open_root(str(root))
    for _ in range(3000):
        assert path.read_in_root(fd, "d1/d2/../d2/d3/../d3/f") == b"x"
    os.kill(pid, 9)
    os.waitpid(pid, 0)
