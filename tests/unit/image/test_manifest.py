"""Documents of images are read with suspicion; what is made here is exact to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import ImageError
from libpod.image import blobs, manifest, platform
from tests.support.messages import one_line

DIGEST = "sha256:" + "ab" * 32


def descriptor(media_type: str, **members: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": DIGEST, "size": 10, **members}


def good(**members: Any) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": manifest.OCI_MANIFEST,
        "config": descriptor(manifest.OCI_CONFIG),
        "layers": [descriptor(manifest.OCI_LAYER + "+gzip")],
        **members,
    }


def raw(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_manifest_is_read() -> None:
    view = manifest.parse_manifest(raw(good(annotations={"a": "b"})))
    assert view["config"]["digest"] == DIGEST
    assert [layer["size"] for layer in view["layers"]] == [10]
    assert view["annotations"] == {"a": "b"}
    docker = good(
        mediaType=manifest.DOCKER_MANIFEST,
        config=descriptor(manifest.DOCKER_CONFIG),
        layers=[descriptor(manifest.DOCKER_LAYER + ".gzip")] * 3,
    )
    assert len(manifest.parse_manifest(raw(docker))["layers"]) == 3
    plain = good()
    del plain["mediaType"]
    assert manifest.parse_manifest(raw(plain))["media_type"] == manifest.OCI_MANIFEST


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (raw([]), "not an object"),
        (raw("x"), "not an object"),
        (raw(good(schemaVersion=1)), "schema 1"),
        (raw(good(mediaType=manifest.DOCKER_SCHEMA_1[1])), "schema 1"),
        (raw(good(mediaType="application/pdf")), 'media type "application/pdf"'),
        (raw(good(mediaType=manifest.OCI_INDEX)), "not that of an image manifest"),
        (raw(good(mediaType="x\x1b[31m\n")), "media type"),
        (raw(good(mediaType=5)), "manifest.mediaType is not a string"),
        (raw(good(config=None)), "manifest.config is missing"),
        (raw(good(config=descriptor("application/vnd.cncf.helm.config.v1+json"))), "not a container image"),
        (
            raw(good(config=descriptor(manifest.OCI_CONFIG, digest="sha256:../../x"))),
            "config.digest is not a sha256",
        ),
        (
            raw(good(config=descriptor(manifest.OCI_CONFIG, digest="md5:" + "a" * 32))),
            "config.digest is not a sha256",
        ),
        (raw(good(config=descriptor(manifest.OCI_CONFIG, size=-1))), "config.size is not a size"),
        (raw(good(config=descriptor(manifest.OCI_CONFIG, size=True))), "config.size is not a size"),
        (raw(good(config=descriptor(manifest.OCI_CONFIG, size="1"))), "config.size is not a size"),
        (raw(good(layers=None)), "manifest.layers is missing"),
        (raw(good(layers={})), "manifest.layers is not a list"),
        (raw(good(layers=[5])), r"manifest.layers[0] is not an object"),
        (
            raw(good(layers=[descriptor(manifest.OCI_LAYER), descriptor("text/plain")])),
            "layer 1 of the image",
        ),
        (raw(good(layers=[descriptor(manifest.OCI_LAYER)] * 501)), "501 layers"),
        (raw(good(annotations={"a": 1})), "manifest.annotations.a is not a string"),
    ],
)
def test_a_wrong_manifest_is_refused_by_name(value: bytes, words: str) -> None:
    with pytest.raises(ImageError) as caught:
        manifest.parse_manifest(value)
    assert words in caught.value.message
    assert caught.value.message.isprintable()
    assert caught.value.remedy or "layers, more than" in caught.value.message


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**70)
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["schemaVersion", "mediaType", "config", "layers", "annotations", "x"]), json_values)
def test_any_member_of_any_type_is_read_or_refused(member: str, value: object) -> None:
    for parse in (
        manifest.parse_manifest,
        manifest.parse_index,
        manifest.parse_config,
        manifest.media_type_of,
    ):
        try:
            parse(raw(good(**{member: value})))
        except ImageError as e:
            one_line(e)


CONFIG: dict[str, Any] = {
    "created": "2026-11-24T04:39:12.935410974Z",
    "architecture": "amd64",
    "os": "linux",
    "config": {
        "User": "1:2",
        "Env": ["A=b"],
        "Entrypoint": ["/x"],
        "Cmd": None,
        "Labels": {"a": "b"},
        "Volumes": {"/data": {}},
        "ExposedPorts": {"80/tcp": {}},
        "WorkingDir": "/w",
        "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["CMD", "x"]},
        "OnBuild": None,
    },
    "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
    "history": [{"created_by": "x", "comment": "c"}],
}


def test_a_configuration_is_read_with_every_default() -> None:
    view = manifest.parse_config(raw(CONFIG))
    assert view["config"] == {
        "user": "1:2",
        "env": ["A=b"],
        "entrypoint": ["/x"],
        "cmd": [],
        "workdir": "/w",
        "labels": {"a": "b"},
        "volumes": ["/data"],
        "exposed_ports": ["80/tcp"],
        "stop_signal": "SIGINT",
        "healthcheck": {"Test": ["CMD", "x"]},
    }
    assert view["created_ns"] == 1795495152935410974
    assert view["comment"] == "c"
    empty = manifest.parse_config(raw({"rootfs": {}}))
    assert empty["config"]["env"] == []
    assert empty["created_ns"] == 0
    assert empty["diff_ids"] == []


@given(st.sampled_from([*CONFIG, "author", "comment"]), json_values)
def test_any_configuration_is_read_or_refused(member: str, value: object) -> None:
    try:
        manifest.parse_config(raw({**CONFIG, member: value}))
    except ImageError as e:
        one_line(e)


@given(st.sampled_from(list(CONFIG["config"])), json_values)
def test_any_member_of_config_is_read_or_refused(member: str, value: object) -> None:
    try:
        view = manifest.parse_config(raw({**CONFIG, "config": {**CONFIG["config"], member: value}}))
    except ImageError as e:
        one_line(e)
    else:
        assert all(isinstance(word, str) for word in view["config"]["cmd"] + view["config"]["env"])


def test_manifests_that_are_made_are_those_that_podman_makes() -> None:
    config = b"x" * 409
    made = manifest.docker_manifest(config, DIGEST, [(DIGEST, 778240)])
    assert made.decode() == (
        '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",'
        '"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":409,'
        f'"digest":"{DIGEST}"}},"layers":[{{"mediaType":"application/vnd.docker.image.rootfs.diff.tar",'
        f'"size":778240,"digest":"{DIGEST}"}}]}}'
    )
    assert manifest.parse_manifest(made)["layers"][0]["size"] == 778240
    oci = manifest.oci_manifest(config, DIGEST, [(manifest.OCI_LAYER, DIGEST, 5)])
    assert manifest.parse_manifest(oci)["media_type"] == manifest.OCI_MANIFEST


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2026-11-24T04:39:12.935410974Z", 1795495152935410974),
        ("2026-11-24T04:39:12Z", 1795495152000000000),
        ("2026-11-24T05:39:12.5+01:00", 1795495152500000000),
        ("2026-11-23T20:39:12-08:00", 1795495152000000000),
        ("0001-01-01T00:00:00Z", 0),
        ("", 0),
        ("yesterday", 0),
        ("2026-11-24", 0),
        ("2026-11-24T99", 0),
    ],
)
def test_times(text: str, ns: int) -> None:
    assert manifest.parse_time(text) == ns


@given(st.integers(1, 2**62))
def test_times_are_written_as_they_are_read(ns: int) -> None:
    if ns >= 10**9:
        assert manifest.parse_time(manifest.format_time(ns)) == ns


def entry(os_name: str, architecture: str, variant: str = "") -> manifest.IndexEntry:
    return {
        "media_type": manifest.OCI_MANIFEST,
        "digest": DIGEST,
        "size": 1,
        "os": os_name,
        "architecture": architecture,
        "variant": variant,
        "annotations": {},
    }


def test_the_entry_of_this_machine_is_chosen() -> None:
    _, own, _ = platform.host()
    entries = [
        entry("windows", own),
        entry("linux", "sparc"),
        entry("linux", own),
        entry("unknown", "unknown"),
    ]
    assert platform.choose(entries) is entries[2]
    assert platform.choose(entries[:2]) is None
    assert platform.choose([]) is None
    nameless = [entry("", "")]
    assert platform.choose(nameless) is nameless[0]


def test_the_newest_variant_that_runs_is_chosen() -> None:
    arm = [entry("linux", "arm", f"v{n}") for n in (5, 6, 7)]
    assert platform.choose(arm, "arm", "v7") is arm[2]
    assert platform.choose(arm[:2], "arm", "v7") is arm[1]
    assert platform.choose(arm[1:], "arm", "v5") is None
    plain = entry("linux", "arm64")
    assert platform.choose([plain], "arm64", "v8") is plain


def test_blob_names_come_from_digests_only(tmp_path: Any) -> None:
    from libpod.conf.paths import Paths

    paths = Paths(str(tmp_path), "")
    assert blobs.path(paths, DIGEST) == f"{tmp_path}/blobs/sha256/{'ab' * 32}"
    for wrong in ("", "sha256:", "sha256:../../../etc/passwd", "sha512:" + "ab" * 32, "sha256:" + "/" * 64):
        with pytest.raises(ValueError, match="not a digest"):
            blobs.path(paths, wrong)
