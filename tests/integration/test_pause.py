"""pause, unpause, restart, rename: a container that stays, in another state or under another name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap")

COUNTER = ["IMAGE", "sh", "-c", "n=0; while :; do n=$((n+1)); echo $n; sleep 0.02; done"]


def counted(shared: Pypod, name: str) -> int:
    return len(shared("logs", name).lines)


def status(shared: Pypod, name: str) -> str:
    return str(shared.state(name)["Status"])


# covers: pause, unpause, container pause, container unpause
def test_a_paused_container_does_nothing_and_goes_on(shared: Pypod) -> None:
    shared.detached("--name", "c", *COUNTER)
    wait_until(lambda: counted(shared, "c") > 2, what="the first numbers")
    assert shared("pause", "c").out == "c"
    assert status(shared, "c") == "paused"
    assert "(Paused)" in shared("ps", "--format", "{{.Status}}").out
    before = counted(shared, "c")
    shared.run("--rm", "IMAGE", "sleep", "0.2")  # time for ten more numbers
    assert counted(shared, "c") - before <= 1  # a line that was in the pipe
    assert shared("container", "unpause", "c").out == "c"
    assert status(shared, "c") == "running"
    wait_until(lambda: counted(shared, "c") > before + 2, what="more numbers")


# covers: pause --all, unpause --all, pause --latest, unpause --latest, pause --filter, unpause --filter
def test_several_at_once(shared: Pypod) -> None:
    for name in ("a", "b"):
        shared.detached("--name", name, "--label", f"n={name}")
    shared("create", "--name", "z", shared.image, "true")
    assert len(shared("pause", "--all").lines) == 2
    assert shared("pause", "--all").out == ""
    assert len(shared("unpause", "-a").lines) == 2
    shared("pause", "--filter", "label=n=a")
    assert [status(shared, name) for name in "abz"] == ["paused", "running", "created"]
    shared("unpause", "--filter", "label=n=a")
    cid = shared.detached("--name", "last")
    assert shared("pause", "-l").out == cid
    assert shared("unpause", "--latest").out == cid


# covers: pause --cidfile, unpause --cidfile, restart --cidfile
def test_named_by_a_file(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "cid"
    cid = shared.detached("--cidfile", str(file))
    assert shared("pause", "--cidfile", str(file)).out == cid
    assert shared("unpause", "--cidfile", str(file)).out == cid
    assert shared("restart", "-t", "0", "--cidfile", str(file)).out == cid


def test_what_is_not_running_cannot_be_paused(shared: Pypod) -> None:
    shared("create", "--name", "c", shared.image, "sleep", "1000")
    done = shared("pause", "c", check=False)
    assert (done.code, 'cannot pause container "c": it is created, not running' in done.stderr) == (125, True)
    assert 'pypod start c"' in done.stderr
    done = shared("unpause", "c", check=False)
    assert (done.code, "it is created, not paused" in done.stderr) == (125, True)
    shared("start", "c")
    shared("pause", "c")
    assert "it is paused, not running" in shared("pause", "c", check=False).stderr
    assert "pypod unpause" in shared("start", "c", check=False).stderr
    done = shared("exec", "c", "true", check=False)
    assert (done.code, '"pypod unpause c" first' in done.stderr) == (125, True)
    done = shared("pause", "nothing", "c", check=False)
    assert "no such container" in done.stderr


def test_without_a_cgroup_there_is_no_pause(shared: Pypod) -> None:
    shared.detached("--name", "c", "--cgroups", "disabled")
    done = shared("pause", "c", check=False)
    assert (done.code, "without a cgroup of its own" in done.stderr) == (125, True)
    assert status(shared, "c") == "running"


@pytest.mark.parametrize("how", [["stop", "-t", "0"], ["stop", "-t", "2"], ["rm", "-f", "-t", "0"], ["kill"]])
def test_a_paused_container_can_be_ended(shared: Pypod, how: list[str]) -> None:
    shared.detached("--name", "c")
    shared("pause", "c")
    shared(*how, "c")
    assert shared("ps", "-q").out == ""


@pytest.mark.parametrize(
    ("point", "words"), [("pause:after-freeze", ["pause"]), ("unpause:after-thaw", ["unpause"])]
)
def test_killed_in_the_middle(shared: Pypod, point: str, words: list[str]) -> None:
    """What the kernel was asked is done and shown; the other command works afterwards."""
    shared.detached("--name", "c")
    if words == ["unpause"]:
        shared("pause", "c")
    client = shared.start(*words, "c", env={"PYPOD_FAILPOINT": point})
    client.communicate(timeout=30)
    assert client.returncode == -9
    wanted = "paused" if words == ["pause"] else "running"
    assert status(shared, "c") == wanted
    shared("unpause" if wanted == "paused" else "pause", "c")
    shared("rm", "-f", "-t", "0", "c")


# covers: restart, container restart, restart --time
def test_restart_keeps_the_files_and_changes_the_process(shared: Pypod) -> None:
    shared.detached("--name", "c", "IMAGE", "sleep", "1000")
    shared("exec", "c", "sh", "-c", "echo kept > /file")
    before = shared.init_pid("c")
    assert shared("restart", "-t", "0", "c").out == "c"
    after = shared.init_pid("c")
    assert before != after
    assert processes.read(before) is None
    assert shared("exec", "c", "cat", "/file").out == "kept"
    shared("stop", "-t", "0", "c")
    shared("container", "restart", "c")
    assert status(shared, "c") == "running"


# covers: restart --all, restart --running, restart --latest, restart --filter
def test_restart_of_several(shared: Pypod) -> None:
    shared.detached("--name", "a", "--label", "n=a")
    shared("create", "--name", "b", shared.image, "sleep", "1000")
    assert len(shared("restart", "-t", "0", "--running").lines) == 1
    assert status(shared, "b") == "created"
    shared("pause", "a")
    assert len(shared("restart", "-t", "0", "--all").lines) == 2
    assert [status(shared, name) for name in "ab"] == ["running", "running"]
    assert len(shared("restart", "-t", "0", "--filter", "label=n=a").lines) == 1
    assert len(shared("restart", "-t", "0", "-l").lines) == 1
    done = shared("restart", "-t", "0", "nothing", "a", check=False)
    assert (done.code, done.out) == (125, "a")
    assert 'no such container "nothing"' in done.stderr


def test_a_container_that_is_removed_at_its_end_is_not_restarted(shared: Pypod) -> None:
    shared.detached("--rm", "--name", "c")
    done = shared("restart", "-t", "0", "c", check=False)
    assert (done.code, "made with --rm" in done.stderr) == (125, True)
    assert status(shared, "c") == "running"


# covers: rename, container rename
def test_a_container_gets_another_name(shared: Pypod) -> None:
    cid = shared.detached("--name", "old", "-h", "host")
    shared("rename", "old", "new")
    assert shared("ps", "--format", "{{.ID}} {{.Names}}").out == f"{cid[:12]} new"
    assert shared.inspect("new")["Name"] == "new"
    assert shared("container", "exists", "old", check=False).code == 1
    assert shared("exec", "new", "hostname").out == "host"
    shared("container", "rename", cid, "third")
    shared("stop", "-t", "0", "third")
    shared("start", "third")
    shared("create", "--name", "old", shared.image, "true")


def test_names_that_cannot_be_given(shared: Pypod) -> None:
    shared("create", "--name", "a", shared.image, "true")
    shared("create", "--name", "b", shared.image, "true")
    done = shared("rename", "a", "b", check=False)
    assert (done.code, 'the container name "b" is already in use' in done.stderr) == (125, True)
    assert "already" in shared("rename", "a", "a", check=False).stderr
    assert "invalid name" in shared("rename", "a", "a/b", check=False).stderr
    assert "no such container" in shared("rename", "nothing", "c", check=False).stderr
    assert shared("ps", "-a", "--format", "{{.Names}}", "--sort", "names").lines == ["a", "b"]
