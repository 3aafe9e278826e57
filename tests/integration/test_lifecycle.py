"""create, start, stop, kill, wait, rm: from one state to the next, one container or many."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

DEAF = ["IMAGE", "sleep", "1000"]
"""pid 1 without a handler: TERM does nothing."""
POLITE = ["IMAGE", "sh", "-c", "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done"]


def names(shared: Pypod, *options: str) -> list[str]:
    return shared("ps", *options, "--format", "{{.Names}}").lines


# covers: create, start, stop, rm
def test_a_whole_life(shared: Pypod) -> None:
    cid = shared("create", "--name", "c", shared.image, *POLITE[1:]).out
    assert shared("start", "c").out == "c"
    assert shared("start", cid[:12]).out == cid[:12]  # it runs: nothing to do
    shared.wait_for_log("c", "ready")
    assert shared("stop", "c").out == "c"
    assert shared("stop", "c").out == "c"
    state = shared.state("c")
    assert (state["Status"], state["ExitCode"], state["Running"], state["Pid"]) == ("exited", 3, False, 0)
    assert shared("start", "c").out == "c"
    assert shared("rm", "-f", "c").out == "c"
    assert shared("container", "exists", "c", check=False).code == 1


# covers: stop --time
def test_a_container_that_does_not_listen_is_killed(shared: Pypod) -> None:
    shared.detached("--name", "c", *DEAF)
    begin = time.monotonic()
    shared("stop", "-t", "1", "c")
    assert time.monotonic() - begin >= 1
    assert shared.state("c")["ExitCode"] == 137


# covers: stop --time, run --stop-timeout
def test_times_to_wait(shared: Pypod) -> None:
    for name, options, words in (
        ("a", [], ["-t", "0"]),
        ("b", ["--stop-timeout", "0"], []),
        ("c", ["--stop-timeout", "1000"], ["--time=0"]),
        ("d", ["--stop-timeout", "1000"], ["--timeout", "0"]),
    ):
        shared.detached("--name", name, *options, *DEAF)
        shared("stop", *words, name, timeout_s=30)
        assert shared.state(name)["ExitCode"] == 137
    assert shared("stop", "-t", "x", "a", check=False).code == 125


# covers: run --stop-signal
def test_the_signal_of_stop(shared: Pypod) -> None:
    script = "trap 'exit 4' USR1; echo ready; while :; do sleep 0.05; done"
    for name, value in (("a", "SIGUSR1"), ("b", "usr1"), ("c", "10")):
        shared.detached("--name", name, "--stop-signal", value, "IMAGE", "sh", "-c", script)
        shared.wait_for_log(name, "ready")
        shared("stop", "-t", "60", name, timeout_s=40)
        assert shared.state(name)["ExitCode"] == 4
    assert shared.run("--stop-signal", "NOSUCH", "IMAGE", "true", check=False).code == 125


@pytest.mark.parametrize("value", ["HUP", "SIGHUP", "sighup", "hup", "1"])
# covers: kill --signal
def test_signals_by_name_and_number(shared: Pypod, value: str) -> None:
    script = "trap 'exit 7' HUP; echo ready; while :; do sleep 0.05; done"
    shared.detached("--name", "c", "IMAGE", "sh", "-c", script)
    shared.wait_for_log("c", "ready")
    assert shared("kill", "--signal", value, "c").out == "c"
    assert shared("wait", "c").out == "7"


# covers: kill --signal
def test_the_last_signal_there_is(shared: Pypod) -> None:
    script = "trap 'exit 8' RTMAX; echo ready; while :; do sleep 0.05; done"
    shared.detached("--name", "c", "IMAGE", "bash", "-c", script)
    shared.wait_for_log("c", "ready")
    shared("kill", "-s", "64", "c")
    assert shared("wait", "c").out == "8"


@pytest.mark.parametrize("value", ["NOSUCH", "0", "65", "-1", "", "99999999999999999999"])
# covers: kill --signal
def test_signals_that_are_none(shared: Pypod, value: str) -> None:
    shared.detached("--name", "c")
    assert shared("kill", f"--signal={value}", "c", check=False).code == 125
    assert shared.state("c")["Running"] is True


# covers: kill
def test_kill_takes_all_processes_along(shared: Pypod) -> None:
    shared.detached("--name", "c", "IMAGE", "sh", "-c", "sleep 1001 & sleep 1002 & sleep 1003")
    assert shared("kill", "c").out == "c"
    assert shared.state("c")["ExitCode"] == 137
    result = shared("kill", "c", check=False)
    assert (result.code, "exited" in result.stderr) == (125, True)


# covers: wait, wait --latest
def test_waiting_for_the_end(shared: Pypod) -> None:
    script = "while [ ! -e /go ]; do sleep 0.05; done; exit 9"
    shared.detached("--name", "c", "IMAGE", "sh", "-c", script)
    child = shared.start("wait", "c")
    shared("exec", "c", "touch", "/go")
    out, _ = child.communicate(timeout=20)
    assert (out, child.returncode) == ("9\n", 0)
    assert shared("wait", "c").out == "9"
    shared.run("--name", "d", "IMAGE", "true")
    assert shared("wait", "c", "d").lines == ["9", "0"]
    assert shared("wait", "-l").out == "0"
    assert shared("wait", check=False).code == 125


# covers: wait --condition, wait --interval, wait --ignore
def test_waiting_for_a_state(shared: Pypod) -> None:
    shared("create", "--name", "c", shared.image, "sleep", "1000")
    child = shared.start("wait", "--condition", "running", "c")
    shared("start", "c")
    assert child.communicate(timeout=20)[0] == "-1\n"
    assert shared("wait", "--condition=running,exited", "-i", "10ms", "c").out == "-1"
    shared("kill", "c")
    assert shared("wait", "--condition", "stopped", "c").out == "137"
    assert shared("wait", "--condition", "exited", "c").out == "137"
    assert shared("wait", "--condition", "asleep", "c", check=False).code == 125
    assert shared("wait", "--ignore", "no-such-container", "c").lines == ["-1", "137"]


# covers: wait
def test_waiting_for_what_is_removed(shared: Pypod) -> None:
    """Also when the one that waits gets no processor time until everything is gone."""
    cid = shared.run("-d", "--rm", "IMAGE", "sh", "-c", "while [ ! -e /go ]; do sleep 0.05; done; exit 5").out
    child = shared.start("wait", cid)
    wait_until(lambda: waits_at_a_socket(child.pid), what="the connection to the monitor")
    child.send_signal(signal.SIGSTOP)
    shared("exec", cid, "touch", "/go")
    wait_until(lambda: shared("ps", "-aq").out == "", what="the container to be removed")
    child.send_signal(signal.SIGCONT)
    out, _ = child.communicate(timeout=20)
    assert (out, child.returncode) == ("5\n", 0)


def waits_at_a_socket(pid: int) -> bool:
    """It has one, and sleeps: what it had to say is said."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if os.readlink(entry).startswith("socket:"):
                return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
        except FileNotFoundError:
            pass  # closed meanwhile
    return False


