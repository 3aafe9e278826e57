"""Owns: image archives as other tools write them, made from layer tarballs."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def config(layers: Sequence[bytes], inner: Mapping[str, Any]) -> bytes:
    """An OCI image configuration with `inner` as its `config`."""
    return json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "2024-02-03T04:05:06Z",
            "config": dict(inner),
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_sha256(layer)}" for layer in layers]},
            "history": [{"created_by": f"layer {n}"} for n in range(len(layers))],
        }
    ).encode()


def docker(path: Path, images: Sequence[tuple[Sequence[str], Sequence[bytes], Mapping[str, Any]]]) -> Path:
    """What `docker save` writes: for each image its names, layers and the inner part of its configuration."""
    rows, files = [], {}
    for names, layers, inner in images:
        text = config(layers, inner)
        name = f"{_sha256(text)}.json"
        files[name] = text
        paths = []
        for layer in layers:
            paths.append(f"{_sha256(layer)}/layer.tar")
            files[paths[-1]] = layer
        rows.append({"Config": name, "RepoTags": list(names) or None, "Layers": paths})
    files["manifest.json"] = json.dumps(rows).encode()
    return write(path, files)


def oci(path: Path, name: str, layers: Sequence[bytes], inner: Mapping[str, Any]) -> Path:
    """An OCI archive with compressed layers."""
    return write(path, oci_files(name, layers, inner))


def oci_folder(path: Path, files: Mapping[str, bytes]) -> Path:
    """The same, unpacked."""
    for file, data in files.items():
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).write_bytes(data)
    return path


def oci_files(name: str, layers: Sequence[bytes], inner: Mapping[str, Any]) -> dict[str, bytes]:
    """What lies in an OCI layout, by its path."""
    text = config(layers, inner)
    blobs = {_sha256(text): text}
    descriptors = []
    for layer in layers:
        packed = gzip.compress(layer, 1, mtime=0)
        blobs[_sha256(packed)] = packed
        descriptors.append(_descriptor("application/vnd.oci.image.layer.v1.tar+gzip", packed))
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": _descriptor("application/vnd.oci.image.config.v1+json", text),
            "layers": descriptors,
        }
    ).encode()
    blobs[_sha256(manifest)] = manifest
    row = _descriptor("application/vnd.oci.image.manifest.v1+json", manifest)
    row["annotations"] = {"org.opencontainers.image.ref.name": name}
    files = {f"blobs/sha256/{digest}": data for digest, data in blobs.items()}
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [row]}).encode()
    files["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    return files


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{_sha256(data)}", "size": len(data)}


def write(path: Path, files: Mapping[str, bytes]) -> Path:
    """A tarball of these files."""
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return path


def layer(entries: Sequence[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A layer of these entries."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()
