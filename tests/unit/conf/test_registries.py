"""registries.conf: what is read, in which order, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from libpod.conf import registries
from libpod.errors import ConfigError
from tests.support.messages import one_line


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(registries, "_SYSTEM", (str(tmp_path / "etc"),))
    (tmp_path / "etc" / "registries.conf.d").mkdir(parents=True)
    (tmp_path / "home" / "containers" / "registries.conf.d").mkdir(parents=True)
    return {"XDG_CONFIG_HOME": str(tmp_path / "home")}


def test_no_file_says_nothing(env: dict[str, str]) -> None:
    found = registries.load(env)
    assert (found.search, found.aliases, found.registries) == ([], {}, {})


def test_the_users_file_takes_the_place_of_the_machines(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "etc" / "registries.conf").write_text('unqualified-search-registries = ["a"]')
    drop = tmp_path / "etc" / "registries.conf.d" / "x.conf"
    drop.write_text('[aliases]\n"x" = "a/x"\n"y" = "a/y"\n')
    assert registries.load(env).search == ["a"]
    (tmp_path / "home" / "containers" / "registries.conf").write_text("[aliases]\n")
    own = tmp_path / "home" / "containers" / "registries.conf.d" / "z.conf"
    own.write_text('[aliases]\n"x" = ""\n"y" = "b/y"\n')
    found = registries.load(env)
    assert found.search == []
    assert found.aliases == {"y": ("b/y", str(own))}


def test_a_named_file_is_the_only_one(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "etc" / "registries.conf.d" / "x.conf").write_text('[aliases]\n"x" = "a/x"\n')
    only = tmp_path / "only.conf"
    only.write_text('short-name-mode = "enforcing"')
    found = registries.load({**env, registries.ENV: str(only)})
    assert (found.aliases, found.short_name_mode) == ({}, "enforcing")
    with pytest.raises(ConfigError) as caught:
        registries.load({**env, registries.ENV: str(only) + "x"})
    one_line(caught.value)


def test_the_longest_prefix_wins(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "etc" / "registries.conf").write_text(
        """
        [[registry]]
        prefix = "*.b"
        insecure = true
        [[registry]]
        location = "a.b"
        [[registry]]
        prefix = "a.b/c"
        location = "d"
        mirror-by-digest-only = true
        [[registry.mirror]]
        location = "m"
        """
    )
    found = registries.load(env)

    def prefix(name: str) -> str:
        entry = found.match(name)
        return entry.prefix if entry else ""

    assert [prefix(n) for n in ("a.b/x", "a.b/c/x", "a.b/cx", "z.b/x", "b/x")] == [
        "a.b", "a.b/c", "a.b", "*.b", "",
    ]  # fmt: skip
    assert found.registries["a.b/c"].mirrors[0].kind == "digest-only"


def test_the_old_format(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "etc" / "registries.conf").write_text(
        '[registries.search]\nregistries = ["a"]\n[registries.block]\nregistries = ["b"]\n'
    )
    found = registries.load(env)
    assert found.search == ["a"]
    assert found.registries["b"].blocked


def test_what_was_read_is_kept_until_a_file_changes(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "etc" / "registries.conf"
    path.write_text(
        'unqualified-search-registries = ["a"]\n[aliases]\n"x" = "a/x"\n[[registry]]\nlocation = "a"\n'
        'insecure = true\n[[registry.mirror]]\nlocation = "m"\n'
    )
    first = registries.load(env, str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(registries, "_read", None)
        kept = registries.load(env, str(tmp_path))
    assert kept.search == first.search == ["a"]
    assert kept.aliases == first.aliases == {"x": ("a/x", str(path))}
    assert kept.registries["a"].insecure
    assert kept.registries["a"].mirrors[0].location == "m"
    path.write_text('unqualified-search-registries = ["b", "c"]\n')
    assert registries.load(env, str(tmp_path)).search == ["b", "c"]
    (tmp_path / "registries.json").write_text("[")
    assert registries.load(env, str(tmp_path)).search == ["b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "x = [",
        'unqualified-search-registries = "a"',
        'short-name-mode = "x"',
        "aliases = 1",
        "[aliases]\nx = 1",
        "registry = 1",
        "[[registry]]\ninsecure = true",
        '[[registry]]\nlocation = "https://a"',
        '[[registry]]\nlocation = "a/"',
        "[[registry]]\nlocation = 1",
        '[[registry]]\nlocation = "a"\ninsecure = "yes"',
        '[[registry]]\nprefix = "*.a"\nlocation = "b"',
        '[[registry]]\nprefix = "a.*.b"',
        '[[registry]]\nlocation = "a"\nmirror = 1',
        '[[registry]]\nlocation = "a"\n[[registry.mirror]]\ninsecure = true',
        '[[registry]]\nlocation = "a"\n[[registry.mirror]]\nlocation = "b"\npull-from-mirror = "x"',
        "registries = 1",
        "[registries]\nsearch = 1",
    ],
)
def test_wrong_files_name_file_and_key(env: dict[str, str], tmp_path: Path, text: str) -> None:
    path = tmp_path / "etc" / "registries.conf"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        registries.load(env)
    assert str(path) in caught.value.message
    one_line(caught.value)
