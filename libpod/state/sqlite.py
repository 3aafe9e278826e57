"""Owns: loading the C half of the sqlite3 module without `functools`, which costs more than SQLite itself.

`_sqlite3` asks for `functools.lru_cache` when it is loaded, for its cache of prepared statements, and
`functools` pulls `collections` (2 ms of a command that takes 40). What it needs is
`_functools._lru_cache_wrapper`, in C as well. A module that offers just that stands in while `_sqlite3` is
loaded, and goes away at once: who imports `functools` later gets the real one.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _lru_cache(maxsize: int) -> Callable[[Any], Any]:
    from _functools import _lru_cache_wrapper  # type: ignore[import-not-found]

    return lambda function: _lru_cache_wrapper(function, maxsize, False, tuple)


def _stand_in() -> bool:
    """Put the stand-in where `_sqlite3` looks; False when the real module is loaded, or this Python has
    another core.
    """
    if "functools" in sys.modules:
        return False
    try:
        from _functools import _lru_cache_wrapper  # noqa: F401
    except ImportError:
        return False
    module = type(sys)("functools")
    module.lru_cache = _lru_cache  # type: ignore[attr-defined]
    sys.modules["functools"] = module
    return True


if _stand_in():
    try:
        import _sqlite3
    finally:
        del sys.modules["functools"]
else:
    import _sqlite3

__all__ = ["_sqlite3"]
