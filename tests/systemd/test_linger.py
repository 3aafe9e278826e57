"""A user who does not linger: what was started in the background ends with the last login, and says so."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from tests.support.engine import ENDS_WITH_42, IMAGE
from tests.support.machine import Machine
from tests.systemd.conftest import TAR

USER = "nolinger"
NOTE = "loginctl enable-linger"
GONE = (
    "for try in $(seq 200); do systemctl is-active -q user@1001 || exit 0; sleep 0.05; done;"
    "echo 'the manager of the user does not end'; exit 1"
)


@pytest.fixture
def visit(ready: Machine) -> Iterator[Machine]:
    """The machine, whose second user has the image and was not told of anything yet."""
    ready.run("loginctl", "disable-linger", USER, user="root")
    ready.sh(f"pypod image exists {IMAGE} || pypod import {TAR} {IMAGE}", user=USER)
    ready.sh("rm -f ~/.local/share/pypod/linger-told", user=USER)
    yield ready
    ready.sh("pypod rm -af -t 0", user=USER)
    ready.run("loginctl", "disable-linger", USER, user="root")


def status(box: Machine) -> str:
    return box.run("pypod", "ps", "-a", "--format", "{{.Status}}", user=USER).out


def test_the_end_of_the_last_login_stops_the_container_in_order(visit: Machine) -> None:
    done = visit.sh(f"pypod run -d {IMAGE} {shlex.join(ENDS_WITH_42)}; pypod run -d {IMAGE} true", user=USER)
    assert done.err.count(NOTE) == 1
    visit.sh(GONE, user="root")
    assert "Exited (42)" in status(visit)


def test_a_lingering_user_is_told_nothing_and_nothing_ends(visit: Machine) -> None:
    visit.run("loginctl", "enable-linger", USER, user="root")
    done = visit.run("pypod", "run", "-d", "--name", "web", IMAGE, "sleep", "1000", user=USER)
    assert done.err == ""
    visit.sh("sleep 2.5; systemctl is-active -q user@1001", user="root")
    assert status(visit).startswith("Up")
    assert visit.run("pypod", "exec", "web", "echo", "inside", user=USER).out == "inside\n"


def test_a_unit_of_the_machine_is_told_nothing(visit: Machine) -> None:
    """Its end is known; and with no systemd of the user there is no cgroup either."""
    visit.sh(GONE, user="root")
    script = (
        f"pypod run -d --name web {IMAGE} {shlex.join(ENDS_WITH_42)}; pypod ps --format '{{{{.Status}}}}'"
    )
    unit = f"systemd-run -q --wait --pipe -p User={USER} sh -euc {shlex.quote(script)}"
    done = visit.sh(unit, user="root")
    assert NOTE not in done.err
    assert "Up" in done.out
    # nothing of a unit outlives it: its processes get SIGTERM, and the monitor stops the container
    assert status(visit).startswith("Exited (42)")


def test_without_any_cgroup_all_works_and_limits_say_why(visit: Machine) -> None:
    visit.sh(GONE, user="root")
    bare = f"setpriv --reuid {USER} --regid {USER} --init-groups env -i HOME=/home/{USER} PATH=/usr/bin:/bin"
    script = f"""
        cd /
        pypod() {{ {bare} /usr/local/bin/pypod "$@"; }}
        pypod info --format '{{{{.Host.CgroupManager}}}}'
        pypod run -d --name web {IMAGE} sleep 1000 >/dev/null
        pypod exec web echo inside
        pypod stop -t 0 web
        pypod ps -a --format '{{{{.Status}}}}'
        pypod run --memory 64m {IMAGE} true
        """
    done = visit.sh(script, user="root", check=False)
    lines = done.out.splitlines()
    assert lines[:3] == ["disabled", "inside", "web"], done
    assert lines[3].startswith("Exited (137)")
    assert done.code == 125
    assert "no delegated cgroup, no systemd of the user" in done.err
