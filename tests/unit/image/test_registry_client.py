"""The parts of the registry client that need no store: challenges, names, endpoints, redirects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.conf.registries import Mirror, Registries, Registry
from libpod.errors import AmbiguousError, ConfigError, ImageError, RegistryError, UsageError
from libpod.image import challenge, names, platform, transport
from libpod.image import ref as refs
from libpod.image.transport import Settings, Transport, origin
from tests.support.messages import one_line


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="x"', {"basic": {"realm": "x"}}),
        (
            'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"',
            {"bearer": {"realm": "https://a/t", "service": "s", "scope": "repository:a/b:pull,push"}},
        ),
        ('Negotiate, Basic realm = "a \\"b\\""', {"negotiate": {}, "basic": {"realm": 'a "b"'}}),
        ("Bearer realm=x, Basic realm=y", {"bearer": {"realm": "x"}, "basic": {"realm": "y"}}),
        ("", {}),
        ('"', {}),
        ("Bearer realm=", {"bearer": {"realm": ""}}),
    ],
)
def test_challenges_are_read(header: str, expected: dict[str, dict[str, str]]) -> None:
    assert challenge.parse(header) == expected


@given(st.text(max_size=200))
def test_no_challenge_fails_or_hangs(header: str) -> None:
    challenge.parse(header)


def _transport() -> Transport:
    return Transport(Settings(), {})


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/x", "https://h:5000/x"),
        ("https://h:5000/y?a=1", "https://h:5000/y?a=1"),
        ("//other/z", "https://other/z"),
        ("https:///x", "https://h:5000/x"),
    ],
)
def test_where_a_redirect_leads(location: str, expected: str) -> None:
    assert _transport().target("https://h:5000/v2/a", location) == expected


@pytest.mark.parametrize(
    "location",
    [
        "http://h:5000/x", "file:///etc/passwd", "", "https://u:p@h/", "https://h:port/", "https://[::1",
        "ftp://h/x", "https://h/\x01", "https://h/\u00e9",
    ],
)  # fmt: skip
def test_redirects_that_are_not_followed(location: str) -> None:
    with pytest.raises(RegistryError) as caught:
        _transport().target("https://h:5000/v2/a", location)
    one_line(caught.value)


@given(st.text(max_size=100))
def test_no_redirect_leaves_tls(location: str) -> None:
    try:
        assert _transport().target("https://h/v2/", location).startswith("https://")
    except RegistryError:
        pass


def test_origins_have_their_ports() -> None:
    assert origin("https://h/x") == origin("https://H:443/y") != origin("http://h/x")


def _conf(*entries: Registry, **members: object) -> Registries:
    conf = Registries()
    conf.registries = {entry.prefix: entry for entry in entries}
    for name, value in members.items():
        setattr(conf, name, value)
    return conf


def _named(conf: Registries, text: str) -> list[str]:
    return [str(c.ref) for c in names.candidates(conf, text)]


def test_short_names() -> None:
    assert _named(Registries(), "busybox:1") == ["docker.io/library/busybox:1"]
    assert _named(Registries(), "team/x") == ["docker.io/team/x"]
    conf = _conf(search=["a.example", "docker.io"], aliases={"x": ("b.example/y/x", "/f")})
    assert _named(conf, "x:2") == ["b.example/y/x:2"]
    assert _named(conf, "z") == ["a.example/z", "docker.io/library/z"]
    assert _named(conf, "c.example/z") == ["c.example/z"]
    conf.short_name_mode = "enforcing"
    with pytest.raises(AmbiguousError) as caught:
        names.candidates(conf, "z")
    one_line(caught.value)


def test_an_alias_must_be_a_full_name() -> None:
    with pytest.raises(ConfigError, match="/f"):
        names.candidates(_conf(aliases={"x": ("y", "/f")}), "x")


def _places(conf: Registries, text: str, tls_verify: bool | None = None) -> list[str]:
    found = names.endpoints(conf, refs.parse(text), tls_verify)
    return [f"{e.host}/{e.path}{'!' if e.insecure else ''}{' mirror' if e.mirror else ''}" for e in found]


def test_endpoints_follow_prefixes_and_mirrors() -> None:
    mirrors = [Mirror("m.example/c", True, "all"), Mirror("d.example", False, "digest-only")]
    conf = _conf(
        Registry("h.example", "", True, False, [], "/f"),
        Registry("h.example/team", "new.example/t", False, False, mirrors, "/f"),
        Registry("*.wild.example", "", True, False, [], "/f"),
    )
    assert _places(conf, "other.example/x") == ["other.example/x"]
    assert _places(conf, "h.example/x") == ["h.example/x!"]
    assert _places(conf, "h.example/teams/x") == ["h.example/teams/x!"]
    assert _places(conf, "h.example/team/x:1") == ["m.example/c/x! mirror", "new.example/t/x"]
    digest = "@sha256:" + "0" * 64
    assert _places(conf, f"h.example/team/x{digest}")[1] == "d.example/x mirror"
    assert _places(conf, "a.b.wild.example/x") == ["a.b.wild.example/x!"]
    assert _places(conf, "wild.example/x") == ["wild.example/x"]
    assert _places(conf, "h.example/x", True) == ["h.example/x"]
    assert _places(conf, "other.example/x", False) == ["other.example/x!"]


def test_the_hub_answers_under_another_name_and_keeps_its_credentials() -> None:
    [endpoint] = names.endpoints(Registries(), refs.parse("docker.io/x"))
    assert (endpoint.host, endpoint.key) == (names.HUB_API, "docker.io/library/x")


def test_a_blocked_registry() -> None:
    conf = _conf(Registry("h.example", "", False, True, [], "/f"))
    with pytest.raises(RegistryError, match="blocked") as caught:
        names.endpoints(conf, refs.parse("h.example/x"))
    one_line(caught.value)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("linux/arm64/v8",), "linux/arm64/v8"),
        (("windows/amd64",), "windows/amd64"),
        (("arm64",), "linux/arm64"),
        (("", "", "x86_64"), "linux/amd64"),
        (("", "freebsd", "riscv64", ""), "freebsd/riscv64"),
    ],
)
def test_platforms_are_read(words: tuple[str, ...], expected: str) -> None:
    assert str(platform.parse(*words)) == expected


@pytest.mark.parametrize("words", [("linux/",), ("a/b/c/d",), ("linux/amd64", "linux"), ("/",)])
def test_platforms_that_are_none(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        platform.parse(*words)
    one_line(caught.value)


def test_the_system_of_an_entry_counts() -> None:
    def entry(os_name: str, digest: str) -> Any:
        return {
            "media_type": "", "digest": digest, "size": 1, "os": os_name, "architecture": "amd64",
            "variant": "", "annotations": {},
        }  # fmt: skip

    entries = [entry("linux", "l"), entry("windows", "w")]
    found = platform.choose(entries, "amd64", "", "windows")
    assert found is not None
    assert found["digest"] == "w"


def test_a_certificate_folder_is_read_with_care(tmp_path: Path) -> None:
    from libpod.image import certs

    assert certs.context("h", False, str(tmp_path), {}).check_hostname
    for name, text in (
        ("bad.crt", "no certificate"),
        ("lone.cert", "no key"),
        ("lone.key", "no certificate"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text("x")
        with pytest.raises(ConfigError, match=text) as caught:
            certs.context("h", False, str(folder), {})
        one_line(caught.value)
    with pytest.raises(ConfigError):
        certs.context("h", False, str(tmp_path / "none"), {})


def test_tags_that_a_registry_lists_are_checked() -> None:
    from libpod.image import registry

    assert registry.check_tag("1.0") == "1.0"
    with pytest.raises(ImageError):
        registry.check_tag("../x")


def test_pauses_grow_and_obey_the_server() -> None:
    slept: list[float] = []
    it = _transport()
    it._sleep = slept.append
    it.pause(0, "x")
    it.pause(2, "x")
    it.pause(0, "x", "7")
    it.pause(0, "x", "99999")
    assert slept == [1, 4, 7, 60]
    assert transport.RETRIES == 3
