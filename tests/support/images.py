"""Owns: images for tests, made from nothing: archives and directories of every kind that `load` knows."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image"


def layer(*files: tuple[str, bytes], **members: Any) -> bytes:
    """An uncompressed layer archive; a name that ends with a slash is a directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name.rstrip("/"))
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.mode = 0o755 if name.endswith("/") else 0o644
            info.size = len(data)
            for key, value in members.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config(layers: list[bytes], **members: Any) -> bytes:
    document = {
        "created": "2026-11-24T04:39:12.935410974Z",
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/bin/sh"], "Labels": {"made": "for a test"}},
        "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in layers]},
        "history": [{"created_by": f"layer {n}"} for n, _ in enumerate(layers)],
        **members,
    }
    return json.dumps(document).encode()


def tar(files: dict[str, bytes | str]) -> bytes:
    """An archive of these files; a value that is text is the target of a symbolic link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def docker_files(
    *images: tuple[list[str], list[bytes]], compress: bool = False, **members: Any
) -> dict[str, bytes | str]:
    """The files of a docker-archive: each image is (names, layers)."""
    files: dict[str, bytes | str] = {}
    listed = []
    for names, layers in images:
        document = config(layers, **members)
        paths = []
        for data in layers:
            path = f"{digest(data)[7:]}/layer.tar"
            files[path] = gzip.compress(data, mtime=0) if compress else data
            paths.append(path)
        path = f"{digest(document)[7:]}.json"
        files[path] = document
        listed.append({"Config": path, "RepoTags": names or None, "Layers": paths})
    files["manifest.json"] = json.dumps(listed).encode()
    return files


class Oci:
    """An OCI layout in the making: blobs by digest, and the entries of its index."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.entries: list[dict[str, Any]] = []

    def put(self, data: bytes, media_type: str, **members: Any) -> dict[str, Any]:
        self.blobs[digest(data)] = data
        return {"mediaType": media_type, "digest": digest(data), "size": len(data), **members}

    def image(
        self, layers: list[bytes], name: str = "", *, compress: bool = True, **members: Any
    ) -> dict[str, Any]:
        """Add an image, and an entry of the index for it if it has a name; returns its descriptor."""
        document = config(layers, **members)
        suffix = "+gzip" if compress else ""
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{OCI}.manifest.v1+json",
            "config": self.put(document, f"{OCI}.config.v1+json"),
            "layers": [
                self.put(gzip.compress(data, mtime=0) if compress else data, f"{OCI}.layer.v1.tar{suffix}")
                for data in layers
            ],
        }
        entry = self.put(json.dumps(manifest).encode(), f"{OCI}.manifest.v1+json")
        if name:
            self.entries.append({**entry, "annotations": {"org.opencontainers.image.ref.name": name}})
        return entry

    def index(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        document = {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": entries}
        return self.put(json.dumps(document).encode(), f"{OCI}.index.v1+json")

    def files(self) -> dict[str, bytes | str]:
        files: dict[str, bytes | str] = {
            "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
            "index.json": json.dumps({"schemaVersion": 2, "manifests": self.entries}).encode(),
        }
        files.update({f"blobs/sha256/{name[7:]}": data for name, data in self.blobs.items()})
        return files


def write_files(folder: str, files: dict[str, bytes | str]) -> str:
    """Write the files of an archive as a directory."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            os.symlink(content, path)
    return folder
