"""What a pod's state follows from, and what its members get of it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from libpod.engine import podjoin, pods
from libpod.errors import NotFoundError, UsageError
from tests.support.records import container, pod


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([], "Created"),
        (["created"], "Created"),
        (["created", "initialized"], "Created"),
        (["running", "running"], "Running"),
        (["running", "stopping"], "Running"),
        (["running", "exited"], "Degraded"),
        (["running", "created", "paused"], "Degraded"),
        (["paused", "paused"], "Paused"),
        (["paused", "exited"], "Paused"),
        (["exited", "exited"], "Exited"),
        (["exited", "created"], "Stopped"),
    ],
)
def test_the_state_follows_from_those_of_the_containers(states: list[str], state: str) -> None:
    members = [(container(str(n)), cast("Any", {"state": one})) for n, one in enumerate(states)]
    assert pods.state(members) == state


def test_a_member_joins_what_is_shared() -> None:
    shared = pod("p", share=["ipc", "net", "pid"], infra_id="i", of_host=["pid"])
    found = podjoin.member_options(shared, {"ipc": "private", "hostname": "h"})
    assert found == {"ipc": "private", "hostname": "h", "network": ["container:i"], "pid": "host"}


@pytest.mark.parametrize("key", ["publish", "dns", "add_host", "hosts_file", "ip"])
def test_the_network_is_the_pods(key: str) -> None:
    shared = pod("p", infra_id="i")
    with pytest.raises(UsageError, match=f"--{key.replace('_', '-')} "):
        podjoin.member_options(shared, {key: ["x"]})
    own = podjoin.member_options(shared, {key: ["x"], "network": ["none"]})
    assert own["network"] == ["none"]


def test_a_member_takes_over_what_the_pod_was_given() -> None:
    given = {"device": ["/dev/a"], "volumes_from": ["x"], "security_opt": ["label=disable"], "gpus": "all"}
    shared = pod("p", share=[], inherited=given)
    assert podjoin.member_options(shared, {}) == given
    own = podjoin.member_options(shared, {"device": ["/dev/b"], "security_opt": ["mask=/x"], "gpus": "0"})
    assert own == {
        "device": ["/dev/a", "/dev/b"],
        "volumes_from": ["x"],
        "security_opt": ["mask=/x"],
        "gpus": "0",
    }


def test_which_pod_is_meant(tmp_path: Any) -> None:
    (tmp_path / "id").write_text("abc\n")
    assert podjoin.asked({"pod": "p"}) == "p"
    assert podjoin.asked({"pod_id_file": str(tmp_path / "id")}) == "abc"
    for options in ({"pod": "p", "pod_id_file": "f"}, {"pod_id_file": str(tmp_path / "no")}):
        with pytest.raises((UsageError, NotFoundError)):
            podjoin.asked(options)
