"""The C half of sqlite3 comes without functools, and leaves the real one to others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = """
import sys
sys.path.insert(0, {root!r})
{before}
from libpod.state.sqlite import _sqlite3
loaded = sorted({{"functools", "collections", "sqlite3"}} & set(sys.modules))
con = _sqlite3.connect(":memory:", isolation_level=None)
for number in range(300):
    assert con.execute(f"SELECT {{number % 150}}, ?", (number,)).fetchone() == (number % 150, number)
import functools, sqlite3
assert functools.wraps and functools.lru_cache(4)(len)("abc") == 3
assert sqlite3.connect(":memory:").execute("SELECT 1").fetchone() == (1,)
con.close()
print(*loaded)
"""


def loaded(before: str = "") -> str:
    code = CODE.format(root=str(ROOT), before=before)
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], check=True, stdout=-1, text=True
    ).stdout.strip()


def test_neither_functools_nor_collections_are_loaded() -> None:
    assert loaded() == ""


def test_the_real_functools_is_used_when_it_is_there() -> None:
    assert loaded("import functools") == "collections functools"
