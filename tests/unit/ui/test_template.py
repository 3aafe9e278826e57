"""Templates of `--format`. Results and messages were compared with Podman 4.3.1, with the same data."""

from __future__ import annotations

import pytest

from libpod.errors import UsageError
from pypod.ui.human import Moment
from pypod.ui.template import Template

ROW = {
    "ID": "448cfb0cffa3",
    "Names": "c1",
    "Image": "localhost/bb:1",
    "Labels": {"a": "b", "x": "1"},
    "State": "running",
    "Command": "sleep 1000",
    "Words": ["sleep", "1000"],
    "Mounts": [],
    "Pid": 17,
    "Exited": False,
    "Created": Moment(1795496039573319138),
    "Config": {"Labels": {"k.v": "w"}, "Env": ["A=1", "B=2"]},
    "Nothing": None,
    "Times": {"StartedAt": "2026-11-24T04:53:59.5Z", "Text": "2026-11-24T04:53:59Z"},
}


def show(template: str, data: object = ROW) -> str:
    return Template("ps", template).render(data)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("{{.ID}}", "448cfb0cffa3"),
        ("{{ .ID }}", "448cfb0cffa3"),
        ("{{.id}}", "448cfb0cffa3"),
        ("{{.ID}} {{.Names}}", "448cfb0cffa3 c1"),
        ("{{.Labels.x}}", "1"),
        ("{{.Labels.nope}}|", "<no value>|"),
        ('{{index .Labels "x"}}', "1"),
        ('{{index .Labels "nope"}}|', "|"),
        ('{{index .Config.Labels "k.v"}}', "w"),
        ("{{index .Words 1}}", "1000"),
        ("{{.Config.Env}}", "[A=1 B=2]"),
        ("{{.Labels}}", "map[a:b x:1]"),
        ("{{.Mounts}}", "[]"),
        ("{{.Pid}} {{.Exited}}", "17 false"),
        ("{{.Created}}", "2026-11-24 04:53:59.573319138 +0000 UTC"),
        ("{{json .Created}}", '"2026-11-24T04:53:59.573319138Z"'),
        ("{{.Times.StartedAt}}|{{.Times.Text}}", "2026-11-24 04:53:59.5 +0000 UTC|2026-11-24T04:53:59Z"),
        ("{{json .Times.StartedAt}}", '"2026-11-24T04:53:59.5Z"'),
        ("{{.Nothing}}", "<no value>"),
        ("{{if .Labels}}yes{{else}}no{{end}}", "yes"),
        ("{{if .Mounts}}yes{{else}}no{{end}}", "no"),
        ('{{if eq .Names "x"}}a{{else if eq .Names "c1"}}b{{else}}c{{end}}', "b"),
        ('{{if and (eq .State "running") (gt .Pid 0)}}up{{end}}', "up"),
        ("{{range .Labels}}{{.}},{{end}}", "b,1,"),
        ("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a=b;x=1;"),
        ("{{range $i, $w := .Words}}{{$i}}{{$w}} {{end}}", "0sleep 11000 "),
        ("{{range $w := .Words}}{{$w}} {{end}}", "sleep 1000 "),
        ("{{range .Mounts}}x{{else}}none{{end}}", "none"),
        ('{{range .Words}}{{if eq . "1000"}}{{break}}{{end}}{{.}}{{end}}', "sleep"),
        ('{{range .Words}}{{if eq . "sleep"}}{{continue}}{{end}}{{.}}{{end}}', "1000"),
        ("{{range .Config.Env}}{{println .}}{{end}}", "A=1\nB=2\n"),
        ("{{with .Names}}{{.}}{{end}}", "c1"),
        ("{{with .Mounts}}{{.}}{{else}}{{.ID}}{{end}}", "448cfb0cffa3"),
        ("{{with $x := .Names}}{{$x}}{{$.Pid}}{{end}}", "c117"),
        ("{{$x := .ID}}{{$x}}", "448cfb0cffa3"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ("{{.ID | upper}}", "448CFB0CFFA3"),
        ("{{.ID | printf `%s!` | lower}}", "448cfb0cffa3!"),
        ("{{.Names | len}}", "2"),
        ("{{len .Words}} {{len .Labels}}", "2 2"),
        ('{{join .Words ","}}', "sleep,1000"),
        ('{{split .Image ":"}}', "[localhost/bb 1]"),
        ('{{index (split .Image ":") 1}}', "1"),
        ("{{truncate .ID 4}}", "448c"),
        ("{{slice .ID 0 4}}", "448c"),
        ("{{title .Image}}", "Localhost/Bb:1"),
        ("{{lower .Image}}", "localhost/bb:1"),
        ("{{pad .Names 2 3}}|", "  c1   |"),
        ("{{json .Labels}} {{json .Names}}", '{"a":"b","x":"1"} "c1"'),
        ("{{json .Config}}", '{"Labels":{"k.v":"w"},"Env":["A=1","B=2"]}'),
        (
            '{{eq .State "x" "running"}} {{ne 1 2}} {{and true .Names}} {{or "" 1}} {{not .ID}}',
            "true true c1 1 false",
        ),
        ("{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 1 2}}", "true true false false"),
        ('{{html "<a>"}} {{print 1 2 "x"}} {{println 1}}', "&lt;a&gt; 1 2x 1\n"),
        ("{{ .ID -}} x", "448cfb0cffa3x"),
        ("x {{- .ID }}", "x448cfb0cffa3"),
        ("x\n{{- /* note */ -}}\ny", "xy"),
        ("{{/* c */}}x", "x"),
        ("{{true}} {{1.5}} {{1e3}} {{0x10}} {{-5}} {{`raw\\n`}}", "true 1.5 1000 16 -5 raw\\n"),
        ("{{'a'}}", "97"),
        (r'{{"a\tb\"c\u00e4"}}', 'a\tb"cä'),
        ("{{(index .Words 0)}}", "sleep"),
        ('{{or .Nothing "none"}}', "none"),
        ("{{.ID}}}}", "448cfb0cffa3}}"),
    ],
)
def test_templates(template: str, expected: str) -> None:
    assert show(template) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{{printf "%-14s|" .ID}}', "448cfb0cffa3  |"),
        ('{{printf "%14s|" .ID}}', "  448cfb0cffa3|"),
        ('{{printf "%.4s" .ID}}', "448c"),
        ('{{printf "%5.1f|%d|%v|%q|%t" 1.5 3 .Names .Image true}}', '  1.5|3|c1|"localhost/bb:1"|true'),
        (
            '{{printf "%05d|%-5d|%x|%X|%o|%b|%c|%U" 42 42 255 255 8 5 65 65}}',
            "00042|42   |ff|FF|10|101|A|U+0041",
        ),
        ('{{printf "%v %s" .Words .Words}}', "[sleep 1000] [sleep 1000]"),
        ('{{printf "%d" "x"}}', "%!d(string=x)"),
        ('{{printf "%s" 3}}', "%!s(int=3)"),
        ('{{printf "%d %d" 1}}', "1 %!d(MISSING)"),
        ('{{printf "%d" 1 2}}', "1%!(EXTRA int=2)"),
        ('{{printf "100%%"}}', "100%"),
        ('{{printf "%T %T" 1 "x"}}', "int string"),
        ('{{printf "%*d" 5 42}}', "   42"),
        ('{{printf "%q" "a\\"b"}}', '"a\\"b"'),
        ('{{printf "%"}}', "%!(NOVERB)"),
        ('{{"a" | printf "%s-%s" "b"}}', "b-a"),
    ],
)
def test_printf(template: str, expected: str) -> None:
    assert show(template) == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{.Foo}}", 'ps:1:2: executing "ps" at <.Foo>: can\'t evaluate field Foo in type interface {}'),
        (
            "{{.Config.Foo}}",
            'ps:1:9: executing "ps" at <.Config.Foo>: can\'t evaluate field Foo in type interface {}',
        ),
        ("{{.Names.x}}", 'ps:1:8: executing "ps" at <.Names.x>: can\'t evaluate field x in type string'),
        ("a\nb {{.Foo}}", 'ps:2:4: executing "ps" at <.Foo>: can\'t evaluate field Foo in type interface {}'),
        (
            '{{join .Names ","}}',
            'ps:1:7: executing "ps" at <.Names>: wrong type for value; expected []string; got string',
        ),
        ("{{range .Names}}{{end}}", 'ps:1:8: executing "ps" at <.Names>: range can\'t iterate over c1'),
        (
            "{{index .Words 5}}",
            'ps:1:2: executing "ps" at <index .Words 5>: error calling index: index out of range: 5',
        ),
        (
            '{{index .Words "a"}}',
            'ps:1:2: executing "ps" at <index .Words "a">: error calling index: '
            "cannot index slice/array with type string",
        ),
        ("{{len 3}}", 'ps:1:2: executing "ps" at <len 3>: error calling len: len of type int'),
        ("{{nil}}", 'ps:1:2: executing "ps" at <nil>: nil is not a command'),
        ("{{len}}", 'ps:1:2: executing "ps" at <len>: wrong number of args for len: want 1 got 0'),
        ("{{.ID 3}}", 'ps:1:2: executing "ps" at <.ID>: can\'t give argument to non-function .ID'),
        ("{{.Nothing.x}}", 'ps:1:10: executing "ps" at <.Nothing.x>: nil pointer evaluating interface {}.x'),
        ("{{foo .ID}}", 'ps:1: function "foo" not defined'),
        ("{{end}}", "ps:1: unexpected {{end}}"),
        ("{{else}}", "ps:1: unexpected {{else}}"),
        ("{{if}}{{end}}", "ps:1: missing value for if"),
        ("{{if .ID}}", "ps:1: unexpected EOF"),
        ("{{.ID", "ps:1: unclosed action"),
        ("{{}}", "ps:1: missing value for command"),
        ("{{$y}}", 'ps:1: undefined variable "$y"'),
        ('{{"abc}}', "ps:1: unterminated quoted string"),
        ("{{break}}", "ps:1: {{break}} outside {{range}}"),
        ('{{define "x"}}{{end}}', "ps:1: {{define}} is not supported"),
        ("{{.ID | }}", "ps:1: missing value for command"),
        ("{{3 | 4}}", "ps:1: non executable command in pipeline stage 2: 4"),
        ("{{/* x }}", "ps:1: unclosed comment"),
        ("{{.ID!}}", "ps:1: unexpected bad character U+0021 '!' in command"),
        ("{{0x}}", 'ps:1: bad number syntax: "0x"'),
    ],
)
def test_mistakes(template: str, message: str) -> None:
    with pytest.raises(UsageError) as e:
        show(template)
    assert e.value.message == f"template: {message}"


def test_a_long_place_is_cut() -> None:
    with pytest.raises(UsageError, match=r"at <index \.Config\.Labels\.\.\.>: error calling index"):
        show('{{index .Config.Labels 3 "a long one"}}')


def test_a_struct_in_a_list_has_fixed_fields() -> None:
    with pytest.raises(UsageError, match="can't evaluate field Foo"):
        show("{{range .}}{{.Foo}}{{end}}", [{"Bar": 1}])
