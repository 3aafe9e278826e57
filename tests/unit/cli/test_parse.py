"""The rules of pflag, case by case. The expected words were compared with Podman 4.3.1."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from pypod.cli import parse, table
from pypod.cli.parse import Words

OWN = (
    " all/a=b detach/d=b env/e=a filter/f=l interactive/i=b last/n=i latest/l=b name/=s net/=>network "
    "network/=a new/=s- none/=b- old/=s~ cpus/=f rm/=b sig-proxy/=B shares/c=u sort/=k(created,id) tty/t=b "
    "restart/=s-no volume/v=a hostname/h=s "
)
GLOBAL = " log-level/=s root/=s connection/c=s- remote/r=b- "


def read(line: str | list[str], *, interspersed: bool = True, own: str = OWN) -> Words:
    words = Words("pypod x", own, GLOBAL)
    words.read(line.split() if isinstance(line, str) else line, interspersed)
    return words


@pytest.mark.parametrize(
    ("line", "options", "positionals"),
    [
        ("", {}, []),
        ("--rm", {"rm": True}, []),
        ("--rm=true", {"rm": True}, []),
        ("--rm=1", {"rm": True}, []),
        ("--rm=T", {"rm": True}, []),
        ("--rm=false", {"rm": False}, []),
        ("--rm=F", {"rm": False}, []),
        ("--rm=0", {"rm": False}, []),
        ("--rm false", {"rm": True}, ["false"]),
        ("--sig-proxy=false", {"sig_proxy": False}, []),
        ("--sig-proxy", {"sig_proxy": True}, []),
        ("--rm --rm=false", {"rm": False}, []),
        ("--name a", {"name": "a"}, []),
        ("--name=a", {"name": "a"}, []),
        ("--name=", {"name": ""}, []),
        ("--name=a=b", {"name": "a=b"}, []),
        ("--name a --name b", {"name": "b"}, []),
        ("--name --rm", {"name": "--rm"}, []),
        ("--name -- x", {"name": "--"}, ["x"]),
        ("-a", {"all": True}, []),
        ("-al", {"all": True, "latest": True}, []),
        ("-a=false", {"all": False}, []),
        ("-al=false", {"all": True, "latest": False}, []),
        ("-itd", {"interactive": True, "tty": True, "detach": True}, []),
        ("-e A=1", {"env": ["A=1"]}, []),
        ("-eA=1", {"env": ["A=1"]}, []),
        ("-e=A=1", {"env": ["A=1"]}, []),
        ("-e A=1 -e B=2", {"env": ["A=1", "B=2"]}, []),
        ("-e A=1,B=2", {"env": ["A=1,B=2"]}, []),
        ("--env=A --env B", {"env": ["A", "B"]}, []),
        ("-ite A=1", {"interactive": True, "tty": True, "env": ["A=1"]}, []),
        ("-iteA=1", {"interactive": True, "tty": True, "env": ["A=1"]}, []),
        ("-f a,b", {"filter": ["a", "b"]}, []),
        ("-f a -f b,c", {"filter": ["a", "b", "c"]}, []),
        ("--filter=", {"filter": []}, []),
        ('--filter "a,b",c', {"filter": ["a,b", "c"]}, []),
        ('--filter a,"b""c"', {"filter": ["a", 'b"c']}, []),
        ("-f a,", {"filter": ["a", ""]}, []),
        ("-n 3", {"last": 3}, []),
        ("-n -1", {"last": -1}, []),
        ("-n=3", {"last": 3}, []),
        ("-n3", {"last": 3}, []),
        ("--last=0x10", {"last": 16}, []),
        ("--last=010", {"last": 8}, []),
        ("--last=0o17", {"last": 15}, []),
        ("--last=0b11", {"last": 3}, []),
        ("--last=1_000", {"last": 1000}, []),
        ("--last=+1", {"last": 1}, []),
        ("-c 3", {"shares": 3}, []),
        ("--cpus 1.5", {"cpus": 1.5}, []),
        ("--cpus=.5", {"cpus": 0.5}, []),
        ("--cpus 1e2", {"cpus": 100.0}, []),
        ("--cpus 0x1p-2", {"cpus": 0.25}, []),
        ("--sort id", {"sort": "id"}, []),
        ("--net host", {"network": ["host"]}, []),
        ("--net a --network b", {"network": ["a", "b"]}, []),
        ("a b", {}, ["a", "b"]),
        ("a --rm b", {"rm": True}, ["a", "b"]),
        ("--rm -- --all", {"rm": True}, ["--all"]),
        ("a -- b -- c", {}, ["a", "b", "--", "c"]),
        ("- a", {}, ["-", "a"]),
        ("-h box", {"hostname": "box"}, []),
    ],
)
def test_options_and_positionals(line: str, options: dict[str, object], positionals: list[str]) -> None:
    words = read(line)
    assert (words.options, words.positionals) == (options, positionals)


@pytest.mark.parametrize(
    ("line", "options", "positionals"),
    [
        ("img --rm", {}, ["img", "--rm"]),
        ("--rm img -a -- b", {"rm": True}, ["img", "-a", "--", "b"]),
        ("-- img -- b", {}, ["img", "--", "b"]),
        ("-- --rm", {}, ["--rm"]),
        ("-it img sh -c -x", {"interactive": True, "tty": True}, ["img", "sh", "-c", "-x"]),
        ("- x --rm", {}, ["-", "x", "--rm"]),
    ],
)
def test_options_end_at_the_first_argument(
    line: str, options: dict[str, object], positionals: list[str]
) -> None:
    words = read(line, interspersed=False)
    assert (words.options, words.positionals) == (options, positionals)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--foo", "unknown flag: --foo"),
        ("--foo=bar", "unknown flag: --foo"),
        ("--nam", "unknown flag: --nam"),
        ("--all/a", "unknown flag: --all/a"),
        ("--Rm", "unknown flag: --Rm"),
        ("---a", "bad flag syntax: ---a"),
        ("--=3", "bad flag syntax: --=3"),
        ("-Z", "unknown shorthand flag: 'Z' in -Z"),
        ("-itZ x", "unknown shorthand flag: 'Z' in -Z"),
        ("-itZe x", "unknown shorthand flag: 'Z' in -Ze"),
        ("-=3", "unknown shorthand flag: '=' in -=3"),
        ("-a=", "unknown shorthand flag: '=' in -="),
        ("--name", "flag needs an argument: --name"),
        ("-n", "flag needs an argument: 'n' in -n"),
        ("-an", "flag needs an argument: 'n' in -n"),
        ("--rm=x", 'invalid argument "x" for "--rm" flag: strconv.ParseBool: parsing "x": invalid syntax'),
        ("--rm=", 'invalid argument "" for "--rm" flag: strconv.ParseBool: parsing "": invalid syntax'),
        (
            "--all=maybe",
            'invalid argument "maybe" for "-a, --all" flag: '
            'strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        ("-n x", 'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'),
        (
            "-n 08",
            'invalid argument "08" for "-n, --last" flag: strconv.ParseInt: parsing "08": invalid syntax',
        ),
        ("-n=", 'invalid argument "=" for "-n, --last" flag: strconv.ParseInt: parsing "=": invalid syntax'),
        (
            "--last=",
            'invalid argument "" for "-n, --last" flag: strconv.ParseInt: parsing "": invalid syntax',
        ),
        (
            "--last 99999999999999999999",
            'invalid argument "99999999999999999999" for "-n, --last" flag: '
            'strconv.ParseInt: parsing "99999999999999999999": value out of range',
        ),
        (
            "-c -3",
            'invalid argument "-3" for "-c, --shares" flag: strconv.ParseUint: parsing "-3": invalid syntax',
        ),
        (
            "-c +3",
            'invalid argument "+3" for "-c, --shares" flag: strconv.ParseUint: parsing "+3": invalid syntax',
        ),
        (
            "-c 18446744073709551616",
            'invalid argument "18446744073709551616" for "-c, --shares" flag: '
            'strconv.ParseUint: parsing "18446744073709551616": value out of range',
        ),
        (
            "--cpus abc",
            'invalid argument "abc" for "--cpus" flag: strconv.ParseFloat: parsing "abc": invalid syntax',
        ),
        (
            "--sort foo",
            'invalid argument "foo" for "--sort" flag: '
            '"foo" is not a valid value.  Choose from: "created, id"',
        ),
        (
            '--filter a,"b',
            'invalid argument "a,\\"b" for "-f, --filter" flag: '
            'parse error on line 1, column 5: extraneous or missing " in quoted-field',
        ),
        (
            '--filter a,b"c',
            'invalid argument "a,b\\"c" for "-f, --filter" flag: '
            'parse error on line 1, column 4: bare " in non-quoted-field',
        ),
        (
            '--filter "a"b',
            'invalid argument "\\"a\\"b" for "-f, --filter" flag: '
            'parse error on line 1, column 3: extraneous or missing " in quoted-field',
        ),
    ],
)
def test_wrong_usage(line: str, message: str) -> None:
    with pytest.raises(UsageError) as e:
        read(line)
    assert (e.value.message, e.value.remedy) == (message, "See 'pypod x --help'")


def test_spaces_around_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match="invalid syntax"):
        read(["--last", " 1"])


@pytest.mark.parametrize("line", ["--help", "-a --help x", "--help --foo", "a --help"])
def test_help_is_seen(line: str) -> None:
    assert read(line).help


def test_help_is_an_argument_behind_the_first_one() -> None:
    words = read("img --help", interspersed=False)
    assert not words.help
    assert words.positionals == ["img", "--help"]


def test_letter_h_is_help_where_it_is_nothing_else() -> None:
    assert read("-h", own=" all/a=b ").help
    assert read("-ah", own=" all/a=b ").help


def test_global_options_stand_anywhere() -> None:
    words = read("--log-level=debug --rm a --root /x")
    assert words.options == {"rm": True}
    assert words.global_options == {"log_level": "debug", "root": "/x"}
    assert words.global_words == ["--log-level=debug", "--root=/x"]
    assert words.positionals == ["a"]


def test_own_letters_come_before_global_ones() -> None:
    words = read("-c 3")
    assert words.options == {"shares": 3}
    assert not words.global_options


def test_canonical_words_read_the_same() -> None:
    words = read("-itd -e A=1 --net=host -n 3 --filter a,b x")
    again = read([*words.canonical, *words.positionals])
    assert again.options == words.options
    assert again.positionals == words.positionals


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("--new x", ["new"]),
        ("--none", ["none"]),
        ("--none=false", []),
        ("--old x", ["old"]),
        ("--restart no", []),
        ("--restart always", ["restart"]),
        ("--remote", ["remote"]),
        ("--rm", []),
    ],
)
def test_options_without_support_are_kept_for_the_answer(line: str, names: list[str]) -> None:
    assert [entry.name for entry in read(line).used] == names


@pytest.mark.parametrize(
    ("spec", "given", "bound"),
    [
        ("", [], {}),
        ("image command*", ["i"], {"image": "i", "command": []}),
        ("image command*", ["i", "a", "b"], {"image": "i", "command": ["a", "b"]}),
        ("name?", [], {}),
        ("name?", ["a"], {"name": "a"}),
        ("path reference?", ["p"], {"path": "p"}),
        ("path reference?", ["p", "r"], {"path": "p", "reference": "r"}),
        ("container? command*", [], {"command": []}),
        ("names*", ["a", "b"], {"names": ["a", "b"]}),
    ],
)
def test_arguments_are_bound(spec: str, given: list[str], bound: dict[str, object]) -> None:
    assert parse.bind("pypod x", spec, "", given) == bound


@pytest.mark.parametrize(
    ("spec", "given", "message"),
    [
        ("", ["a"], "`pypod x` takes no arguments"),
        ("image command*", [], "requires at least 1 arg(s), only received 0"),
        ("name", [], "accepts 1 arg(s), received 0"),
        ("name", ["a", "b"], "accepts 1 arg(s), received 2"),
        ("name?", ["a", "b"], "accepts at most 1 arg(s), received 2"),
        ("path reference?", [], "accepts between 1 and 2 arg(s), received 0"),
        ("path reference?", ["a", "b", "c"], "accepts between 1 and 2 arg(s), received 3"),
    ],
)
def test_wrong_number_of_arguments(spec: str, given: list[str], message: str) -> None:
    with pytest.raises(UsageError) as e:
        parse.bind("pypod x", spec, "", given)
    assert e.value.message == message


def test_special_words_for_a_wrong_number() -> None:
    with pytest.raises(UsageError, match="`pypod attach` accepts at most one argument"):
        parse.bind("pypod attach", "container?", "`{path}` accepts at most one argument", ["a", "b"])


@pytest.mark.parametrize(
    ("line", "options"),
    [
        # covers: run --cap-add
        ("--cap-add a,b", {"cap_add": ["a", "b"]}),
        # covers: run --security-opt
        ("--security-opt a,b", {"security_opt": ["a,b"]}),
        ("--device /dev/a,/dev/b", {"device": ["/dev/a", "/dev/b"]}),
        ("-v /a:/b:ro,Z", {"volume": ["/a:/b:ro,Z"]}),
        ("-l a=b,c", {"label": ["a=b,c"]}),
        ("--mount type=bind,src=/a,dst=/b", {"mount": ["type=bind,src=/a,dst=/b"]}),
        ("--tmpfs /t:size=1m,mode=700", {"tmpfs": ["/t:size=1m,mode=700"]}),
        ("--dns-opt a", {"dns_option": ["a"]}),
        ("--net none", {"network": ["none"]}),
        ("--memory 1g --cpus 2 --pids-limit -1", {"memory": "1g", "cpus": 2.0, "pids_limit": -1}),
        ("--sysctl a=1,b=2", {"sysctl": ["a=1", "b=2"]}),
        ("-h box", {"hostname": "box"}),
    ],
)
def test_the_options_of_run_split_where_podman_splits(line: str, options: dict[str, object]) -> None:
    assert read(line, own=table.COMMANDS["run"][5]).options == options


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), min_size=1))
def test_slices_read_what_csv_writes(fields: list[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    assert parse.split_commas(line.getvalue()) == (fields if line.getvalue() else [])


@given(
    st.lists(
        st.sampled_from(["-a", "-e", "x", "--", "--rm=false", "-itn3", "--name", "-", "--help", "-Z", "--=x"])
    )
)
def test_any_words_are_read_or_refused(line: list[str]) -> None:
    try:
        words = read(line)
    except UsageError:
        return
    assert words.help or set(words.positionals) <= set(line)
