"""What `save` writes is an OCI image layout by the letter, and other tools read it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("newuidmap")

_SCHEMA = json.loads((Path(__file__).parents[1] / "fixtures/image/oci-image.schema.json").read_text())


def valid(kind: str, document: Any) -> None:
    """Raise ValidationError unless the document is what the image specification calls `kind`."""
    schema = {"$ref": f"#/$defs/{kind}", "$defs": _SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(document)


def blob(layout: Path, descriptor: dict[str, Any]) -> bytes:
    """The bytes that a descriptor names, as long as it says and with its digest."""
    data = (layout / "blobs/sha256" / descriptor["digest"].removeprefix("sha256:")).read_bytes()
    assert len(data) == descriptor["size"]
    assert hashlib.sha256(data).hexdigest() == descriptor["digest"].removeprefix("sha256:")
    return data


def check(layout: Path) -> dict[str, Any]:
    """Hold every document of a layout with one image against the specification; returns its configuration."""
    valid("layout", json.loads((layout / "oci-layout").read_bytes()))
    index = json.loads((layout / "index.json").read_bytes())
    valid("index", index)
    (entry,) = index["manifests"]
    manifest = json.loads(blob(layout, entry))
    valid("manifest", manifest)
    config: dict[str, Any] = json.loads(blob(layout, manifest["config"]))
    valid("config", config)
    diff_ids = config["rootfs"]["diff_ids"]
    assert len(diff_ids) == len(manifest["layers"])
    for descriptor, diff_id in zip(manifest["layers"], diff_ids, strict=True):
        data = blob(layout, descriptor)
        if descriptor["mediaType"].endswith(".tar"):
            assert f"sha256:{hashlib.sha256(data).hexdigest()}" == diff_id
    layers = sum(not entry.get("empty_layer", False) for entry in config["history"])
    assert layers == len(diff_ids), "one entry of the history for each layer"
    named = [entry, manifest["config"], *manifest["layers"]]
    assert {p.name for p in (layout / "blobs/sha256").iterdir()} == {
        d["digest"].removeprefix("sha256:") for d in named
    }
    return config


CHANGES = [
    'CMD ["sh", "-c", "echo hello"]',
    "ENV A=b",
    "EXPOSE 80/tcp",
    "LABEL a.b=c",
    "USER 7:8",
    "VOLUME /data",
    "WORKDIR /tmp",
    "STOPSIGNAL SIGINT",
]


@pytest.mark.parametrize("kind", ["oci-dir", "oci-archive"])
def test_an_imported_image_is_a_valid_layout(pypod: Pypod, tmp_path: Path, kind: str) -> None:
    words = [word for change in CHANGES for word in ("-c", change)]
    pypod("import", "-q", *words, "-m", "made here", str(pypod.image_tar), "made:1")
    out = tmp_path / "out"
    pypod("save", "-q", "--format", kind, "-o", str(out), "made:1")
    if kind == "oci-archive":
        archive, out = out, tmp_path / "layout"
        out.mkdir()
        subprocess.run(["tar", "-C", str(out), "-xf", str(archive)], check=True, timeout=60)
    config = check(out)
    assert config["config"]["Cmd"] == ["sh", "-c", "echo hello"]
    assert config["config"]["User"] == "7:8"
    assert config["history"][-1]["comment"] == "made here"


def test_an_image_of_the_docker_format_becomes_a_valid_layout(pypod: Pypod, tmp_path: Path) -> None:
    pypod("import", "-q", str(pypod.image_tar), "made:1")
    pypod("save", "-q", "--format", "docker-archive", "-o", str(tmp_path / "docker.tar"), "made:1")
    pypod("rmi", "made:1")
    pypod("load", "-q", "-i", str(tmp_path / "docker.tar"))
    pypod("save", "-q", "--format", "oci-dir", "-o", str(tmp_path / "out"), "made:1")
    check(tmp_path / "out")


@pytest.mark.needs("umoci")
def test_umoci_unpacks_what_was_saved(pypod: Pypod, tmp_path: Path) -> None:
    pypod("import", "-q", str(pypod.image_tar), "made:1")
    layout = tmp_path / "layout"
    pypod("save", "-q", "--format", "oci-dir", "-o", str(layout), "made:1")
    tag = json.loads((layout / "index.json").read_text())["manifests"][0]["annotations"][
        "org.opencontainers.image.ref.name"
    ]
    words = ["umoci", "unpack", "--rootless", "--image", f"{layout}:{tag}", str(tmp_path / "bundle")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    with tarfile.open(pypod.image_tar) as archive:
        wanted = {m.name.removeprefix("./"): m.size for m in archive.getmembers() if m.isfile()}
    root = tmp_path / "bundle/rootfs"
    assert wanted
    assert {name: (root / name).stat().st_size for name in wanted} == wanted


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("layout", {}),
        ("index", {"schemaVersion": 2}),
        ("manifest", {"schemaVersion": 2, "config": {}, "layers": []}),
        ("config", {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["x"]}}),
    ],
)
def test_the_schema_refuses_what_is_none(kind: str, document: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        valid(kind, document)
