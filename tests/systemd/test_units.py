"""Containers started by units: of the machine with `User=`, of the user's systemd, delegated, hardened."""

from __future__ import annotations

import shlex

import pytest

from tests.support.engine import ENDS_WITH_42, IMAGE
from tests.support.machine import Machine

CGROUP = "sed -n s/^0:://p /proc/self/cgroup"


def in_unit(box: Machine, script: str, *properties: str, user: str = "tester", check: bool = True) -> str:
    """Run a script in a transient unit of the machine; its output, errors too."""
    words = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", f"--property=User={user}"]
    words += [f"--property={p}" for p in properties]
    done = box.run(*words, "sh", "-euc", f"exec 2>&1; {script}", user="root", check=check)
    return done.out


def life(box: Machine, *properties: str) -> str:
    """Run, list, exec, stop and remove in a unit; return the cgroup of the container's first process."""
    script = f"""
        [ ! "${{XDG_RUNTIME_DIR:-}}" ]
        pypod run -d --name web {IMAGE} {shlex.join(ENDS_WITH_42)} >/dev/null
        pypod ps --format '{{{{.Names}}}}'
        pypod exec web echo inside
        sed -n s/^0:://p /proc/$(pypod inspect --format '{{{{.State.Pid}}}}' web)/cgroup
        pypod stop web
        pypod inspect --format '{{{{.State.ExitCode}}}}' web
        pypod rm web
        """
    lines = in_unit(box, script, *properties).splitlines()
    assert lines[:2] + lines[3:] == ["web", "inside", "web", "42", "web"]
    return lines[2]


def test_a_unit_with_user_gets_scopes_from_the_users_systemd(box: Machine) -> None:
    path = life(box)
    assert path.startswith("/user.slice/user-1000.slice/user@1000.service/")
    assert ".scope/payload" in path


def test_a_delegated_unit_is_divided_though_a_shell_sits_in_it(box: Machine) -> None:
    path = life(box, "Delegate=yes")
    assert path.startswith("/system.slice/run-")
    assert path.endswith("/payload")


def test_the_end_of_a_delegated_unit_stops_its_containers_in_order(box: Machine) -> None:
    words = f"pypod run --name web {IMAGE} {shlex.join(ENDS_WITH_42)}"
    box.sh(
        f"systemd-run -q --collect --unit=web -p User=tester -p Delegate=yes {words};"
        "for try in $(seq 50); do su tester -c 'pypod ps -q' | grep -q . && break; sleep 0.1; done;"
        "systemctl stop web",
        user="root",
    )
    assert box.run("pypod", "ps", "-a", "--format", "{{.Names}} {{.Status}}").out.startswith(
        "web Exited (42)"
    )


def test_a_private_tmp_hides_no_container(box: Machine) -> None:
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, "sleep", "1000")
    out = in_unit(
        box,
        "pypod ps --format '{{.Names}}'; pypod exec web echo inside; pypod rm -f -t 0 web",
        "PrivateTmp=yes",
    )
    assert out.splitlines() == ["web", "inside", "web"]


@pytest.mark.parametrize("options", ["", "-p Delegate=yes", "--scope"], ids=["unit", "delegated", "scope"])
def test_a_unit_of_the_user_gets_a_scope_for_each_container(box: Machine, options: str) -> None:
    """Several times: the monitor could move itself there, which must not undo what systemd does."""
    wait = "" if options == "--scope" else "--wait --pipe"
    script = f"for i in 1 2 3 4 5 6; do pypod run --rm --cgroupns host {IMAGE} {CGROUP}; done"
    out = box.sh(f"systemd-run --user -q --collect {wait} {options} sh -euc {shlex.quote(script)}").out
    paths = out.splitlines()
    assert len(set(paths)) == 6
    assert all("/user@1000.service/user.slice/pypod-" in path for path in paths), out


def test_split_divides_the_unit_of_the_user(box: Machine) -> None:
    script = f"{CGROUP}; pypod run --rm --cgroups split --cgroupns host {IMAGE} {CGROUP}"
    out = box.sh(
        f"systemd-run --user -q --collect --wait --pipe -p Delegate=yes sh -euc {shlex.quote(script)}"
    ).out
    unit, path = out.splitlines()
    assert path.startswith(unit + "/")


HARMLESS = ("NoNewPrivileges=yes", "ProtectControlGroups=yes", "ProtectProc=invisible", "PrivateTmp=yes")
FORBIDS = (
    "RestrictNamespaces=yes",
    "PrivateUsers=yes",
    "ProtectKernelTunables=yes",
    "PrivateDevices=yes",
    "ProtectHome=read-only",
    "RestrictAddressFamilies=AF_INET",
)
DEPENDS = ("ProtectKernelLogs=yes",)
"""On the version of systemd."""


def test_hardened_units_run_containers_or_say_which_setting_forbids_it(box: Machine) -> None:
    """Beside a running container, whose namespace they join."""
    run = f"pypod run --rm {IMAGE} echo works"
    assert "NoNewPrivileges=" in in_unit(box, run, "NoNewPrivileges=yes", check=False)
    box.run("pypod", "run", "-d", "--name", "web", IMAGE, "sleep", "1000")
    for setting in HARMLESS + FORBIDS + DEPENDS:
        out = in_unit(box, run, setting, check=False)
        works, named = "works" in out, setting.partition("=")[0] + "=" in out
        assert works is not named, f"{setting}: {out}"
        assert works or setting not in HARMLESS, f"{setting}: {out}"
        assert named or setting not in FORBIDS, f"{setting}: {out}"


def test_real_root_runs_containers_and_is_told_what_differs(box: Machine) -> None:
    script = f"""
        export PYPOD_ROOT=/home/root-store
        pypod import /var/tmp/busybox.tar {IMAGE} >/dev/null 2>&1
        pypod run --rm {IMAGE} id -u
        pypod run -d --name web {IMAGE} sleep 1000 >/dev/null
        sed -n s/^0:://p /proc/$(pypod inspect --format '{{{{.State.Pid}}}}' web)/cgroup
        pypod exec web cat /proc/self/uid_map
        pypod rm -f -t 0 web
        pypod info
        pypod rmi -f {IMAGE} >/dev/null
        rm -rf /home/root-store
        """
    out = box.sh(script, user="root").out
    lines = out.splitlines()
    assert lines[0] == "0"
    assert lines[1].startswith("/machine.slice/pypod-")
    assert lines[2].split() == ["0", "0", "4294967295"]
    assert "root in a container is root of this machine" in out
