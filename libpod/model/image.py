"""Owns: the shape of an image's stored row and of the part of its configuration that a container needs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class ImageConfig(TypedDict):
        """The `config` object of an OCI image configuration (image-spec config.md), with all defaults."""

        user: str
        env: list[str]
        entrypoint: list[str]
        cmd: list[str]
        workdir: str
        labels: dict[str, str]
        volumes: list[str]
        exposed_ports: list[str]
        stop_signal: str
        healthcheck: dict[str, object]

    class ImageRecord(TypedDict):
        schema: int
        id: str
        """64 hex: the digest of the configuration blob without its algorithm."""
        manifest_digest: str
        """`sha256:...` of the manifest in the content store."""
        layers: list[str]
        """Layer keys, base first."""
        diff_ids: list[str]
        size_bytes: int
        """Unpacked size of all layers, as `images` shows it."""
        created_ns: int
        architecture: str
        os: str
        author: str
        comment: str
        history: list[dict[str, object]]
        config: ImageConfig
        names: list[str]
        """Filled in by queries from the names table; not stored in the row."""
        digest_names: list[str]