# covers: rm
def test_a_running_container_is_not_removed(shared: Pypod) -> None:
    shared.detached("--name", "c")
    result = shared("rm", "c", check=False)
    assert (result.code, "running" in result.stderr) == (2, True)
    assert names(shared) == ["c"]


# covers: rm --force, rm --time, rm --volumes
def test_removing_by_force(shared: Pypod) -> None:
    shared.detached("--name", "c", "--stop-timeout", "1000", "-v", "/anonymous", "-v", "named:/n", *DEAF)
    assert len(shared("volume", "ls", "-q").lines) == 2
    assert shared("rm", "-fv", "-t", "0", "c", timeout_s=30).out == "c"
    assert shared("volume", "ls", "-q").lines == ["named"]
    assert shared("rm", "-f", "c").stdout == ""
    assert shared("rm", "--ignore", "c").code == 0


# covers: rm --volumes
def test_volumes_stay_unless_asked_for(shared: Pypod) -> None:
    shared.run("--name", "c", "-v", "/anonymous", "IMAGE", "true")
    shared("rm", "c")
    assert len(shared("volume", "ls", "-q").lines) == 1
    shared.run("--rm", "-v", "/anonymous", "IMAGE", "true")
    assert len(shared("volume", "ls", "-q").lines) == 1


# covers: start, stop, kill, rm
def test_several_at_once_and_the_first_failure_counts(shared: Pypod) -> None:
    for name in ("a", "b", "c"):
        shared("create", "--name", name, shared.image, "sleep", "1000")
    result = shared("start", "a", "missing", "b", check=False)
    assert (result.code, result.lines) == (125, ["a", "b"])
    assert "missing" in result.stderr
    result = shared("kill", "a", "c", "b", check=False)
    assert (result.code, result.lines) == (125, ["a", "b"])
    assert shared("start", "a").code == 0
    result = shared("rm", "missing", "a", "b", check=False)
    assert (result.code, result.lines) == (1, ["b"])
    result = shared("rm", "a", "missing", "c", check=False)
    assert (result.code, result.lines) == (2, ["c"])
    result = shared("stop", "-t0", "missing", "a", "other", check=False)
    assert (result.code, result.lines) == (125, ["a"])
    assert result.stderr.count("no such container") == 2


