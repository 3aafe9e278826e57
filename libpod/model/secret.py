"""Owns: the shape of a secret's stored record, and of its use by a container."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class SecretRecord(TypedDict):
        schema: int
        id: str
        """25 hex digits, as Podman has them."""
        name: str
        created_ns: int
        updated_ns: int
        driver: str
        """`file`, `shell`."""
        options: dict[str, str]
        """Of the driver; shell: the commands `store`, `lookup`, `delete`, `list`."""
        labels: dict[str, str]


SCHEMA = 1
