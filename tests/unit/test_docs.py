"""The documents hold together: links lead somewhere, and the commands they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pypod.cli import tree
from tests.support.sources import TREE

PAGES = sorted(
    path.relative_to(TREE)
    for folder in (".", "docs", "examples", "systemd", "tests")
    for path in ((TREE / folder).glob("*.md") if folder == "." else (TREE / folder).rglob("*.md"))
    if path.is_file()
)
KNOWN = {command.path for command in tree.COMMANDS} | {a for c in tree.COMMANDS for a in c.also}


def test_there_are_pages() -> None:
    assert {Path("README.md"), Path("CONTRIBUTING.md"), Path("docs/README.md")} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", (TREE / page).read_text(), flags=re.S)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:|#", target):
            continue
        if not (TREE / page.parent / target.partition("#")[0]).exists():
            broken.append(target)
    assert not broken, f"{page}: {broken}"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/README.md", "examples/README.md"])
def test_scripts_that_are_named_exist(page: str) -> None:
    named = re.findall(r"\b((?:scripts|tests|docs|examples|\.ci)/[\w./-]*\w)", (TREE / page).read_text())
    checkout = [n for n in named if not n.startswith(".ci/")]  # the copy for the test account has no .ci
    assert not [
        n for n in checkout if not (TREE / n).exists() and not (TREE / page).parent.joinpath(n).exists()
    ]


@pytest.mark.parametrize(
    "page", ["README.md", "examples/web.sh", "examples/jobs.sh", "examples/pod.sh", "scripts/quickstart"]
)
def test_commands_that_are_shown_exist(page: str) -> None:
    """Every `pypod WORD` in a block of code or a script is a command."""
    text = (TREE / page).read_text()
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.S) if page.endswith(".md") else [text]
    unknown = set()
    for line in "\n".join(blocks).splitlines():
        for first, second in re.findall(r"(?:^|[ $;(])pypod ([a-z]+)(?: ([a-z]+))?", line.partition("#")[0]):
            if first not in KNOWN and f"{first} {second}" not in KNOWN and first != "help":
                unknown.add(first)
    assert not unknown, f"{page}: {unknown}"
