"""Owns: the shape of a volume's stored record."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NotRequired, TypedDict

    class VolumeRecord(TypedDict):
        schema: int
        name: str
        created_ns: int
        driver: str
        """`local`."""
        labels: dict[str, str]
        options: dict[str, str]
        anonymous: bool
        """Made for one container, and removed with it by `rm -v` and `--rm`."""
        needs_copy_up: bool
        """Nothing was mounted on a path of an image yet: the first container fills it and gives it its
        owner and mode.
        """
        uid: int
        """Owner of `_data` in the user's namespace."""
        gid: int
        owned: NotRequired[bool]
        """The owner was asked for when the volume was made, and stays."""


SCHEMA = 1
