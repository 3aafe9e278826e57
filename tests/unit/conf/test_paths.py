"""Where the store lies does not depend on the login; the runtime directory is ours alone or refused."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from libpod.conf import paths
from libpod.errors import RootlessError, StorageError

ROOT = os.geteuid() == 0
HOME = pwd.getpwuid(os.geteuid()).pw_dir
user_only = pytest.mark.skipif(ROOT, reason="for users other than root")


def test_command_line_wins_over_environment(tmp_path: Path) -> None:
    environ = {paths.ROOT_ENV: "/env/root", paths.RUNROOT_ENV: "/env/run"}
    assert paths.resolve(None, None, environ).graphroot == "/env/root"
    assert paths.resolve(None, None, environ).runroot == "/env/run"
    chosen = paths.resolve(str(tmp_path / "g"), str(tmp_path / "r"), environ)
    assert (chosen.graphroot, chosen.runroot) == (str(tmp_path / "g"), str(tmp_path / "r"))
    assert chosen.state_db == str(tmp_path / "g" / "state.db")
    assert chosen.run_dir("abc") == str(tmp_path / "g" / "containers" / "abc" / "run")


def test_relative_and_linked_paths_become_real_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert paths.resolve("link/store", "run", {}).graphroot == str(tmp_path / "real" / "store")
    assert paths.resolve("x", "run", {}).runroot == str(tmp_path / "run")


@pytest.mark.skipif(not ROOT, reason="for root")
def test_root_has_the_machines_places() -> None:
    chosen = paths.resolve(None, None, {"HOME": "/root", "XDG_DATA_HOME": "/x", "XDG_RUNTIME_DIR": "/y"})
    assert (chosen.graphroot, chosen.runroot) == ("/var/lib/pypod", "/run/pypod")


@user_only
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HOME": "/root"},
        {"HOME": HOME},
        {"HOME": "relative"},
        {"HOME": HOME, "XDG_DATA_HOME": "/root/.local/share"},
        {"XDG_RUNTIME_DIR": "/run/user/0"},
    ],
)
def test_store_is_in_the_users_home_whatever_the_login(environ: dict[str, str]) -> None:
    assert paths.resolve(None, None, environ).graphroot == os.path.realpath(f"{HOME}/.local/share/pypod")


@user_only
def test_data_home_moves_the_store(tmp_path: Path) -> None:
    assert paths.resolve(None, None, {"XDG_DATA_HOME": str(tmp_path)}).graphroot == f"{tmp_path}/pypod"


@user_only
def test_runtime_directory_of_another_user_is_passed_over(tmp_path: Path) -> None:
    uid = os.geteuid()
    fallbacks = (f"/run/user/{uid}/pypod", f"/tmp/pypod-run-{uid}")
    for foreign in ("/run", "/tmp", "/no/such", ""):
        assert paths.resolve(None, None, {"XDG_RUNTIME_DIR": foreign}).runroot in fallbacks
    assert paths.resolve(None, None, {"XDG_RUNTIME_DIR": str(tmp_path)}).runroot == f"{tmp_path}/pypod"
    tmp_path.chmod(0o777)
    assert paths.resolve(None, None, {"XDG_RUNTIME_DIR": str(tmp_path)}).runroot in fallbacks


def test_directories_are_private_and_made_once(tmp_path: Path) -> None:
    chosen = paths.resolve(str(tmp_path / "a" / "b" / "g"), str(tmp_path / "r"), {})
    paths.ensure(chosen)
    paths.ensure(chosen)
    for path in (chosen.graphroot, chosen.runroot, chosen.ns, chosen.containers, chosen.locks, chosen.cache):
        assert os.stat(path).st_mode & 0o777 == 0o700


def test_runtime_directory_that_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r").chmod(0o777)
    with pytest.raises(RootlessError, match="not a directory of this user alone"):
        paths.ensure(paths.Paths(str(tmp_path / "g"), str(tmp_path / "r")))


def test_runtime_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "r"
    if ROOT:
        foreign.mkdir()
        os.chown(foreign, 12345, 12345)
    else:
        foreign = Path("/usr")
    with pytest.raises(RootlessError) as raised:
        paths.ensure(paths.Paths(str(tmp_path / "g"), str(foreign)))
    assert "--runroot" in raised.value.remedy


def test_runtime_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """In /tmp anybody could have made it, to a directory of ours."""
    (tmp_path / "ours").mkdir(mode=0o700)
    (tmp_path / "r").symlink_to("ours")
    chosen = paths.resolve(str(tmp_path / "g"), str(tmp_path / "r"), {})
    with pytest.raises(RootlessError, match="not a directory of this user alone"):
        paths.ensure(chosen)


@user_only
def test_store_of_somebody_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="another user"):
        paths.ensure(paths.Paths("/usr", str(tmp_path)))
    with pytest.raises(StorageError, match="cannot make the directory /usr/pypod") as raised:
        paths.ensure(paths.Paths("/usr/pypod", str(tmp_path)))
    assert "PYPOD_ROOT" in raised.value.remedy


def test_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "file_system_type", lambda path: 0x6969)
    with pytest.raises(StorageError, match=r"network file system \(nfs\)") as raised:
        paths.ensure(paths.Paths(str(tmp_path / "g"), str(tmp_path / "r")))
    assert "PYPOD_ROOT" in raised.value.remedy
