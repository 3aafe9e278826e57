"""Effective settings: files, their order, the cache, global options."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from libpod.conf import files, settings, toml
from libpod.errors import ConfigError, PypodError, UsageError


class Home:
    """A user's home with configuration files, and a cache of its own."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.system = root / "etc"
        self.user = root / "home/.config/containers"
        self.cache = root / "cache"
        for folder in (self.system, self.user, self.cache):
            folder.mkdir(parents=True)
        self.environ = {"HOME": str(root / "home")}
        monkeypatch.setattr(files, "_DIRS", (str(self.system),))

    def load(self, environ: dict[str, str] | None = None, **options: object) -> settings.Settings:
        paths: Any = SimpleNamespace(cache=str(self.cache))
        return settings.load(paths, options, {**self.environ, **(environ or {})})

    def write(self, where: Path, text: str, name: str = "containers.conf") -> Path:
        where.mkdir(parents=True, exist_ok=True)
        path = where / name
        path.write_text(text)
        return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return Home(tmp_path, monkeypatch)


def test_without_files_everything_is_built_in(home: Home) -> None:
    found = home.load()
    assert (found.runtime, found.pids_limit, found.shm_size_bytes) == ("crun", 2048, 65536 * 1024)
    assert (found.network, found.detach_keys, found.stop_timeout_s) == ("slirp4netns", "ctrl-p,ctrl-q", 10)
    assert len(found.default_capabilities) == 11
    assert not (home.cache / "settings.json").exists()


def test_stronger_files_override_weaker_ones(home: Home) -> None:
    home.write(home.system, '[containers]\npids_limit = 1\numask = "0077"\ntz = "a"\ninit = true\n')
    home.write(home.system / "containers.conf.d", "[containers]\npids_limit = 2\ntz = 'b'\n", "10-x.conf")
    home.write(home.system / "containers.conf.d", "[containers]\npids_limit = 9\n", "ignored.txt")
    home.write(home.user, "[containers]\npids_limit = 3\n")
    home.write(home.user / "containers.conf.d", "[containers]\nshm_size = '1m'\n", "99.conf")
    found = home.load()
    assert (found.pids_limit, found.umask, found.timezone) == (3, 0o077, "b")
    assert (found.init, found.shm_size_bytes) == (True, 1 << 20)


def test_a_named_file_is_the_only_one_and_an_override_comes_last(home: Home) -> None:
    home.write(home.system, "[containers]\npids_limit = 1\n")
    only = home.write(home.root, "[containers]\ntz = 'x'\n", "only.conf")
    last = home.write(home.root, "[containers]\npids_limit = 7\n", "last.conf")
    found = home.load({"CONTAINERS_CONF": str(only), "CONTAINERS_CONF_OVERRIDE": str(last)})
    assert (found.pids_limit, found.timezone) == (7, "x")
    assert home.load({"CONTAINERS_CONF_OVERRIDE": str(last)}).pids_limit == 7
    for name in ("CONTAINERS_CONF", "CONTAINERS_CONF_OVERRIDE", "CONTAINERS_STORAGE_CONF"):
        with pytest.raises(ConfigError, match=name):
            home.load({name: str(home.root / "missing")})


def test_every_kind_of_key(home: Home) -> None:
    home.write(
        home.user,
        """
[containers]
default_capabilities = ["kill", "CAP_CHOWN"]
default_sysctls = ["net.ipv4.ping_group_range = 0 1"]
default_ulimits = ["nofile=5:6"]
annotations = ["a=b=c"]
env = ["A=1"]
log_size_max = 10
http_proxy = false
shm_size = 1024
unknown_key = 1
[engine]
runtime = "runc"
network_cmd_options = ["mtu=1400", "enable_ipv6=true"]
stop_timeout = 3
[engine.runtimes]
mine = ["/opt/mine"]
[network]
default_subnet = "10.0.0.0/8"
[unknown]
x = 1
""",
    )
    found = home.load()
    assert found.default_capabilities == ["CAP_KILL", "CAP_CHOWN"]
    assert found.default_sysctls == {"net.ipv4.ping_group_range": "0 1"}
    assert (found.default_ulimits, found.annotations, found.env) == (["nofile=5:6"], {"a": "b=c"}, ["A=1"])
    assert (found.log_size_max, found.http_proxy, found.shm_size_bytes) == (10, False, 1024)
    assert (found.runtime, found.stop_timeout_s, found.runtimes) == ("runc", 3, {"mine": ["/opt/mine"]})
    assert found.network == "slirp4netns:mtu=1400,enable_ipv6=true"


