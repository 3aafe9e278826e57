"""Containers of a real login under systemd: where they live, what outlives the login, who sees them."""

from __future__ import annotations

import pytest

from tests.support.engine import ENDS_WITH_42, IMAGE
from tests.support.machine import Machine


def test_a_run_returns_its_exit_code(box: Machine) -> None:
    assert box.run("pypod", "run", "--rm", IMAGE, "sh", "-c", "exit 7", check=False).code == 7


def test_the_container_and_its_monitor_are_in_the_users_own_tree(box: Machine) -> None:
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, "sleep", "1000")
    init = box.run("pypod", "inspect", "--format", "{{.State.Pid}}", "web").out.strip()
    monitor = box.sh(f"ps -o ppid= -p {init}", user="root").out.strip()
    for pid in (init, monitor):
        path = box.run("sed", "-n", "s/^0:://p", f"/proc/{pid}/cgroup", user="root").out.strip()
        assert path.startswith("/user.slice/user-1000.slice/user@1000.service/"), path
        assert ".scope" in path, path


def test_a_container_outlives_the_login_that_started_it(box: Machine) -> None:
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, "sh", "-c", "echo up; sleep 1000")
    # every command is a session of its own: the one of run is over
    assert box.run("pypod", "ps", "--format", "{{.Names}} {{.Status}}").out.startswith("web Up")
    assert box.run("pypod", "exec", "web", "echo", "inside").out == "inside\n"
    assert box.run("pypod", "logs", "web").out == "up\n"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("su - tester -c", id="su"),
        pytest.param(
            "setpriv --reuid tester --regid tester --init-groups env -i HOME=/home/tester sh -c", id="cron"
        ),
    ],
)
def test_other_ways_in_see_and_control_the_same_containers(box: Machine, words: str) -> None:
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, "sleep", "1000")
    path = "export PATH=/usr/local/bin:/usr/bin:/bin; "
    names = box.sh(f"cd /; {words} '{path}pypod ps --format \"{{{{.Names}}}}\"'", user="root").out
    assert names == "web\n"
    assert box.sh(f"cd /; {words} '{path}pypod exec web echo inside'", user="root").out == "inside\n"
    box.sh(f"cd /; {words} '{path}pypod rm -f -t 0 web'", user="root")
    assert box.run("pypod", "ps", "-aq").out == ""


def test_a_run_without_a_login_works(box: Machine) -> None:
    script = (
        "cd /; setpriv --reuid tester --regid tester --init-groups env -i HOME=/home/tester "
        f"PATH=/usr/local/bin:/usr/bin:/bin pypod run --rm {IMAGE} echo hello"
    )
    assert box.sh(script, user="root").out == "hello\n"


def test_after_a_reboot_nothing_is_said_to_run(box: Machine) -> None:
    """The shutdown stops the container in order: its exit code is known."""
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, *ENDS_WITH_42)
    box.reboot()
    assert box.run("pypod", "ps", "-q").out == ""
    assert box.run("pypod", "ps", "-a", "--format", "{{.Names}} {{.Status}}").out.startswith(
        "web Exited (42)"
    )
    box.run("pypod", "start", "web")
    assert box.run("pypod", "exec", "web", "echo", "inside").out == "inside\n"
