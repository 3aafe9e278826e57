"""Containers that need others, and init containers of pods."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


def states(shared: Pypod) -> dict[str, str]:
    return dict(line.split() for line in shared("ps", "-a", "--format", "{{.Names}} {{.State}}").lines)


# covers: run --requires, create --requires, start, rm, rm --all, rm --depend
def test_what_a_container_requires_is_started_first(shared: Pypod) -> None:
    for name, needed in (("a", []), ("b", ["--requires", "a"]), ("c", ["--requires", "b,a"])):
        shared("create", "--name", name, *needed, shared.image, "sleep", "1000")
    shared("start", "c")
    assert states(shared) == {"a": "running", "b": "running", "c": "running"}
    ids = shared("inspect", "-f", "{{.Id}}", "a", "b").lines
    assert sorted(shared.inspect("c")["Dependencies"]) == sorted(ids)
    shared("stop", "-t0", "a", "b", "c")
    assert shared.run("--rm", "--requires", "b", "IMAGE", "echo", "here").out == "here"
    assert states(shared) == {"a": "running", "b": "running", "c": "exited"}
    shared("pause", "a")
    paused = shared("start", "c", check=False)
    assert (paused.code, 'container "a" is paused' in paused.stderr) == (125, True)
    shared("unpause", "a")
    for words in (["rm", "-f", "a"], ["rm", "-f", "-t0", "b"]):
        refused = shared(*words, check=False)
        assert (refused.code, f"pypod rm --depend {words[-1]}" in refused.stderr) == (125, True)
    assert len(states(shared)) == 3
    assert shared("run", "--requires", "missing", shared.image, "true", check=False).code == 125
    removed = shared("rm", "-af", "-t0").lines
    assert len(set(removed)) == 3
    assert removed[-1] == ids[0]


# covers: run --network, start
def test_whose_namespaces_are_joined_is_started_first(shared: Pypod) -> None:
    shared("create", "--name", "net", shared.image, "sleep", "1000")
    link = "readlink /proc/self/ns/net"
    inside = shared.run("--rm", "--network", "container:net", "IMAGE", "sh", "-c", link).out
    assert inside == shared("exec", "net", "sh", "-c", link).out


# covers: create --init-ctr, pod start, pod restart
def test_init_containers_run_before_the_others(shared: Pypod, tmp_path: Path) -> None:
    """One by one, at each start of the pod, `once` only at the first; not while others run."""
    shared("pod", "create", "--name", "p")
    volume = ["-v", f"{tmp_path}:/d"]
    for name, options in (("x", ["--init-ctr", "always"]), ("y", ["--init-ctr", "once"]), ("z", [])):
        script = f"echo {name} >>/d/order" + ("; sleep 1000" if name == "z" else "")
        words = ["--pod", "p", "--name", name, *options, *volume, shared.image, "sh", "-c", script]
        shared("create", *words)
    order = tmp_path / "order"
    shared("pod", "start", "p")
    assert set(states(shared)) & {"x", "y", "z"} == {"x", "z"}
    assert states(shared)["x"] == "exited"
    assert shared("pod", "inspect", "-f", "{{.State}}", "p").out == "Running"
    processes.wait_until(lambda: order.read_text() == "x\ny\nz\n", what="all three")
    shared("pod", "start", "p")
    shared("pod", "restart", "p")
    processes.wait_until(lambda: order.read_text() == "x\ny\nz\nx\nz\n", what="two again")
    late = shared("create", "--pod", "p", "--init-ctr", "once", shared.image, "true", check=False)
    assert (late.code, "pypod pod stop p" in late.stderr) == (125, True)
    shared("pod", "rm", "-f", "-t0", "p")


# covers: create --init-ctr, pod start
def test_an_init_container_that_fails_stops_the_start(shared: Pypod) -> None:
    shared("pod", "create", "--name", "p")
    for words in (["--init-ctr", "never"], ["--init-ctr", "once"]):
        refused = shared("create", *words, shared.image, "true", check=False)
        assert (refused.code, "--init-ctr" in refused.stderr) == (125, True)
    shared("create", "--pod", "p", "--name", "bad", "--init-ctr", "once", shared.image, "sh", "-c", "exit 3")
    shared("create", "--pod", "p", "--name", "main", shared.image, "sleep", "1000")
    failed = shared("pod", "start", "p", check=False)
    assert (failed.code, 'init container "bad" ended with 3' in failed.stderr) == (125, True)
    assert states(shared)["main"] == "created"
    assert states(shared)["bad"] == "exited"
    shared("pod", "rm", "-f", "-t0", "p")