def test_lists_replace_or_append(home: Home) -> None:
    home.write(
        home.system, '[containers]\nenv = ["A=1"]\nannotations = ["a=1"]\n[engine.runtimes]\na = ["/a"]\n'
    )
    home.write(
        home.user, '[containers]\nenv = ["B=2"]\nannotations = ["b=2"]\n[engine.runtimes]\nb = ["/b"]\n'
    )
    found = home.load()
    assert (found.env, found.annotations, found.runtimes) == (["B=2"], {"b": "2"}, {"a": ["/a"], "b": ["/b"]})
    append = '[containers]\nenv = ["B=2", {append = true}]\nannotations = ["b=2", {append = true}]\n'
    home.write(home.user, append)
    found = home.load()
    assert (found.env, found.annotations) == (["A=1", "B=2"], {"a": "1", "b": "2"})


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("pids_limit = 'many'", "containers.pids_limit"),
        ("pids_limit = true", "containers.pids_limit"),
        ("init = 1", "containers.init"),
        ("tz = 5", "containers.tz"),
        ("env = 'A=1'", "containers.env"),
        ("env = [1]", "containers.env"),
        ("annotations = ['a']", "containers.annotations"),
        ("shm_size = 'big'", "containers.shm_size"),
        ("shm_size = 1.5", "containers.shm_size"),
        ("umask = 22", "containers.umask"),
        ("umask = '0999'", "containers.umask"),
        ("default_capabilities = ['FOO']", "containers.default_capabilities"),
        ("default_capabilities = 'KILL'", "containers.default_capabilities"),
    ],
)
def test_wrong_types_name_the_file_and_the_key(line: str, key: str, home: Home) -> None:
    path = home.write(home.user, f"[containers]\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        home.load()
    assert str(path) in caught.value.message
    assert key in caught.value.message
    assert str(path) in caught.value.remedy


def test_tables_that_are_none(home: Home) -> None:
    home.write(home.user, "containers = 1\n")
    with pytest.raises(ConfigError, match="a table"):
        home.load()
    home.write(home.user, "[engine]\nruntimes = 1\n")
    with pytest.raises(ConfigError, match=r"engine\.runtimes"):
        home.load()
    home.write(home.user, "[engine]\ncgroup_manager = 'none'\n")
    with pytest.raises(ConfigError, match="cgroup_manager"):
        home.load()


@pytest.mark.parametrize("text", ["[containers", "a = \xff", "x = 1\nx = 2\n"])
def test_a_damaged_file_is_named(text: str, home: Home) -> None:
    path = home.user / "containers.conf"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        home.load()
    assert str(path) in caught.value.message


def test_a_file_that_cannot_be_read(home: Home) -> None:
    (home.user / "containers.conf").mkdir()
    with pytest.raises(ConfigError, match=r"containers\.conf"):
        home.load()


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    original = toml.load

    def load(path: str) -> dict[str, Any]:
        seen.append(path)
        return original(path)

    monkeypatch.setattr(toml, "load", load)
    return seen


def test_files_are_parsed_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.write(home.user, "[containers]\npids_limit = 3\n")
    seen = count_reads(monkeypatch)
    assert home.load().pids_limit == 3
    assert home.load().pids_limit == 3
    assert seen == [str(path)]
    assert (home.cache / "settings.json").stat().st_mode & 0o777 == 0o600


def test_a_change_of_any_file_is_seen(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.write(home.user, "[containers]\npids_limit = 3\n")
    seen = count_reads(monkeypatch)
    home.load()
    stamp = path.stat()
    home.write(home.user, "[containers]\npids_limit = 4\n")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    assert home.load().pids_limit == 4
    added = home.write(home.user / "containers.conf.d", "[containers]\npids_limit = 5\n", "a.conf")
    assert home.load().pids_limit == 5
    added.unlink()
    assert home.load().pids_limit == 4
    replacement = home.write(home.user, "[containers]\npids_limit = 6\n", "new")
    os.utime(replacement, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    os.replace(replacement, path)  # same time, same size
    assert home.load().pids_limit == 6
    assert len(seen) == 6


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 1}', '{"key": [0], "values": {"pids_limit": 9}}'])
def test_a_damaged_cache_is_made_anew(damage: str, home: Home) -> None:
    home.write(home.user, "[containers]\npids_limit = 3\n")
    (home.cache / "settings.json").write_text(damage)
    assert home.load().pids_limit == 3
    assert json.loads((home.cache / "settings.json").read_text())["values"] == {"pids_limit": 3}


def test_without_a_cache_it_works_too(home: Home) -> None:
    home.write(home.user, "[containers]\npids_limit = 3\n")
    home.cache.rmdir()
    assert home.load().pids_limit == 3
    assert not home.cache.exists()


def test_global_options_win(home: Home) -> None:
    home.write(home.user, '[engine]\nruntime = "runc"\ncgroup_manager = "systemd"\n')
    found = home.load(
        runtime="/opt/crun", cgroup_manager="cgroupfs", storage_driver="vfs", runtime_flag=["debug"]
    )
    assert (found.runtime, found.cgroup_manager, found.storage_driver) == ("/opt/crun", "cgroupfs", "vfs")
    assert found.runtime_flags == ["debug"]
    assert home.load(runtime="").runtime == "runc"
    for option in ("cgroup_manager", "storage_driver"):
        with pytest.raises(UsageError) as caught:
            home.load(None, **{option: "foo"})
        assert "--" + option.replace("_", "-") in caught.value.message
        assert caught.value.remedy


def test_storage_options_of_the_environment(home: Home) -> None:
    env = {"STORAGE_OPTS": "overlay.mount_program=/a,"}
    assert home.load(env).overlay_mount_program == "/a"
    assert home.load(env, storage_opt=["overlay.mount_program=/b"]).overlay_mount_program == "/b"
    with pytest.raises(UsageError) as caught:
        home.load({"STORAGE_OPTS": "overlay.size=1"})
    assert "for STORAGE_OPTS" in caught.value.message


@pytest.mark.parametrize(
    ("netns", "mode"),
    [
        ("private", "slirp4netns"),
        ("host", "host"),
        ("none", "none"),
        ("bridge", "slirp4netns"),
        ("slirp4netns", "slirp4netns"),
    ],
)
def test_default_network(netns: str, mode: str, home: Home) -> None:
    home.write(home.user, f'[containers]\nnetns = "{netns}"\n')
    assert home.load().network == mode


def test_of_storage_conf_only_the_how_is_taken(home: Home) -> None:
    home.write(home.system, '[storage]\ndriver = "vfs"\n', "storage.conf")
    text = '[storage]\ndriver = "overlay"\ngraphroot = "/x"\n'
    text += '[storage.options.overlay]\nmount_program = "/usr/bin/f"\n'
    home.write(home.user, text, "storage.conf")
    found = home.load()
    assert (found.storage_driver, found.overlay_mount_program) == ("overlay", "/usr/bin/f")
    home.write(home.user, "[storage]\n", "storage.conf")
    assert home.load().storage_driver == ""
    home.write(home.user, '[storage]\ndriver = "btrfs"\n', "storage.conf")
    assert home.load().storage_driver == ""
    for text in (
        "storage = 1\n",
        "[storage]\ndriver = 1\n",
        "[storage.options.overlay]\nmount_program = 1\n",
    ):
        home.write(home.user, text, "storage.conf")
        with pytest.raises(PypodError, match=r"storage\.conf"):
            home.load()
    named = home.write(home.root, '[storage]\ndriver = "vfs"\n', "named.conf")
    assert home.load({"CONTAINERS_STORAGE_CONF": str(named)}).storage_driver == "vfs"


def test_where_the_users_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.user_dir({}) == ""
    assert files.user_dir({"HOME": "relative"}) == ""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert files.user_dir({"HOME": "/home/x"}) == "/home/x/.config/containers"
    assert files.user_dir({"HOME": "/home/x", "XDG_CONFIG_HOME": "/c"}) == "/c/containers"
    assert files.user_dir({"HOME": "/home/x", "XDG_CONFIG_HOME": "c"}) == "/home/x/.config/containers"


def test_root_does_not_read_the_files_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / ".config"
    config.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    real = os.stat

    def owned_by(uid: int) -> None:
        own = SimpleNamespace(st_uid=uid)
        monkeypatch.setattr(os, "stat", lambda path: own if path == str(config) else real(path))

    owned_by(1000)
    assert files.user_dir({"HOME": str(tmp_path)}) == ""
    owned_by(0)
    assert files.user_dir({"HOME": str(tmp_path)}) == f"{config}/containers"
    assert files.user_dir({"HOME": str(tmp_path / "none")}) == ""