# covers: start --all, stop --all, kill --all, rm --all
# covers: start --latest, stop --latest, kill --latest, rm --latest
def test_all_and_the_latest(shared: Pypod) -> None:
    cids = [shared("create", shared.image, "sleep", "1000").out for _ in range(3)]
    assert sorted(shared("start", "--all").lines) == sorted(cids)
    assert shared("stop", "-l", "-t0").out == cids[-1]
    assert len(names(shared)) == 2
    assert sorted(shared("kill", "-a").lines) == sorted(cids[:2])
    assert shared("start", "--latest").out == cids[-1]
    assert shared("kill", "-l").out == cids[-1]
    assert shared("start", "-l").out == cids[-1]
    assert shared("stop", "-a", "-t", "0").lines == [cids[-1]]
    assert shared("rm", "-l").out == cids[-1]
    assert sorted(shared("rm", "-a").lines) == sorted(cids[:2])
    assert shared("rm", "-a").stdout == ""
    assert shared("stop", "-a").stdout == ""
    for verb in ("stop", "kill", "rm", "start"):
        assert shared(verb, "-l", check=False).code in (1, 125)
        assert shared(verb, "--all", "x", check=False).code == 125
        assert shared(verb, check=False).code == 125


# covers: rm --filter, stop --filter, start --filter
def test_by_filter(shared: Pypod) -> None:
    for name, label in (("a", "x"), ("b", "x"), ("c", "y")):
        shared("create", "--name", name, "-l", f"team={label}", shared.image, "sleep", "1000")
    assert len(shared("start", "--filter", "label=team=x").lines) == 2
    assert sorted(names(shared)) == ["a", "b"]
    assert len(shared("stop", "-t0", "--filter", "name=a").lines) == 1
    assert names(shared) == ["b"]
    assert len(shared("rm", "--filter", "label=team=x", "--filter", "status=exited").lines) == 1
    assert sorted(names(shared, "-a")) == ["b", "c"]
    assert shared("rm", "--filter", "nothing", check=False).code == 125


# covers: rm --cidfile, stop --cidfile, kill --cidfile, rm --ignore, stop --ignore
def test_by_the_file_with_the_id(shared: Pypod, tmp_path: Path) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        shared.detached("--cidfile", str(file))
    assert shared("kill", "--cidfile", str(files[0])).out == files[0].read_text()
    both = ["--cidfile", str(files[0]), "--cidfile", str(files[1])]
    assert shared("stop", "-t0", *both).lines == [file.read_text() for file in files]
    assert shared("rm", *both).lines == [file.read_text() for file in files]
    assert shared("rm", *both, check=False).code == 1
    assert shared("rm", "-i", *both).code == 0
    assert shared("stop", "-i", *both).code == 0
    assert shared("rm", "--cidfile", str(tmp_path / "missing"), check=False).code == 125


# covers: start, rm
def test_ids_and_prefixes(shared: Pypod) -> None:
    cid = shared("create", shared.image, "true").out
    name = shared.inspect(cid)["Name"]
    for word in (cid, cid[:12], cid[:4], name):
        assert shared("inspect", "-f", "{{.Id}}", word).out == cid
    assert shared("start", cid[1:], check=False).code == 125
    assert shared("start", name[:-1], check=False).code == 125
    assert shared("start", cid + "0", check=False).code == 125
    other = shared("create", "--name", cid[:12], shared.image, "true").out
    assert shared("inspect", "-f", "{{.Id}}", cid[:12]).out == other  # a name goes before an id
    assert shared("inspect", "-f", "{{.Id}}", cid[:13]).out == cid


# covers: start
def test_data_stays_from_start_to_start(shared: Pypod) -> None:
    script = "echo x >> /data; wc -l < /data; mkdir -p /made; touch /tmp/$(wc -l < /data); ls /tmp"
    shared("create", "--name", "c", shared.image, "sh", "-c", script)
    assert shared("start", "-a", "c").lines == ["1", "1"]
    assert shared("start", "-a", "c").lines == ["2", "1", "2"]


