"""Credentials: where they are looked for, how they are kept, helpers, damaged files."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from libpod.errors import ConfigError, PypodError, ToolMissingError, UsageError
from libpod.image import auth, helpers
from libpod.image.auth import Credentials
from tests.support.messages import one_line

HELPER = """#!/bin/sh
[ -e "$HOME/kept" ] || echo '{}' > "$HOME/kept"
case $1 in
  get)
    read -r server
    grep -q "$server" "$HOME/kept" || { echo "credentials not found in native keychain"; exit 1; }
    cat "$HOME/kept" ;;
  store) cat > "$HOME/kept" ;;
  erase) echo '{}' > "$HOME/kept" ;;
  list) echo '{"h.example": "ann"}' ;;
esac
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home, runtime = tmp_path / "home", tmp_path / "run"
    home.mkdir()
    runtime.mkdir()
    return {"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime)}


def _write(path: Path, **document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def _entry(user: str, password: str = "p") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _user(key: str, env: dict[str, str]) -> str:
    found = auth.find(key, env)
    return found.user if found else ""


def test_the_most_specific_key_wins(env: dict[str, str]) -> None:
    _write(
        Path(env["XDG_RUNTIME_DIR"], "containers/auth.json"),
        auths={"h:5000": _entry("host"), "h:5000/a": _entry("team"), "h:5000/a/b": _entry("app")},
    )
    assert [_user(k, env) for k in ("h:5000/a/b", "h:5000/a/c", "h:5000/x", "other/a")] == [
        "app", "team", "host", "",
    ]  # fmt: skip


def test_files_are_asked_in_their_order(env: dict[str, str]) -> None:
    docker = _write(Path(env["HOME"], ".docker/config.json"), auths={"https://h/v1/": _entry("docker")})
    assert _user("h/x", env) == "docker"
    _write(Path(env["HOME"], ".config/containers/auth.json"), auths={"h": _entry("home")})
    assert _user("h/x", env) == "home"
    _write(Path(env["XDG_RUNTIME_DIR"], "containers/auth.json"), auths={"h": _entry("runtime")})
    assert _user("h/x", env) == "runtime"
    assert _user("h/x", {**env, auth.ENV: str(docker)}) == "docker"


def test_dockers_keys_are_understood(env: dict[str, str]) -> None:
    _write(Path(env["HOME"], ".docker/config.json"), auths={auth.HUB_KEY: _entry("hub", "a:b")})
    found = auth.find("docker.io/library/x", env)
    assert found is not None
    assert (found.user, found.password) == ("hub", "a:b")
    assert "a:b" not in repr(found)


def test_an_identity_token(env: dict[str, str]) -> None:
    _write(Path(env["HOME"], ".docker/config.json"), auths={"h": {"auth": "", "identitytoken": "abc"}})
    found = auth.find("h", env)
    assert found is not None
    assert found.identity_token == "abc"


def test_storing_keeps_what_else_is_in_the_file(env: dict[str, str]) -> None:
    path = _write(
        Path(env["XDG_RUNTIME_DIR"], "containers/auth.json"), auths={"a": _entry("x")}, detachKeys="q"
    )
    place = auth.to_write(env)
    assert place.store("h:1/team", Credentials("ann", "p\u00e4ss:word")) == str(path)
    document = json.loads(path.read_text())
    assert document["detachKeys"] == "q"
    assert set(document["auths"]) == {"a", "h:1/team"}
    assert path.stat().st_mode & 0o777 == 0o600
    found = auth.find("h:1/team/x", env)
    assert found is not None
    assert found.password == "p\u00e4ss:word"
    assert place.erase("h:1/team")
    assert not place.erase("h:1/team")
    assert os.listdir(path.parent) == ["auth.json"]


def test_a_link_to_the_file_stays(env: dict[str, str], tmp_path: Path) -> None:
    real = _write(tmp_path / "real.json", auths={})
    link = tmp_path / "link.json"
    link.symlink_to(real)
    auth.AuthFile(str(link)).store("h", Credentials("a", "b"))
    assert link.is_symlink()
    assert "h" in json.loads(real.read_text())["auths"]


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"auths": []}', '{"auths": {"h": 1}}', '{"auths": {"h": {"auth": "!"}}}',
        '{"auths": {"h": {"auth": "YQ=="}}}', '{"credHelpers": 1}', '{"auths": {"h": {"auth": 5}}}',
    ],
)  # fmt: skip
def test_damaged_files(env: dict[str, str], text: str) -> None:
    path = Path(env["XDG_RUNTIME_DIR"], "containers/auth.json")
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        auth.find("h", env)
    assert str(path) in caught.value.message
    one_line(caught.value)


def test_creds_of_the_command_line() -> None:
    found = auth.parse("ann:a:b")
    assert (found.user, found.password) == ("ann", "a:b")
    with pytest.raises(UsageError) as caught:
        auth.parse(":x")
    one_line(caught.value)


@pytest.fixture
def helper(tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    program = tmp_path / "bin" / "docker-credential-test"
    program.parent.mkdir()
    program.write_text(HELPER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", env["HOME"])
    return "test"


def test_a_helper_keeps_credentials(env: dict[str, str], helper: str) -> None:
    path = _write(Path(env["XDG_RUNTIME_DIR"], "containers/auth.json"), credHelpers={"h.example": helper})
    place = auth.to_write(env)
    assert auth.find("h.example/x", env) is None
    assert place.store("h.example", Credentials("ann", "secret")) == "credential helper test"
    assert "secret" not in path.read_text()
    found = auth.find("h.example/x", env)
    assert found is not None
    assert (found.user, found.password) == ("ann", "secret")
    assert place.erase("h.example")
    assert auth.find("h.example/x", env) is None
    place.store("h.example", Credentials("ann", "secret"))
    place.erase_all()
    assert auth.find("h.example/x", env) is None


def test_one_helper_for_all(env: dict[str, str], helper: str) -> None:
    _write(Path(env["XDG_RUNTIME_DIR"], "containers/auth.json"), credsStore=helper)
    auth.to_write(env).store("h.example", Credentials("ann", "secret"))
    assert _user("h.example/x", env) == "ann"


@pytest.mark.parametrize("answer", ["", "no JSON", "[]", '{"Username": 1}'])
def test_a_helper_that_answers_nonsense(
    env: dict[str, str], helper: str, tmp_path: Path, answer: str
) -> None:
    (tmp_path / "bin" / "docker-credential-test").write_text(f"#!/bin/sh\necho '{answer}'\n")
    with pytest.raises(ConfigError) as caught:
        helpers.get(helper, "h")
    one_line(caught.value)


@pytest.mark.parametrize("name", ["nothere", "../x", "a/b"])
def test_a_helper_that_is_none(name: str) -> None:
    with pytest.raises(PypodError) as caught:
        helpers.get(name, "h")
    assert isinstance(caught.value, ConfigError | ToolMissingError)
    one_line(caught.value)
