"""Owns: lists on the terminal: columns, `--format` with its `table` form, json, and quiet output.

Columns are at least 12 wide, two spaces apart, with headings in upper case, as in Podman.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEAST = 12
_GAP = 2


def columns(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells as text: each cell but the last of its line is padded to its column."""
    widths: list[int] = []
    for cells in lines:
        for i, cell in enumerate(cells[:-1]):
            if i == len(widths):
                widths.append(_LEAST)
            widths[i] = max(widths[i], width(cell) + _GAP)
    out = []
    for cells in lines:
        out += [cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(cells[:-1])]
        out += [*cells[-1:], "\n"]
    return "".join(out)


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    import unicodedata  # lazy: only for names outside ASCII

    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def heading(field: str, headings: Mapping[str, str]) -> str:
    """The heading of a field: as given, or its words in upper case (`CreatedAt` is `CREATED AT`)."""
    if field in headings:
        return headings[field]
    out = ""
    for i, c in enumerate(field):
        if i and c.isupper() and (field[i - 1].islower() or field[i + 1 : i + 2].islower()):
            out += " "
        out += c
    return out.upper()


class Headings(dict):  # type: ignore[type-arg]
    """The dot of the line of headings: every field that a row has stands for its heading."""


def listing(
    name: str,
    rows: Sequence[Mapping[str, object]],
    fields: Sequence[str],
    *,
    template: str | None = None,
    headings: Mapping[str, str] | None = None,
    noheading: bool = False,
    json_rows: Sequence[object] | None = None,
    json_indent: int = 2,
    known: Sequence[str] = (),
) -> str:
    """A list as its command prints it.

    Without `template` it is a table of `fields`. `template` is the value of `--format`: `json` prints
    `json_rows` (the rows if not given), `table ...` prints columns with headings, all else prints each row.
    `known` names the fields that the headings know when there is no row. Raises UsageError if the template is
    wrong.
    """
    headings = headings or {}
    if template is None or template in ("", "table"):
        lines = [] if noheading else [[heading(f, headings) for f in fields]]
        return columns(lines + [[str(row[f]) for f in fields] for row in rows])
    if template.strip() in ("json", "{{json .}}", "{{ json . }}"):
        from pypod.ui import jsontext

        return jsontext.pretty(list(rows if json_rows is None else json_rows), json_indent) + "\n"
    return _by_template(name, rows, template, headings, noheading, [*fields, *known])


def _by_template(
    name: str,
    rows: Sequence[Mapping[str, object]],
    template: str,
    headings: Mapping[str, str],
    noheading: bool,
    known: Sequence[str],
) -> str:
    from pypod.ui.human import Lookup
    from pypod.ui.template import Template

    as_table = template.startswith("table ")
    text = normalise(template)
    whole = text if _ranges(text) else "{{range .}}" + text + "{{end}}"
    body = Template(name, whole).render(list(rows))
    if not as_table:
        return body
    first = ""
    if not noheading:
        names: dict[str, object] = {f: heading(f, headings) for f in [*known, *(rows[0] if rows else ())]}
        for field, value in rows[0].items() if rows else ():
            if isinstance(value, Lookup):
                names[field] = Lookup({}, heading(field, headings))
        first = Template(name, whole).render([names], frozenset())
    return columns([line.split("\t") for line in (first + body).split("\n")[:-1]])


def _ranges(template: str) -> bool:
    """True if the template itself goes through the rows: `{{range .}}`."""
    start = template[: template.find("}}") + 2].replace(" ", "")
    return start in ("{{range.}}", "{{-range.}}", "{{range.-}}", "{{-range.-}}")


def normalise(template: str) -> str:
    """A `--format` as people type it: `\\t` and `\\n` are escapes; in a `table`, a space parts columns."""
    if template.startswith("table "):
        template = _spaces_to_tabs(template[len("table ") :])
    template = template.replace("\\t", "\t").replace("\\n", "\n")
    return template if template.endswith("\n") else template + "\n"


def _spaces_to_tabs(template: str) -> str:
    """Spaces outside of actions part columns; inside of `{{ }}` they stay."""
    out, at = "", 0
    while at < len(template):
        start = template.find("{{", at)
        stop = template.find("}}", start) if start >= 0 else -1
        if start < 0 or stop < 0:
            return out + template[at:].replace(" ", "\t")
        out += template[at:start].replace(" ", "\t") + template[start : stop + 2]
        at = stop + 2
    return out


def pretty(rows: Sequence[object]) -> str:
    """What `inspect` prints: a JSON list with Podman's indent of five."""
    from pypod.ui import jsontext

    return jsontext.pretty(list(rows), 5) + "\n"


def objects(name: str, items: Sequence[object], template: str | None) -> str:
    """What an `inspect` prints: JSON, or each object by the template of `--format`."""
    if not template or template.strip() in ("json", "{{json .}}"):
        if template and "{{" in template:
            from pypod.ui.gofuncs import FUNCTIONS

            return "".join(str(FUNCTIONS["json"](item)) + "\n" for item in items)
        return pretty(items)
    from pypod.ui.template import Template

    parsed = Template(name, normalise(template))
    return "".join(parsed.render(item) for item in items)


def fact(name: str, value: Mapping[str, object], template: str) -> str:
    """One object by the template of `--format`: what `info` and `version` print with it."""
    if template.strip() == "json":
        from pypod.ui import jsontext

        return jsontext.pretty(value, 2) + "\n"
    from pypod.ui.template import Template

    return Template(name, normalise(template)).render(value)
