"""JSON by the C halves of the json module: the same answers as the module itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.util import jsonio

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


@given(VALUES)
def test_reads_what_json_writes(value: object) -> None:
    assert jsonio.loads(json.dumps(value)) == value
    assert jsonio.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value


@given(VALUES)
def test_writes_what_json_writes(value: object) -> None:
    assert jsonio.dumps(value) == json.dumps(value)
    assert jsonio.dumps(value, compact=True) == json.dumps(value, separators=(",", ":"))


@given(VALUES)
def test_pretty_is_that_of_json(value: object) -> None:
    assert jsonio.dumps_pretty(value) == json.dumps(value, indent=4, ensure_ascii=False)
    assert jsonio.dumps_pretty(value, indent=2) == json.dumps(value, indent=2, ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[1,]",
        "nul",
        '{"a" 1}',
        '"a',
        "1 2",
        "{} x",
        "NaN",
        "Infinity",
        '{"a": -Infinity}',
        b"\xff\xfe",
        "[" * 100_000,
        '"\x01"',
    ],
)
def test_damage_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        jsonio.loads(text)


def test_whitespace_around_is_fine() -> None:
    assert jsonio.loads(" \n\t{} \r\n") == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_does_not_know_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        jsonio.dumps({"a": value})


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        jsonio.dumps({"a": b"x"})


def test_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": ')
    with pytest.raises(ValueError, match=r"a\.json"):
        jsonio.load_file(str(path))
    path.write_text('{"a": 1}')
    assert jsonio.load_file(str(path)) == {"a": 1}


def test_damage_is_told_in_an_interpreter_without_json() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from libpod.util import jsonio\n"
        "assert 'json' not in sys.modules\n"
        "try: jsonio.loads('{')\n"
        "except ValueError as error: print(error)"
    )
    root = str(Path(jsonio.__file__).parents[2])
    argv = ["/usr/bin/python3", "-I", "-S", "-c", script, root]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
    assert "property name" in done.stdout
