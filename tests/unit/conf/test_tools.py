"""Finding programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from libpod.conf import tools
from libpod.errors import ToolMissingError


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_found", {})


def program(folder: Path, name: str, mode: int = 0o755) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return str(path)


def test_path_comes_before_the_usual_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path, "sh")
    monkeypatch.setenv("PATH", f"relative:{tmp_path}:/usr/bin")
    assert tools.find("sh") == path
    Path(path).unlink()
    assert tools.find("sh") == path  # remembered for the life of the process


def test_named_folders_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path / "extra", "sh")
    assert tools.find("sh", [str(tmp_path / "extra")]) == path


def test_without_path_the_usual_folders_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH")
    assert tools.find("sh").endswith("/bin/sh")


def test_what_cannot_be_executed_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "DIRS", ())
    monkeypatch.setattr(tools, "LIBEXEC", ())
    program(tmp_path / "a", "prog", 0o644)
    (tmp_path / "b/prog").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tmp_path}/a:{tmp_path}/b")
    assert tools.try_find("prog") is None
    assert tools.try_find(str(tmp_path / "b/prog")) is None


@pytest.mark.parametrize(("name", "package"), [("newuidmap", "uidmap"), ("pasta", "passt"), ("crun", "crun")])
def test_the_error_names_the_package(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "DIRS", ())
    monkeypatch.setattr(tools, "LIBEXEC", ())
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolMissingError) as caught:
        tools.find(name)
    assert name in caught.value.message
    assert f"apt-get install {package}" in caught.value.remedy
    with pytest.raises(ToolMissingError, match="/none/such") as caught:
        tools.find("/none/such")
    assert caught.value.remedy


def test_the_runtime_by_name_path_or_table(tmp_path: Path) -> None:
    mine = program(tmp_path, "mine")
    assert tools.find_runtime("crun-x", {"crun-x": ["/none", mine]}) == mine
    assert tools.find_runtime(mine, {}) == mine
    assert tools.find_runtime("sh", {"sh": ["/none"]}).endswith("/sh")
