"""`--change` sets one member of a configuration, in Dockerfile words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import UsageError
from libpod.image import changes
from tests.support.messages import one_line


@pytest.mark.parametrize(
    ("change", "config"),
    [
        ('CMD ["/bin/sh","-c","echo hi"]', {"Cmd": ["/bin/sh", "-c", "echo hi"]}),
        ("CMD echo hi", {"Cmd": ["/bin/sh", "-c", "echo hi"]}),
        ("CMD=/bin/sh", {"Cmd": ["/bin/sh", "-c", "/bin/sh"]}),
        ("cmd []", {"Cmd": []}),
        ("CMD [not json", {"Cmd": ["/bin/sh", "-c", "[not json"]}),
        ('ENTRYPOINT ["/init"]', {"Entrypoint": ["/init"]}),
        ("ENTRYPOINT=/bin/sh", {"Entrypoint": ["/bin/sh", "-c", "/bin/sh"]}),
        ("ENV A=b c=d", {"Env": ["A=b c=d"]}),
        ('ENV A="b c"', {"Env": ["A=b c"]}),
        ("ENV A b c", {"Env": ["A=b c"]}),
        ("ENV=A=b", {"Env": ["A=b"]}),
        ("ENV A=", {"Env": ["A="]}),
        ("LABEL a=b=c", {"Labels": {"a": "b=c"}}),
        ("EXPOSE 80", {"ExposedPorts": {"80/tcp": {}}}),
        (
            "EXPOSE 80/TCP 53/udp 8000-8010",
            {"ExposedPorts": {"80/tcp": {}, "53/udp": {}, "8000-8010/tcp": {}}},
        ),
        ("VOLUME /data", {"Volumes": {"/data": {}}}),
        ('VOLUME ["/a b", "/c"]', {"Volumes": {"/a b": {}, "/c": {}}}),
        ("USER 1:2", {"User": "1:2"}),
        ("WORKDIR /a b", {"WorkingDir": "/a b"}),
        ("STOPSIGNAL int", {"StopSignal": "SIGINT"}),
        ("STOPSIGNAL SIGRTMIN+3", {"StopSignal": "SIGRTMIN+3"}),
        ("STOPSIGNAL 9", {"StopSignal": "9"}),
        ("ONBUILD RUN x", {}),
    ],
)
def test_each_instruction(change: str, config: dict[str, Any]) -> None:
    assert changes.apply([change]) == config


def test_changes_add_up_and_the_last_of_a_name_wins() -> None:
    made = changes.apply(
        [
            "ENV A=1",
            "ENV B=2",
            "ENV A=3",
            "LABEL x=1",
            "LABEL x=2",
            "USER a",
            "USER b",
            "EXPOSE 1",
            "EXPOSE 2",
        ]
    )
    assert made == {
        "Env": ["B=2", "A=3"],
        "Labels": {"x": "2"},
        "User": "b",
        "ExposedPorts": {"1/tcp": {}, "2/tcp": {}},
    }


@pytest.mark.parametrize(
    "change",
    [
        "",
        "CMD",
        "CMD=",
        "FOO bar",
        "RUN x",
        'CMD ["a", 5]',
        "ENV A",
        "LABEL =x",
        "EXPOSE http",
        "EXPOSE 0",
        "EXPOSE 65536",
        "EXPOSE 80/icmp",
        "EXPOSE 80-",
        "USER a b",
        "WORKDIR relative",
        "STOPSIGNAL SIGFOO",
        "STOPSIGNAL 65",
    ],
)
def test_a_wrong_change_is_named(change: str) -> None:
    with pytest.raises(UsageError) as caught:
        changes.apply([change])
    assert f'invalid change "{change}"' in caught.value.message
    assert "STOPSIGNAL" in caught.value.remedy


@given(st.text(max_size=40), st.sampled_from(["", *changes._INSTRUCTIONS]), st.sampled_from([" ", "="]))
def test_any_text_is_taken_or_refused(text: str, word: str, sep: str) -> None:
    try:
        changes.apply([f"{word}{sep}{text}"])
    except UsageError as e:
        one_line(e)
