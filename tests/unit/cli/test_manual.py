"""Man pages and the table of compatibility are whole."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from pypod.cli import compat, describe, manual, table, tree


def test_every_command_has_a_page_with_its_options() -> None:
    pages = manual.pages()
    for command in tree.COMMANDS:
        text = pages[f"pypod-{command.path.replace(' ', '-')}.1"]
        for p in describe.read(command).options:
            assert f"\\fB\\-\\-{manual.roff(p.long)}\\fR" in text, f"{command.path} --{p.long}"


def test_pages_refer_to_pages_that_exist() -> None:
    pages = manual.pages()
    for name, text in pages.items():
        for target in re.findall(r"^\.BR (\S+) \(1\)", text, re.M) + re.findall(
            r"^\.so man1/(\S+)\.1$", text, re.M
        ):
            assert f"{target.replace(chr(92), '')}.1" in pages, f"{name}: {target}"


def test_long_texts_belong_to_options() -> None:
    """A text for an option that no command has is a mistake in its name."""
    for name in os.listdir(manual.OPTION_TEXTS):
        command, dot, option = name.removesuffix(".md").rpartition(".")
        if not name.endswith(".md") or name == "README.md":
            continue
        known = [c for c in tree.COMMANDS if not dot or c.path.replace(" ", "-") == command]
        assert any(p.long == option for c in known for p in describe.read(c).options), name


@pytest.mark.needs("man")
@pytest.mark.parametrize("page", ["pypod.1", "pypod-run.1"])
def test_pages_are_clean_roff(page: str, tmp_path: object) -> None:
    path = os.path.join(str(tmp_path), page)
    with open(path, "w") as f:
        f.write(manual.pages()[page])
    env = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANROFFSEQ": ""}
    argv = ["man", "--warnings", "-E", "UTF-8", "-l", path]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, check=True, stdin=subprocess.DEVNULL)
    assert done.stderr == ""
    assert "NAME" in done.stdout


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a `b` c", "a \\fBb\\fR c\n"),
        ("a\nb\n\nc", "a b\n.PP\nc\n"),
        ("- a\nmore\n- b", ".RS\n.IP \\(bu 2\na more\n.IP \\(bu 2\nb\n.RE\n"),
        ("    x -y\n    .z", ".nf\n    x \\-y\n    .z\n.fi\n"),
        (".start", "\\&.start\n"),
        ("back\\slash", "back\\eslash\n"),
    ],
)
def test_markdown_as_roff(markdown: str, expected: str) -> None:
    assert manual.paragraphs(markdown) == expected


def test_markers_name_what_exists() -> None:
    now = compat.states()
    known = {
        *now,
        *compat.commands(),
        *table.ALIASES,
        *(f"{r.command} {r.option}" for r in compat.rows() if r.option),
    }
    assert {subject: tests for subject, tests in compat.covered().items() if subject not in known} == {}


def test_markers_are_found_with_their_tests() -> None:
    text = (
        "# covers: ps\n@x\ndef test_a():\n    # covers: run --rm, rm\n    assert 1\n\n"
        '@pytest.mark.parametrize(\n    "x",\n    [\n        # covers: run -e\n        1,\n    ],\n)\n'
        "def test_b(x):\n    pass\n"
    )
    expected = [("ps", "test_a"), ("run --rm", "test_a"), ("rm", "test_a"), ("run -e", "test_b")]
    assert compat.markers(text) == expected


def test_states_follow_the_declarations() -> None:
    now = compat.states()
    assert now["completion"] == "works"
    assert now["run --health-cmd"] == "not yet"
    assert now["run --cpu-rt-period"] == "no effect"
    assert now["pypod --root"] == "works"
    assert now["network"] == "not yet"
