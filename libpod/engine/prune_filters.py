"""Owns: the filters that all `prune` commands know."""

from __future__ import annotations

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FILTERS = ("label", "label!", "until")


def check(filters: Sequence[str], of: str) -> None:
    """Raise UsageError for one that is not known; `of` is the command. Nothing was removed yet."""
    for text in filters:
        key = text.partition("=")[0]
        if key not in FILTERS:
            raise errors.UsageError(
                f'unsupported filter "{key}" of {of}',
                remedy=f"the filters are {', '.join(FILTERS)}",
                name=key,
            )
