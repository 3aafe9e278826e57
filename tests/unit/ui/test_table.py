"""Lists as Podman 4.3.1 prints them."""

from __future__ import annotations

import pytest

from libpod.errors import UsageError
from pypod.ui import table, yamltext

ROWS = [
    {"ID": "448cfb0cffa3", "Image": "localhost/bb:1", "Ports": "", "Names": "c1"},
    {"ID": "cecaf6a726b0", "Image": "x", "Ports": "", "Names": "other"},
]
FIELDS = ("ID", "Image", "Ports", "Names")
HEADINGS = {"ID": "CONTAINER ID"}


def listing(template: str | None = None, rows: list[dict[str, str]] = ROWS, noheading: bool = False) -> str:
    return table.listing("ps", rows, FIELDS, template=template, headings=HEADINGS, noheading=noheading)


def test_columns_are_twelve_wide_at_least_and_two_apart() -> None:
    assert listing() == (
        "CONTAINER ID  IMAGE           PORTS       NAMES\n"
        "448cfb0cffa3  localhost/bb:1              c1\n"
        "cecaf6a726b0  x                           other\n"
    )


def test_headings_alone() -> None:
    assert listing(rows=[]) == "CONTAINER ID  IMAGE       PORTS       NAMES\n"
    assert listing(rows=[], noheading=True) == ""


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{.ID}} {{.Names}}", "448cfb0cffa3 c1\ncecaf6a726b0 other\n"),
        (r"{{.Names}}\t{{.Image}}", "c1\tlocalhost/bb:1\nother\tx\n"),
        (r"a\n{{.Names}}", "a\nc1\na\nother\n"),
        ("table {{.ID}} {{.Names}}", "CONTAINER ID  NAMES\n448cfb0cffa3  c1\ncecaf6a726b0  other\n"),
        (
            r"table {{.Names}}\t{{.ID}}",
            "NAMES       CONTAINER ID\nc1          448cfb0cffa3\nother       cecaf6a726b0\n",
        ),
        ("table {{upper .Names}}", "NAMES\nC1\nOTHER\n"),
        ("{{range .}}{{.Names}},{{end}}", "c1,other,\n"),
        ("table", None),
    ],
)
def test_templates(template: str, expected: str | None) -> None:
    assert listing(template) == (listing() if expected is None else expected)


def test_table_without_rows_has_headings() -> None:
    assert listing("table {{.ID}} {{.Names}}", rows=[]) == "CONTAINER ID  NAMES\n"
    assert listing("table {{.ID}}", noheading=True) == "448cfb0cffa3\ncecaf6a726b0\n"


def test_a_wrong_field_is_an_error() -> None:
    with pytest.raises(UsageError, match="can't evaluate field Foo"):
        listing("table {{.ID}} {{.Foo}}")


@pytest.mark.parametrize("template", ["json", "{{json .}}"])
def test_json_is_one_list(template: str) -> None:
    assert listing(template, rows=[{"ID": "ä", "Image": "", "Ports": "", "Names": ""}]) == (
        '[\n  {\n    "ID": "ä",\n    "Image": "",\n    "Ports": "",\n    "Names": ""\n  }\n]\n'
    )
    assert listing(template, rows=[]) == "[]\n"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("ID", "CONTAINER ID"),
        ("CreatedAt", "CREATED AT"),
        ("PodName", "POD NAME"),
        ("Names", "NAMES"),
        ("NET", "NET"),
    ],
)
def test_heading_of_a_field(field: str, expected: str) -> None:
    assert table.heading(field, HEADINGS) == expected


def test_wide_letters_take_two_columns() -> None:
    assert table.columns([["日本", "x"], ["a", "y"]]) == "日本        x\na           y\n"


def test_inspect_prints_a_list() -> None:
    assert table.objects("inspect", [{"Id": "x", "L": [], "M": {}}], None) == (
        '[\n     {\n          "Id": "x",\n          "L": [],\n          "M": {}\n     }\n]\n'
    )


def test_inspect_by_template_prints_each() -> None:
    items = [{"Id": "x", "State": {"Status": "running"}}, {"Id": "y", "State": {"Status": "exited"}}]
    assert table.objects("inspect", items, "{{.State.Status}}") == "running\nexited\n"
    assert table.objects("inspect", items, "{{json .State}}") == '{"Status":"running"}\n{"Status":"exited"}\n'
    assert table.objects("inspect", [items[0]], "{{json .}}") == '{"Id":"x","State":{"Status":"running"}}\n'
    assert table.objects("inspect", [items[0]], "json") == table.objects("inspect", [items[0]], None)


def test_yaml_of_facts() -> None:
    facts = {
        "host": {"arch": "amd64", "cpus": 2, "free": True, "list": [], "none": None, "map": {}},
        "map": [{"a": 1, "b": "2"}, {"a": 3, "b": "x: y"}],
        "version": "crun version 1.8.1\ncommit: x",
        "words": ["k8s-file", "none", "true", "", "12", "a b"],
    }
    assert yamltext.dumps(facts) == (
        "host:\n  arch: amd64\n  cpus: 2\n  free: true\n  list: []\n  map: {}\n  none: null\n"
        "map:\n- a: 1\n  b: '2'\n- a: 3\n  b: 'x: y'\n"
        "version: |-\n  crun version 1.8.1\n  commit: x\n"
        "words:\n- k8s-file\n- none\n- 'true'\n- \"\"\n- '12'\n- a b\n"
    )


def test_yaml_reads_back() -> None:
    yaml = pytest.importorskip("yaml")
    facts = {
        "a": ["- x", "#y", "z ", "\t", "é", "1e3", "0x10", "1:2", "2026-11-24", "null"],
        "b": {"c d": "e\nf"},
    }
    assert yaml.safe_load(yamltext.dumps(facts)) == facts
