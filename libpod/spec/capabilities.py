"""Owns: which capabilities a container gets (capabilities(7))."""

from __future__ import annotations

from libpod.conf.security import ALL_CAPS
from libpod.errors import UsageError
from libpod.spec.values import bad, comma_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from libpod.spec.values import Options

_KNOWN = frozenset(ALL_CAPS)


def parse(options: Options, key: str) -> list[str]:
    """The names of `--cap-add` or `--cap-drop`: upper case with CAP_, or `ALL`; duplicates go."""
    option = key.replace("_", "-")
    found: dict[str, None] = {}
    for raw in comma_words(options, key):
        name = raw.upper()
        if name != "ALL":
            name = name if name.startswith("CAP_") else "CAP_" + name
            if name not in _KNOWN:
                raise bad(
                    option,
                    raw,
                    "the name of a capability, as NET_ADMIN or CAP_NET_ADMIN, or ALL",
                    'read "man 7 capabilities" for the names',
                )
        found[name] = None
    return list(found)


def merge(
    base: Iterable[str], add: Sequence[str], drop: Sequence[str], available: Iterable[str] = ()
) -> list[str]:
    """The bounding set: `base` with `add` and without `drop`, sorted. Raises UsageError for contradictions.

    `available` limits what `ALL` means (an old kernel has fewer); empty = all that are known.
    """
    every = set(available) or set(ALL_CAPS)
    if "ALL" in add and "ALL" in drop:
        raise UsageError(
            "--cap-add=ALL and --cap-drop=ALL contradict each other",
            remedy="give one of them, and the exceptions by name",
        )
    both = [name for name in add if name in drop]
    if both:
        raise UsageError(
            f'capability "{both[0]}" is both added and dropped',
            remedy="give it to --cap-add or to --cap-drop, not to both",
        )
    missing = [name for name in add if name != "ALL" and name not in every]
    if missing:
        raise UsageError(
            f'capability "{missing[0]}" cannot be added: this kernel or this user namespace does not have it',
            remedy=f"leave --cap-add {missing[0]} out",
        )
    if "ALL" in add:
        return sorted(every.difference(drop))
    if "ALL" in drop:
        return sorted(add)
    return sorted(every.intersection(base).difference(drop).union(add))


def process_sets(bounding: list[str], added: Sequence[str], uid: int) -> dict[str, list[str]]:
    """The `capabilities` object of an OCI process (runtime-spec config.md "process").

    Root has the whole bounding set. Another user has what was added by name, as ambient capabilities, and
    can gain the rest of the bounding set only through a set-uid program or file capabilities.
    """
    if uid == 0:
        return {"bounding": bounding, "effective": bounding, "permitted": bounding}
    if not added:
        return {"bounding": bounding}
    own = bounding if "ALL" in added else [name for name in bounding if name in added]
    return {"bounding": bounding, "effective": own, "inheritable": own, "permitted": own, "ambient": own}