# covers: start
def test_a_start_that_fails_can_be_repeated(shared: Pypod, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    shared("create", "--name", "c", "-v", f"{source}:/d", shared.image, "ls", "-d", "/d")
    source.rmdir()
    result = shared("start", "-a", "c", check=False)
    assert (result.code, str(source) in result.stderr) == (125, True)
    source.mkdir()
    assert shared("start", "-a", "c").out == "/d"


# covers: run --detach
def test_many_clients_at_once(shared: Pypod) -> None:
    children = [
        shared.start("run", "--rm", "--network", "none", shared.image, "sh", "-c", f"echo {n}; exit {n}")
        for n in range(16)
    ]
    for n, child in enumerate(children):
        out, err = child.communicate(timeout=100)
        assert (out, child.returncode) == (f"{n}\n", n), err
    assert names(shared, "-a") == []


# covers: run --name
def test_many_clients_want_the_same_name(shared: Pypod) -> None:
    children = [shared.start("run", "-d", "--name", "web", shared.image, "sleep", "1000") for _ in range(6)]
    codes = sorted(child.wait(60) for child in children)
    assert codes == [0] + [125] * 5
    assert names(shared, "-a") == ["web"]


# covers: container cleanup, container cleanup --all, container cleanup --rm
def test_cleanup_of_what_has_ended(shared: Pypod) -> None:
    for name in ("a", "b", "c"):
        shared.run("--name", name, "IMAGE", "true")
    shared.detached("--name", "runs")
    for words in (["c"], ["--all"]):
        assert shared("container", "cleanup", *words).code == 0
    assert names(shared, "-a") == ["a", "b", "c", "runs"]
    shared("container", "cleanup", "--rm", "a")
    shared("container", "cleanup", "--rm", "--all")
    assert names(shared, "-a") == ["runs"]
    assert shared("container", "cleanup", check=False).code == 125


# covers: run
def test_the_end_is_seen_at_once(shared: Pypod) -> None:
    """No second look is needed: what `ps` says is true when the command has returned."""
    for _ in range(5):
        cid = shared.detached("IMAGE", "sleep", "1000")
        shared("kill", cid)
        assert shared.state(cid)["Status"] == "exited"
        assert names(shared) == []
    processes.wait_until(lambda: not names(shared), what="nothing runs")


# covers: rm --depend
def test_removing_with_all_that_need_it(shared: Pypod) -> None:
    """Those that need it directly or through others, before it; nothing else."""
    a = shared.detached("--name", "a", "--network=none")
    b = shared("create", "--name", "b", "--network", "container:a", shared.image, "true").out
    c = shared("create", "--name", "c", "--pid", "container:b", shared.image, "true").out
    d = shared("create", "--name", "d", "--ipc", "container:c", "--uts=container:b", shared.image, "true").out
    other = shared("create", "--name", "other", "--volumes-from", "a", shared.image, "true").out
    assert shared("rm", "--depend", "c").lines == [d, c]
    c = shared("create", "--name", "c", "--pid", "container:b", shared.image, "true").out
    assert shared("rm", "--depend", "a", check=False).code == 2  # it runs
    assert shared("rm", "-f", "-t", "0", "--depend", "a", "b").lines == [c, b, a]
    assert shared("ps", "-aq", "--no-trunc").lines == [other]
    assert shared("rm", "--depend", "a", check=False).code == 1
    shared("create", "--name", "a", shared.image, "true")
    shared("create", "--name", "b", "--network", "container:a", shared.image, "true")
    assert shared("rm", "--depend", "a", "b", "no-such", check=False).code == 1
    assert len(shared("rm", "--depend", "-a").lines) == 1
    assert shared("ps", "-aq").out == ""


# covers: rm --depend
def test_the_pod_goes_with_its_infra_container(shared: Pypod) -> None:
    shared("pod", "create", "--name", "p", "--network=none")
    infra = shared("pod", "inspect", "p", "--format", "{{.InfraContainerID}}").out
    member = shared("create", "--pod", "p", "--name", "m", shared.image, "true").out
    assert shared("rm", "--depend", infra).lines == [member, infra]
    assert shared("pod", "ps", "-q").out == ""


# covers: wait --exit-first-match
def test_waiting_for_the_first_of_several(shared: Pypod) -> None:
    names = ("a", "b", "c")
    for code, name in enumerate(names, 3):
        script = f"while [ ! -e /go ]; do sleep 0.05; done; exit {code}"
        shared.detached("--name", name, "--network=none", "IMAGE", "sh", "-c", script)
    child = shared.start("wait", "--exit-first-match", *names)
    shared("exec", "b", "touch", "/go")
    out, err = child.communicate(timeout=20)
    assert (out, err, child.returncode) == ("4\n", "", 0)
    child = shared.start("wait", "--exit-first-match", "--condition=running", "a", "c")
    assert child.communicate(timeout=20)[0] == "-1\n"
    assert shared.state("a")["Running"]
    assert shared.state("c")["Running"]
    assert shared("wait", "--exit-first-match", "--ignore", "a", "no-such").lines == ["-1"]
    assert shared("wait", "--exit-first-match", "a", "no-such", check=False).code == 125
    assert shared("wait", "--exit-first-match", "b").lines == ["4"]
