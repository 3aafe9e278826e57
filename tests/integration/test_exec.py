"""`exec`: further processes in a running container."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.integration import raw
from tests.support import processes
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


# covers: exec, exec --no-session
def test_output_and_code(shared: Pypod) -> None:
    cid = shared.detached()
    assert shared("exec", "--no-session", cid, "echo", "x").out == "x"
    result = shared("exec", cid, "sh", "-c", "echo out; echo err >&2; exit 5", check=None)
    assert (result.stdout, result.stderr, result.code) == ("out\n", "err\n", 5)


# covers: exec --interactive
def test_input_is_passed_only_if_asked_for(shared: Pypod) -> None:
    cid = shared.detached()
    assert shared("exec", "-i", cid, "cat", input="some text\n").stdout == "some text\n"
    assert shared("exec", cid, "cat", input="some text\n").stdout == ""


# covers: exec --interactive
def test_megabytes_both_ways(shared: Pypod) -> None:
    data = bytes(range(256)) * 4096 * 16
    cid = shared.detached()
    done = raw.run(shared, "exec", "-i", cid, "cat", data=data)
    assert (done.code, done.out == data) == (0, True)


# covers: exec --interactive
def test_closed_input(shared: Pypod) -> None:
    cid = shared.detached()
    for words in (f"exec {cid} echo fine", f"exec -i {cid} cat", f"exec -i {cid} echo fine"):
        done = raw.shell(shared, f'"$@" {words} <&-')
        assert done.code == 0
        assert done.out == (b"fine\n" if "echo" in words else b"")
    done = raw.shell(shared, f'"$@" exec {cid} echo fine >&- 2>&-; echo code $?')
    assert done.out in (b"code 0\n", b"code 1\n")


# covers: exec --env, exec --env-file
def test_variables(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("FROM_FILE=1\nBOTH=file\n")
    cid = shared.detached("-e", "OF_CONTAINER=1", "-e", "CHANGED=old")
    options = [
        "-e",
        "LINE=a\nb",
        "-e",
        "CHANGED=new",
        "-e",
        "CALLER",
        "--env-file",
        str(file),
        "-e",
        "BOTH=option",
    ]
    out = shared("exec", *options, cid, "cat", "/proc/self/environ", env={"CALLER": "x"}).stdout
    found = set(out.split("\0"))
    assert {"OF_CONTAINER=1", "CHANGED=new", "LINE=a\nb", "CALLER=x", "FROM_FILE=1", "BOTH=option"} <= found
    assert "CHANGED=old" not in found


# covers: exec --user
def test_users(shared: Pypod) -> None:
    cid = shared.detached("-u", "user")
    assert shared("exec", cid, "sh", "-c", "id -un; echo $HOME").lines == ["user", "/home"]
    assert shared("exec", "-u", "root", cid, "sh", "-c", "id -u; echo $HOME").lines == ["0", "/root"]
    assert shared("exec", "-u", "12:34", cid, "sh", "-c", "id -u; id -g").lines == ["12", "34"]
    result = shared("exec", "-u", "nobody-like-this", cid, "true", check=False)
    assert "nobody-like-this" in result.stderr


# covers: exec --workdir
def test_the_directory(shared: Pypod) -> None:
    cid = shared.detached("-w", "/usr")
    assert shared("exec", cid, "pwd").out == "/usr"
    assert shared("exec", "-w", "/tmp", cid, "pwd").out == "/tmp"
    for missing in ("/no/such", "/etc/passwd"):
        result = shared("exec", "-w", missing, cid, "pwd", check=False)
        assert (result.code, missing in result.stderr) == (127, True)


# covers: exec --privileged
def test_capabilities(shared: Pypod) -> None:
    cid = shared.detached("--cap-drop", "ALL", "--cap-add", "CHOWN")

    def effective(*options: str) -> int:
        return int(shared("exec", *options, cid, "grep", "CapEff", "/proc/self/status").out.split()[1], 16)

    assert effective() == 1
    assert effective("--privileged") > 1 << 38
    assert effective("-u", "user") == 0


# covers: exec, run --security-opt
def test_the_containers_rules_hold_for_it(shared: Pypod) -> None:
    cid = shared.detached("--security-opt", "no-new-privileges", "--ulimit", "nofile=99")
    status = shared("exec", cid, "cat", "/proc/self/status").stdout
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert (fields["Seccomp"], fields["NoNewPrivs"]) == ("2", "1")
    assert shared("exec", cid, "sh", "-c", "ulimit -n").out == "99"
    assert (
        shared("exec", cid, "cat", "/proc/self/cgroup").out
        == shared("exec", cid, "cat", "/proc/1/cgroup").out
    )


# covers: exec --detach
def test_in_the_background(shared: Pypod) -> None:
    cid = shared.detached()
    session = shared("exec", "-d", cid, "sh", "-c", "touch /tmp/was-here; exec sleep 1000").out
    assert len(session) == 64
    processes.wait_until(lambda: shared("exec", cid, "test", "-e", "/tmp/was-here", check=None).code == 0)
    assert "sleep 1000" in shared("exec", cid, "ps").out
    assert shared("exec", "-d", cid, "no-such-command", check=False).code != 0
    shared("stop", "-t", "0", cid)


# covers: exec
def test_a_process_that_leaves_a_daemon_behind(shared: Pypod) -> None:
    """exec ends with its own process, also when a daemon goes on (with the streams closed, as daemons do)."""
    cid = shared.detached()
    done = shared(
        "exec", cid, "sh", "-c", "(sleep 999 >/dev/null 2>&1 </dev/null &); echo started", timeout_s=20
    )
    assert done.out == "started"
    assert "sleep 999" in shared("exec", cid, "ps").out


# covers: exec
def test_the_end_of_the_container_ends_it(shared: Pypod) -> None:
    cid = shared.detached()
    child = shared.start("exec", cid, "sh", "-c", "echo ready; sleep 1000")
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    shared("stop", "-t", "0", cid)
    assert child.wait(20) == 137


# covers: exec
def test_only_in_running_containers(shared: Pypod) -> None:
    shared("create", "--name", "c", shared.image, "sleep", "100")
    for state in ("created", "exited"):
        result = shared("exec", "c", "true", check=False)
        assert (result.code, state in result.stderr) == (125, True)
        shared("start", "c")
        shared("stop", "-t", "0", "c")


# covers: exec --env
def test_what_cannot_be_started_leaves_no_variables_behind(shared: Pypod) -> None:
    run_dir = shared.graphroot / "containers" / shared.detached("--name", "c") / "run"
    (run_dir / "control").rename(run_dir / "moved")
    assert shared("exec", "-e", "SECRET=x", "c", "true", check=False).code == 125
    assert [entry.name for entry in run_dir.glob("exec-*")] == []
    (run_dir / "moved").rename(run_dir / "control")


# covers: exec --latest, exec --cidfile
def test_which_container(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "cid"
    cid = shared.detached("--cidfile", str(file))
    assert shared("exec", cid[:12], "echo", "a").out == "a"
    assert shared("exec", "-l", "echo", "b").out == "b"
    assert shared("exec", "--cidfile", str(file), "echo", "c").out == "c"
    assert shared("exec", cid, check=False).code == 125
    assert shared("exec", check=False).code == 125
    assert shared("container", "exec", cid, "echo", "-n", "--", "-x").stdout == "-- -x"


# covers: exec
def test_many_at_once(shared: Pypod) -> None:
    cid = shared.detached()
    children = [shared.start("exec", cid, "sh", "-c", f"echo {n}; exit {n}") for n in range(12)]
    for n, child in enumerate(children):
        out, _ = child.communicate(timeout=60)
        assert (out, child.returncode) == (f"{n}\n", n)


# covers: exec
def test_signals_reach_the_process(shared: Pypod) -> None:
    import signal

    cid = shared.detached()
    script = "trap 'echo got it; exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    child = shared.start("exec", cid, "sh", "-c", script)
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=20)
    assert (out, child.returncode) == ("got it\n", 7)


# covers: exec
def test_long_after_the_start(shared: Pypod) -> None:
    """The monitor is not the same program after some seconds; what it does is."""
    cid = shared.detached("IMAGE", "sh", "-c", "sleep 3; echo later; sleep 1000")
    shared.wait_for_log(cid, "later")
    assert shared("exec", "-i", cid, "cat", input="x").stdout == "x"
    assert shared("exec", "-d", cid, "true").code == 0
    with shared.terminal("exec", "-it", cid, "sh") as terminal:
        terminal.send("echo a''b; exit 3\r")
        terminal.expect("ab")
        assert terminal.wait() == 3
    shared("stop", "-t", "0", cid)
    assert shared("wait", cid).out == "137"


@pytest.mark.parametrize("verb", [("exec",), ("exec", "-d"), ("attach",)])
def test_a_stopped_monitor_is_named_and_not_waited_for(shared: Pypod, verb: tuple[str, ...]) -> None:
    cid = shared.detached("--name", "c")
    monitor = shared.monitor_pid(cid)
    os.kill(monitor, signal.SIGSTOP)
    try:
        result = shared(*verb, "c", *(("true",) if verb[0] == "exec" else ()), check=False)
    finally:
        os.kill(monitor, signal.SIGCONT)
    assert result.code == 125
    assert f'the monitor of container "c" (process {monitor}) is stopped' in result.stderr
    assert f"kill -CONT {monitor}" in result.stderr
    assert shared("exec", "c", "echo", "on").out == "on"
