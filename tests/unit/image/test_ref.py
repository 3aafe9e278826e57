"""References: what is one, its full form, and what a short one may mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import ImageError
from libpod.image import ref
from libpod.image.ref import Ref
from tests.support.messages import one_line

DIGEST = "sha256:" + "ab" * 32

components = st.from_regex(r"[a-z0-9]+((\.|_|__|-{1,3})[a-z0-9]+){0,2}", fullmatch=True).filter(
    lambda s: len(s) < 40
)
domains = st.one_of(
    st.just("localhost"),
    st.from_regex(
        r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,5}[a-zA-Z0-9])?(\.[a-z0-9]{1,5}){1,3}(:[0-9]{1,5})?", fullmatch=True
    ),
    st.from_regex(r"[a-z0-9]{1,8}:[0-9]{1,5}", fullmatch=True),
    st.just("[fd00::1]:5000"),
).filter(lambda d: d not in ("docker.io", "index.docker.io"))
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
digests = st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True)
paths = st.lists(components, min_size=1, max_size=4).map("/".join)


@given(domains, paths, st.one_of(st.just(""), tags), st.one_of(st.just(""), digests))
def test_parsing_takes_apart_what_was_put_together(domain: str, path: str, tag: str, digest: str) -> None:
    text = f"{domain}/{path}" + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    parsed = ref.parse(text)
    assert (parsed.domain, parsed.path, parsed.tag, parsed.digest) == (domain, path, tag, digest)
    assert str(parsed) == text
    assert ref.parse(str(parsed)) == parsed
    assert ref.normalise(text) == parsed.stored()
    assert ref.normalise(parsed.stored()) == parsed.stored()


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused_in_one_line(text: str) -> None:
    try:
        parsed = ref.parse(text)
    except ImageError as e:
        one_line(e)
    else:
        assert ref.parse(str(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("web", "localhost/web:latest"),
        ("web:1", "localhost/web:1"),
        ("me/web", "localhost/me/web:latest"),
        ("localhost/web", "localhost/web:latest"),
        ("docker.io/web", "docker.io/library/web:latest"),
        ("docker.io/me/web", "docker.io/me/web:latest"),
        ("index.docker.io/web:2", "docker.io/library/web:2"),
        ("quay.io/a/b/c:v1.0-rc.1", "quay.io/a/b/c:v1.0-rc.1"),
        ("host:5000/x", "host:5000/x:latest"),
        (f"quay.io/x@{DIGEST}", f"quay.io/x@{DIGEST}"),
        (f"quay.io/x:1@{DIGEST}", f"quay.io/x@{DIGEST}"),
        ("a__b/c--d.e_f", "localhost/a__b/c--d.e_f:latest"),
        ("127.0.0.1:5000/x", "127.0.0.1:5000/x:latest"),
        ("[::1]:5000/x", "[::1]:5000/x:latest"),
        ("LOCAL.host/x", "LOCAL.host/x:latest"),
    ],
)
def test_full_names(text: str, stored: str) -> None:
    assert ref.normalise(text) == stored


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no name"),
        (":tag", "no name"),
        ("Web", "must be lowercase"),
        ("quay.io/Web", "must be lowercase"),
        ("../evil", "domain"),
        ("a/../b", "must begin and end"),
        ("/etc/passwd", "empty path component"),
        ("a//b", "empty path component"),
        ("a/", "empty path component"),
        ("-a", "must begin and end"),
        ("a-", "must begin and end"),
        ("a..b", "between letters"),
        ("a___b", "between letters"),
        ("a b", "not allowed"),
        ("a\nb", "not allowed"),
        ("ü", "must begin and end"),
        ("web:", "tag is empty"),
        ("web:.x", "the tag may have"),
        ("web:a b", "the tag may have"),
        ("web:" + "x" * 129, "longer than 128"),
        ("x" * 256, "longer than 255"),
        ("web@", "no algorithm"),
        ("web@sha256:abc", "64 lower-case hex"),
        ("web@sha256:" + "AB" * 32, "64 lower-case hex"),
        ("web@md5:" + "ab" * 16, "not supported"),
        ("host:port/x", "not a number"),
        ("ho_st.io/x", "domain"),
        ("-host.io/x", "domain"),
        ("a..io/x", "domain"),
        ("[zz]/x", "domain"),
        ("ab" * 32, "are an id"),
        ("a@b@c", "no algorithm"),
    ],
)
def test_what_is_no_reference_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(ImageError) as caught:
        ref.parse(text)
    assert words in caught.value.message
    one_line(caught.value)


def test_a_short_name_may_mean_several() -> None:
    assert ref.expand("web") == ["localhost/web:latest", "docker.io/library/web:latest"]
    assert ref.expand("me/web:1", ("quay.io", "docker.io")) == [
        "localhost/me/web:1",
        "quay.io/me/web:1",
        "docker.io/me/web:1",
    ]
    assert ref.expand("quay.io/web") == ["quay.io/web:latest"]


def test_what_lists_show() -> None:
    assert ref.display("localhost/web:1") == ("localhost/web", "1")
    assert ref.display("host:5000/web:1") == ("host:5000/web", "1")
    assert ref.display(f"quay.io/web@{DIGEST}") == ("quay.io/web", "<none>")


def test_references_compare_by_their_text() -> None:
    assert ref.parse("quay.io/a:1") == Ref("quay.io", "a", "1")
    assert len({ref.parse("quay.io/a:1"), ref.parse("quay.io/a:1"), ref.parse("quay.io/a:2")}) == 2
    assert ref.parse("a").is_short
    assert not ref.parse("localhost/a").is_short


def test_only_sha256_in_its_one_spelling_is_a_digest() -> None:
    assert ref.check_digest(DIGEST) == DIGEST
    for wrong in (
        "",
        "sha256:",
        DIGEST.upper(),
        DIGEST + "0",
        "sha512:" + "ab" * 64,
        "sha256:" + "../" * 21 + "a",
    ):
        with pytest.raises(ImageError):
            ref.check_digest(wrong)
