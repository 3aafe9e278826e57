"""The scope of a container: what stopping it does, what a killed monitor leaves in it, what limits say."""

from __future__ import annotations

import time

import pytest

from tests.support.engine import ENDS_WITH_42, IMAGE
from tests.support.machine import Machine

SETTLED_S = 2.6
"""Then a monitor has executed itself again (libpod/monitor/resume.py)."""
SCOPES = "systemctl --user list-units --plain --no-legend --all 'pypod-*'"


def state(box: Machine, name: str, user: str = "tester") -> str:
    words = "{{.State.Status}} {{.State.ExitCode}}"
    return box.run("pypod", "inspect", "--format", words, name, user=user).out.strip()


def stop_scope(box: Machine) -> float:
    """Stop the one scope that there is, as a user may; return how long that took."""
    scope = box.sh(SCOPES).out.split()[0]
    assert scope.startswith("pypod-")
    start = time.monotonic()
    box.run("systemctl", "--user", "stop", scope)
    return time.monotonic() - start


def kill_monitor(box: Machine, name: str) -> None:
    box.sh(
        f"init=$(pypod inspect --format '{{{{.State.Pid}}}}' {name});"
        "kill -9 $(sed -n 's/^PPid:[^0-9]*//p' /proc/$init/status);"
        f"for try in 1 2 3 4 5; do pypod ps | grep -q unmonitored && exit; sleep 0.1; done; exit 1"
    )


@pytest.mark.parametrize("lived_s", [0, SETTLED_S], ids=["young", "settled"])
def test_stopping_the_scope_stops_the_container_in_order(box: Machine, lived_s: float) -> None:
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, *ENDS_WITH_42)
    time.sleep(lived_s)
    assert stop_scope(box) < 5
    assert state(box, "web") == "exited 42"
    box.run("pypod", "start", "web")
    assert state(box, "web") == "running 0"


def test_stopping_the_scope_kills_what_does_not_end_in_its_own_time(box: Machine) -> None:
    box.run("pypod", "run", "-d", "--name", "web", "--stop-timeout", "1", IMAGE, "sleep", "1000")
    assert 0.9 < stop_scope(box) < 6
    assert state(box, "web") == "exited 137"


def test_stopping_the_scope_removes_a_container_that_asked_for_it(box: Machine) -> None:
    box.run("pypod", "run", "-d", "--rm", "--name", "web", IMAGE, *ENDS_WITH_42)
    stop_scope(box)
    # the scope ends with its last process: the container is removed then
    assert box.run("pypod", "ps", "-aq").out == ""


def test_a_scope_goes_with_its_container(box: Machine) -> None:
    box.run("pypod", "run", "--rm", IMAGE, "true")
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, "sleep", "1000")
    assert len(box.sh(SCOPES).out.splitlines()) == 1
    box.run("pypod", "rm", "-f", "-t", "0", "web")
    assert (
        box.sh(f'for try in 1 2 3 4 5 6 7 8 9; do [ "$({SCOPES})" ] || break; sleep 0.1; done; {SCOPES}').out
        == ""
    )


def test_without_its_monitor_a_container_can_be_seen_and_stopped(box: Machine) -> None:
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, "sleep", "1000")
    kill_monitor(box, "web")
    refused = box.run("pypod", "exec", "web", "true", check=False)
    assert (refused.code, "its monitor was killed" in refused.err) == (125, True)
    box.run("pypod", "stop", "-t", "1", "web")
    assert box.run("pypod", "ps", "-a", "--format", "{{.Status}}").out.startswith("Exited")
    box.run("pypod", "start", "web")
    assert box.run("pypod", "exec", "web", "echo", "inside").out == "inside\n"
    kill_monitor(box, "web")
    box.run("pypod", "rm", "-f", "-t", "0", "web")
    assert box.run("pypod", "ps", "-aq").out == ""


def test_a_terminal_in_a_container_from_a_login(box: Machine) -> None:
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, "sleep", "1000")
    out = box.sh("script -qec 'pypod exec -t web tty' /dev/null").out
    assert out.strip().startswith("/dev/pts/")


def test_limits_hold_or_are_refused_by_name(box: Machine) -> None:
    """What this kernel has left for cgroup2 decides; the default limit of processes is never an error."""
    there = box.sh(
        "cat /sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service/cgroup.controllers"
    ).out
    for controller, options, file, value in (
        ("memory", ["--memory", "64m"], "memory.max", "67108864"),
        ("pids", ["--pids-limit", "50"], "pids.max", "50"),
        ("cpu", ["--cpus", "0.5"], "cpu.max", "50000 100000"),
    ):
        words = ["pypod", "run", "--rm", *options, IMAGE, "cat", f"/sys/fs/cgroup/{file}"]
        done = box.run(*words, check=False)
        if controller in there.split():
            assert done.out.strip() == value
        else:
            assert done.code == 125
            assert f'"{controller}"' in done.err
            assert "Delegate=" in done.err
    if "memory" in there.split():
        words = ["--name", "hog", "--memory", "32m", "--memory-swap", "32m"]
        assert box.run("pypod", "run", *words, IMAGE, "tail", "/dev/zero", check=False).code == 137
        assert box.run("pypod", "inspect", "--format", "{{.State.OOMKilled}}", "hog").out == "true\n"


# covers: run --cgroup-parent
def test_a_slice_as_parent(box: Machine) -> None:
    box.run("pypod", "run", "-d", "--name", "web", "--cgroup-parent", "work.slice", IMAGE, "sleep", "1000")
    pid = box.run("pypod", "inspect", "--format", "{{.State.Pid}}", "web").out.strip()
    path = box.run("sed", "-n", "s/^0:://p", f"/proc/{pid}/cgroup", user="root").out.strip()
    assert "/work.slice/pypod-" in path
    refused = box.run("pypod", "run", "--rm", "--cgroup-parent", "/work", IMAGE, "true", check=False)
    assert "name of a slice" in refused.err
